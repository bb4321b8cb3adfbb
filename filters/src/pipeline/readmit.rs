//! Stored bytes against the policy of today. A stored event only gets narrower: nothing is hashed, rounded or made again.

use std::sync::Arc;

use crate::closed_form;
use crate::detect::health::HealthScan;
use crate::detect::{Work, WorkLimit};
use crate::event::{Leaving, Outgoing, RawEvent, SanitizedEvent, Value};
use crate::policy::{self, FieldAction, Moment, Narrowed, PageKnowledge, Policy, StoredPolicy};
use crate::report::{Action, Place, Reason, Report, StageName, WithdrawReason};
use crate::schema::{Field, Kind};
use crate::stages::guard::{self, Flaw};
use crate::stages::health::{self, Extent};
use crate::stages::{catalog, goods, pii, restrictions};

/// What became of a stored event.
#[derive(Debug)]
pub enum Readmission {
    /// It may be sent in this form.
    Forward(SanitizedEvent, Report),
    /// It may not be sent any more.
    Withdraw(WithdrawReason),
}

/// Checks stored bytes against the policy of today. Under the same policy nothing changes, so nothing is decided again; that they
/// are bytes which this policy let out is checked all the same, because files are damaged and edited.
pub fn readmit(policy: &Policy, stored: &StoredPolicy, dataset: &str, body: &str) -> Readmission {
    if stored.digest() == policy.digest() {
        return match guard::event_time(policy, body) {
            Some(event_time) => Readmission::Forward(SanitizedEvent::new(body.to_owned(), event_time), Report::default()),
            None => Readmission::Withdraw(WithdrawReason::UnreadableEvent),
        };
    }
    if !stored.is_readable() {
        return Readmission::Withdraw(WithdrawReason::UnreadablePolicy);
    }
    // What was said of the person was not stored, so it cannot be judged again.
    if !stored.asked_as_much(policy) {
        return Readmission::Withdraw(WithdrawReason::ConsentUnknown);
    }
    let Ok(event) = RawEvent::parse_with(body, policy.properties(), false) else {
        return Readmission::Withdraw(WithdrawReason::UnreadableEvent);
    };
    let mut report = Report::default();
    let name = event.get(Field::EventName).and_then(Value::text).unwrap_or_default();
    if !matches!(policy.outgoing_name(name), Some((_, false))) {
        return Readmission::Withdraw(WithdrawReason::EventNotAllowed);
    }
    if !policy.lists_source(source_of(&event)) {
        return Readmission::Withdraw(WithdrawReason::SourceNotAllowed);
    }
    let (mut scan, mut work) = (HealthScan::new(policy.health_rules()), Work::for_event(body.len()));
    let mut signals = Vec::new();
    match health::look(policy, &event, Extent::WholeEvent, &mut scan, &mut work, &mut signals) {
        Err(WorkLimit) => return Readmission::Withdraw(WithdrawReason::WorkLimit),
        // The goods are of what was stored; what an event without them would be is not decided again.
        Ok(_) if !signals.is_empty() => return Readmission::Withdraw(WithdrawReason::HealthSignal),
        Ok(_) => {}
    }
    let narrowed = narrowed(policy, stored, dataset, &event, name);
    let event_time = event.get(Field::EventTime).and_then(closed_form::number).and_then(|secs| u64::try_from(secs).ok());
    let mut out = Outgoing::new();
    for (field, value) in event.iter() {
        let today = policy.action(field);
        let reason = match today {
            FieldAction::None => Some(Reason::NotAllowed),
            FieldAction::Always => None,
            _ if !stored.handled_as(field, today) => Some(Reason::PolicyChanged),
            _ if narrowed.contains(field) => Some(Reason::Narrowed),
            _ if field == Field::NumItems && goods::are_cut(policy, &event) => Some(Reason::CountOfRemoved),
            _ => None,
        };
        let leaving = if reason.is_none() { as_stored(policy, event_time, field, value) } else { None };
        match leaving {
            Some(leaving) => {
                let screened = catalog::screen(policy, field, leaving);
                for (reason, count) in screened.removed() {
                    report.remove(StageName::Guard, Place::Field(field), today.word(), reason, count);
                }
                if let Some(leaving) = screened.leaving {
                    out.put(field, leaving);
                }
            }
            None if matches!(field.row().kind, Kind::Object(_)) => {}
            None => {
                let reason = reason.unwrap_or(Reason::Shape);
                report.remove(StageName::Guard, Place::Field(field), today.word(), reason, value.count());
            }
        }
    }
    restrictions::limit_stored(&event, &mut out, &mut report);
    for (property, value) in event.properties() {
        let reason = match property.form().leaving(value) {
            _ if !stored.handled_property_as(property) => Reason::PolicyChanged,
            _ if narrowed.contains_property(property) => Reason::Narrowed,
            Some(leaving) if guard::is_closed_property(property, value) => {
                out.put_property(property, leaving);
                continue;
            }
            _ => Reason::Shape,
        };
        let place = Place::Property(Arc::clone(property.path()));
        report.remove(StageName::Guard, place, property.form().word(), reason, 1);
    }
    // The policy of then named a property that the one of today does not.
    report.remove(StageName::Guard, Place::Unknown, Action::None, Reason::UnknownKey, event.unknown_keys());
    if pii::clean(policy, &mut out, scan.unwrapper(), &mut work, &mut report) == Err(WorkLimit) {
        return Readmission::Withdraw(WithdrawReason::WorkLimit);
    }
    match guard::seal(policy, &out) {
        Ok(sealed) => Readmission::Forward(sealed, report),
        Err(Flaw::TooLittleUserData) => Readmission::Withdraw(WithdrawReason::InsufficientUserData),
        Err(Flaw::Missing(_)) => Readmission::Withdraw(WithdrawReason::MissingRequired),
        Err(Flaw::NotClosed) => Readmission::Withdraw(WithdrawReason::GuardFailed),
    }
}

