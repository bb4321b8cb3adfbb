//! How much of a backlog is tried at once after a bisection was interrupted.
//!
//! A bisection lives in memory. If the gate or the end of a lease stops it, the next round would begin with the whole refused
//! batch again, and with a slow Meta that could go on for ever. So the size that it had come down to is remembered, and doubled
//! with every batch that Meta takes.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::batch::{Limits, META_MAX_EVENTS};

/// The most events of one dataset's next requests.
#[derive(Debug)]
pub(crate) struct Portion(AtomicUsize);

impl Default for Portion {
    fn default() -> Self {
        Self(AtomicUsize::new(META_MAX_EVENTS))
    }
}

impl Portion {
    /// The limits of the next round.
    pub(crate) fn of(&self, limits: Limits) -> Limits {
        Limits { events: limits.events.min(self.0.load(Ordering::Relaxed)), ..limits }
    }

    /// A bisection was interrupted before a part of so many events.
    pub(crate) fn interrupted(&self, events: usize) {
        self.0.store(events.clamp(1, META_MAX_EVENTS), Ordering::Relaxed);
    }

    /// Meta took a batch.
    pub(crate) fn taken(&self) {
        // A race with an interruption costs a request or two, no more.
        let now = self.0.load(Ordering::Relaxed);
        self.0.store(now.saturating_mul(2).min(META_MAX_EVENTS), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interruption_makes_it_small_and_successes_make_it_whole_again() {
        let (portion, limits) = (Portion::default(), Limits::new(800, 1 << 20));
        assert_eq!(portion.of(limits).events, 800);
        portion.interrupted(63);
        assert_eq!(portion.of(limits).events, 63);
        for events in [126, 252, 504, 800, 800] {
            portion.taken();
            assert_eq!(portion.of(limits).events, events);
        }
        portion.interrupted(0);
        assert_eq!(portion.of(limits).events, 1);
    }
}
