//! Whether the event may leave at all. Nobody is sent who must not be, whatever else the event says.

use super::{Halt, Pass, Stage};
use crate::report::{DropReason, StageName};
use crate::suppression;

pub(crate) struct Consent;

impl Stage for Consent {
    const NAME: StageName = StageName::Consent;

    fn apply(pass: &mut Pass<'_>) -> Result<(), Halt> {
        let suppressed = pass.context.suppressed;
        if !suppressed.is_empty() && suppression::is_of(pass.raw, suppressed) {
            return Err(Halt::Drop(DropReason::Suppressed));
        }
        Ok(())
    }
}
