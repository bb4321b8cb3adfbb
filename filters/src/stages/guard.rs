//! Stage 10: the last look, at the final bytes. They are read again by a second, stricter reader: every key must be allowed,
//! every value in its closed form, and what Meta requires must be there, because Meta refuses a whole batch for one event.
//!
//! The guard trusts no earlier stage. If it ever finds something, a stage is defective and the event is dropped.

mod strict;

use self::strict::Key;
use super::{Halt, Pass, Stage, allow, goods, identity, written};
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
        pass.sealed = Some(seal(pass.policy, &pass.out).map_err(Halt::Drop)?);
        Ok(())
    }
}

/// Writes the event and checks what was written.
pub(crate) fn seal(policy: &Policy, out: &Outgoing<'_>) -> Result<SanitizedEvent, DropReason> {
    require(out)?;
    let json = out.to_json();
    match event_time(policy, &json) {
        Some(event_time) => Ok(SanitizedEvent::new(json, event_time)),
        None => Err(DropReason::GuardFailed),
    }
}

/// The time of an event in the form in which we write one, all of whose values this policy lets leave; `None` for any other text.
pub(crate) fn event_time(policy: &Policy, json: &str) -> Option<u64> {
    let mut event_time = None;
    let closed = strict::read(json, policy.properties(), &mut |key, value| match (key, value) {
        (Key::Property(property), value) => is_closed_property(property, value),
        (Key::Field(field), value) => {
            if let (Field::EventTime, Value::Number(secs)) = (field, value) {
                event_time = secs.parse().ok();
            }
            is_closed(policy, field, value)
        }
    });
    event_time.filter(|_| closed)
}

/// What Meta requires of an event that leaves.
fn require(out: &Outgoing<'_>) -> Result<(), DropReason> {
    let is = |field, word| matches!(out.get(field), Some(Leaving::Text(text)) if text == word);
    let missing = |field: &Field| out.get(*field).is_none();
    // Without its id Meta could not recognise a repeat.
    let always = [Field::EventName, Field::EventTime, Field::EventId, Field::ActionSource].iter().any(missing);
    let website = is(Field::ActionSource, "website") && missing(&Field::EventSourceUrl);
    let purchase = is(Field::EventName, "Purchase") && [Field::Value, Field::Currency].iter().any(missing);
    // Meta wants app_data of the one and messaging_channel of the other; the table has neither yet, so these cannot leave.
    let other_worlds = is(Field::ActionSource, "app") || is(Field::ActionSource, "business_messaging");
    if always || website || purchase || other_worlds {
        return Err(DropReason::MissingRequired);
    }
    if is_sufficient(out) { Ok(()) } else { Err(DropReason::InsufficientUserData) }
}

/// Whether what identifies the person is enough for Meta. It refuses an event (subcode 2804050) whose `user_data` holds nothing
/// but fields of one of these sets; Meta's documentation lists them.
fn is_sufficient(out: &Outgoing<'_>) -> bool {
    use Field::{BirthDate, City, ClientUserAgent, Country, FirstName, Gender, LastName, Postcode, State};
    const INSUFFICIENT: [&[Field]; 4] = [
        &[City, Country, State, Postcode, Gender, ClientUserAgent],
        &[BirthDate, ClientUserAgent],
        &[FirstName, Gender],
        &[LastName, Gender],
    ];
    let present = || Section::UserData.rows().iter().map(|row| row.field).filter(|field| out.get(*field).is_some());
    !INSUFFICIENT.iter().any(|set| present().all(|field| set.contains(&field)))
}

/// Whether a value has the closed form in which the policy lets a property leave.
pub(crate) fn is_closed_property(property: &Property, value: &Value<'_>) -> bool {
    is_same(property.form().leaving(value).as_ref(), value)
}

/// Whether a value, or one element of a list, has the closed form in which the policy lets it leave.
pub(crate) fn is_closed(policy: &Policy, field: Field, value: &Value<'_>) -> bool {
    let row = field.row();
    if row.section == Section::Contents {
        return policy.action(Field::Contents) == FieldAction::Keep
            && is_same(goods::form_member(field, value).as_ref(), value);
    }
    match (field, policy.action(field)) {
        (Field::EventName, _) => value.text().is_some_and(|name| matches!(policy.outgoing_name(name), Some((_, false)))),
        (Field::EventTime, _) => closed_form::number(value).is_some(),
        (Field::EventId, _) => value.text().is_some_and(|id| {
            is_written_digest(id)
                || identity::has_event_id_form(&policy.events, id)
                || closed_form::opaque_id(id, &[]).is_some()
        }),
        (Field::UserData | Field::CustomData, _) => matches!(value, Value::Object),
        (Field::ActionSource, _) | (_, FieldAction::Keep) => is_same(allow::kept(field, value).leaving.as_ref(), value),
        (_, FieldAction::Always) => is_restriction(row.kind, value),
        (_, FieldAction::OneOf) => written::word(policy, field, value).is_some_and(|word| value.text() == Some(word)),
        (_, FieldAction::Hash | FieldAction::Pseudonymize) => value.text().is_some_and(is_written_digest),
        (_, FieldAction::Page) => value.text().is_some_and(|url| is_outgoing_url(policy, url)),
        (_, FieldAction::RoundTo(step)) => match (value, row.kind) {
            (Value::Number(text), Kind::Decimal { max }) => {
                closed_form::parse_decimal(text).is_some_and(|scaled| scaled.checked_rem(step) == Some(0))
                    && closed_form::decimal(value, max).is_some()
            }
            _ => false,
        },
        (_, FieldAction::None | FieldAction::Catalog) => false,
    }
}

fn is_restriction(kind: Kind, value: &Value<'_>) -> bool {
    match kind {
        Kind::Restriction(Restriction::StrictWhenTrue | Restriction::StrictWhenFalse) => matches!(value, Value::Bool(_)),
        Kind::Restriction(Restriction::LimitedDataUse) => value.text() == Some("LDU"),
        Kind::Restriction(Restriction::LimitedDataUseCountry) => matches!(closed_form::number(value), Some(0 | 1)),
        Kind::Restriction(Restriction::LimitedDataUseState) => matches!(closed_form::number(value), Some(0 | 1000..=1013)),
        _ => false,
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
        (Some(Leaving::Texts(formed)), Value::Text(text)) => matches!(formed.as_slice(), [formed] if formed == text),
        (Some(Leaving::Literal(formed)), Value::Number(text)) => formed == text,
        (Some(Leaving::Whole(formed)), _) => closed_form::number(value) == Some(*formed),
        _ => false,
    }
}
