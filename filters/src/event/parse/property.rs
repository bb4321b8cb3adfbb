//! Reads the value of a property of the site's own: a scalar, for a property has no list and no object that could leave.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::super::Value;
use super::{State, skip_elements, skip_members};
use crate::policy::Property;
use crate::refusal::Rule;
use crate::schema::Field;

/// Reads the value that follows the key of a property.
pub(super) fn read<'de, A: MapAccess<'de>>(
    state: &mut State<'de>,
    map: &mut A,
    property: &'de Property,
    depth: u8,
) -> Result<(), A::Error> {
    let value = map.next_value_seed(PropertySeed { state, property, depth })?;
    if state.properties.iter().any(|(other, _)| other.position() == property.position()) {
        return Err(state.refuse(Field::CustomData.path(), Rule::DuplicateKey));
    }
    state.properties.push((property, value));
    Ok(())
}

struct PropertySeed<'s, 'a> {
    state: &'s mut State<'a>,
    property: &'a Property,
    depth: u8,
}

impl<'de> DeserializeSeed<'de> for PropertySeed<'_, 'de> {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value<'de>, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for PropertySeed<'_, 'de> {
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
        self.state.check_length(text, Field::CustomData.path())?;
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value<'de>, E> {
        self.state.check_length(text, Field::CustomData.path())?;
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Value<'de>, A::Error> {
        let under = self.state.stray_key(&Cow::Borrowed(self.property.name()));
        skip_elements(self.state, seq, self.depth + 1, under)?;
        Ok(Value::Misfit)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value<'de>, A::Error> {
        let under = self.state.stray_key(&Cow::Borrowed(self.property.name()));
        skip_members(self.state, map, self.depth + 1, under)?;
        Ok(Value::Misfit)
    }
}
