//! A set of fields, as one bit a row: what is in it is found, joined and walked at the cost of four words.

use super::{FIELD_COUNT, Field, ROWS};

const WORDS: usize = FIELD_COUNT.div_ceil(64);

/// A set of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct FieldSet([u64; WORDS]);

impl FieldSet {
    /// No field.
    pub(crate) const EMPTY: Self = Self([0; WORDS]);

    /// These fields.
    pub(crate) const fn of(fields: &[Field]) -> Self {
        let mut set = Self::EMPTY;
        let mut rest = fields;
        while let [field, others @ ..] = rest {
            set = set.with(*field);
            rest = others;
        }
        set
    }

    /// The same and this field.
    #[expect(clippy::indexing_slicing, reason = "there is a word for every row")]
    pub(crate) const fn with(mut self, field: Field) -> Self {
        self.0[field as usize / 64] |= 1 << (field as usize % 64);
        self
    }

    pub(crate) fn insert(&mut self, field: Field) {
        if let Some(word) = self.0.get_mut(field as usize / 64) {
            *word |= 1 << (field as usize % 64);
        }
    }

    pub(crate) fn remove(&mut self, field: Field) {
        if let Some(word) = self.0.get_mut(field as usize / 64) {
            *word &= !(1 << (field as usize % 64));
        }
    }

    pub(crate) fn contains(&self, field: Field) -> bool {
        self.0.get(field as usize / 64).is_some_and(|word| word >> (field as usize % 64) & 1 == 1)
    }

    /// Whether the two share a field.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).any(|(word, other)| word & other != 0)
    }

    pub(crate) fn is_subset(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).all(|(word, other)| word & !other == 0)
    }

    pub(crate) fn union(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(word, other)| *word |= other);
        self
    }

    pub(crate) fn intersection(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(word, other)| *word &= other);
        self
    }

    /// Its fields, in the order of the table.
    pub(crate) fn iter(self) -> impl Iterator<Item = Field> {
        let Self(mut words) = self;
        let mut at = 0;
        std::iter::from_fn(move || {
            loop {
                let word = words.get_mut(at)?;
                if *word != 0 {
                    let row = at * 64 + word.trailing_zeros() as usize;
                    *word &= *word - 1;
                    return ROWS.get(row).map(|row| row.field);
                }
                at += 1;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_and_tells_it_in_order() {
        let mut set = FieldSet::EMPTY;
        assert_eq!(set.iter().count(), 0);
        for row in ROWS.iter().rev().step_by(3) {
            assert!(!set.contains(row.field));
            set.insert(row.field);
            assert!(set.contains(row.field));
        }
        let fields: Vec<Field> = set.iter().collect();
        assert!(fields.is_sorted() && fields.len() == ROWS.len().div_ceil(3));
        assert_eq!(FieldSet::of(&fields), set);
        let all = FieldSet::of(&ROWS.iter().map(|row| row.field).collect::<Vec<_>>());
        assert_eq!(all.iter().count(), ROWS.len());
        assert!(set.is_subset(&all) && !all.is_subset(&set));
        assert_eq!((set.union(&all), set.intersection(&all)), (all, set));
        assert!(set.meets(&all) && !set.meets(&FieldSet::EMPTY));
    }
}
