//! What looking costs, in units of input, and its bound.

/// Work done for every event, however short.
const BASE: usize = 64 * 1024;
/// Bytes that may be looked at for each byte of the event.
const PER_BYTE: usize = 32;
/// Work done for an event at most, however long. While it is done the event's neighbours wait; the dearest texts cost about
/// 50 ns a unit. An event of goods, five hundred with all their fields, needs a fifth of it.
const MOST: usize = 1024 * 1024;

/// The budget of one event. A byte that is read once, in one reading, is one unit.
#[derive(Debug)]
pub(crate) struct Work {
    left: usize,
    spent: usize,
}

/// The budget is used up, or the text is wrapped more deeply than is looked; the event fails closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WorkLimit;

impl Work {
    /// The budget of an event of so many bytes.
    pub(crate) fn for_event(bytes: usize) -> Self {
        Self { left: bytes.saturating_mul(PER_BYTE).saturating_add(BASE).min(MOST), spent: 0 }
    }

    /// Takes units from the budget.
    pub(crate) fn spend(&mut self, units: usize) -> Result<(), WorkLimit> {
        self.left = self.left.checked_sub(units).ok_or(WorkLimit)?;
        self.spent = self.spent.saturating_add(units);
        Ok(())
    }

    /// Units that were taken so far.
    pub(crate) fn spent(&self) -> usize {
        self.spent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_a_constant_times_the_input_and_ends() {
        let mut work = Work::for_event(10);
        assert_eq!(work.spend(BASE + 10 * PER_BYTE), Ok(()));
        assert_eq!(work.spend(1), Err(WorkLimit));
        assert_eq!(work.spent(), BASE + 10 * PER_BYTE);
    }

    #[test]
    fn no_event_is_long_enough_to_hold_up_the_others() {
        for bytes in [MOST, 8 * MOST, usize::MAX] {
            let mut work = Work::for_event(bytes);
            assert_eq!(work.spend(MOST), Ok(()));
            assert_eq!(work.spend(1), Err(WorkLimit));
        }
    }
}
