//! The first filter: JSON straight into the slots of the table.
//!
//! Keys that are not in the table are counted, and their values skipped without being kept unless the policy scans whole events.
//! A key that comes twice anywhere is refused, because two readers may disagree on which one counts. Depth, strings and lists
//! are bounded.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::strays::{Scalar, Under};
use super::{RawEvent, Slots, Strays, Value};
use crate::policy::{Properties, Property};
use crate::refusal::{Refusal, Rule};
use crate::schema::{Field, Kind, Section};

// First, so that the modules after it know its macros.
#[macro_use]
mod visits;

mod item;
mod keys;
mod property;
mod scalar;
mod skip;
mod statement;

use item::ItemSeed;
use keys::{KeySeed, KeySet};
use skip::{SkipSeed, skip_elements, skip_members};
use statement::{Stated, Topic};

/// Objects and lists in each other, the event itself being the first.
const MAX_DEPTH: u8 = 16;
/// Bytes of a string or key, after its escapes are resolved.
const MAX_STRING: usize = 8 * 1024;
/// Keys of an event that are not kept: to find one that comes twice they are held while their object is read.
const MAX_SKIPPED_KEYS: usize = 4096;
/// Elements of a list that is kept.
const MAX_LIST: usize = 512;

impl<'a> RawEvent<'a> {
    /// Reads one event, of the fields of the table.
    pub fn parse(text: &'a str) -> Result<Self, Refusal> {
        Self::parse_with(text, Properties::NONE, false)
    }

    /// Reads one event, of the fields of the table and these properties, and with its strays where they are looked through.
    pub(crate) fn parse_with(text: &'a str, properties: &'a Properties, with_strays: bool) -> Result<Self, Refusal> {
        let mut state = State {
            slots: Slots::new(),
            names: properties,
            properties: Vec::new(),
            stated: Stated::default(),
            unknown_keys: 0,
            skipped_keys: 0,
            strays: with_strays.then(Strays::default),
            refusal: None,
        };
        let mut json = serde_json::Deserializer::from_str(text);
        let read = ObjectSeed { state: &mut state, section: Section::Event, depth: 1 }
            .deserialize(&mut json)
            .and_then(|shape| json.end().map(|()| shape));
        match (read, state.refusal) {
            (_, Some(refusal)) => Err(refusal),
            (Ok(Shape::Object), None) => Ok(Self {
                slots: state.slots,
                properties: state.properties,
                statement: state.stated.statement(),
                unknown_keys: state.unknown_keys,
                strays: state.strays.unwrap_or_default(),
            }),
            (Ok(_), None) => Err(Refusal::new("event", Rule::NotAnObject)),
            (Err(_), None) => Err(Refusal::new("event", Rule::NotJson)),
        }
    }
}

/// What has been read so far. serde's errors carry text only, so the reason of a refusal is kept here.
struct State<'a> {
    slots: Slots<Value<'a>>,
    /// The properties that the policy names, and those of them that came.
    names: &'a Properties,
    properties: Vec<(&'a Property, Value<'a>)>,
    /// What is said of the person.
    stated: Stated,
    unknown_keys: u32,
    /// Keys that were read and not kept, at every level: what looks for repeats must hold them.
    skipped_keys: usize,
    /// What has no slot, where the policy wants it looked at.
    strays: Option<Strays<'a>>,
    refusal: Option<Refusal>,
}

impl<'a> State<'a> {
    /// Ends the parse with a refusal.
    fn refuse<E: serde::de::Error>(&mut self, path: &'static str, rule: Rule) -> E {
        self.refusal.get_or_insert(Refusal::new(path, rule));
        E::custom("refused")
    }

    fn skip_key<E: serde::de::Error>(&mut self) -> Result<(), E> {
        self.skipped_keys += 1;
        if self.skipped_keys > MAX_SKIPPED_KEYS { Err(self.refuse("unknown", Rule::TooManyKeys)) } else { Ok(()) }
    }

