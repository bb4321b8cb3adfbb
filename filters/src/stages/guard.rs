//! Stage 10: the last look, at the final bytes. They are read again as a stranger's would be: every key must be allowed, every
//! value in its closed form, and what Meta requires must be there, because Meta refuses a whole batch for one event.
//!
//! The guard trusts no earlier stage. If it ever finds something, a stage is defective and the event is dropped.

use super::{Halt, Pass, Stage, allow, goods, identity};
use crate::closed_form;
use crate::event::{Leaving, Outgoing, RawEvent, SanitizedEvent, Value};
use crate::normalize;
use crate::policy::{FieldAction, Policy};
use crate::report::{DropReason, StageName};
use crate::schema::{Field, Kind, ROWS, Section};

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
    let event_time = check(policy, &json).ok_or(DropReason::GuardFailed)?;
    Ok(SanitizedEvent::new(json, event_time))
}

/// What Meta requires of an event that leaves.
fn require(out: &Outgoing<'_>) -> Result<(), DropReason> {
    let is = |field, word| matches!(out.get(field), Some(Leaving::Text(text)) if text == word);
    let missing = |field: &Field| out.get(*field).is_none();
    let website = is(Field::ActionSource, "website") && missing(&Field::EventSourceUrl);
    let purchase = is(Field::EventName, "Purchase") && [Field::Value, Field::Currency].iter().any(missing);
    // Meta wants app_data of the one and messaging_channel of the other; the table has neither yet, so these cannot leave.
    let other_worlds = is(Field::ActionSource, "app") || is(Field::ActionSource, "business_messaging");
    if website || purchase || other_worlds {
        return Err(DropReason::MissingRequired);
    }
    if is_sufficient(|field| out.get(field).is_some()) { Ok(()) } else { Err(DropReason::InsufficientUserData) }
}

/// Whether what identifies the person is enough for Meta. It refuses an event (subcode 2804050) whose `user_data` holds nothing
/// but fields of one of these sets; Meta's documentation lists them.
fn is_sufficient(present: impl Fn(Field) -> bool) -> bool {
    use Field::{BirthDate, City, ClientUserAgent, Country, FirstName, Gender, LastName, Postcode, State};
    const INSUFFICIENT: [&[Field]; 4] = [
        &[City, Country, State, Postcode, Gender, ClientUserAgent],
        &[BirthDate, ClientUserAgent],
        &[FirstName, Gender],
        &[LastName, Gender],
    ];
    let user_data = || ROWS.iter().filter(|row| row.section == Section::UserData && present(row.field));
    !INSUFFICIENT.iter().any(|set| user_data().all(|row| set.contains(&row.field)))
}

/// Reads the final bytes again; the event's time if every part of them may leave.
fn check(policy: &Policy, json: &str) -> Option<u64> {
    let event = RawEvent::parse(json).ok()?;
    let one_line = !json.bytes().any(|byte| byte.is_ascii_control());
    let closed = event.iter().all(|(field, value)| is_closed(policy, field, value));
    if !one_line || !closed || event.unknown_keys() > 0 {
        return None;
    }
    match event.get(Field::EventTime) {
        Some(Value::Whole(secs)) => u64::try_from(*secs).ok(),
        _ => None,
    }
}

/// Whether a value has the closed form in which the policy lets it leave.
pub(crate) fn is_closed(policy: &Policy, field: Field, value: &Value<'_>) -> bool {
    let is_digest = |value: &Value<'_>| value.text().is_some_and(is_digest);
    match (field, policy.action(field)) {
        (Field::EventName, _) => value.text().is_some_and(|name| matches!(policy.outgoing_name(name), Some((_, false)))),
        (Field::EventTime, _) => matches!(value, Value::Whole(secs) if *secs >= 0),
        (Field::EventId, _) => {
            is_digest(value)
                || value.text().is_some_and(|id| identity::has_event_id_form(&policy.events, id) || is_fresh(id))
        }
        (Field::ActionSource, _) => is_same(allow::kept(field, value).leaving.as_ref(), value),
        (Field::UserData | Field::CustomData, _) => matches!(value, Value::Object),
        (_, FieldAction::Always) => is_signal(field, value),
        (Field::Contents, FieldAction::Keep) => are_closed_goods(value),
        (_, FieldAction::Keep) => is_same(allow::kept(field, value).leaving.as_ref(), value),
        (_, FieldAction::Hash | FieldAction::Pseudonymize) => value.elements().iter().all(is_digest),
        (_, FieldAction::Page) => value.text().is_some_and(|url| is_outgoing_url(policy, url)),
        (_, FieldAction::RoundTo(step)) => {
            let number = if let Value::Number(text) = value { closed_form::parse_decimal(text) } else { None };
            number.is_some_and(|scaled| scaled.checked_rem(step) == Some(0))
        }
        (_, FieldAction::None | FieldAction::Catalog) => false,
    }
}

fn is_digest(text: &str) -> bool {
    let lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    lower && normalize::parse_hex(text).is_some_and(|digest| !normalize::is_digest_of_nothing(&digest))
}

/// An id that we made. It has the opaque form, which is a token too.
fn is_fresh(id: &str) -> bool {
    closed_form::opaque_id(id, &[]).is_some()
}

fn is_signal(field: Field, value: &Value<'_>) -> bool {
    let Kind::Signal(signal) = field.row().kind else { return false };
    let form = closed_form::signal(signal, value);
    match value {
        Value::Bool(value) => form == Ok(if *value { "true" } else { "false" }),
        Value::Whole(value) => form.is_ok_and(|text| text == value.to_string()),
        Value::List(list) => list.iter().all(|element| element.text() == Some("LDU")) && list.len() <= 1,
        _ => false,
    }
}

/// One of the site's hosts with one of the policy's paths.
pub(crate) fn is_outgoing_url(policy: &Policy, url: &str) -> bool {
    let Some(rest) = url.strip_prefix("https://") else { return false };
    let path_of = |host: &str| rest.strip_prefix(host).filter(|path| path.starts_with('/'));
    policy.hosts.iter().filter_map(|host| path_of(host)).any(|path| policy.pages.outgoing_paths().any(|known| known == path))
}

fn are_closed_goods(value: &Value<'_>) -> bool {
    let Value::Items(items) = value else { return false };
    items.iter().all(|item| {
        let Some(members) = item else { return false };
        members.iter().any(|(field, _)| *field == Field::ItemId)
            && members.iter().all(|(field, value)| is_same(goods::form_leaving_member(*field, value).as_ref(), value))
    })
}

/// Whether forming a value again has changed nothing.
fn is_same(formed: Option<&Leaving<'_>>, value: &Value<'_>) -> bool {
    match (formed, value) {
        (Some(Leaving::Text(formed)), Value::Text(text)) => formed == text,
        (Some(Leaving::Literal(formed)), Value::Number(text)) => formed == text,
        (Some(Leaving::Literal(formed)), Value::Whole(number)) => *formed == number.to_string(),
        (Some(Leaving::Texts(formed)), Value::List(list)) => {
            formed.len() == list.len() && formed.iter().zip(list).all(|(formed, element)| element.text() == Some(formed))
        }
        _ => false,
    }
}
