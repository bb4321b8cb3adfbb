//! The way of a request: key, encoding, body, events; each event sanitized; the survivors appended; then the answer.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::Request;
use axum::http::request::Parts;
use portcullis_filters::event::sanitize_envelope;
use portcullis_filters::pipeline::{Context, sanitize};
use secrecy::{ExposeSecret, SecretString};
use serde_json::value::RawValue;

use super::decode::{Decoded, decode};
use super::door::{self, Received, Shown};
use super::encoding::{Compression, Encoding};
use super::outcomes::Outcomes;
use super::respond::{Answer, Fault, TraceId};
use super::{Ingest, Site};
use crate::outbox::{Append, OutboxError};
use crate::telemetry::site::Source;

/// After so many events the rest of a large request lets others have a turn.
const EVENTS_IN_A_ROW: usize = 16;
/// How long an answer waits, mostly for the disk. The append goes on, and is counted, after the caller was told to try again.
const ANSWER_DEADLINE: Duration = Duration::from_secs(10);

/// Takes a request and says what it is answered.
pub(super) async fn receive(
    ingest: &Arc<Ingest>,
    source: Source,
    dataset: &str,
    request: Request,
    trace: TraceId,
) -> Answer {
    let admitted = match admit(ingest, source, dataset, request).await {
        Ok(admitted) => admitted,
        Err(fault) => return Answer::Fault(fault),
    };
    // From here on the request is owned by a task: a caller that hangs up cancels nothing half-way, so what is committed is
    // counted as accepted.
    let task = ingest.tracker.spawn(take(Arc::clone(ingest), admitted));
    match tokio::time::timeout(ANSWER_DEADLINE, task).await {
        Ok(Ok(answer)) => return answer,
        Ok(Err(_)) => tracing::error!(%trace, "a request ended in a panic"),
        Err(_) => tracing::error!(%trace, "a request could not be finished in time"),
    }
    Answer::Fault(Fault::Unsure)
}

/// A request that was read whole.
struct Admitted {
    source: Source,
    dataset: Box<str>,
    shown: Shown,
    encoding: Encoding,
    body: Received,
}

/// What is known of a request when its events are led through the filter.
struct Taken<'i> {
    source: Source,
    site: &'i Site,
    dataset: &'i Arc<str>,
    unknown_in_query: u32,
}

/// What the head of a request tells.
struct Head {
    shown: Shown,
    encoding: Encoding,
    compression: Option<Compression>,
}

/// Everything before the first look into the body. A key outside the body is checked before a byte of it is read, and nothing is
/// decompressed for a stranger.
async fn admit(ingest: &Ingest, source: Source, dataset: &str, request: Request) -> Result<Admitted, Fault> {
    let (parts, body) = request.into_parts();
    let Head { shown, encoding, compression } = match head(ingest, dataset, &parts) {
        Ok(head) => head,
        Err(fault) => {
            door::leave(&parts.headers, body).await;
            return Err(fault);
        }
    };
    let body = ingest.door.read(&parts.headers, body, shown.key.is_some(), compression).await?;
    Ok(Admitted { source, dataset: dataset.into(), shown, encoding, body })
}

fn head(ingest: &Ingest, dataset: &str, parts: &Parts) -> Result<Head, Fault> {
    let shown = Shown::in_head(parts)?;
    if let Some(key) = &shown.key {
        let site = site_of(ingest, key)?;
        dataset_of(site, dataset)?;
    }
    let encoding = Encoding::of(&parts.headers)?;
    let compression = Compression::of(&parts.headers)?;
    if compression.is_some() && shown.key.is_none() {
        return Err(Fault::CompressedByStranger);
    }
    Ok(Head { shown, encoding, compression })
}

fn site_of<'i>(ingest: &'i Ingest, key: &SecretString) -> Result<&'i Site, Fault> {
    ingest.keys.site_of(key.expose_secret()).and_then(|site| ingest.sites.get(site)).ok_or(Fault::BadKey)
}

