//! What the catalogue lets leave of the goods that an event names.
//!
//! An article that it calls sensitive or a prescription never leaves, whatever the field's action. One that it does not list
//! leaves from a field with the action `keep`; from one with the action `catalog` as `[catalog] unknown` says, and without a
//! catalogue not at all. The count of the goods goes with the first of them.

use crate::catalog::Class;
use crate::event::{Leaving, RawEvent, Value};
use crate::policy::{FieldAction, Policy, Unknown};
use crate::report::{DropReason, Reason};
use crate::schema::{Field, Kind};

/// The fields that name the goods of an event whatever the policy does with them.
const GOODS: [Field; 4] = [Field::Contents, Field::ContentIds, Field::FbContentId, Field::FbContentIds];

/// What is left of a field, and what was taken from it.
pub(crate) struct Screened<'a> {
    pub(crate) leaving: Option<Leaving<'a>>,
    /// Articles that the catalogue calls sensitive or a prescription.
    pub(crate) sensitive: u32,
    /// Articles that it does not list, or all where there is no catalogue.
    pub(crate) unlisted: u32,
}

impl Screened<'_> {
    /// How many were taken, by reason.
    pub(crate) fn removed(&self) -> [(Reason, u32); 2] {
        [(Reason::SensitiveGoods, self.sensitive), (Reason::NotInCatalog, self.unlisted)]
    }
}

/// Takes from the closed form of a field what the catalogue does not let leave: of a list, element by element.
pub(crate) fn screen<'a>(policy: &Policy, field: Field, leaving: Leaving<'a>) -> Screened<'a> {
    let mut screened = Screened { leaving: None, sensitive: 0, unlisted: 0 };
    if !is_screened(policy, field) {
        screened.leaving = Some(leaving);
        return screened;
    }
    let mut leaves = |id: Option<&str>| match refusal(policy, field, id) {
        None => true,
        Some(Reason::SensitiveGoods) => {
            screened.sensitive += 1;
            false
        }
        Some(_) => {
            screened.unlisted += 1;
            false
        }
    };
    let left = match leaving {
        Leaving::List(mut list) => {
            list.retain(|element| leaves(text(element)));
            (!list.is_empty()).then_some(Leaving::List(list))
        }
        Leaving::Items(mut items) => {
            items.retain(|item| {
                leaves(item.iter().find(|(member, _)| *member == Field::ItemId).and_then(|(_, id)| text(id)))
            });
            (!items.is_empty()).then_some(Leaving::Items(items))
        }
        single => leaves(text(&single)).then_some(single),
    };
    screened.leaving = left;
    screened
}

/// Whether a value that is about to leave, or an element of one, is nothing that the catalogue holds back.
pub(super) fn lets_leave(policy: &Policy, field: Field, value: &Value<'_>) -> bool {
    let field = if field == Field::ItemId { Field::Contents } else { field };
    !is_screened(policy, field) || !any_article(value, |id| refusal(policy, field, id).is_some())
}

/// Whether the catalogue holds back some of the goods as they came.
pub(crate) fn holds_back(policy: &Policy, raw: &RawEvent<'_>) -> bool {
    GOODS
        .into_iter()
        .filter(|field| is_screened(policy, *field))
        .any(|field| raw.get(field).is_some_and(|value| any_article(value, |id| refusal(policy, field, id).is_some())))
}

/// Drops an event with an article that the catalogue does not list, where the policy wants that.
pub(super) fn unknown_goods(policy: &Policy, raw: &RawEvent<'_>) -> Result<(), DropReason> {
    if policy.unknown_goods() != Unknown::DropEvent {
        return Ok(());
    }
    let is_judged = |field: Field| GOODS.contains(&field) || is_screened(policy, field);
    let is_unknown = |id: Option<&str>| id.and_then(|id| policy.classify(id)).is_none();
    let mut came = raw.iter().filter(|(field, _)| is_judged(*field));
    if came.any(|(_, value)| any_article(value, is_unknown)) { Err(DropReason::UnknownGoods) } else { Ok(()) }
}

/// Whether it holds of some article of a field. One whose id cannot be read has none.
fn any_article(value: &Value<'_>, holds: impl Fn(Option<&str>) -> bool) -> bool {
    match value {
        Value::Items(items) => items.iter().any(|item| {
            let id = item.iter().flatten().find(|(member, _)| *member == Field::ItemId).and_then(|(_, id)| id.id_text());
            holds(id.as_deref())
        }),
        _ => value.elements().iter().any(|element| holds(element.id_text().as_deref())),
    }
}

/// Whether the catalogue has a say in a field.
fn is_screened(policy: &Policy, field: Field) -> bool {
    match policy.action(field) {
        FieldAction::Catalog => true,
        FieldAction::Keep => policy.catalog().is_some() && matches!(field.row().kind, Kind::ContentId | Kind::Contents),
        _ => false,
    }
}

/// Why an article does not leave from a field that is screened.
fn refusal(policy: &Policy, field: Field, id: Option<&str>) -> Option<Reason> {
    match id.and_then(|id| policy.classify(id)) {
        Some(Class::Neutral) => None,
        Some(Class::Sensitive | Class::Prescription) => Some(Reason::SensitiveGoods),
        None if policy.action(field) == FieldAction::Keep || policy.unknown_goods() == Unknown::Neutral => None,
        None => Some(Reason::NotInCatalog),
    }
}

fn text<'l>(leaving: &'l Leaving<'_>) -> Option<&'l str> {
    match leaving {
        Leaving::Text(text) => Some(text),
        _ => None,
    }
}
