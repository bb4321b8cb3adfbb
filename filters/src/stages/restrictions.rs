//! What a sender lets Meta do with an event: it leaves as it came or stricter, never weaker.
//!
//! Limited Data Use is asked for where a law that applies to the person asks for it, whatever the sender says of it. Meta works
//! out for itself where somebody is who is said to be in no state; where it gets no address to do that by, or where a law asks, the
//! state is written, so that taking the address away does not switch Limited Data Use off.

use super::allow::Allow;
use super::{Pass, Stage as _};
use crate::closed_form;
use crate::consent::limited_data_use;
use crate::event::{Leaving, Outgoing, RawEvent, Value};
use crate::report::{Change, Reason, Report};
use crate::schema::{Field, Restriction};

const OPTIONS: Field = Field::DataProcessingOptions;
const COUNTRY: Field = Field::DataProcessingOptionsCountry;
const STATE: Field = Field::DataProcessingOptionsState;

/// A restriction leaves as it came. One that cannot be read becomes its strictest value; of a place, what that is depends on the
/// rest of the place.
pub(super) fn keep(pass: &mut Pass<'_>, kind: Restriction, field: Field, value: &Value<'_>) {
    let leaves = match closed_form::restriction(kind, value) {
        Ok(leaves) => leaves,
        Err(strictest) => {
            pass.remove(Allow::NAME, field, Reason::Shape, 1);
            pass.report.change(field, Change::Rewritten);
            if let Restriction::LimitedDataUseCountry | Restriction::LimitedDataUseState = kind {
                return;
            }
            strictest
        }
    };
    pass.out.put(field, Leaving::Literal(leaves.into()));
}

/// Decides Limited Data Use and its place, without which Meta does not take it. A state that is named is one of the United States.
pub(super) fn limit_data_use(pass: &mut Pass<'_>) {
    let asked_by_law = pass.facts.consent.limits_data_use;
    let asked_by_sender = says(pass, OPTIONS, closed_form::LDU);
    if asked_by_law && !asked_by_sender {
        restrict(pass, OPTIONS, closed_form::LDU.to_owned());
    }
    let names_state = pass.out.get(STATE).is_some() && !says(pass, STATE, "0");
    let has_own_state = asked_by_sender && names_state;
    let has_address = pass.out.get(Field::ClientIpAddress).is_some();
    if asked_by_law || (asked_by_sender && !names_state && !has_address) {
        restrict(pass, COUNTRY, "1".to_owned());
        if !has_own_state {
            restrict(pass, STATE, pass.facts.consent.state_code.to_string());
        }
        return;
    }
    if has_own_state && !has_address && says(pass, COUNTRY, "0") {
        // A country that Meta is to work out, of an address that it does not get.
        restrict(pass, COUNTRY, "1".to_owned());
    }
    for (field, place) in [(COUNTRY, if names_state { "1" } else { "0" }), (STATE, "0")] {
        if pass.out.get(field).is_none() && (asked_by_sender || pass.raw.get(field).is_some()) {
            pass.out.put(field, Leaving::Literal(place.into()));
            pass.report.change(field, Change::Rewritten);
        }
    }
}

/// The same of a stored event, whose address may not leave any more: the place in which Limited Data Use is in force then is told,
/// and where the person lives was not stored.
pub(crate) fn limit_stored(event: &RawEvent<'_>, out: &mut Outgoing<'_>, report: &mut Report) {
    let leaves = |field: Field, kind| event.get(field).and_then(|value| closed_form::restriction(kind, value).ok());
    let is_limited = leaves(OPTIONS, Restriction::LimitedDataUse) == Some(closed_form::LDU);
    let names_state = leaves(STATE, Restriction::LimitedDataUseState).is_some_and(|state| state != "0");
    if !is_limited || names_state || out.get(Field::ClientIpAddress).is_some() {
        return;
    }
    for (field, place) in [(COUNTRY, "1".to_owned()), (STATE, limited_data_use::STRICTEST.to_string())] {
        out.take(field);
        out.put(field, Leaving::Literal(place.into()));
        report.change(field, Change::Restricted);
    }
}

fn says(pass: &Pass<'_>, field: Field, word: &str) -> bool {
    matches!(pass.out.get(field), Some(Leaving::Literal(text)) if text == word)
}

/// Sets a restriction, if it is not so already.
fn restrict(pass: &mut Pass<'_>, field: Field, leaves: String) {
    if !says(pass, field, &leaves) {
        // What was put first would stay.
        pass.out.take(field);
        pass.out.put(field, Leaving::Literal(leaves.into()));
        pass.report.change(field, Change::Restricted);
    }
}
