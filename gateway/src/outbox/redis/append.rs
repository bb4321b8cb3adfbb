//! Keeps the events of many requests for one dataset by one script: all or none, durable on return (O1).
//!
//! The script says what stands in the way without having changed anything: a policy's text that is needed, a cap that is reached,
//! events that came before. What can be done about it is done, and it is asked again. Events that were not kept go back to whoever
//! brought them, so that they can be kept elsewhere; a call that was not answered may have kept them too.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use portcullis_filters::event::SanitizedEvent;
use portcullis_filters::policy::PolicyDigest;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Redis;
use super::answer::Answer;
use super::core::Core;
use super::head::Head;
use super::scripts::{APPEND, DatasetKeys};
use super::writer::{Ask, Asked};
use crate::failpoint;
use crate::outbox::group::{Group, gather};
use crate::outbox::{Append, Deduplication, OutboxError, Receipt};
use crate::shared::Call;

/// So often the script may find something else in the way.
const TRIES: usize = 16;

/// How old what is known of other gateways' datasets may be.
const COSTS_LAST: Duration = Duration::from_secs(5);

/// Events that were not kept, and why not.
#[derive(Debug)]
pub struct Unkept {
    /// The events; nothing where the outbox ended in a panic.
    pub append: Option<Append>,
    /// Why not.
    pub error: OutboxError,
}

impl Redis {
    /// Keeps all events of a request, or gives them back. Where Redis is away it may have kept them all the same.
    pub async fn append(&self, append: Append) -> Result<Receipt, Box<Unkept>> {
        let (reply, answer) = oneshot::channel();
        if let Err(error) = self.inbox.send(Ask::Append(Asked { append, reply })).await {
            let append = match error.0 {
                Ask::Append(asked) => Some(asked.append),
                Ask::Close(_) => None,
            };
            return Err(Box::new(Unkept { append, error: OutboxError::Closed }));
        }
        answer.await.unwrap_or_else(|_| Err(Box::new(Unkept { append: None, error: OutboxError::Closed })))
    }
}

/// A request, and those of its events that came before.
#[derive(Debug)]
struct Coming {
    asked: Asked,
    duplicates: Vec<SanitizedEvent>,
}

impl Coming {
    fn keep(self) {
        let duplicates = self.duplicates.len();
        let events = self.asked.append.events.len() + duplicates;
        self.asked.answer(Receipt::new(events).with_duplicates(duplicates));
    }

    fn refuse(mut self, error: OutboxError) {
        self.asked.append.events.append(&mut self.duplicates);
        self.asked.refuse(error);
    }
}

/// What the script answers.
#[derive(Debug)]
enum Found {
    Kept { cost: u64, last_row: i64 },
    Needs(Vec<String>),
    Full { cost: u64 },
    Seen(Vec<usize>),
}

/// Keeps these and answers each.
pub(super) async fn keep(core: &Core, dataset: Arc<str>, asked: Vec<Asked>) {
    let mut coming: Vec<Coming> = asked.into_iter().map(|asked| Coming { asked, duplicates: Vec::new() }).collect();
    match keep_all(core, &dataset, &mut coming).await {
        Ok(()) => {
            core.gave_work(&dataset);
            failpoint::pass("after_fsync_before_reply");
            coming.into_iter().for_each(Coming::keep);
        }
        Err(error) => {
            for one in coming {
                one.refuse(error.clone());
            }
        }
    }
}

/// The same, without the answers to those that stay in `coming`; what the cap leaves no room for is refused on the way.
async fn keep_all(core: &Core, dataset: &Arc<str>, coming: &mut Vec<Coming>) -> Result<(), OutboxError> {
    let keys = core.of(dataset);
    // A failover is waited for once, by those whom it met: a server that has been away for longer keeps no caller waiting.
    let until = Instant::now() + core.patience.saturating_sub(core.link.away_for());
    if !core.is_listed(dataset) {
        core.list(dataset).await?;
    }
    if core.are_costs_older_than(COSTS_LAST) {
        // The cap counts what others keep as well. Where that cannot be known now, what was known holds.
        drop(core.look_at_all().await);
    }
    let mut needed: HashSet<String> = HashSet::new();
    for _ in 0..TRIES {
        let call = call(core, &keys, dataset, coming, &needed)?;
        let patience = until.saturating_duration_since(Instant::now());
        match found(core, &call, patience).await? {
            Found::Kept { cost, last_row } => {
                core.set_cost(dataset, cost);
                // The first group of an outbox that somebody emptied: what was listed in it is gone as well.
                core.set_listed(dataset, last_row > 0);
                if last_row == 0 {
                    drop(core.list(dataset).await);
                }
                return Ok(());
            }
            Found::Needs(digests) => needed.extend(digests),
            Found::Full { cost } => {
                core.set_cost(dataset, cost);
                leave_out_what_has_no_room(coming, core.room_of(dataset).saturating_sub(cost));
                if coming.is_empty() {
                    return Ok(());
                }
            }
            Found::Seen(numbers) => take_out(coming, &numbers),
        }
    }
    Err(OutboxError::Failed("Redis finds ever more in the way of keeping events".to_owned()))
}

