//! What the policy names. Everything else is gone, and of what is named only the closed form goes on. Fields that are
//! hashed or rounded, and ids of events, are left to the stages after this one.

use super::{Halt, Pass, Stage, catalog, goods, health, properties, restrictions};
use crate::closed_form::{self, ExtInfo};
use crate::event::{Leaving, Value};
use crate::policy::{FieldAction, Narrowed, Policy};
use crate::report::{Change, Reason, StageName};
use crate::schema::{Field, Kind};

pub(crate) struct Allow;

impl Stage for Allow {
    const NAME: StageName = StageName::Allow;

    fn apply(pass: &mut Pass<'_>) -> Result<(), Halt> {
        let narrowed = pass.facts.narrowed;
        let raw = pass.raw;
        catalog::unknown_goods(pass.policy, raw).map_err(Halt::Drop)?;
        for (field, value) in raw.iter() {
            let action = pass.policy.action(field);
            match (field.row().kind, action) {
                (Kind::Restriction(kind), _) => restrictions::keep(pass, kind, field, value),
                // Required fields and objects were read by shape, the name by events, the id is for identity.
                (_, FieldAction::Always) => {}
                (_, FieldAction::None) => pass.remove(Self::NAME, field, Reason::NotAllowed, value.count()),
                _ if pass.facts.goods_go && health::goes_with_goods(field) => {
                    pass.remove(StageName::Health, field, Reason::HealthSignal, value.count());
                }
                _ if narrowed.contains(field) => {
                    let reason = pass.reason_narrowed(|removed| removed.contains(field));
                    pass.remove(Self::NAME, field, reason, value.count());
                }
                (_, FieldAction::Page) => {}
                (_, FieldAction::Hash) | (Kind::Fbp | Kind::Fbc | Kind::ClickId, _) if pass.facts.hinted.contains(field) => {
                    pass.remove(StageName::Health, field, Reason::HealthSignal, value.count());
                }
                (Kind::Contents, _) => goods::keep(pass, value),
                (Kind::EventId, FieldAction::Keep) => pass.admitted.push((field, value)),
                (_, FieldAction::Keep | FieldAction::Catalog | FieldAction::OneOf | FieldAction::KeepText) => {
                    keep(pass, field, value);
                }
                (_, FieldAction::Hash | FieldAction::Pseudonymize | FieldAction::RoundTo(_)) => {
                    pass.admitted.push((field, value));
                }
            }
        }
        restrictions::limit_data_use(pass);
        properties::keep(pass);
        click_id(pass, &narrowed);
        Ok(())
    }
}

fn keep<'a>(pass: &mut Pass<'a>, field: Field, value: &'a Value<'a>) {
    if field == Field::NumItems && goods::are_cut(pass.policy, pass.raw) {
        return pass.remove(Allow::NAME, field, Reason::CountOfRemoved, 1);
    }
    let Kept { leaving, misfits, rewritten } = kept(pass.policy, Some(pass.facts.event_secs), field, value);
    pass.remove(Allow::NAME, field, Reason::Shape, misfits);
    if rewritten {
        pass.report.change(field, Change::Rewritten);
    }
    if let Some(leaving) = leaving {
        put_screened(pass, field, leaving);
    }
}

/// Puts what the catalogue lets leave.
pub(super) fn put_screened<'a>(pass: &mut Pass<'a>, field: Field, leaving: Leaving<'a>) {
    let screened = catalog::screen(pass.policy, field, leaving);
    for (reason, count) in screened.removed() {
        pass.remove(Allow::NAME, field, reason, count);
    }
    if let Some(leaving) = screened.leaving {
        pass.out.put(field, leaving);
    }
}

/// The closed form of a value that is kept.
struct Kept<'a> {
    leaving: Option<Leaving<'a>>,
    /// How many values have none.
    misfits: u32,
    /// Whether it was replaced by a value of ours.
    rewritten: bool,
}

/// Forms what `keep` lets leave of a value; of a list, element by element. An empty list goes.
fn kept<'a>(policy: &'a Policy, event_secs: Option<u64>, field: Field, value: &'a Value<'a>) -> Kept<'a> {
    let row = field.row();
    if matches!(row.kind, Kind::ExtInfo) {
        return match closed_form::ext_info(value) {
            Some(ExtInfo { leaving, misfits }) => Kept { leaving: Some(leaving), misfits, rewritten: false },
            None => Kept { leaving: None, misfits: value.count(), rewritten: false },
        };
    }
    if row.many && !row.kind.is_one_list() {
        let elements = value.elements();
        let forms: Vec<Leaving<'a>> =
            elements.iter().filter_map(|element| form(policy, event_secs, field, element)).collect();
        let misfits = u32::try_from(elements.len() - forms.len()).unwrap_or(u32::MAX);
        return Kept { leaving: (!forms.is_empty()).then_some(Leaving::List(forms)), misfits, rewritten: false };
    }
    let leaving = form(policy, event_secs, field, value);
    let rewritten = match (row.kind, &leaving) {
        // A user agent of unknown parts became that of its family, a name of the site's own one that is allowed.
        (Kind::UserAgent | Kind::EventName, Some(Leaving::Text(leaves))) => {
            value.text().is_some_and(|came| came.trim() != leaves.as_ref())
        }
        _ => false,
    };
    Kept { misfits: if leaving.is_none() { value.count() } else { 0 }, leaving, rewritten }
}

/// The closed form of one value that is kept: by its kind, or by what the policy and the event's time say. Without that time,
/// none of a time about the event.
pub(crate) fn form<'a>(
    policy: &'a Policy,
    event_secs: Option<u64>,
    field: Field,
    value: &'a Value<'a>,
) -> Option<Leaving<'a>> {
    match field.row().kind {
        Kind::EventName => policy.outgoing_name(value.text()?).map(|(name, _)| Leaving::Text(name.into())),
        Kind::FreeText if policy.action(field) == FieldAction::KeepText => {
            closed_form::free_text(value.text()?).map(|text| Leaving::Text(text.into()))
        }
        Kind::FreeText => policy.words(field)?.find(value).map(|word| Leaving::Text(word.into())),
        Kind::SecondsNear { days } => closed_form::seconds_near(value, event_secs?, days).map(Leaving::Whole),
        kind => closed_form::of(kind, value),
    }
}

/// Makes the click id cookie where the event has none but its page was reached by a click on an ad.
fn click_id(pass: &mut Pass<'_>, narrowed: &Narrowed) {
    let kept = pass.policy.action(Field::Fbc) == FieldAction::Keep && !narrowed.contains(Field::Fbc);
    if !kept || pass.raw.get(Field::Fbc).is_some() || pass.facts.hinted.contains(Field::EventSourceUrl) {
        return;
    }
    if let Some(cookie) = pass.facts.fbclid.and_then(|fbclid| closed_form::fbc_from_fbclid(fbclid, pass.facts.event_secs)) {
        pass.out.put(Field::Fbc, Leaving::Text(cookie));
    }
}
