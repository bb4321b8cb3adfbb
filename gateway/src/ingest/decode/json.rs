//! `application/json`: an object. Node's SDK, tag servers and most callers write it, and so does Meta's own gateway client.
//!
//! Also the reader of the text `data`, which forms carry: it is JSON too.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize as _, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{Collector, Data, Decoded, MAX_EVENTS, Parameter};
use crate::ingest::respond::Fault;

const NOT_JSON: Fault = Fault::BadBody("the body is not a JSON object");

pub(super) fn json(text: &str) -> Result<Decoded<'_>, Fault> {
    let mut json = serde_json::Deserializer::from_str(text);
    let mut fault = None;
    let decoded = json.deserialize_map(DecodedVisitor(&mut fault)).and_then(|decoded| json.end().map(|()| decoded));
    match fault {
        Some(fault) => Err(fault),
        None => decoded.map_err(|_| NOT_JSON),
    }
}

/// The events in a text that should be a list of them.
pub(super) fn events(text: &str) -> Option<Vec<&RawValue>> {
    let mut json = serde_json::Deserializer::from_str(text);
    match DataSeed.deserialize(&mut json).and_then(|data| json.end().map(|()| data)) {
        Ok(Some(Data::Events(events))) => Some(events),
        _ => None,
    }
}

struct DecodedVisitor<'f>(&'f mut Option<Fault>);

impl<'de> Visitor<'de> for DecodedVisitor<'_> {
    type Value = Decoded<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Decoded<'de>, A::Error> {
        let mut collector = Collector::default();
        while let Some(name) = map.next_key::<String>()? {
            let parameter = collector.name(Cow::Owned(name)).map_err(|fault| {
                self.0.get_or_insert(fault);
                A::Error::custom("refused")
            })?;
            match parameter {
                Some(Parameter::Data) => collector.decoded.data = map.next_value_seed(DataSeed)?,
                None | Some(Parameter::Ignored) => {
                    let is_null = map.next_value::<Option<IgnoredAny>>()?.is_none();
                    if parameter.is_none() && !is_null {
                        collector.unknown();
                    }
                }
                Some(parameter) => {
                    if let Some(value) = map.next_value_seed(TextSeed)? {
                        collector.put(parameter, value);
                    }
                }
            }
        }
        Ok(collector.decoded)
    }
}

/// Reads `data` without copying an event.
struct DataSeed;

impl<'de> DeserializeSeed<'de> for DataSeed {
    type Value = Option<Data<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for DataSeed {
    type Value = Option<Data<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut events = Vec::new();
        while let Some(event) = seq.next_element::<&'de RawValue>()? {
            events.push(event);
            if events.len() > MAX_EVENTS {
                // One too many says it all; the rest is read over.
                while seq.next_element::<IgnoredAny>()?.is_some() {}
            }
        }
        Ok(Some(Data::Events(events)))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Data::Text(Cow::Borrowed(text))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Data::Text(Cow::Owned(text.to_owned()))))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    // Anything else is no list of events, and is left out so that the answer says that.

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// Reads a parameter that is a text or a number; anything else is a text that no closed form fits, so that it is counted as
/// removed and its content is gone.
struct TextSeed;

impl<'de> DeserializeSeed<'de> for TextSeed {
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        let raw = <&'de RawValue>::deserialize(json)?.get();
        if raw == "null" {
            return Ok(None);
        }
        if raw.starts_with('"') {
            return serde_json::from_str(raw).map(|text: String| Some(Cow::Owned(text))).map_err(D::Error::custom);
        }
        let number = raw.bytes().all(|byte| byte.is_ascii_digit());
        Ok(Some(Cow::Borrowed(if number { raw } else { "" })))
    }
}
