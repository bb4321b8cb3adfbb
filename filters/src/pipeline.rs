//! skeleton
use crate::{
    event::SanitizedEvent,
    policy::{Policy, StoredPolicy},
    report::{DropReason, Report, StageName, WithdrawReason},
};
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
    pub pseudonyms: &'a crate::pseudonym::PseudonymKey,
}
/// What became of an event.
#[derive(Debug)]
pub enum Outcome {
    /// It may leave in this form.
    Forward(SanitizedEvent, Report),
    /// The policy does not let it leave.
    Drop(StageName, DropReason, Report),
    /// It is not an event; the caller is told.
    Refuse(Refusal),
}
/// Why something is not an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub(crate) path: &'static str,
    pub(crate) rule: &'static str,
}
impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.path, self.rule)
    }
}
/// Runs one event through every stage.
pub fn sanitize(policy: &Policy, context: &Context<'_>, raw: &str) -> Outcome {
    let _ = (policy, context);
    Outcome::Forward(SanitizedEvent { body: raw.into(), event_time: context.now_secs }, Report::default())
}
/// What became of a stored event.
#[derive(Debug)]
pub enum Readmission {
    /// It may be sent in this form.
    Forward(SanitizedEvent, Report),
    /// It may not be sent any more.
    Withdraw(WithdrawReason),
}
/// Checks stored bytes against the policy of today. Where the digest is the same, nothing is read again.
pub fn readmit(policy: &Policy, stored: &StoredPolicy, dataset: &str, body: &str) -> Readmission {
    let _ = (policy, stored, dataset);
    Readmission::Forward(SanitizedEvent { body: body.into(), event_time: 0 }, Report::default())
}