fn dataset_of<'s>(site: &'s Site, dataset: &str) -> Result<&'s Arc<str>, Fault> {
    site.datasets.iter().find(|own| own.as_ref() == dataset).ok_or(Fault::ForeignDataset)
}

/// The key of a request: outside its body, in it, or everywhere alike.
fn agreed_key<'k>(
    outside: Option<&'k SecretString>,
    mut inside: impl Iterator<Item = &'k str>,
) -> Result<SecretString, Fault> {
    let first = outside.map(ExposeSecret::expose_secret).or_else(|| inside.next()).ok_or(Fault::BadKey)?;
    if inside.all(|other| other == first) { Ok(first.into()) } else { Err(Fault::KeysDisagree) }
}

async fn take(ingest: Arc<Ingest>, admitted: Admitted) -> Answer {
    let Admitted { source, dataset, shown, encoding, body } = admitted;
    let Received { bytes, places } = body;
    let decoded = match decode(&encoding, &bytes).await {
        Ok(decoded) => decoded,
        Err(fault) => return Answer::Fault(fault),
    };
    let site = agreed_key(shown.key.as_ref(), decoded.keys()).and_then(|key| site_of(&ingest, &key));
    let answer = match site.and_then(|site| Ok((site, dataset_of(site, &dataset)?))) {
        Ok((site, dataset)) => {
            let taken = Taken { source, site, dataset, unknown_in_query: shown.unknown };
            take_events(&ingest, &taken, &decoded).await
        }
        Err(fault) => Answer::Fault(fault),
    };
    // Raw values live as long as the request's room is held, and no longer.
    drop(places);
    answer
}

async fn take_events(ingest: &Ingest, taken: &Taken<'_>, decoded: &Decoded<'_>) -> Answer {
    let Taken { source, site, dataset, unknown_in_query } = *taken;
    let events = match decoded.events() {
        Ok(events) => events,
        Err(fault) => return Answer::Fault(fault),
    };
    let mut envelope = decoded.envelope();
    envelope.unknown += unknown_in_query;
    let (envelope, report) = sanitize_envelope(&envelope, ingest.test_datasets.contains(dataset));
    let received_ms = ingest.clock.unix_ms();
    let mut outcomes = sanitize_all(ingest, site, dataset, &events, received_ms / 1000).await;
    outcomes.add_report(report);
    let survivors = outcomes.take_survivors();
    let appended = if survivors.is_empty() {
        None
    } else {
        let append = Append {
            site: Arc::clone(&site.id),
            dataset: Arc::clone(dataset),
            envelope,
            policy: Arc::clone(&site.policy),
            events: survivors,
            received_ms,
        };
        Some(ingest.outbox.append(append).await)
    };
    outcomes.count(&site.counters, source, events.len(), appended.as_ref().is_some_and(Result::is_ok));
    match appended {
        None => outcomes.summary().answer(source, None),
        Some(Ok(receipt)) => {
            if ingest.storing_fails.swap(false, Ordering::Relaxed) {
                tracing::info!("events are stored again");
            }
            outcomes.summary().answer(source, Some(&receipt))
        }
        Some(Err(error)) => {
            // Said once, not for every request of a flood; the metric counts them.
            if !matches!(error, OutboxError::Full) && !ingest.storing_fails.swap(true, Ordering::Relaxed) {
                tracing::error!(%error, "events cannot be stored and are turned away");
            }
            Answer::Fault(Fault::NotNow)
        }
    }
}

/// Leads every event through the filter.
async fn sanitize_all(ingest: &Ingest, site: &Site, dataset: &str, events: &[&RawValue], now_secs: u64) -> Outcomes {
    let mut outcomes = Outcomes::default();
    for (index, event) in events.iter().enumerate() {
        if index > 0 && index % EVENTS_IN_A_ROW == 0 {
            tokio::task::yield_now().await;
        }
        let context = Context { dataset, now_secs, fresh_id: ingest.chance.bytes(), pseudonyms: &ingest.pseudonyms };
        outcomes.add(index, sanitize(&site.policy, &context, event.get()));
    }
    outcomes
}
