//! The one decision: what the rules ask of an event of which this is known.
//!
//! Which laws apply follows from places: where the person lives and where the data was collected both count, and what is not
//! known could be anywhere. All that apply are joined to what is asked, and of several reasons to halt the first of a fixed order
//! is told: a denial, Global Privacy Control, no consent, consent that is too old. It depends on its arguments alone.

use super::limited_data_use;
use super::place::Address;
use super::region::Region;
use super::rules::{Jurisdiction, Require, Rules, Terms};
use super::statement::{Given, Said, Statement, Told};
use crate::closed_form;
use crate::event::{RawEvent, Value};
use crate::policy::Narrowed;
use crate::report::DropReason;
use crate::schema::{Field, Kind};

/// How far ahead of our clock consent may have been given.
const MAX_AHEAD_SECS: u64 = 10 * 60;

/// What is decided of an event because of the person.
#[derive(Debug, Default)]
pub(crate) struct Decision<'r> {
    /// Why it does not leave, if it does not.
    pub(crate) halt: Option<DropReason>,
    /// The laws that apply, in the order of the policy, and why.
    pub(crate) applied: Vec<(&'r Jurisdiction, Applies)>,
    /// The same as one bit for each law of the policy.
    pub(crate) positions: u32,
    /// What was asked: of the policy and of all of them.
    pub(crate) terms: Terms,
    /// Whether it leaves under Limited Data Use only.
    pub(crate) limits_data_use: bool,
    /// Meta's code of the state for Limited Data Use, whoever asks for it: of the strictest where none is known.
    pub(crate) state_code: u16,
    /// Whether it is dropped if it speaks of health.
    pub(crate) drops_health: bool,
    /// What does not leave of it.
    pub(crate) removed: Narrowed,
}

/// Why a law applies. The earlier, the more is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Applies {
    /// The person lives there.
    There,
    /// It was collected there.
    CollectedThere,
    /// The person could live there, or it could have been collected there: only the country is known.
    CouldBeThere,
    /// A place came that cannot be read, so it could be any.
    PlaceUnreadable,
    /// Nobody knows where the person lives.
    ResidenceUnknown,
}

impl Applies {
    /// In words.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::There => "there",
            Self::CollectedThere => "collected there",
            Self::CouldBeThere => "could be there",
            Self::PlaceUnreadable => "a place cannot be read",
            Self::ResidenceUnknown => "residence not known",
        }
    }
}

/// What is known of an event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    pub(crate) statement: Statement,
    /// Whether CAPI's `opt_out` is true, or cannot be read.
    pub(crate) opts_out: bool,
    /// Where the address is, if the policy lets that tell where a person lives.
    pub(crate) address: Address,
}

impl Known {
    /// From an event. An address is looked at only where something depends on it.
    pub(crate) fn of(event: &RawEvent<'_>, rules: &Rules) -> Self {
        let limits = !rules.jurisdictions.is_empty() || event.get(Field::DataProcessingOptions).is_some();
        Self {
            statement: *event.statement(),
            opts_out: event.get(Field::OptOut).is_some_and(is_opt_out),
            address: if limits && rules.reads_address { Address::of(event) } else { Address::default() },
        }
    }

    /// Where the person lives, as far as it is known.
    pub(crate) fn residences(&self) -> impl Iterator<Item = Region> {
        self.statement.residence.into_iter().filter_map(Told::region).chain(self.address.regions())
    }

    /// Where the sender says that it was collected.
    pub(crate) fn collections(&self) -> impl Iterator<Item = Region> {
        self.statement.collection.into_iter().filter_map(Told::region)
    }

    /// Whether a place came that cannot be read.
    pub(crate) fn has_unreadable_place(&self) -> bool {
        let told = self.statement.residence.iter().chain(&self.statement.collection);
        self.address.is_unreadable || told.into_iter().any(|place| *place == Told::Unreadable)
    }
}

/// `opt_out`, as it would leave.
fn is_opt_out(value: &Value<'_>) -> bool {
    let Kind::Restriction(kind) = Field::OptOut.row().kind else { return true };
    matches!(closed_form::restriction(kind, value), Ok("true") | Err(_))
}

/// Decides. `now_secs` is the time since 1970.
pub(crate) fn decide<'r>(rules: &'r Rules, known: &Known, now_secs: u64) -> Decision<'r> {
    let mut decision =
        Decision { terms: rules.terms, state_code: limited_data_use::code(known.residences()), ..Decision::default() };
    let in_force = (0_u32..).zip(&rules.jurisdictions).filter(|(_, law)| law.effective_secs <= now_secs);
    for (position, jurisdiction) in in_force {
        let Some(applies) = applies(jurisdiction, rules, known) else { continue };
        decision.applied.push((jurisdiction, applies));
        decision.positions |= 1_u32.checked_shl(position).unwrap_or(0);
        decision.terms = decision.terms.strictest(jurisdiction.terms);
        decision.limits_data_use |= jurisdiction.limits_data_use;
        decision.drops_health |= jurisdiction.drops_health;
        decision.removed = decision.removed.union(&jurisdiction.remove);
    }
    if known.has_unreadable_place() {
        decision.state_code = limited_data_use::STRICTEST;
    }
    decision.halt = halt(&decision.terms, known, now_secs);
    decision
}

/// Why a law applies; `None` if it does not.
fn applies(jurisdiction: &Jurisdiction, rules: &Rules, known: &Known) -> Option<Applies> {
    let holds = |place: Region| jurisdiction.regions.iter().any(|region| region.holds(place));
    let could_be = |place: Region| jurisdiction.regions.iter().any(|region| region.could_be(place));
    let collections = || known.collections().chain(rules.collected_in.iter().copied());
    if known.residences().any(holds) {
        Some(Applies::There)
    } else if collections().any(holds) {
        Some(Applies::CollectedThere)
    } else if known.residences().chain(collections()).any(could_be) {
        Some(Applies::CouldBeThere)
    } else if known.has_unreadable_place() {
        Some(Applies::PlaceUnreadable)
    } else if known.residences().next().is_none() {
        Some(Applies::ResidenceUnknown)
    } else {
        None
    }
}

fn halt(terms: &Terms, known: &Known, now_secs: u64) -> Option<DropReason> {
    let said = &known.statement;
    let is_denied = said.marketing.is_against() || said.health.is_against();
    let opts_out = known.opts_out && terms.require >= Require::OptOut;
    let has_all = said.marketing == Said::Granted && (said.health == Said::Granted || !terms.purposes.health);
    if is_denied || opts_out {
        Some(DropReason::ConsentDenied)
    } else if terms.honor_gpc && said.gpc.is_against() {
        Some(DropReason::GlobalPrivacyControl)
    } else if terms.require < Require::OptIn {
        None
    } else if !has_all {
        Some(DropReason::NoConsent)
    } else if terms.max_age_secs.is_some_and(|most| !is_fresh(said.given, most, now_secs)) {
        Some(DropReason::ConsentExpired)
    } else {
        None
    }
}

/// Whether consent was given so many seconds ago at most, and not in the future.
fn is_fresh(given: Given, max_age_secs: u64, now_secs: u64) -> bool {
    match given {
        Given::Unsaid | Given::Unreadable => false,
        Given::At { first_secs, last_secs } => {
            now_secs.saturating_sub(first_secs) <= max_age_secs && last_secs <= now_secs.saturating_add(MAX_AHEAD_SECS)
        }
    }
}

#[cfg(test)]
mod tests;
