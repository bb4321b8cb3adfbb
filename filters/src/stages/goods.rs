//! The goods of `contents`: an element is its id, quantity, price and delivery. One whose id has no closed form goes whole, and
//! the count of goods with it, because the count would tell that something was there.

use super::allow::{Allow, put_screened};
use super::{Pass, Stage, catalog};
use crate::closed_form;
use crate::event::{Item, Leaving, OutgoingItem, RawEvent, Value};
use crate::policy::Policy;
use crate::report::Reason;
use crate::schema::Field;

/// The fields of an element that may leave, in the order of the table.
const LEAVING: [Field; 4] = [Field::ItemId, Field::ItemQuantity, Field::ItemPrice, Field::ItemDeliveryCategory];

/// Keeps the elements that have a closed form.
pub(super) fn keep<'a>(pass: &mut Pass<'a>, value: &'a Value<'a>) {
    let Value::Items(items) = value else { return pass.remove(Allow::NAME, Field::Contents, Reason::Shape, 1) };
    let mut leaving = Vec::with_capacity(items.len());
    for item in items {
        match item.as_ref().filter(|_| has_id(item)) {
            Some(members) => leaving.push(keep_members(pass, members)),
            None => pass.remove(Allow::NAME, Field::Contents, Reason::Shape, 1),
        }
    }
    if !leaving.is_empty() {
        put_screened(pass, Field::Contents, Leaving::Items(leaving));
    }
}

/// The members of an element that may leave, in their closed forms.
fn keep_members<'a>(pass: &mut Pass<'a>, members: &'a [(Field, Value<'a>)]) -> OutgoingItem<'a> {
    let mut item = Vec::with_capacity(LEAVING.len());
    for (field, value) in members.iter().filter(|(_, value)| !matches!(value, Value::Null)) {
        if !LEAVING.contains(field) {
            pass.remove(Allow::NAME, *field, Reason::NotAllowed, 1);
            continue;
        }
        match form_member(*field, value) {
            Some(form) => item.push((*field, form)),
            None => pass.remove(Allow::NAME, *field, Reason::Shape, 1),
        }
    }
    item.sort_unstable_by_key(|(field, _)| *field);
    item
}

/// The closed form of one member of an element, if that member may leave at all.
pub(super) fn form_member<'a>(field: Field, value: &'a Value<'a>) -> Option<Leaving<'a>> {
    if !LEAVING.contains(&field) {
        return None;
    }
    closed_form::of(field.row().kind, value)
}

fn has_id(item: &Item<'_>) -> bool {
    item.iter().flatten().any(|(field, value)| *field == Field::ItemId && form_member(*field, value).is_some())
}

/// Whether goods came of which some do not leave.
pub(crate) fn are_cut(policy: &Policy, raw: &RawEvent<'_>) -> bool {
    match raw.get(Field::Contents) {
        Some(Value::Items(items)) if items.iter().all(has_id) => catalog::holds_back(policy, raw),
        Some(_) => true,
        None => catalog::holds_back(policy, raw),
    }
}
