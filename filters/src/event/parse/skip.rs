//! Reads over what is not kept: counted and bounded like everything else, and looked through for keys that come twice.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::State;
use super::keys::{KeySeed, KeySet};
use crate::refusal::Rule;

/// Reads over a value that is not kept, with the bounds and the check for keys that come twice.
pub(super) struct SkipSeed<'s, 'a> {
    pub(super) state: &'s mut State<'a>,
    pub(super) depth: u8,
}

impl<'de> DeserializeSeed<'de> for SkipSeed<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for SkipSeed<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    every_scalar_is!((), ());

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        self.state.check_length(text, "unknown")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        skip_elements(self.state, seq, self.depth + 1)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        skip_members(self.state, map, self.depth + 1)
    }
}

pub(super) fn skip_elements<'de, A: SeqAccess<'de>>(state: &mut State<'de>, mut seq: A, depth: u8) -> Result<(), A::Error> {
    state.check_depth(depth)?;
    while seq.next_element_seed(SkipSeed { state, depth })?.is_some() {}
    Ok(())
}

pub(super) fn skip_members<'de, A: MapAccess<'de>>(state: &mut State<'de>, mut map: A, depth: u8) -> Result<(), A::Error> {
    state.check_depth(depth)?;
    let mut keys = KeySet::default();
    while let Some(key) = map.next_key_seed(KeySeed)? {
        state.check_length(&key, "unknown")?;
        if !keys.insert(key) {
            return Err(state.refuse("unknown", Rule::DuplicateKey));
        }
        state.skip_key()?;
        map.next_value_seed(SkipSeed { state, depth })?;
    }
    Ok(())
}
