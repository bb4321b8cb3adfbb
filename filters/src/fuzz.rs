//! For fuzzing only: ways into parts that are private otherwise. Nothing here is an interface.

use crate::detect::{Unwrapper, Work};

/// Takes a text apart that stands under a key; it must not panic and must end within its budget.
pub fn unwrap(key: &str, text: &str) {
    let mut work = Work::for_event(key.len() + text.len());
    let walked = Unwrapper::default().readings(key, text, &mut work, &mut |reading, work| work.spend(reading.key.len()));
    assert!(walked.is_ok() || work.spent() >= text.len(), "failed closed before the budget was used or the text was read");
}
