//! One event's way through the stages: from text that a caller sent to bytes that may leave, and, for stored bytes, from the
//! policy of then to the policy of now.

mod readmit;
mod trace;

use std::borrow::Cow;

pub use crate::stages::shape::{MAX_AGE_SECS, MAX_AGE_STORE_SECS};
pub use readmit::{Readmission, readmit};
pub use trace::{
    Asked, ConsentTrace, Fate, FieldTrace, JurisdictionTrace, LimitedDataUse, PlaceTrace, Trace, Verdict, trace,
};

use crate::event::{RawEvent, SanitizedEvent};
use crate::policy::Policy;
use crate::pseudonym::PseudonymKey;
use crate::refusal::{Refusal, Rule};
use crate::report::{DropReason, Report, StageName};
use crate::stages::{self, Halt, Pass};
use crate::suppression::Suppressed;

/// What the filter has to know besides policy and event. It has no clock and no chance of its own.
#[derive(Debug)]
pub struct Context<'a> {
    /// The dataset to which the event goes.
    pub dataset: &'a str,
    /// Seconds since 1970.
    pub now_secs: u64,
    /// Sixteen random bytes for the id of an event that came without one.
    pub fresh_id: [u8; 16],
    /// The key of all pseudonyms.
    pub pseudonyms: &'a PseudonymKey,
    /// Who must not be sent.
    pub suppressed: &'a dyn Suppressed,
}

/// What became of an event.
#[derive(Debug)]
pub enum Outcome {
    /// It may leave in this form.
    Forward(SanitizedEvent, Report),
    /// The policy does not let it leave. Its caller is answered as if it had been taken.
    Drop(StageName, DropReason, Report),
    /// It is not an event; its caller is told.
    Refuse(Refusal),
}

/// Runs one event through every stage. `raw` is a JSON object, or a JSON string that holds one, as Python's SDK sends it.
pub fn sanitize(policy: &Policy, context: &Context<'_>, raw: &str) -> Outcome {
    let text = match unwrap_string(raw) {
        Ok(text) => text,
        Err(refusal) => return Outcome::Refuse(refusal),
    };
    let event = match RawEvent::parse_with(&text, policy.properties(), reads_strays(policy, context)) {
        Ok(event) => event,
        Err(refusal) => return Outcome::Refuse(refusal),
    };
    let mut pass = Pass::new(policy, context, &text, &event);
    let halt = stages::run(&mut pass, StageName::Guard);
    let report = std::mem::take(&mut pass.report);
    match (halt, pass.sealed) {
        (Ok(()), Some(sealed)) => Outcome::Forward(sealed, report),
        // The last stage seals or halts; an event that it did neither with does not leave.
        (Ok(()), None) => Outcome::Drop(StageName::Guard, DropReason::GuardFailed, report),
        (Err((stage, Halt::Drop(reason))), _) => Outcome::Drop(stage, reason, report),
        (Err((_, Halt::Refuse(refusal))), _) => Outcome::Refuse(refusal),
    }
}

/// Whether values without a slot are looked at: for signals of health, or for somebody who must not be sent.
fn reads_strays(policy: &Policy, context: &Context<'_>) -> bool {
    policy.scans_whole_events() || !context.suppressed.is_empty()
}

/// For benchmarks: parses an event and runs the stages up to and including one, or none. `true` if it got so far.
#[doc(hidden)]
pub fn run_through(policy: &Policy, context: &Context<'_>, raw: &str, last: Option<StageName>) -> bool {
    let Ok(event) = RawEvent::parse_with(raw, policy.properties(), reads_strays(policy, context)) else { return false };
    let Some(last) = last else { return true };
    stages::run(&mut Pass::new(policy, context, raw, &event), last).is_ok()
}

/// The object in a JSON string, or the text itself where it is no string.
fn unwrap_string(raw: &str) -> Result<Cow<'_, str>, Refusal> {
    if !raw.trim_start().starts_with('"') {
        return Ok(Cow::Borrowed(raw));
    }
    serde_json::from_str::<String>(raw).map(Cow::Owned).map_err(|_| Refusal::new("event", Rule::NotJson))
}
