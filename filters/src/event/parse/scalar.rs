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

impl ScalarSeed<'_, '_> {
    fn path(&self) -> &'static str {
        self.path
    }
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

    every_scalar_is_itself!(&'de str, Value<'de>);

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