    /// Notes a key that has no slot.
    #[expect(clippy::ptr_arg, reason = "a borrowed key stays borrowed")]
    fn stray_key(&mut self, key: &Cow<'a, str>) -> Under {
        self.strays.as_mut().map_or_else(Under::default, |strays| strays.key(key.clone()))
    }

    /// Notes a value that has no slot.
    fn stray(&mut self, under: Under, value: impl FnOnce() -> Scalar<'a>) {
        if let Some(strays) = &mut self.strays {
            strays.value(under, value());
        }
    }

    /// Notes a text that has no slot and borrows from the event.
    fn stray_text<E: serde::de::Error>(&mut self, under: Under, text: &'a str, path: &'static str) -> Result<(), E> {
        self.check_length(text, path)?;
        self.stray(under, || Scalar::Text(Cow::Borrowed(text)));
        Ok(())
    }

    /// The same of a text that had escapes.
    fn stray_copy<E: serde::de::Error>(&mut self, under: Under, text: &str, path: &'static str) -> Result<(), E> {
        self.check_length(text, path)?;
        self.stray(under, || Scalar::Text(Cow::Owned(text.to_owned())));
        Ok(())
    }

    fn check_depth<E: serde::de::Error>(&mut self, depth: u8) -> Result<(), E> {
        if depth > MAX_DEPTH { Err(self.refuse("event", Rule::TooDeep)) } else { Ok(()) }
    }

    fn check_length<E: serde::de::Error>(&mut self, text: &str, path: &'static str) -> Result<(), E> {
        if text.len() > MAX_STRING { Err(self.refuse(path, Rule::StringTooLong)) } else { Ok(()) }
    }
}

/// What stood where an object was expected.
enum Shape {
    Object,
    Null,
    Misfit,
}

/// The path of a section, as refusals name it.
fn path_of(section: Section) -> &'static str {
    match section.holder() {
        None => "event",
        Some(Field::Contents) => "custom_data.contents[]",
        Some(holder) => holder.path(),
    }
}

/// Reads the event, or an object of it that is a section of the table: its members go to slots of their own.
struct ObjectSeed<'s, 'a> {
    state: &'s mut State<'a>,
    section: Section,
    depth: u8,
}

