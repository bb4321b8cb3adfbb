//! The last look, at the final bytes. They are read again by a second, stricter reader: every key must be allowed,
//! every value in its closed form, and what Meta requires must be there, because Meta refuses a whole batch for one event.
//!
//! The guard trusts no earlier stage. If it ever finds something, a stage is defective and the event is dropped.

mod required;
mod strict;

use super::{Halt, Pass, Stage, allow, catalog, goods, identity};
use crate::closed_form;
use crate::event::{Leaving, Outgoing, SanitizedEvent, Value};
use crate::normalize::is_written_digest;
use crate::policy::{FieldAction, Policy, Property};
use crate::report::{DropReason, StageName};
use crate::schema::{Field, Kind, Restriction, Section};

pub(crate) struct Guard;

impl Stage for Guard {
    const NAME: StageName = StageName::Guard;

    fn apply(pass: &mut Pass<'_>) -> Result<(), Halt> {
        let sealed = seal(pass.policy, &pass.out).map_err(|flaw| {
            if let Flaw::Missing(field) = flaw {
                pass.report.miss(field);
            }
            Halt::Drop(flaw.into())
        })?;
        pass.sealed = Some(sealed);
        Ok(())
    }
}

/// Why what the stages built does not leave.
pub(crate) enum Flaw {
    /// Meta requires this field, or one that can stand for it.
    Missing(Field),
    /// What identifies the person is too little for Meta.
    TooLittleUserData,
    /// A value has no closed form.
    NotClosed,
}

impl From<Flaw> for DropReason {
    fn from(flaw: Flaw) -> Self {
        match flaw {
            Flaw::Missing(_) => Self::MissingRequired,
            Flaw::TooLittleUserData => Self::InsufficientUserData,
            Flaw::NotClosed => Self::GuardFailed,
        }
    }
}

/// Writes the event and checks what was written.
pub(crate) fn seal(policy: &Policy, out: &Outgoing<'_>) -> Result<SanitizedEvent, Flaw> {
    if let Some(field) = required::missing(out) {
        return Err(Flaw::Missing(field));
    }
    if !required::is_sufficient(out) {
        return Err(Flaw::TooLittleUserData);
    }
    let json = out.to_json();
    let event_time = event_time(policy, &json).ok_or(Flaw::NotClosed)?;
    Ok(SanitizedEvent::new(json, event_time))
}

/// The time of an event in the form in which we write one, all of whose values this policy lets leave; `None` for any other text.
pub(crate) fn event_time(policy: &Policy, json: &str) -> Option<u64> {
    let mut event_time = None;
    let closed = strict::read(json, policy.properties(), &mut |field, value| {
        if let (Field::EventTime, Value::Number(secs)) = (field, value) {
            event_time = secs.parse().ok();
        }
        // Times about the event stand after its own, in the order of the table.
        is_closed(policy, event_time, field, value) && catalog::lets_leave(policy, field, value)
    });
    event_time.filter(|_| closed)
}

/// Whether a value has the closed form in which the policy lets a property leave.
pub(crate) fn is_closed_property(property: &Property, value: &Value<'_>) -> bool {
    is_same(property.form().leaving(value).as_ref(), value)
}

/// Whether a value has the closed form in which the policy lets it leave; of a list, one element, unless the list is one value.
/// `event_time` is that of its event, if it is known yet.
pub(crate) fn is_closed(policy: &Policy, event_time: Option<u64>, field: Field, value: &Value<'_>) -> bool {
    let row = field.row();
    if row.section == Section::Contents {
        return matches!(policy.action(Field::Contents), FieldAction::Keep | FieldAction::Catalog)
            && is_same(goods::form_member(field, value).as_ref(), value);
    }
    match (row.kind, policy.action(field)) {
        (_, FieldAction::Hash | FieldAction::Pseudonymize) => value.text().is_some_and(is_written_digest),
        (_, FieldAction::Page) => value.text().is_some_and(|url| is_outgoing_url(policy, url)),
        (Kind::Decimal { max }, FieldAction::RoundTo(step)) => match value {
            Value::Number(text) => closed_form::round_decimal(value, max, step).is_some_and(|(rounded, _)| rounded == *text),
            _ => false,
        },
        (_, FieldAction::None | FieldAction::RoundTo(_)) => false,
        (Kind::Object(_), FieldAction::Always) => matches!(value, Value::Object),
        (_, FieldAction::Always) if field == Field::ActionSource => {
            value.text().is_some_and(|source| policy.lists_source(source))
        }
        (Kind::UnixSeconds, FieldAction::Always) => closed_form::number(value).is_some(),
        (Kind::Restriction(restriction), FieldAction::Always) => is_restriction(restriction, value),
        (Kind::EventId, FieldAction::Always | FieldAction::Keep) => value.text().is_some_and(|id| {
            is_written_digest(id) || identity::has_event_id_form(&policy.events, id) || closed_form::is_opaque(id)
        }),
        (_, FieldAction::Always | FieldAction::Keep | FieldAction::Catalog | FieldAction::OneOf | FieldAction::KeepText) => {
            is_same(allow::form(policy, event_time, field, value).as_ref(), value)
        }
    }
}

fn is_restriction(restriction: Restriction, value: &Value<'_>) -> bool {
    match restriction {
        Restriction::StrictWhenTrue | Restriction::StrictWhenFalse => matches!(value, Value::Bool(_)),
        Restriction::LimitedDataUse => value.text() == Some("LDU") || value.elements().is_empty(),
        Restriction::LimitedDataUseCountry => matches!(closed_form::number(value), Some(0 | 1)),
        Restriction::LimitedDataUseState => matches!(closed_form::number(value), Some(0 | 1000..=1013)),
    }
}

/// One of the site's hosts with one of the policy's paths.
fn is_outgoing_url(policy: &Policy, url: &str) -> bool {
    let Some(rest) = url.strip_prefix("https://") else { return false };
    let path_of = |host: &str| rest.strip_prefix(host).filter(|path| path.starts_with('/'));
    policy.hosts.iter().filter_map(|host| path_of(host)).any(|path| policy.pages.outgoing_paths().any(|known| known == path))
}

/// Whether forming a value again has changed nothing.
fn is_same(formed: Option<&Leaving<'_>>, value: &Value<'_>) -> bool {
    match (formed, value) {
        (Some(Leaving::Text(formed)), Value::Text(text)) => formed == text,
        (Some(Leaving::Literal(formed)), Value::Number(text)) => formed == text,
        (Some(Leaving::Literal(formed)), Value::Bool(value)) => formed == if *value { "true" } else { "false" },
        (Some(Leaving::Whole(formed)), _) => closed_form::number(value) == Some(*formed),
        (Some(Leaving::List(formed)), _) => {
            let elements = value.elements();
            formed.len() == elements.len() && formed.iter().zip(elements).all(|(formed, value)| is_same(Some(formed), value))
        }
        _ => false,
    }
}
