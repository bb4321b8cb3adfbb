//! The way of a request: key, encoding, body, events; each event sanitized; the survivors appended; then the answer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::Request;
use portcullis_filters::event::{SanitizedEvent, sanitize_envelope};
use portcullis_filters::pipeline::{Context, Outcome, sanitize};
use portcullis_filters::report::{DropReason, Report, StageName};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::value::RawValue;

use super::decode::{Decoded, decode};
use super::door::{self, Encoding, Received};
use super::respond::{Answer, Fault, Summary, TraceId};
use super::{Ingest, Site};
use crate::outbox::{Append, OutboxError};
use crate::telemetry::site::{Fates, SiteCounters};

/// After so many events the rest of a large request lets others have a turn.
const EVENTS_IN_A_ROW: usize = 16;
/// How long an answer waits, mostly for the disk. The append goes on, and is counted, after the caller was told to try again.
const ANSWER_DEADLINE: Duration = Duration::from_secs(10);

/// Takes a request and says what it is answered.
pub(super) async fn receive(ingest: &Arc<Ingest>, dataset: &str, request: Request, trace: TraceId) -> Answer {
    let admitted = match admit(ingest, dataset, request).await {
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
    dataset: Box<str>,
    key: Option<SecretString>,
    encoding: Encoding,
    body: Received,
}

/// Everything before the first look into the body. A key outside the body is checked before a byte of it is read.
async fn admit(ingest: &Ingest, dataset: &str, request: Request) -> Result<Admitted, Fault> {
    let (parts, body) = request.into_parts();
    let key = door::key_outside_body(&parts)?;
    if let Some(key) = &key {
        let site = site_of(ingest, key)?;
        dataset_of(site, dataset)?;
    }
    let encoding = door::encoding(&parts.headers)?;
    let body = ingest.door.read(&parts.headers, body, key.is_some()).await?;
    Ok(Admitted { dataset: dataset.into(), key, encoding, body })
}

fn site_of<'i>(ingest: &'i Ingest, key: &SecretString) -> Result<&'i Site, Fault> {
    ingest.keys.site_of(key.expose_secret()).and_then(|site| ingest.sites.get(site)).ok_or(Fault::BadKey)
}

fn dataset_of<'s>(site: &'s Site, dataset: &str) -> Result<&'s Arc<str>, Fault> {
    site.datasets.iter().find(|own| own.as_ref() == dataset).ok_or(Fault::ForeignDataset)
}

/// The key of a request: outside its body, in it, or both alike.
fn agreed_key(outside: Option<SecretString>, inside: Option<SecretString>) -> Result<SecretString, Fault> {
    match (outside, inside) {
        (Some(outside), Some(inside)) if outside.expose_secret() != inside.expose_secret() => Err(Fault::KeysDisagree),
        (Some(key), _) | (None, Some(key)) => Ok(key),
        (None, None) => Err(Fault::BadKey),
    }
}

async fn take(ingest: Arc<Ingest>, admitted: Admitted) -> Answer {
    let Admitted { dataset, key, encoding, body } = admitted;
    let Received { bytes, places } = body;
    let decoded = match decode(encoding, &bytes) {
        Ok(decoded) => decoded,
        Err(fault) => return Answer::Fault(fault),
    };
    let site = agreed_key(key, decoded.key()).and_then(|key| site_of(&ingest, &key));
    let answer = match site.and_then(|site| Ok((site, dataset_of(site, &dataset)?))) {
        Ok((site, dataset)) => take_events(&ingest, site, dataset, &decoded).await,
        Err(fault) => Answer::Fault(fault),
    };
    // Raw values live as long as the request's room is held, and no longer.
    drop(places);
    answer
}

async fn take_events(ingest: &Ingest, site: &Site, dataset: &Arc<str>, decoded: &Decoded<'_>) -> Answer {
    let events = match decoded.events() {
        Ok(events) => events,
        Err(fault) => return Answer::Fault(fault),
    };
    let allow_test_events = ingest.test_datasets.contains(dataset);
    let (envelope, report) = sanitize_envelope(&decoded.envelope(), allow_test_events);
    let received_ms = ingest.clock.unix_ms();
    let mut passed = sanitize_all(ingest, site, dataset, &events, received_ms / 1000).await;
    passed.reports.push(report);
    let survivors = std::mem::take(&mut passed.survivors);
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
    passed.count(&site.counters, events.len(), appended.as_ref().is_some_and(Result::is_ok));
    match appended {
        None => passed.summary.answer(None),
        Some(Ok(receipt)) => {
            if ingest.storing_fails.swap(false, Ordering::Relaxed) {
                tracing::info!("events are stored again");
            }
            passed.summary.answer(Some(&receipt))
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

/// What the filter made of the events of a request.
#[derive(Default)]
struct Passed {
    survivors: Vec<SanitizedEvent>,
    summary: Summary,
    reports: Vec<Report>,
    dropped: BTreeMap<(StageName, DropReason), u64>,
}

impl Passed {
    /// Counts everything in one go, when it is known whether the survivors are durable.
    fn count(&self, counters: &SiteCounters, received: usize, durable: bool) {
        let survived = self.summary.forwarded as u64;
        let (accepted, turned_away) = if durable { (survived, 0) } else { (0, survived) };
        let (received, refused) = (received as u64, self.summary.refused as u64);
        counters.count(Fates { received, refused, turned_away, accepted });
        for ((stage, reason), events) in &self.dropped {
            counters.count_dropped(stage.as_str(), reason.as_str(), *events);
        }
        for report in &self.reports {
            counters.count_report(report);
        }
    }
}

/// Leads every event through the filter.
async fn sanitize_all(ingest: &Ingest, site: &Site, dataset: &str, events: &[&RawValue], now_secs: u64) -> Passed {
    let mut passed = Passed { survivors: Vec::with_capacity(events.len()), ..Passed::default() };
    for (index, event) in events.iter().enumerate() {
        if index > 0 && index % EVENTS_IN_A_ROW == 0 {
            tokio::task::yield_now().await;
        }
        let context = Context { dataset, now_secs, fresh_id: ingest.chance.bytes(), pseudonyms: &ingest.pseudonyms };
        match sanitize(&site.policy, &context, event.get()) {
            Outcome::Forward(sanitized, report) => {
                passed.reports.push(report);
                passed.summary.forwarded += 1;
                passed.survivors.push(sanitized);
            }
            Outcome::Drop(stage, reason, report) => {
                passed.reports.push(report);
                *passed.dropped.entry((stage, reason)).or_default() += 1;
                passed.summary.drop(reason.as_str());
            }
            Outcome::Refuse(refusal) => passed.summary.refuse(index, refusal),
        }
    }
    passed
}