async fn found(core: &Core, call: &Call, patience: Duration) -> Result<Found, OutboxError> {
    let mut answer = core.insist(&APPEND, call, patience).await?;
    let rest = |answer: &mut Answer| -> Result<Vec<String>, OutboxError> {
        let mut texts = Vec::new();
        while !answer.is_over() {
            texts.push(answer.text()?);
        }
        Ok(texts)
    };
    Ok(match answer.text()?.as_str() {
        "kept" => Found::Kept { cost: answer.number()?, last_row: answer.number()? },
        "policy" => Found::Needs(rest(&mut answer)?),
        "full" => Found::Full { cost: answer.number()? },
        "seen" => Found::Seen(rest(&mut answer)?.iter().filter_map(|number| number.parse().ok()).collect()),
        _ => return Err(answer.strange()),
    })
}

/// The call of the script, under a token of its own.
fn call(
    core: &Core,
    keys: &DatasetKeys,
    dataset: &Arc<str>,
    coming: &[Coming],
    needed: &HashSet<String>,
) -> Result<Call, OutboxError> {
    let appends = || coming.iter().map(|one| &one.asked.append);
    let cost: u64 = appends().map(Append::cost).sum();
    let received_ms = appends().map(|append| append.received_ms).max().unwrap_or(0);
    let mut call = keys.call_once(&core.token()).with(core.room_of(dataset)).with(cost);
    let deduplication = core.settings.deduplication.as_ref();
    let (keep_ms, most) = deduplication.map_or((0, 0), |seen| (seen.keep_ms, seen.max_events));
    call = call.with(core.server_ms(received_ms.saturating_sub(keep_ms))).with(core.server_ms(received_ms)).with(most);
    let policies: HashMap<PolicyDigest, &Append> = appends().map(|append| (append.policy.digest(), append)).collect();
    call.push(policies.len());
    for (digest, append) in policies {
        let digest = digest.to_string();
        let text = if needed.contains(&digest) { append.policy.canonical() } else { "" };
        call.push(&digest);
        call.push(text);
    }
    push_marks(&mut call, deduplication, dataset, coming);
    let groups = gather(appends());
    call.push(groups.len());
    for group in &groups {
        push_group(&mut call, core, dataset, group)?;
    }
    Ok(call)
}

fn push_marks(call: &mut Call, deduplication: Option<&Deduplication>, dataset: &str, coming: &[Coming]) {
    let events = coming.iter().flat_map(|one| &one.asked.append.events).enumerate();
    let marks: Vec<_> = deduplication
        .map(|seen| events.filter_map(|(number, event)| Some((number, seen.marks(dataset, event.as_str())?))).collect())
        .unwrap_or_default();
    call.push(marks.len());
    for (number, marks) in marks {
        call.push(number);
        call.push(marks.previous.len());
        for mark in &marks.previous {
            call.push(&mark[..]);
        }
        call.push(&marks.today[..]);
    }
}

fn push_group(call: &mut Call, core: &Core, dataset: &Arc<str>, group: &Group<'_>) -> Result<(), OutboxError> {
    let mut head = Head {
        site: Arc::clone(group.site),
        policy: group.policy.digest(),
        events: group.events,
        bytes: group.bodies.len(),
        received_ms: group.received_ms,
        oldest_event_secs: group.oldest_event_secs,
        seat: 0,
        key_id: None,
        attempts: 0,
        crashes: 0,
        envelope: group.envelope.as_str().to_owned(),
    };
    let body = core.seal_group(&mut head, dataset, &group.bodies)?;
    call.push(head.text());
    call.push(&body[..]);
    Ok(())
}

/// Refuses what does not fit into that much room, the first first.
fn leave_out_what_has_no_room(coming: &mut Vec<Coming>, room: u64) {
    let mut cost = 0_u64;
    for one in std::mem::take(coming) {
        let with_it = cost.saturating_add(one.asked.append.cost());
        if with_it > room {
            one.refuse(OutboxError::Full);
        } else {
            cost = with_it;
            coming.push(one);
        }
    }
}

/// Takes the events of these numbers out.
fn take_out(coming: &mut [Coming], numbers: &[usize]) {
    let numbers: HashSet<usize> = numbers.iter().copied().collect();
    let mut number = 0;
    for one in coming {
        for event in std::mem::take(&mut one.asked.append.events) {
            let shelf = if numbers.contains(&number) { &mut one.duplicates } else { &mut one.asked.append.events };
            shelf.push(event);
            number += 1;
        }
    }
}
