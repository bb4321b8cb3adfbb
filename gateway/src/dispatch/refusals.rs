//! Counts refusals in a row, so that a fault of the whole dataset is not taken for many bad events (promise P7).
//!
//! Refusals are alike if code and subcode are the same. After eight alike, with no event taken in between over all rounds of the
//! dataset, no ninth is set aside before others have been heard (`witness`). If those are refused too, nothing is set aside until
//! Meta takes an event again. Kept in memory only: a restart starts anew.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// So many refusals alike are set aside in a row.
pub(crate) const MOST_IN_A_ROW: u32 = 8;

/// Kinds that are told apart, all others being one more: a fault of the whole dataset that comes in many kinds costs three runs at
/// most.
const MOST_KINDS: usize = 2;

/// What a refusal says: Meta's code and subcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Kind {
    /// Meta's code.
    pub(crate) code: i64,
    /// Meta's subcode, 0 if none.
    pub(crate) subcode: i64,
}

/// Whether one more refused event may be set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ruling {
    /// It may, and it was counted.
    SetAside,
    /// Not before witnesses were heard.
    Doubtful,
    /// Nothing may, until Meta takes an event.
    Held,
}

/// The refusals of one dataset since Meta last took an event of it.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    runs: BTreeMap<Kind, u32>,
    held: bool,
}

impl Refusals {
    /// Asks for one event that was refused alone.
    pub(crate) fn rule(&self, kind: Kind) -> Ruling {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.held {
            return Ruling::Held;
        }
        let kind = if state.runs.len() < MOST_KINDS || state.runs.contains_key(&kind) { kind } else { Kind::OTHERS };
        let run = state.runs.entry(kind).or_default();
        if *run >= MOST_IN_A_ROW {
            return Ruling::Doubtful;
        }
        *run += 1;
        Ruling::SetAside
    }

    /// Meta took an event.
    pub(crate) fn taken(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.runs.clear();
        state.held = false;
    }

    /// The witnesses were refused too, or there was none.
    pub(crate) fn hold(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).held = true;
    }

    /// Whether nothing may be set aside.
    pub(crate) fn are_held(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).held
    }
}

impl Kind {
    const OTHERS: Self = Self { code: 0, subcode: 0 };
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: Kind = Kind { code: 100, subcode: 2_804_003 };
    const POOR: Kind = Kind { code: 100, subcode: 2_804_050 };

    #[test]
    fn p7_eight_alike_in_a_row_are_set_aside_and_a_ninth_is_doubted() {
        let refusals = Refusals::default();
        for _ in 0..8 {
            assert_eq!(refusals.rule(OLD), Ruling::SetAside);
        }
        assert_eq!(refusals.rule(OLD), Ruling::Doubtful);
        assert_eq!(refusals.rule(POOR), Ruling::SetAside);
        refusals.taken();
        assert_eq!(refusals.rule(OLD), Ruling::SetAside);
    }

    #[test]
    fn p7_while_held_nothing_is_set_aside_until_meta_takes_an_event() {
        let refusals = Refusals::default();
        refusals.hold();
        assert_eq!((refusals.rule(OLD), refusals.are_held()), (Ruling::Held, true));
        refusals.taken();
        assert_eq!((refusals.rule(OLD), refusals.are_held()), (Ruling::SetAside, false));
    }

    #[test]
    fn p6_the_kinds_are_bounded_and_the_rest_count_together() {
        let refusals = Refusals::default();
        let ruled = (0..1000).filter(|subcode| refusals.rule(Kind { code: 100, subcode: *subcode }) == Ruling::SetAside);
        assert_eq!(ruled.count(), MOST_KINDS + 8);
    }
}
