//! The filter in memory: says of nearly everybody at once that they are not suppressed, and never of one who is.
//!
//! A Bloom filter in blocks: the first half of a mark says which block of 64 bytes, the other one bit in each of its eight words. So
//! a look touches one line of the cache, where a filter without blocks, measured, waited for memory twice. A false answer in some
//! hundred costs a look into the store and nothing else. Marks are digests under a key, so they need no hashing. None is taken
//! out: one that was removed is found missing in the store. A filter that is full is replaced by a larger one.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use super::mark::Mark;

/// Words of a block; a mark sets a bit in each.
const WORDS: usize = 8;
/// Marks that a block has room for: 16 bits for each.
const MARKS_IN_BLOCK: u64 = 32;
/// Marks for which there is room at least.
const LEAST_ROOM: u64 = 4_096;

/// A line of the cache.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Block([AtomicU64; WORDS]);

/// Which marks may be held.
pub(super) struct Filter {
    blocks: Box<[Block]>,
    room: u64,
}

impl Filter {
    /// For so many marks and a quarter more.
    pub(super) fn for_marks(marks: u64) -> Self {
        let room = marks.saturating_add(marks / 4).max(LEAST_ROOM);
        Self { blocks: (0..room.div_ceil(MARKS_IN_BLOCK)).map(|_| Block::default()).collect(), room }
    }

    /// From here on it may be held. Others may look meanwhile.
    pub(super) fn insert(&self, mark: Mark) {
        let Some((block, bits)) = self.place(mark) else { return };
        for (word, bit) in block.0.iter().zip(bits) {
            word.fetch_or(bit, Ordering::Release);
        }
    }

    /// Whether it may be held; if not, it is not.
    pub(super) fn may_hold(&self, mark: Mark) -> bool {
        // Without blocks nobody could be told apart.
        self.place(mark)
            .is_none_or(|(block, bits)| block.0.iter().zip(bits).all(|(word, bit)| word.load(Ordering::Acquire) & bit != 0))
    }

    /// Whether it is as good as it should be with so many marks.
    pub(super) fn has_room_for(&self, marks: u64) -> bool {
        marks <= self.room
    }

    /// How much memory it takes.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.blocks)
    }

    /// The block of a mark, and its bits there.
    fn place(&self, mark: Mark) -> Option<(&Block, [u64; WORDS])> {
        let (first, second) = mark.halves();
        // The high part of the product spreads as evenly as a remainder, without a division.
        let at = (u128::from(first) * self.blocks.len() as u128) >> 64;
        let block = self.blocks.get(usize::try_from(at).ok()?)?;
        let mut rest = second;
        let bits = [(); WORDS].map(|()| {
            let bit = 1 << (rest & 63);
            rest >>= 6;
            bit
        });
        Some((block, bits))
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
        let filter = Filter::for_marks(40_000);
        let marks: Vec<Mark> = (0..50_000).map(|_| Mark::from_bytes(chance.bytes())).collect();
        for mark in &marks {
            filter.insert(*mark);
        }
        assert!(marks.iter().all(|mark| filter.may_hold(*mark)));
        let false_hits = (0..100_000).filter(|_| filter.may_hold(Mark::from_bytes(chance.bytes()))).count();
        assert!(false_hits < 300, "{false_hits} in 100,000");
        assert!(filter.has_room_for(50_000) && !filter.has_room_for(50_001));
        let empty = Filter::for_marks(0);
        assert!(marks.iter().all(|mark| !empty.may_hold(*mark)));
    }

    #[test]
    fn p6_ten_million_marks_take_25_mb() {
        assert_eq!(Filter::for_marks(10_000_000).bytes(), 25_000_000);
    }

    #[test]
    fn a_block_is_a_line_of_the_cache() {
        assert_eq!((size_of::<Block>(), align_of::<Block>()), (64, 64));
    }
}
