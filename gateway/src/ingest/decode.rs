//! A request's body, taken apart: the envelope, the key and the events, each event still raw text.
//!
//! The only module that looks into a caller's bytes. A body that cannot be taken apart is refused whole; an event in it that
//! is none is found later and refused alone.

use std::borrow::Cow;
use std::fmt;

use portcullis_filters::event::EnvelopeText;
use secrecy::SecretString;
use serde::de::{Deserialize as _, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::door::Encoding;
use super::respond::Fault;

/// Meta takes no more events in one request.
pub(super) const MAX_EVENTS: usize = 1000;

const NOT_UTF8: Fault = Fault::BadBody("the body is not UTF-8");
const NOT_JSON: Fault = Fault::BadBody("the body is not a JSON object");
const NO_DATA: Fault = Fault::BadBody("the parameter data is required and must be a list of 1 to 1000 events");
const TWICE: Fault = Fault::BadBody("the body has a parameter twice");

/// A body's parameters. Values are texts; `null` is absent.
#[derive(Default)]
pub(super) struct Decoded<'b> {
    data: Option<Data<'b>>,
    access_token: Option<Cow<'b, str>>,
    test_event_code: Option<Cow<'b, str>>,
    namespace_id: Option<Cow<'b, str>>,
    upload_id: Option<Cow<'b, str>>,
    /// Known ones that never leave, by name.
    denied: Vec<&'static str>,
    /// How many are not known.
    unknown: u32,
}

/// The parameter `data`: a list, or a text that holds one.
enum Data<'b> {
    Events(Vec<&'b RawValue>),
    Text(Cow<'b, str>),
}

/// Takes a body apart.
pub(super) fn decode(encoding: Encoding, bytes: &[u8]) -> Result<Decoded<'_>, Fault> {
    match encoding {
        Encoding::Json => json(std::str::from_utf8(bytes).map_err(|_| NOT_UTF8)?),
        Encoding::Form => form(bytes),
    }
}

impl Decoded<'_> {
    /// The key that the body carries.
    pub(super) fn key(&self) -> Option<SecretString> {
        self.access_token.as_deref().map(SecretString::from)
    }

    /// What the request says for all its events.
    pub(super) fn envelope(&self) -> EnvelopeText<'_> {
        EnvelopeText {
            test_event_code: self.test_event_code.as_deref(),
            namespace_id: self.namespace_id.as_deref(),
            upload_id: self.upload_id.as_deref(),
            denied: self.denied.clone(),
            unknown: self.unknown,
        }
    }

    /// The events, 1 to 1000 of them.
    pub(super) fn events(&self) -> Result<Cow<'_, [&RawValue]>, Fault> {
        let events = match &self.data {
            None => return Err(NO_DATA),
            Some(Data::Events(events)) => Cow::Borrowed(events.as_slice()),
            Some(Data::Text(text)) => {
                let mut json = serde_json::Deserializer::from_str(text);
                let events = DataSeed.deserialize(&mut json).and_then(|data| json.end().map(|()| data));
                match events {
                    Ok(Some(Data::Events(events))) => Cow::Owned(events),
                    _ => return Err(NO_DATA),
                }
            }
        };
        if (1..=MAX_EVENTS).contains(&events.len()) { Ok(events) } else { Err(NO_DATA) }
    }
}

/// `application/json`: an object.
fn json(text: &str) -> Result<Decoded<'_>, Fault> {
    let mut json = serde_json::Deserializer::from_str(text);
    let mut fault = None;
    let decoded = json.deserialize_map(DecodedVisitor(&mut fault)).and_then(|decoded| json.end().map(|()| decoded));
    match fault {
        Some(fault) => Err(fault),
        None => decoded.map_err(|_| NOT_JSON),
    }
}

/// `application/x-www-form-urlencoded`: pairs.
fn form(bytes: &[u8]) -> Result<Decoded<'_>, Fault> {
    // Escapes that are no UTF-8 would be replaced without a word; a request with such bytes is refused instead.
    let mut decoded = Decoded::default();
    let mut unknown: Vec<Cow<'_, str>> = Vec::new();
    for (name, value) in form_urlencoded::parse(bytes) {
        if value.contains(char::REPLACEMENT_CHARACTER) && !is_utf8_form(bytes) {
            return Err(NOT_UTF8);
        }
        let Some(parameter) = Parameter::find(&name) else {
            if unknown.contains(&name) {
                return Err(TWICE);
            }
            if unknown.len() == 100 {
                return Err(Fault::BadBody("the body has more than 100 unknown parameters"));
            }
            unknown.push(name);
            continue;
        };
        let new = match parameter {
            Parameter::Data => decoded.data.replace(Data::Text(value)).is_none(),
            _ => decoded.put(parameter, value),
        };
        if !new {
            return Err(TWICE);
        }
    }
    decoded.unknown = u32::try_from(unknown.len()).unwrap_or(u32::MAX);
    Ok(decoded)
}