impl<'de> DeserializeSeed<'de> for ObjectSeed<'_, 'de> {
    type Value = Shape;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Shape, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ObjectSeed<'_, 'de> {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Shape, A::Error> {
        let path = path_of(self.section);
        read_members(self.state, map, self.section, self.depth, |state, field, value| {
            if state.slots.put(field, value) { Ok(()) } else { Err(state.refuse(path, Rule::DuplicateKey)) }
        })?;
        Ok(Shape::Object)
    }

    fn visit_unit<E>(self) -> Result<Shape, E> {
        Ok(Shape::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Shape, A::Error> {
        skip_elements(self.state, seq, self.depth, Under::field(self.section.holder()))?;
        Ok(Shape::Misfit)
    }

    every_scalar_is!(Shape, Shape::Misfit);

    fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<Shape, E> {
        self.state.stated.note_text(self.section, text);
        self.state.stray_text(Under::field(self.section.holder()), text, path_of(self.section))?;
        Ok(Shape::Misfit)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Shape, E> {
        self.state.stated.note_text(self.section, text);
        self.state.stray_copy(Under::field(self.section.holder()), text, path_of(self.section))?;
        Ok(Shape::Misfit)
    }
}

/// Reads an object's members: those of the table go to `keep`, the others are counted and skipped.
fn read_members<'de, A: MapAccess<'de>>(
    state: &mut State<'de>,
    mut map: A,
    section: Section,
    depth: u8,
    mut keep: impl FnMut(&mut State<'de>, Field, Value<'de>) -> Result<(), A::Error>,
) -> Result<(), A::Error> {
    state.check_depth(depth)?;
    let mut unknown = KeySet::default();
    while let Some(key) = map.next_key_seed(KeySeed)? {
        if let Some(field) = Field::find(section, &key) {
            let value = map.next_value_seed(ValueSeed { state, field, depth, in_list: false })?;
            keep(state, field, value)?;
            continue;
        }
        if let Some(topic) = Topic::find(section, &key) {
            statement::read(state, &mut map, topic, section, depth)?;
            continue;
        }
        if section == Section::CustomData
            && let Some(property) = state.names.find(&key)
        {
            property::read(state, &mut map, property, depth)?;
            continue;
        }
        state.check_length(&key, "unknown")?;
        let under = state.stray_key(&key);
        if !unknown.insert(key) {
            return Err(state.refuse(path_of(section), Rule::DuplicateKey));
        }
        state.skip_key()?;
        state.unknown_keys = state.unknown_keys.saturating_add(1);
        map.next_value_seed(SkipSeed { state, depth, under })?;
    }
    Ok(())
}

/// Reads the value of a field as its kind wants it.
struct ValueSeed<'s, 'a> {
    state: &'s mut State<'a>,
    field: Field,
    depth: u8,
    /// Whether it is an element of a list already: a list in a list is no value of any kind.
    in_list: bool,
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_, 'de> {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value<'de>, D::Error> {
        match self.field.row().kind {
            Kind::Object(section) => {
                let Self { state, depth, .. } = self;
                Ok(match (ObjectSeed { state, section, depth: depth + 1 }).deserialize(json)? {
                    Shape::Object => Value::Object,
                    Shape::Null => Value::Null,
                    Shape::Misfit => Value::Misfit,
                })
            }
            kind if kind.keeps_digits() => self.number(json),
            _ => json.deserialize_any(self),
        }
    }
}

impl<'a> ValueSeed<'_, 'a> {
    /// Where it stands, for refusals.
    fn path(&self) -> &'static str {
        self.field.path()
    }

    /// A number keeps its digits as they came: 29.90 must not become 29.9, nor 434.99 a float near it.
    fn number<D: Deserializer<'a>>(self, json: D) -> Result<Value<'a>, D::Error> {
        let raw: &'a str = <&'a RawValue as serde::Deserialize>::deserialize(json)?.get();
        if raw.starts_with(|first: char| first.is_ascii_digit() || first == '-') {
            self.state.check_length(raw, self.field.path())?;
            return Ok(Value::Number(raw));
        }
        // Anything else is read again with all checks; a string of digits is the usual case, a list a rare one.
        let mut inner = serde_json::Deserializer::from_str(raw);
        inner.deserialize_any(self).map_err(D::Error::custom)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_, 'de> {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    every_scalar_is_itself!(&'de str, Value<'de>);

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value<'de>, A::Error> {
        let Self { state, field, depth, in_list } = self;
        let depth = depth + 1;
        state.check_depth(depth)?;
        if field == Field::Contents {
            let mut items = Vec::new();
            while let Some(item) = seq.next_element_seed(ItemSeed { state, depth })? {
                if items.len() == MAX_LIST {
                    return Err(state.refuse(field.path(), Rule::ListTooLong));
                }
                items.push(item);
            }
            return Ok(Value::Items(items));
        }
        if !field.row().many || in_list {
            skip_elements(state, seq, depth, Under::field(Some(field)))?;
            return Ok(Value::Misfit);
        }
        let Some(first) = seq.next_element_seed(ValueSeed { state, field, depth, in_list: true })? else {
            return Ok(Value::List(Vec::new()));
        };
        // A list of one says what the one says, and most lists are of one.
        let Some(second) = seq.next_element_seed(ValueSeed { state, field, depth, in_list: true })? else {
            // A `null` in a list is an element that is no value; on its own it would be an absent field.
            return Ok(if matches!(first, Value::Null) { Value::Misfit } else { first });
        };
        let mut list = vec![first, second];
        while let Some(element) = seq.next_element_seed(ValueSeed { state, field, depth, in_list: true })? {
            if list.len() == MAX_LIST {
                return Err(state.refuse(field.path(), Rule::ListTooLong));
            }
            list.push(element);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value<'de>, A::Error> {
        skip_members(self.state, map, self.depth + 1, Under::field(Some(self.field)))?;
        Ok(Value::Misfit)
    }
}