/// What `[[narrow]]` takes away today. The page of a stored event is known by its path only, so a rule about a page
/// counts wherever it could be that page.
fn narrowed(policy: &Policy, stored: &StoredPolicy, dataset: &str, event: &RawEvent<'_>, name: &str) -> Narrowed {
    let path = event.get(Field::EventSourceUrl).and_then(Value::text).and_then(path_of);
    // A URL leaves with "/" also where its host was not ours, whatever its class.
    let telling = path.filter(|path| *path != "/");
    let knowledge = stored.page_knowledge(policy);
    let is_page = |page: &str| match (knowledge, telling) {
        // The rules of today took away what they take when the page itself was there.
        (PageKnowledge::Judged, _) => false,
        (PageKnowledge::ByPath, Some(path)) => policy.pages.could_be(page, path),
        (PageKnowledge::ByPath, None) | (PageKnowledge::Nothing, _) => true,
    };
    let moment = Moment { event: name, is_page: &is_page, action_source: source_of(event), dataset };
    policy::removed(&policy.narrow, &moment)
}

fn source_of<'a>(event: &'a RawEvent<'_>) -> &'a str {
    event.get(Field::ActionSource).and_then(Value::text).unwrap_or_default()
}

fn path_of(url: &str) -> Option<&str> {
    let address = url.strip_prefix("https://")?;
    address.get(address.find('/')?..)
}

/// A stored value, if it has the closed form of today.
fn as_stored<'a>(policy: &Policy, event_time: Option<u64>, field: Field, value: &'a Value<'a>) -> Option<Leaving<'a>> {
    let row = field.row();
    let closed = |value: &Value<'_>| guard::is_closed(policy, event_time, field, value);
    match value {
        Value::Items(items) => {
            let members = |members: &'a Vec<(Field, Value<'a>)>| {
                members.iter().filter_map(|(field, value)| Some((*field, as_scalar(value)?))).collect()
            };
            Some(Leaving::Items(items.iter().flatten().map(members).collect()))
        }
        // The parser gives a list of one as the one.
        _ if row.many => {
            let elements = value.elements();
            let closed = if row.kind.is_one_list() { closed(value) } else { elements.iter().all(closed) };
            closed.then(|| Leaving::List(elements.iter().filter_map(as_scalar).collect()))
        }
        scalar if closed(scalar) => as_scalar(scalar),
        _ => None,
    }
}

fn as_scalar<'a>(value: &'a Value<'a>) -> Option<Leaving<'a>> {
    match value {
        Value::Text(text) => Some(Leaving::Text(text.as_ref().into())),
        Value::Number(text) => Some(Leaving::Literal((*text).into())),
        Value::Whole(number) => Some(Leaving::Whole(*number)),
        Value::Bool(value) => Some(Leaving::Literal(if *value { "true" } else { "false" }.into())),
        Value::Null | Value::List(_) | Value::Items(_) | Value::Object | Value::Misfit => None,
    }
}
