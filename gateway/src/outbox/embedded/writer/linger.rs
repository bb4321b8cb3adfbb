//! How long the writer waits for more appends before a commit, by how many there were.
//!
//! Whoever asks alone, and after one who asked alone, is answered at once. Where several ask at a time the writer waits, as long as
//! more come: that saves commits, and one costs more than 100 µs of CPU, however few events are in it. A few callers that all wait for
//! their answers pay for it with half a millisecond in which nobody asks. The writer sleeps long and seldom, as each time that it
//! wakes it takes the core from those who would ask.

use std::time::Duration;

use super::{Intake, Writer};

/// With more appends than this in this commit and the one before, somebody asked beside another.
const BUSY_APPENDS: usize = 2;
const BUSY: Linger = Linger { step: Duration::from_micros(500), steps: 4 };

/// More than this come faster than small commits can be made: fewer and larger ones make up for it.
const CROWDED_APPENDS: usize = 160;
const CROWDED: Linger = Linger { step: Duration::from_millis(2), steps: 2 };

/// So many steps at most, and no further once one of them brings nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Linger {
    step: Duration,
    steps: usize,
}

impl Linger {
    /// For so many appends in this commit and the one before; nothing if it is not worth the waiting.
    pub(super) fn of(appends: usize) -> Option<Self> {
        if appends > CROWDED_APPENDS {
            return Some(CROWDED);
        }
        (appends > BUSY_APPENDS).then_some(BUSY)
    }
}

impl Writer {
    /// Waits for more appends.
    pub(super) fn linger(&mut self, linger: Linger, intake: &mut Intake) {
        for _ in 0..linger.steps {
            if intake.is_full() {
                return;
            }
            let before = intake.appends.len();
            std::thread::sleep(linger.step);
            self.fill(intake);
            if intake.appends.len() == before {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_alone_is_not_kept_waiting_and_nobody_for_longer_than_four_milliseconds() {
        // One caller at a time makes one append here and one before.
        assert_eq!([0, 2].map(Linger::of), [None; 2]);
        assert_eq!([3, 160].map(Linger::of), [Some(BUSY); 2]);
        assert_eq!(Linger::of(161), Some(CROWDED));
        for Linger { step, steps } in [BUSY, CROWDED] {
            assert!(step * u32::try_from(steps).unwrap() <= Duration::from_millis(4));
        }
    }
}
