//! Personal data becomes digests. What Meta wants hashed is normalised and hashed; the site's own ids become keyed
//! digests. What cannot be normalised is removed, never hashed as it is.

use std::borrow::Cow;

use super::{Halt, Pass, Stage};
use crate::closed_form;
use crate::detect::lexicon::is_health_digest;
use crate::event::{Leaving, Value};
use crate::normalize::{Digest, Normalizer, Unhashable};
use crate::policy::{EventIdForm, EventRules, FieldAction, MissingId};
use crate::report::{Change, Reason, StageName};
use crate::schema::{Field, Kind};

pub(crate) struct Identity;

impl Stage for Identity {
    const NAME: StageName = StageName::Identity;

    fn apply(pass: &mut Pass<'_>) -> Result<(), Halt> {
        event_id(pass);
        for (field, value) in std::mem::take(&mut pass.admitted) {
            match pass.policy.action(field) {
                FieldAction::Hash => digests(pass, field, value, Change::Hashed, |_, text| {
                    normalizer(field).ok_or(Unhashable::NotNormalizable)?.digest(text)
                }),
                FieldAction::Pseudonymize => digests(pass, field, value, Change::Pseudonymized, |pass, text| {
                    let inner = match normalizer(field) {
                        Some(normalizer) => normalizer.digest(text)?,
                        None => crate::normalize::own_id_digest(text)?,
                    };
                    Ok(pass.context.pseudonyms.pseudonym(label(field), &inner))
                }),
                FieldAction::Keep => original_event_id(pass, field, value),
                _ => pass.admitted.push((field, value)),
            }
        }
        Ok(())
    }
}

fn normalizer(field: Field) -> Option<Normalizer> {
    match field.row().kind {
        Kind::Hashed(normalizer) => Some(normalizer),
        _ => None,
    }
}

/// The path under which an id becomes a keyed digest. The order of the event that this one adds to has that of an order, so that
/// it becomes what it became when that event left, and Meta can join the two.
fn label(field: Field) -> &'static str {
    match field {
        Field::OriginalOrderId => Field::OrderId.path(),
        Field::OriginalEventId => Field::EventId.path(),
        own => own.path(),
    }
}

/// Puts the digest of each element; elements without one are removed.
fn digests<'a>(
    pass: &mut Pass<'a>,
    field: Field,
    value: &'a Value<'a>,
    change: Change,
    digest: impl Fn(&Pass<'a>, &str) -> Result<Digest, Unhashable>,
) {
    let mut first = None;
    let mut rest = Vec::new();
    for element in value.elements() {
        let reason = match element.id_text().map(|text| digest(pass, &text)) {
            // Whoever has a list of such terms reads the digest as the term.
            Some(Ok(digest)) if change == Change::Hashed && is_health_digest(&digest) => Reason::HealthDigest,
            Some(Ok(digest)) if first.is_none() => {
                first = Some(digest);
                continue;
            }
            Some(Ok(digest)) => {
                rest.push(digest);
                continue;
            }
            None => Reason::Shape,
            Some(Err(Unhashable::NotNormalizable)) => Reason::NotNormalizable,
            Some(Err(Unhashable::ForeignDigest)) => Reason::ForeignDigest,
            Some(Err(Unhashable::DigestOfNothing)) => Reason::DigestOfNothing,
        };
        pass.remove(Identity::NAME, field, reason, 1);
    }
    let Some(first) = first else { return };
    pass.report.change(field, change);
    pass.out.put(field, if field.row().many { Leaving::Digests(first, rest) } else { Leaving::Digest(first) });
}

/// The event's id leaves if it has the form that the policy wants. Any other is replaced by its keyed digest, so that repeats
/// still have the same id; an event without one gets one.
fn event_id(pass: &mut Pass<'_>) {
    const FIELD: Field = Field::EventId;
    let came = pass.raw.get(FIELD);
    let Some(text) = came.and_then(Value::id_text) else {
        if came.is_some() {
            pass.remove(Identity::NAME, FIELD, Reason::Shape, 1);
        }
        let leaving = match pass.policy.events.missing_id {
            MissingId::Random => Leaving::Text(closed_form::fresh_uuid(pass.context.fresh_id)),
            MissingId::Content => Leaving::Digest(pass.context.pseudonyms.of_text(FIELD.path(), pass.text)),
        };
        pass.report.change(FIELD, Change::Rewritten);
        return pass.out.put(FIELD, leaving);
    };
    put_event_id(pass, FIELD, text);
}

/// The id of the event that this one adds to becomes what it became when that one left, so that Meta can join the two.
fn original_event_id<'a>(pass: &mut Pass<'a>, field: Field, value: &'a Value<'a>) {
    match value.id_text() {
        Some(text) => put_event_id(pass, field, text),
        None => pass.remove(Identity::NAME, field, Reason::Shape, 1),
    }
}

/// The id of an event, of this one or another, is kept or replaced by the same rule.
fn put_event_id<'a>(pass: &mut Pass<'a>, field: Field, text: Cow<'a, str>) {
    let tells = pass.facts.telling_ids.contains(field) || pass.facts.hinted.contains(field);
    if has_event_id_form(&pass.policy.events, &text) && !tells {
        return pass.out.put(field, Leaving::Text(text));
    }
    pass.report.change(field, Change::Rewritten);
    let digest = pass.context.pseudonyms.of_text(label(field), &text);
    pass.out.put(field, Leaving::Digest(digest));
}

/// Whether an id leaves as it came.
pub(super) fn has_event_id_form(events: &EventRules, text: &str) -> bool {
    match events.event_id {
        EventIdForm::Opaque => closed_form::opaque_id(text, &events.prefixes).is_some(),
        EventIdForm::Token => closed_form::token(text).is_some(),
    }
}
