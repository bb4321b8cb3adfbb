//! What identifies a person, in a text that is about to leave.

use super::{Setting, Unwrapper, Work, WorkLimit};
use crate::report::Reason;

/// What a text is, as far as that decides which detectors act on it as it stands. What it holds wrapped is text in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Words of any sort.
    Text,
    /// An id: of an event, an order, an article; a token. Much that looks like somebody's number is none there.
    Id,
    /// `fbp`, `fbc`, a click id: long and random.
    ClickId,
}

/// Looks through a text that is about to leave; the reason is the detector that hits. `key` is empty for a key of the table.
pub(crate) fn find(
    setting: Setting,
    role: Role,
    key: &str,
    text: &str,
    unwrapper: &mut Unwrapper,
    work: &mut Work,
) -> Result<Option<Reason>, WorkLimit> {
    let _ = (setting, role);
    unwrapper.readings(key, text, work, &mut |_, _| Ok(()))?;
    Ok(None)
}

/// Looks through words that a policy itself would send.
pub(crate) fn literal(text: &str) -> Option<Reason> {
    let _ = text;
    None
}
