//! What identifies a person, in a text that is about to leave.

use super::{Setting, Unwrapper, Work, WorkLimit};
use crate::report::Reason;

/// Looks through a text that is about to leave; the reason is the detector that hits.
pub(crate) fn find(
    setting: Setting,
    key: &str,
    text: &str,
    unwrapper: &mut Unwrapper,
    work: &mut Work,
) -> Result<Option<Reason>, WorkLimit> {
    let _ = setting;
    unwrapper.readings(key, text, work, &mut |_, _| Ok(()))?;
    Ok(None)
}
