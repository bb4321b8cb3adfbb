//! One of the goods, in the list `contents`. What is none is kept as a stray.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::skip::skip_elements;
use super::{State, path_of, read_members};
use crate::event::strays::Under;
use crate::event::{Item, Value};
use crate::refusal::Rule;
use crate::schema::{Field, Section};

/// One of the goods.
pub(super) struct ItemSeed<'s, 'a> {
    pub(super) state: &'s mut State<'a>,
    pub(super) depth: u8,
}

impl<'de> DeserializeSeed<'de> for ItemSeed<'_, 'de> {
    type Value = Item<'de>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Item<'de>, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ItemSeed<'_, 'de> {
    type Value = Item<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an element of contents")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Item<'de>, A::Error> {
        let mut item: Vec<(Field, Value<'de>)> = Vec::with_capacity(4);
        read_members(self.state, map, Section::Contents, self.depth + 1, |state, field, value| {
            if item.iter().any(|(other, _)| *other == field) {
                return Err(state.refuse(path_of(Section::Contents), Rule::DuplicateKey));
            }
            item.push((field, value));
            Ok(())
        })?;
        Ok(Some(item))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Item<'de>, A::Error> {
        skip_elements(self.state, seq, self.depth + 1, Under::field(Some(Field::Contents)))?;
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Item<'de>, E> {
        Ok(None)
    }

    every_scalar_is!(Item<'de>, None);

    fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<Item<'de>, E> {
        self.state.stray_text(Under::field(Some(Field::Contents)), text, path_of(Section::Contents))?;
        Ok(None)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Item<'de>, E> {
        self.state.stray_copy(Under::field(Some(Field::Contents)), text, path_of(Section::Contents))?;
        Ok(None)
    }
}
