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