/// Whether the escapes of a form resolve to UTF-8.
fn is_utf8_form(bytes: &[u8]) -> bool {
    percent_encoding::percent_decode(bytes).decode_utf8().is_ok()
}

/// A parameter that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parameter {
    Data,
    AccessToken,
    TestEventCode,
    NamespaceId,
    UploadId,
    /// Never leaves, but is nothing strange: counted by name.
    Denied(&'static str),
    /// Says nothing that is used: the pixel's id, which Node's SDK repeats, and the proof for a token that is not Meta's.
    Ignored,
}

impl Parameter {
    fn find(name: &str) -> Option<Self> {
        Some(match name {
            "data" => Self::Data,
            "access_token" => Self::AccessToken,
            "test_event_code" => Self::TestEventCode,
            "namespace_id" => Self::NamespaceId,
            "upload_id" => Self::UploadId,
            "partner_agent" => Self::Denied("partner_agent"),
            "upload_tag" => Self::Denied("upload_tag"),
            "upload_source" => Self::Denied("upload_source"),
            "id" | "appsecret_proof" => Self::Ignored,
            _ => return None,
        })
    }
}

impl<'b> Decoded<'b> {
    /// Puts a value that is a text; `false` if the parameter has one.
    fn put(&mut self, parameter: Parameter, value: Cow<'b, str>) -> bool {
        let slot = match parameter {
            Parameter::AccessToken => &mut self.access_token,
            Parameter::TestEventCode => &mut self.test_event_code,
            Parameter::NamespaceId => &mut self.namespace_id,
            Parameter::UploadId => &mut self.upload_id,
            Parameter::Denied(name) if self.denied.contains(&name) => return false,
            Parameter::Denied(name) => {
                self.denied.push(name);
                return true;
            }
            Parameter::Ignored | Parameter::Data => return true,
        };
        slot.replace(value).is_none()
    }
}

struct DecodedVisitor<'f>(&'f mut Option<Fault>);

impl<'de> Visitor<'de> for DecodedVisitor<'_> {
    type Value = Decoded<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Decoded<'de>, A::Error> {
        let mut decoded = Decoded::default();
        let mut seen: Vec<String> = Vec::new();
        let mut end = |fault: Fault| {
            self.0.get_or_insert(fault);
            A::Error::custom("refused")
        };
        while let Some(name) = map.next_key::<String>()? {
            if seen.contains(&name) {
                return Err(end(TWICE));
            }
            if seen.len() == 100 {
                return Err(end(Fault::BadBody("the body has more than 100 parameters")));
            }
            match Parameter::find(&name) {
                Some(Parameter::Data) => decoded.data = map.next_value_seed(DataSeed)?,
                None | Some(Parameter::Ignored) => {
                    let is_null = map.next_value::<Option<IgnoredAny>>()?.is_none();
                    decoded.unknown += u32::from(!is_null && Parameter::find(&name).is_none());
                }
                Some(parameter) => {
                    if let Some(value) = map.next_value_seed(TextSeed)? {
                        decoded.put(parameter, value);
                    }
                }
            }
            seen.push(name);
        }
        Ok(decoded)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn events(json: &str) -> Result<usize, Fault> {
        decode(Encoding::Json, json.as_bytes())?.events().map(|events| events.len())
    }

    #[test]
    fn data_must_be_a_list_of_1_to_1000_events() {
        let list = |count: usize| format!(r#"{{"data":[{}]}}"#, vec!["{}"; count].join(","));
        assert_eq!(events(&list(1)), Ok(1));
        assert_eq!(events(&list(1000)), Ok(1000));
        assert_eq!(events(r#"{"data":"[{},\"{}\"]"}"#), Ok(2));
        for none in [
            list(0),
            list(1001),
            list(5000),
            r#"{"data":5}"#.into(),
            r#"{"data":{"a":[]}}"#.into(),
            r#"{"data":null}"#.into(),
            "{}".into(),
        ] {
            assert_eq!(events(&none), Err(NO_DATA), "{none:.40}");
        }
        for broken in ["", "[]", "{", r#"{"data":[{}]"#, r#"{"data":[{}]} x"#, r#"{"data":[{]}"#] {
            assert_eq!(events(broken), Err(NOT_JSON), "{broken}");
        }
        assert_eq!(events(r#"{"data":[{}],"data":[{}]}"#), Err(TWICE));
    }
}
