//! Keeps a line that a fault repeats from filling the log: it is said at once, and then not more than twice a minute, each time with
//! how often it was left out since.
//!
//! For lines that come with every request, event or lease while something is broken. Metrics count all of them.

use std::sync::atomic::{AtomicU64, Ordering};

/// How long a line rests after it was said.
const REST_MS: u64 = 30_000;

/// One line.
#[derive(Debug, Default)]
pub struct Seldom {
    said_ms: AtomicU64,
    left_out: AtomicU64,
}

impl Seldom {
    /// Whether it may be said now: if so, how often it was left out since the last time.
    pub fn may_be_said(&self, now_ms: u64) -> Option<u64> {
        let said_ms = self.said_ms.load(Ordering::Relaxed);
        // A clock that was set back silences nothing.
        let rests = said_ms > 0 && now_ms.checked_sub(said_ms).is_some_and(|passed| passed < REST_MS);
        let is_ours =
            !rests && self.said_ms.compare_exchange(said_ms, now_ms.max(1), Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if is_ours {
            return Some(self.left_out.swap(0, Ordering::Relaxed));
        }
        self.left_out.fetch_add(1, Ordering::Relaxed);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p6_a_line_that_repeats_is_said_at_once_and_then_twice_a_minute_with_what_was_left_out() {
        let line = Seldom::default();
        assert_eq!(line.may_be_said(1_000_000), Some(0));
        let more: Vec<u64> = (1..600).filter_map(|tenth| line.may_be_said(1_000_000 + tenth * 100)).collect();
        assert_eq!(more, [299]);
        assert_eq!(line.may_be_said(1_060_000), Some(299));
        assert_eq!(line.may_be_said(500_000), Some(0), "the clock was set back");
    }
}
