//! Finds the row of a key. The index is built by the compiler from the table, so it cannot disagree with it.

use super::{FIELD_COUNT, Field, ROWS, Row, Section};

/// Several times the number of rows, so that most keys are found at the first look.
const BUCKETS: usize = 1 << BUCKET_BITS;
const BUCKET_BITS: u32 = 11;
const EMPTY: u8 = u8::MAX;
const _: () = assert!(FIELD_COUNT < EMPTY as usize, "the index names a row by one byte");

static INDEX: [u8; BUCKETS] = build();

/// Ends and length of a key, multiplied once: short keys, no need to withstand an attacker (the table is fixed and a miss ends at
/// the first empty bucket).
const fn bucket(section: Section, name: &[u8]) -> usize {
    let ends = ends(name).wrapping_add(name.len() as u64).wrapping_add((section as u64) << 56);
    // The uppermost bits of a product depend on all of what is multiplied.
    (ends.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - BUCKET_BITS)) as usize
}

/// The first and the last bytes of a key as one number; those of a short key overlap.
const fn ends(name: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (name.first_chunk::<8>(), name.last_chunk::<8>()) {
        u64::from_le_bytes(*first) ^ u64::from_le_bytes(*last).rotate_left(31)
    } else if let (Some(first), Some(last)) = (name.first_chunk::<2>(), name.last_chunk::<2>()) {
        // Of two to seven bytes these tell the table's keys apart, or leave them to the comparison of names.
        (u16::from_le_bytes(*first) as u64) << 16 | u16::from_le_bytes(*last) as u64
    } else {
        0
    }
}

#[expect(clippy::indexing_slicing, reason = "runs in the compiler, where an index out of bounds is an error")]
#[expect(clippy::cast_possible_truncation, reason = "there are fewer rows than EMPTY, asserted above")]
const fn build() -> [u8; BUCKETS] {
    let mut index = [EMPTY; BUCKETS];
    let mut row = 0;
    while row < super::TABLE.len() {
        let mut at = bucket(super::TABLE[row].section, super::TABLE[row].name.as_bytes());
        while index[at] != EMPTY {
            at = (at + 1) % BUCKETS;
        }
        index[at] = row as u8;
        row += 1;
    }
    index
}

pub(super) fn find(section: Section, name: &str) -> Option<Field> {
    let mut at = bucket(section, name.as_bytes());
    loop {
        // An empty bucket names no row, so `get` ends the search there.
        let row: &Row = ROWS.get(usize::from(*INDEX.get(at)?))?;
        if row.section == section && row.name == name {
            return Some(row.field);
        }
        at = (at + 1) % BUCKETS;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_under_its_own_key_only() {
        for (position, row) in ROWS.iter().enumerate() {
            assert_eq!(row.field as usize, position);
            assert_eq!(find(row.section, row.name), Some(row.field));
            assert_eq!(Field::from_path(row.path), Some(row.field));
            assert_ne!(find(row.section, &row.name.to_uppercase()), Some(row.field));
        }
        assert_eq!(find(Section::Event, "em"), None);
        assert_eq!(find(Section::UserData, ""), None);
    }
}
