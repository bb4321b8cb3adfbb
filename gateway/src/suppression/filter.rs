//! The filter in memory: says of nearly everybody at once that they are not suppressed, and never of one who is.
//!
//! A Bloom filter with a false answer in a thousand, which costs a look into the store and nothing else. Marks are not taken out:
//! one that was removed is found missing in the store. A filter that is full is replaced by a larger one.

use std::fmt;

use fastbloom::AtomicBloomFilter;

use super::mark::Mark;

/// How often it says "perhaps" of somebody who is not held, when it is full. A look into the store costs some microseconds.
const FALSE_HITS: f64 = 0.001;
/// Marks for which there is room at least.
const LEAST_ROOM: u64 = 4_096;

/// Which marks may be held.
pub(super) struct Filter {
    bits: AtomicBloomFilter,
    room: u64,
}

impl Filter {
    /// For so many marks and half as many again.
    pub(super) fn for_marks(marks: u64) -> Self {
        let room = marks.saturating_add(marks / 2).max(LEAST_ROOM);
        let expected = usize::try_from(room).unwrap_or(usize::MAX);
        // Marks are digests under a key, so they need no hashing, and the seed is not used.
        Self { bits: AtomicBloomFilter::with_false_pos(FALSE_HITS).seed(&0).expected_items(expected), room }
    }

    /// From here on it may be held. Others may look meanwhile.
    pub(super) fn insert(&self, mark: Mark) {
        self.bits.insert_hash(mark.half());
    }

    /// Whether it may be held; if not, it is not.
    pub(super) fn may_hold(&self, mark: Mark) -> bool {
        self.bits.contains_hash(mark.half())
    }

    /// Whether it is as good as it should be with so many marks.
    pub(super) fn has_room_for(&self, marks: u64) -> bool {
        marks <= self.room
    }

    /// How much memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.bits.num_bits() / 8
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filter").field("room", &self.room).field("bytes", &self.bytes()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;

    #[test]
    fn who_was_inserted_is_always_found_and_others_seldom() {
        let chance = Chance::seeded(1);
        let filter = Filter::for_marks(20_000);
        let marks: Vec<Mark> = (0..30_000).map(|_| Mark::from_bytes(chance.bytes())).collect();
        for mark in &marks {
            filter.insert(*mark);
        }
        assert!(marks.iter().all(|mark| filter.may_hold(*mark)));
        let false_hits = (0..100_000).filter(|_| filter.may_hold(Mark::from_bytes(chance.bytes()))).count();
        assert!(false_hits < 200, "{false_hits} in 100,000");
        assert!(filter.has_room_for(30_000) && !filter.has_room_for(30_001));
    }

    #[test]
    fn p6_ten_million_marks_take_less_than_30_mb() {
        assert!(Filter::for_marks(10_000_000).bytes() < 30_000_000);
    }
}
