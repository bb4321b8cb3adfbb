//! The one decision: what the rules ask of an event of which this is known.

use super::rules::{Jurisdiction, Terms};
use crate::policy::Narrowed;
use crate::report::DropReason;

/// What is decided of an event because of the person.
#[derive(Debug)]
pub(crate) struct Decision<'r> {
    /// Why it does not leave, if it does not.
    pub(crate) halt: Option<DropReason>,
    /// The laws that apply, in the order of the policy.
    pub(crate) applied: Vec<&'r Jurisdiction>,
    /// What was asked: of the policy and of all of them.
    pub(crate) terms: Terms,
    /// Where it leaves under Limited Data Use: Meta's code of the state, of the strictest where none is known. The country is 1.
    pub(crate) limited_data_use: Option<u16>,
    /// Whether it is dropped if it speaks of health.
    pub(crate) drops_health: bool,
    /// What does not leave of it.
    pub(crate) removed: Narrowed,
}
