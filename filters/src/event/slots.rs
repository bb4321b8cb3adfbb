//! One optional value for every field of the table.

use crate::schema::{FIELD_COUNT, Field, FieldSet};

/// Values by field, found in one step, stored in the order in which they were put.
pub(crate) struct Slots<V> {
    present: FieldSet,
    index: [u8; FIELD_COUNT],
    entries: Vec<(Field, V)>,
}

const EMPTY: u8 = u8::MAX;

impl<V> Slots<V> {
    /// Room for about as many fields as an ordinary purchase has.
    pub(crate) fn new() -> Self {
        Self { present: FieldSet::EMPTY, index: [EMPTY; FIELD_COUNT], entries: Vec::with_capacity(32) }
    }

    /// The value of a field.
    pub(crate) fn get(&self, field: Field) -> Option<&V> {
        // An empty slot names no entry, so `get` answers `None` for it.
        let entry = usize::from(*self.index.get(field as usize)?);
        self.entries.get(entry).map(|(_, value)| value)
    }

    /// Puts a value; `false`, changing nothing, if the field has one.
    #[expect(clippy::inline_always, reason = "a value that is handed on is copied in words that its reader waits for")]
    #[inline(always)]
    pub(crate) fn put(&mut self, field: Field, value: V) -> bool {
        let (Some(slot), Ok(entry)) = (self.index.get_mut(field as usize), u8::try_from(self.entries.len())) else {
            return false;
        };
        if *slot != EMPTY {
            return false;
        }
        *slot = entry;
        self.present.insert(field);
        self.entries.push((field, value));
        true
    }

    /// The value of a field, to be changed.
    pub(crate) fn get_mut(&mut self, field: Field) -> Option<&mut V> {
        let entry = usize::from(*self.index.get(field as usize)?);
        self.entries.get_mut(entry).map(|(_, value)| value)
    }

    /// Takes a value out. The last one that was put moves to its place.
    pub(crate) fn take(&mut self, field: Field) -> Option<V> {
        let entry = self.index.get_mut(field as usize).map(|slot| std::mem::replace(slot, EMPTY))?;
        if usize::from(entry) >= self.entries.len() {
            return None;
        }
        let (_, value) = self.entries.swap_remove(usize::from(entry));
        if let Some((moved, _)) = self.entries.get(usize::from(entry))
            && let Some(slot) = self.index.get_mut(*moved as usize)
        {
            *slot = entry;
        }
        self.present.remove(field);
        Some(value)
    }

    /// Every value, in the order in which they were put.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Field, &V)> {
        self.entries.iter().map(|(field, value)| (*field, value))
    }

    /// The fields that have a value.
    pub(crate) fn present(&self) -> &FieldSet {
        &self.present
    }

    /// How many fields have a value.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_out_is_gone_and_the_others_are_found() {
        let mut slots = Slots::new();
        for field in [Field::Email, Field::Value, Field::Currency] {
            assert!(slots.put(field, field.path()));
        }
        assert_eq!(slots.take(Field::Email), Some("user_data.em"));
        assert_eq!((slots.take(Field::Email), slots.get(Field::Email), slots.len()), (None, None, 2));
        for field in [Field::Value, Field::Currency] {
            assert_eq!(slots.get(field), Some(&field.path()));
        }
        assert!(!slots.present().contains(Field::Email) && slots.present().contains(Field::Currency));
        assert!(slots.put(Field::Email, "again") && !slots.put(Field::Email, "twice"));
    }
}
