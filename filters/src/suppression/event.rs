//! Which identifiers an event carries: in the fields that are for one, in all forms; everywhere else, what can be nothing but one.
//!
//! Everywhere else is every value of the event, those under unknown keys too: a SHA-256, an e-mail address, a number written with
//! a plus, a browser id. Any other text there is passed over, or an order's number could be somebody's id. URLs are not taken
//! apart. Stored events are read by the same rules; there a pseudonym stands as any SHA-256 does.

use super::forms::{IsIt, any_form, is_digest};
use super::{Identifier, Kind, Suppressed};
use crate::event::{RawEvent, Value};
use crate::normalize::MAX_BYTES;
use crate::policy::Properties;
use crate::schema::{self, Field, Risk, Section};

/// Shorter ids count in the field for them alone: beside it they stand for too much else.
const SHORTEST_ELSEWHERE: usize = 6;

/// Whether an event as it came is of somebody who must not be sent.
pub(crate) fn is_of(event: &RawEvent<'_>, suppressed: &dyn Suppressed) -> bool {
    any(event, &mut |identifier| suppressed.holds(identifier))
}

/// Whether a stored event is of somebody who must not be sent.
pub fn is_stored_of(body: &str, suppressed: &dyn Suppressed) -> bool {
    any_stored(body, &mut |identifier| suppressed.holds(identifier))
}

/// Every identifier of a stored event, once.
pub fn of_stored(body: &str) -> Vec<Identifier> {
    let mut all = Vec::new();
    any_stored(body, &mut |identifier| {
        if !all.contains(identifier) {
            all.push(*identifier);
        }
        false
    });
    all
}

fn any_stored(body: &str, is_it: IsIt<'_>) -> bool {
    match RawEvent::parse_with(body, Properties::NONE, true) {
        Ok(event) => any(&event, is_it),
        // It will never be sent, but what it holds is to be found, to be deleted.
        Err(_) => body.split('"').any(|text| elsewhere(text, is_it)),
    }
}

fn any(event: &RawEvent<'_>, is_it: IsIt<'_>) -> bool {
    let of_fields = event.iter().any(|(field, value)| match value {
        Value::Items(items) => {
            items.iter().flatten().flatten().any(|(_, value)| value.text().is_some_and(|text| elsewhere(text, is_it)))
        }
        _ => value.elements().iter().filter_map(Value::id_text).any(|text| of_field(field, &text, is_it)),
    });
    of_fields
        || event.properties().any(|(_, value)| value.text().is_some_and(|text| elsewhere(text, is_it)))
        || event.strays().iter().any(|stray| elsewhere(&stray.text, is_it))
}

fn of_field(field: Field, text: &str, is_it: IsIt<'_>) -> bool {
    match field {
        Field::Email | Field::EmailAlias => any_form(Kind::Email, text, is_it),
        Field::Phone | Field::PhoneAlias => any_form(Kind::Phone, text, is_it),
        Field::Fbp => any_form(Kind::Fbp, text, is_it),
        Field::ExternalId => any_form(Kind::ExternalId, text, is_it) || elsewhere(text, is_it),
        other if is_own_id(other) && text.len() >= SHORTEST_ELSEWHERE => {
            any_form(Kind::ExternalId, text, is_it) || elsewhere(text, is_it)
        }
        _ => elsewhere(text, is_it),
    }
}

/// Whether a field of the person's holds another id that the site gave. Not so an order's: its number may be another one's id.
fn is_own_id(field: Field) -> bool {
    let row = field.row();
    let is_id = matches!(row.kind, schema::Kind::Token | schema::Kind::Uuid | schema::Kind::Hashed(_));
    is_id && row.risk == Risk::Identifier && row.section == Section::UserData
}

/// A text of which nothing is known but itself.
fn elsewhere(text: &str, is_it: IsIt<'_>) -> bool {
    let text = text.trim();
    if text.len() < SHORTEST_ELSEWHERE || text.len() > MAX_BYTES {
        return false;
    }
    if let Some(is_found) = is_digest(text, is_it) {
        return is_found;
    }
    match text.as_bytes() {
        [b'f', b'b', b'.', ..] => any_form(Kind::Fbp, text, is_it),
        [b'+', ..] => any_form(Kind::Phone, text, is_it),
        bytes if memchr::memchr(b'@', bytes).is_some() => any_form(Kind::Email, text, is_it),
        _ => false,
    }
}
