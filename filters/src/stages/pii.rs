//! Detectors of persons, over what is still text-like in what is about to leave: tokens, ids, click ids. A hit removes the value;
//! of a list the element; of goods the whole article and the count with it. The id of an event, without which Meta takes none, is
//! replaced by its keyed digest.
//!
//! Left to others: what is hashed or rounded, and literals of the policy, which were looked through when it was compiled.

use super::{Halt, Pass, Stage, identity};
use crate::closed_form;
use crate::detect::personal::{self, Role};
use crate::detect::{Setting, Unwrapper, Work, WorkLimit, could_be_text};
use crate::event::{Leaving, Outgoing, Value};
use crate::normalize::is_written_digest;
use crate::policy::{FieldAction, Policy};
use crate::report::{DropReason, Place, Reason, Report, StageName};
use crate::schema::{Field, Kind};

pub(crate) struct Pii;

impl Stage for Pii {
    const NAME: StageName = StageName::Pii;

    fn apply(pass: &mut Pass<'_>) -> Result<(), Halt> {
        ids_of_events(pass)
            .and_then(|()| clean(pass.policy, &mut pass.out, pass.scan.unwrapper(), &mut pass.work, &mut pass.report))
            .map_err(|WorkLimit| Halt::Drop(DropReason::WorkLimit))
    }
}

/// Ids of events are written by identity, which is told of those in which a person was found.
fn ids_of_events(pass: &mut Pass<'_>) -> Result<(), WorkLimit> {
    for field in [Field::EventId, Field::OriginalEventId] {
        let leaves = pass.policy.action(field) != FieldAction::None;
        let Some(id) = pass.raw.get(field).filter(|_| leaves).and_then(Value::id_text) else { continue };
        // An id of another form is replaced anyhow.
        if identity::has_event_id_form(&pass.policy.events, &id)
            && find(pass.policy, Role::Id, &id, pass.scan.unwrapper(), &mut pass.work)?.is_some()
        {
            pass.facts.telling_ids.insert(field);
        }
    }
    Ok(())
}

/// Looks through a text that is to leave as it is.
fn find(
    policy: &Policy,
    role: Role,
    text: &str,
    unwrapper: &mut Unwrapper,
    work: &mut Work,
) -> Result<Option<Reason>, WorkLimit> {
    // Most ids of events are a UUID whose bytes spell nothing.
    if closed_form::is_uuid_or_sha256(text) && !could_be_text(text) {
        return Ok(None);
    }
    let role = if is_uuid(policy, text) { Role::ClickId } else { role };
    // Where any text may leave every detector looks, whatever the policy is for.
    let setting = if role == Role::Text { Setting::Clinical } else { policy.setting() };
    personal::find(setting, role, "", text, unwrapper, work)
}

/// Whether an id is a UUID, after a prefix or without. Between its dashes some digits are like a telephone number now and then;
/// what one holds wrapped is looked through all the same. No ULID is like a number by chance.
fn is_uuid(policy: &Policy, id: &str) -> bool {
    const ULID: usize = 26;
    let prefixes = policy.events.prefixes.iter().filter_map(|prefix| id.strip_prefix(prefix.as_ref()));
    prefixes.chain([id]).any(|rest| rest.len() > ULID && closed_form::is_opaque(rest))
}

/// Takes out of an outgoing event what identifies a person and has no form that could hold none.
pub(crate) fn clean(
    policy: &Policy,
    out: &mut Outgoing<'_>,
    unwrapper: &mut Unwrapper,
    work: &mut Work,
    report: &mut Report,
) -> Result<(), WorkLimit> {
    let mut look = Look { policy, unwrapper, work, report };
    for field in out.present().iter() {
        let role = if policy.action(field) == FieldAction::KeepText { Some(Role::Text) } else { role(field.row().kind) };
        let Some(role) = role else { continue };
        let Some(leaving) = out.get_mut(field) else { continue };
        let came = count(leaving);
        look.keep(field, role, leaving)?;
        let left = count(leaving);
        if left == 0 {
            out.take(field);
        }
        // The count would tell that there was something more.
        if field == Field::Contents && left < came && out.take(Field::NumItems).is_some() {
            look.removed(Field::NumItems, Reason::CountOfRemoved);
        }
    }
    Ok(())
}

/// What a text of this kind is to the detectors; `None` for kinds whose form leaves no room for a person.
fn role(kind: Kind) -> Option<Role> {
    match kind {
        // The id of an event is there only if the event was stored.
        Kind::EventId | Kind::Token | Kind::ContentId | Kind::Contents | Kind::Digits { .. } => Some(Role::Id),
        Kind::Fbc | Kind::ClickId => Some(Role::ClickId),
        // Of `fbp` the form leaves digits, which under no key tell of nobody, and which spell ten characters at most.
        _ => None,
    }
}

fn count(leaving: &Leaving<'_>) -> usize {
    match leaving {
        Leaving::Text(text) => usize::from(!text.is_empty()),
        Leaving::List(list) => list.len(),
        Leaving::Items(items) => items.len(),
        Leaving::Literal(_) | Leaving::Whole(_) | Leaving::Digest(_) | Leaving::Digests(..) => 1,
    }
}

struct Look<'l> {
    policy: &'l Policy,
    unwrapper: &'l mut Unwrapper,
    work: &'l mut Work,
    report: &'l mut Report,
}

impl Look<'_> {
    /// Leaves of a value that in which no detector finds a person.
    fn keep(&mut self, field: Field, role: Role, leaving: &mut Leaving<'_>) -> Result<(), WorkLimit> {
        match leaving {
            Leaving::Text(text) => {
                if self.finds(field, role, text)? {
                    *text = "".into();
                }
            }
            Leaving::List(list) => {
                retain(list, |element| match element {
                    Leaving::Text(text) => self.finds(field, role, text),
                    _ => Ok(false),
                })?;
            }
            Leaving::Items(items) => {
                retain(items, |item| match item.iter().find(|(member, _)| *member == Field::ItemId) {
                    Some((_, Leaving::Text(id))) => self.finds(field, role, id),
                    _ => Ok(false),
                })?;
            }
            Leaving::Literal(_) | Leaving::Whole(_) | Leaving::Digest(_) | Leaving::Digests(..) => {}
        }
        Ok(())
    }

    /// Whether a detector finds a person; counted as a removal.
    fn finds(&mut self, field: Field, role: Role, text: &str) -> Result<bool, WorkLimit> {
        // A pseudonym of ours, in a stored event.
        if is_written_digest(text) {
            return Ok(false);
        }
        let found = find(self.policy, role, text, self.unwrapper, self.work)?;
        if let Some(reason) = found {
            self.removed(field, reason);
        }
        Ok(found.is_some())
    }

    fn removed(&mut self, field: Field, reason: Reason) {
        self.report.remove(Pii::NAME, Place::Field(field), self.policy.action(field).word(), reason, 1);
    }
}

/// Takes out of a list the elements of which `goes` says so.
fn retain<T>(list: &mut Vec<T>, mut goes: impl FnMut(&T) -> Result<bool, WorkLimit>) -> Result<(), WorkLimit> {
    let mut limit = Ok(());
    list.retain(|element| match goes(element) {
        Ok(goes) => !goes,
        Err(error) => {
            limit = Err(error);
            false
        }
    });
    limit
}
