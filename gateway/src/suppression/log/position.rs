//! A place in the log: the id of an entry, which is its number and a random number.
//!
//! The number leaves no gap, so a missing entry shows. The random number tells apart what two histories have under one number, as
//! after a failover that lost the last entries: whoever stands at an entry that is gone notices.

use std::fmt;

use crate::chance::Chance;

/// An entry's id, or the place before the first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    number: u64,
    nonce: u64,
}

impl Position {
    /// Before the first entry.
    pub(crate) const START: Self = Self { number: 0, nonce: 0 };

    /// From the form that Redis and the store keep.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (number, nonce) = text.split_once('-')?;
        Some(Self { number: number.parse().ok()?, nonce: nonce.parse().ok()? })
    }

    /// An id for the entry after this one.
    pub(crate) fn next(self, chance: &Chance) -> Self {
        Self { number: self.number.saturating_add(1), nonce: u64::from_le_bytes(chance.bytes()) }
    }

    /// Whether nothing is missing between this entry and that.
    pub(crate) fn is_followed_by(self, next: Self) -> bool {
        self.number.checked_add(1) == Some(next.number)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.number, self.nonce)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_written_and_read_back_and_a_gap_shows() {
        let chance = Chance::seeded(1);
        let first = Position::START.next(&chance);
        let second = first.next(&chance);
        assert_eq!(Position::parse(&second.to_string()), Some(second));
        assert!(first.is_followed_by(second) && !Position::START.is_followed_by(second) && !second.is_followed_by(second));
        assert_ne!(first, Position::START.next(&chance), "two histories differ");
        for wrong in ["", "1", "1-", "-1", "a-1", "1-2-3", "99999999999999999999-1"] {
            assert_eq!(Position::parse(wrong), None, "{wrong}");
        }
    }
}
