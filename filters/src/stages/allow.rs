//! Stage 6: what the policy names. Everything else is gone, and of what is named only the closed form goes on. Fields that are
//! hashed or rounded are left to the stages after this one.

use std::borrow::Cow;

use super::{Halt, Pass, Stage, goods, written};
use crate::closed_form;
use crate::event::{Leaving, Value};
use crate::policy::{FieldAction, FieldSet};
use crate::report::{Change, Reason, StageName};
use crate::schema::{Field, Kind};

pub(crate) struct Allow;

impl Stage for Allow {
    const NAME: StageName = StageName::Allow;

    fn apply(pass: &mut Pass<'_>) -> Result<(), Halt> {
        let narrowed = pass.facts.narrowed;
        let raw = pass.raw;
        for (field, value) in raw.iter() {
            let action = pass.policy.action(field);
            match (field.row().kind, action) {
                (Kind::Restriction(restriction), _) => {
                    let leaves = closed_form::restriction(restriction, value).unwrap_or_else(|strictest| {
                        pass.remove(Self::NAME, field, Reason::Shape, 1);
                        pass.report.change(field, Change::Rewritten);
                        strictest
                    });
                    pass.out.put(field, Leaving::Literal(leaves.into()));
                }
                // Required fields and objects were read by shape, names by events, ids of events are for identity.
                (_, FieldAction::Always) => {}
                (_, FieldAction::None) => pass.remove(Self::NAME, field, Reason::NotAllowed, value.count()),
                _ if narrowed.contains(field) => pass.remove(Self::NAME, field, Reason::Narrowed, value.count()),
                (_, FieldAction::Page) => {}
                (_, FieldAction::Catalog) => pass.remove(Self::NAME, field, Reason::NotInCatalog, value.count()),
                (Kind::Contents, _) => goods::keep(pass, value),
                (_, FieldAction::Keep) => keep(pass, field, value),
                (_, FieldAction::OneOf) => put(pass, field, written::kept(pass.policy, field, value)),
                (_, FieldAction::Hash | FieldAction::Pseudonymize | FieldAction::RoundTo(_)) => {
                    pass.admitted.push((field, value));
                }
            }
        }
        written::keep_properties(pass);
        click_id(pass, &narrowed);
        Ok(())
    }
}

fn keep<'a>(pass: &mut Pass<'a>, field: Field, value: &'a Value<'a>) {
    if field == Field::NumItems && goods::are_cut(pass.policy, pass.raw) {
        return pass.remove(Allow::NAME, field, Reason::CountOfRemoved, 1);
    }
    put(pass, field, kept(field, value));
}

fn put<'a>(pass: &mut Pass<'a>, field: Field, kept: Kept<'a>) {
    let Kept { leaving, misfits, rewritten } = kept;
    pass.remove(Allow::NAME, field, Reason::Shape, misfits);
    if rewritten {
        pass.report.change(field, Change::Rewritten);
    }
    if let Some(leaving) = leaving {
        pass.out.put(field, leaving);
    }
}

/// The closed form of a value that is kept.
pub(crate) struct Kept<'a> {
    pub(crate) leaving: Option<Leaving<'a>>,
    /// How many values have none.
    pub(crate) misfits: u32,
    /// Whether it was replaced by a value of ours.
    pub(crate) rewritten: bool,
}

/// Forms what `keep` lets leave of a value; of a list, element by element. An empty list goes.
pub(crate) fn kept<'a>(field: Field, value: &'a Value<'a>) -> Kept<'a> {
    let mut rewritten = false;
    if field.row().kind == Kind::ContentId {
        let elements = value.elements();
        let texts: Vec<Cow<'a, str>> = elements.iter().filter_map(|element| id(element, closed_form::content_id)).collect();
        let misfits = u32::try_from(elements.len() - texts.len()).unwrap_or(u32::MAX);
        return Kept { leaving: (!texts.is_empty()).then_some(Leaving::Texts(texts)), misfits, rewritten };
    }
    let text = value.text();
    let leaving = match field.row().kind {
        Kind::Token => id(value, closed_form::token).map(Leaving::Text),
        Kind::Digits { min, max } => id(value, |text| closed_form::digits(text, min, max)).map(Leaving::Text),
        Kind::Word(words) => text.and_then(|text| closed_form::word(words, text)).map(|word| Leaving::Text(word.into())),
        Kind::Integer { min, max } => closed_form::integer(value, min, max).map(Leaving::Whole),
        Kind::Decimal { max } => closed_form::decimal(value, max).map(Leaving::Literal),
        Kind::Currency => text.and_then(closed_form::currency).map(|code| Leaving::Text(code.into())),
        Kind::IpAddress => text.and_then(closed_form::ip_address).map(Leaving::Text),
        Kind::UserAgent => text.and_then(closed_form::user_agent).map(|(agent, is_family)| {
            rewritten = is_family;
            Leaving::Text(agent)
        }),
        Kind::Fbp => text.and_then(closed_form::fbp).map(|cookie| Leaving::Text(cookie.into())),
        Kind::Fbc => text.and_then(closed_form::fbc).map(|cookie| Leaving::Text(cookie.into())),
        // The policy compiler gives no other kind the action `keep`.
        _ => None,
    };
    Kept { misfits: u32::from(leaving.is_none()), leaving, rewritten }
}

/// An id that fits its form, given as text or as a whole number.
pub(crate) fn id<'a>(value: &'a Value<'a>, form: impl Fn(&str) -> Option<&str>) -> Option<Cow<'a, str>> {
    let text = value.id_text()?;
    form(&text)?;
    Some(text)
}

/// Makes the click id cookie where the event has none but its page was reached by a click on an ad.
fn click_id(pass: &mut Pass<'_>, narrowed: &FieldSet) {
    let kept = pass.policy.action(Field::Fbc) == FieldAction::Keep && !narrowed.contains(Field::Fbc);
    if !kept || pass.raw.get(Field::Fbc).is_some() {
        return;
    }
    if let Some(cookie) = pass.facts.fbclid.and_then(|fbclid| closed_form::fbc_from_fbclid(fbclid, pass.facts.event_secs)) {
        pass.out.put(Field::Fbc, Leaving::Text(cookie));
    }
}
