//! Reads a scalar under a key that has no row in the table: of a property, or of what is said of the person. A list or an object
//! in its place fits nothing, and what is in it becomes strays.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::super::Value;
use super::{State, skip_elements, skip_members};

/// Reads a value under a key that is known and has no row in the table.
pub(super) struct ScalarSeed<'s, 'a> {
    pub(super) state: &'s mut State<'a>,
    /// The key.
    pub(super) name: &'a str,
    /// Where it stands, for refusals.
    pub(super) path: &'static str,
    pub(super) depth: u8,
}

impl<'de> DeserializeSeed<'de> for ScalarSeed<'_, 'de> {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value<'de>, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ScalarSeed<'_, 'de> {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value<'de>, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value<'de>, E> {
        Ok(Value::Whole(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value<'de>, E> {
        Ok(i64::try_from(value).map_or(Value::Misfit, Value::Whole))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value<'de>, E> {
        Ok(Value::Misfit)
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<Value<'de>, E> {
        self.state.check_length(text, self.path)?;
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value<'de>, E> {
        self.state.check_length(text, self.path)?;
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Value<'de>, A::Error> {
        let under = self.state.stray_key(&Cow::Borrowed(self.name));
        skip_elements(self.state, seq, self.depth + 1, under)?;
        Ok(Value::Misfit)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value<'de>, A::Error> {
        let under = self.state.stray_key(&Cow::Borrowed(self.name));
        skip_members(self.state, map, self.depth + 1, under)?;
        Ok(Value::Misfit)
    }
}
