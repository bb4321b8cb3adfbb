//! Reads over what has no slot: counted and bounded like everything else, and looked through for keys that come twice. Where the
//! policy scans whole events, its keys and values become strays.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::super::strays::{Scalar, Under};
use super::State;
use super::keys::{KeySeed, KeySet};
use crate::refusal::Rule;

/// Reads over a value that has no slot, with the bounds and the check for keys that come twice.
pub(super) struct SkipSeed<'s, 'a> {
    pub(super) state: &'s mut State<'a>,
    pub(super) depth: u8,
    pub(super) under: Under,
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

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        if value {
            self.state.stray(self.under, || Scalar::True);
        }
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.state.stray(self.under, || Scalar::Whole(value));
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.state.stray(self.under, || Scalar::Unsigned(value));
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.state.stray(self.under, || Scalar::Decimal(value));
        Ok(())
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<(), E> {
        self.state.stray_text(self.under, text, "unknown")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        self.state.stray_copy(self.under, text, "unknown")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        skip_elements(self.state, seq, self.depth + 1, self.under)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        skip_members(self.state, map, self.depth + 1, self.under)
    }
}

/// The elements of a list stand under its key.
pub(super) fn skip_elements<'de, A: SeqAccess<'de>>(
    state: &mut State<'de>,
    mut seq: A,
    depth: u8,
    under: Under,
) -> Result<(), A::Error> {
    state.check_depth(depth)?;
    while seq.next_element_seed(SkipSeed { state, depth, under })?.is_some() {}
    Ok(())
}

/// The members of an object stand under keys of their own.
pub(super) fn skip_members<'de, A: MapAccess<'de>>(
    state: &mut State<'de>,
    mut map: A,
    depth: u8,
    under: Under,
) -> Result<(), A::Error> {
    state.check_depth(depth)?;
    let mut keys = KeySet::default();
    while let Some(key) = map.next_key_seed(KeySeed)? {
        state.check_length(&key, "unknown")?;
        let member = state.stray_key(&key);
        if keys.is_empty() {
            state.stray(under, || Scalar::Object);
        }
        if !keys.insert(key) {
            return Err(state.refuse("unknown", Rule::DuplicateKey));
        }
        state.skip_key()?;
        map.next_value_seed(SkipSeed { state, depth, under: member })?;
    }
    Ok(())
}
