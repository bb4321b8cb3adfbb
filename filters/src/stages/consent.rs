//! The person: who must not be sent is not, and whose event may leave is decided, by what the sender says, what the policy asks and
//! where the person lives.
//!
//! What else was decided is acted on by later stages: an event that speaks of health goes whole (`health`), and fields go and
//! Limited Data Use is asked for (`allow`). Left to others: the list of who must not be sent, which the gateway passes in.

use super::{Halt, Pass, Stage};
use crate::consent::decision::{Known, decide};
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
        let rules = pass.policy.consent_rules();
        pass.facts.consent = decide(rules, &Known::of(pass.raw, rules), pass.context.now_secs);
        pass.report.apply(pass.facts.consent.positions);
        pass.facts.consent.halt.map_or(Ok(()), |reason| Err(Halt::Drop(reason)))
    }
}
