//! The way of a request: key, encoding, body, events; each event sanitized; the survivors appended; then the answer.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::Request;
use axum::http::request::Parts;
use portcullis_filters::event::{SanitizedEnvelope, sanitize_envelope};
use portcullis_filters::pipeline::{Context, sanitize};
use secrecy::{ExposeSecret, SecretString};
use serde_json::value::RawValue;

use super::Ingest;
use super::decode::decode;
use super::door::{self, Received, Shown};
use super::encoding::{Compression, Encoding};
use super::outcomes::Outcomes;
use super::respond::{Answer, Fault, TraceId};
use super::sites::{Site, Sites};
use super::steadfast::{Panicked, Steadfast};
use crate::outbox::{Append, OutboxError, Receipt};
use crate::telemetry::site::Source;
use crate::telemetry::traces::{Arrival, Key, Name, Span};

/// After so many events the rest of a large request lets others have a turn.
const EVENTS_IN_A_ROW: usize = 16;
/// The same for large events: what they cost goes by their length.
const BYTES_IN_A_ROW: usize = 64 * 1024;
/// How long an answer waits, mostly for the disk. The append goes on, and is counted, after the caller was told to try again.
const ANSWER_DEADLINE: Duration = Duration::from_secs(10);

/// What is known of a request before it is read.
pub(super) struct Incoming<'r> {
    /// The form of the endpoint.
    pub(super) source: Source,
    /// To whom it is addressed.
    pub(super) dataset: &'r str,
    /// Who called.
    pub(super) caller: IpAddr,
    /// When it came, for its span.
    pub(super) arrival: Arrival,
    /// By which it can be asked about: it stands in the answer.
    pub(super) trace: TraceId,
}

/// Takes a request and says what it is answered. Its span is begun once its site is known, and ended by the caller.
pub(super) async fn receive(ingest: &Arc<Ingest>, incoming: Incoming<'_>, request: Request) -> (Answer, Span) {
    let trace = incoming.trace;
    let admitted = match admit(ingest, incoming, request).await {
        Ok(admitted) => admitted,
        Err(fault) => return (Answer::Fault(fault), Span::none()),
    };
    // From here on a caller that hangs up cancels nothing half-way, so what is committed is counted as accepted.
    let work = Steadfast::new(take(Arc::clone(ingest), admitted), &ingest.tracker);
    match tokio::time::timeout(ANSWER_DEADLINE, work).await {
        Ok(Ok(answer)) => return answer,
        Ok(Err(Panicked)) => {
            if let Some(left_out) = ingest.panics.may_be_said(ingest.clock.unix_ms()) {
                tracing::error!(%trace, left_out, "a request ended in a panic");
            }
        }
        Err(_) => {
            if let Some(left_out) = ingest.late.may_be_said(ingest.clock.unix_ms()) {
                tracing::error!(%trace, left_out, "a request could not be finished in time");
            }
        }
    }
    (Answer::Fault(Fault::Unsure), Span::none())
}

/// A request that was read whole.
struct Admitted {
    source: Source,
    dataset: Box<str>,
    arrival: Arrival,
    /// The sites as they were when it came.
    sites: Arc<Sites>,
    shown: Shown,
    encoding: Encoding,
    body: Received,
}

/// What the head of a request tells.
struct Head {
    shown: Shown,
    encoding: Encoding,
    compression: Option<Compression>,
}

/// Everything before the first look into the body. A key outside the body is checked before a byte of it is read, and nothing is
/// decompressed for a stranger.
async fn admit(ingest: &Ingest, incoming: Incoming<'_>, request: Request) -> Result<Admitted, Fault> {
    let Incoming { source, dataset, caller, arrival, trace: _ } = incoming;
    let sites = ingest.sites.load_full();
    let (parts, body) = request.into_parts();
    let Head { shown, encoding, compression } = match head(&sites, dataset, &parts) {
        Ok(head) => head,
        Err(fault) => {
            door::leave(&parts.headers, body).await;
            return Err(fault);
        }
    };
    let stranger = shown.key.is_none().then_some(caller);
    let body = ingest.door.read(&parts.headers, body, stranger, compression).await?;
    Ok(Admitted { source, dataset: dataset.into(), arrival, sites, shown, encoding, body })
}

fn head(sites: &Sites, dataset: &str, parts: &Parts) -> Result<Head, Fault> {
    let shown = Shown::in_head(parts)?;
    if let Some(key) = &shown.key {
        let site = site_of(sites, key)?;
        dataset_of(site, dataset)?;
        site.may_send().map_err(Fault::too_many)?;
    }
    let encoding = Encoding::of(&parts.headers)?;
    let compression = Compression::of(&parts.headers)?;
    if compression.is_some() && shown.key.is_none() {
        return Err(Fault::CompressedByStranger);
    }
    Ok(Head { shown, encoding, compression })
}

fn site_of<'s>(sites: &'s Sites, key: &SecretString) -> Result<&'s Site, Fault> {
    sites.of_key(key.expose_secret()).ok_or(Fault::BadKey)
}

fn dataset_of<'s>(site: &'s Site, dataset: &str) -> Result<&'s Arc<str>, Fault> {
    site.dataset(dataset).ok_or(Fault::ForeignDataset)
}

/// The key of a request: outside its body, in it, or everywhere alike.
fn agreed_key<'k>(
    outside: Option<&'k SecretString>,
    mut inside: impl Iterator<Item = &'k str>,
) -> Result<SecretString, Fault> {
    let first = outside.map(ExposeSecret::expose_secret).or_else(|| inside.next()).ok_or(Fault::BadKey)?;
    if inside.all(|other| other == first) { Ok(first.into()) } else { Err(Fault::KeysDisagree) }
}

async fn take(ingest: Arc<Ingest>, admitted: Admitted) -> (Answer, Span) {
    let Received { bytes, mut places } = admitted.body;
    let request = Unfiltered {
        source: admitted.source,
        dataset: &admitted.dataset,
        shown: &admitted.shown,
        encoding: &admitted.encoding,
        body: &bytes,
    };
    let mut span = Span::none();
    let filtered = match filter(&ingest, &admitted.sites, request, admitted.arrival, &mut span).await {
        Ok(filtered) => filtered,
        Err(fault) => return (Answer::Fault(fault), span),
    };
    // Raw values live no longer than this; the room that is kept is that of what leaves.
    drop(bytes);
    places.keep(filtered.outcomes.bytes());
    let answer = store(&ingest, filtered, &span).await;
    drop(places);
    (answer, span)
}

/// A request whose body nobody has looked into.
struct Unfiltered<'r> {
    source: Source,
    dataset: &'r str,
    shown: &'r Shown,
    encoding: &'r Encoding,
    body: &'r [u8],
}

/// A request whose events were led through the filter.
struct Filtered<'i> {
    source: Source,
    site: &'i Site,
    dataset: &'i Arc<str>,
    received: usize,
    received_ms: u64,
    envelope: SanitizedEnvelope,
    outcomes: Outcomes,
}

/// Takes a body apart and leads its events through the filter. `span` is begun as soon as it is known whose request it is.
async fn filter<'s>(
    ingest: &Ingest,
    sites: &'s Sites,
    request: Unfiltered<'_>,
    arrival: Arrival,
    span: &mut Span,
) -> Result<Filtered<'s>, Fault> {
    let Unfiltered { source, dataset, shown, encoding, body } = request;
    let decoded = decode(encoding, body).await?;
    let site = site_of(sites, &agreed_key(shown.key.as_ref(), decoded.keys())?)?;
    let dataset = dataset_of(site, dataset)?;
    *span = arrival.begin(source.as_str(), &site.id, dataset);
    span.count(Key::Bytes, body.len());
    let events = decoded.events()?;
    span.count(Key::Events, events.len());
    if ingest.suppressions.is_blind() {
        // Nobody knows whose events may leave. Their callers come again with them.
        return Err(Fault::NotNow);
    }
    site.send(events.len(), &ingest.rates).await.map_err(Fault::too_many)?;
    let mut envelope = decoded.envelope();
    envelope.unknown += shown.unknown;
    let (envelope, report) = sanitize_envelope(&envelope, sites.takes_test_events(dataset));
    site.counters.count_report(&report);
    let received_ms = ingest.clock.unix_ms();
    let outcomes = sanitize_all(span.child(Name::Sanitize), ingest, site, dataset, &events, received_ms / 1000).await;
    Ok(Filtered { source, site, dataset, received: events.len(), received_ms, envelope, outcomes })
}

/// Makes the survivors durable, counts what became of all events, and answers.
async fn store(ingest: &Ingest, filtered: Filtered<'_>, span: &Span) -> Answer {
    let Filtered { source, site, dataset, received, received_ms, envelope, mut outcomes } = filtered;
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
        Some(append_in(span.child(Name::Append), ingest, append).await)
    };
    outcomes.count(&site.counters, source, received, appended.as_ref().and_then(|appended| appended.as_ref().ok()));
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

/// Hands events to the outbox, and says how that went.
async fn append_in(mut span: Span, ingest: &Ingest, append: Append) -> Result<Receipt, OutboxError> {
    span.count(Key::Events, append.events.len());
    // Before they are handed over: they can be on their way to Meta by the time that the receipt is here.
    if let Some(first) = append.events.first() {
        span.stored(first.as_str());
    }
    let timer = ingest.metrics.append_seconds.start_timer();
    let appended = ingest.outbox.append(append).await;
    timer.observe_duration();
    match &appended {
        Ok(receipt) => span.count(Key::Duplicates, receipt.duplicates()),
        Err(_) => span.fail(),
    }
    appended
}

/// Leads every event through the filter.
async fn sanitize_all(
    mut span: Span,
    ingest: &Ingest,
    site: &Site,
    dataset: &str,
    events: &[&RawValue],
    now_secs: u64,
) -> Outcomes {
    let large =
        events.len() > EVENTS_IN_A_ROW || events.iter().map(|event| event.get().len()).sum::<usize>() > BYTES_IN_A_ROW;
    // Large requests take turns, as many at a time as there are cores: more would only have more in memory.
    let _turn = if large { ingest.turns.acquire().await.ok() } else { None };
    let timer = site.counters.time_filters();
    let mut outcomes = Outcomes::of(events.len());
    let mut bytes = 0;
    for (index, event) in events.iter().enumerate() {
        if index > 0 && (index % EVENTS_IN_A_ROW == 0 || bytes > BYTES_IN_A_ROW) {
            tokio::task::yield_now().await;
            bytes = 0;
        }
        bytes += event.get().len();
        let context = Context {
            dataset,
            now_secs,
            fresh_id: ingest.chance.bytes(),
            pseudonyms: &ingest.pseudonyms,
            suppressed: &ingest.suppressions,
        };
        if let Some(report) = outcomes.add(index, sanitize(&site.policy, &context, event.get())) {
            site.counters.count_report(&report);
        }
    }
    timer.observe_duration();
    span.count(Key::Events, events.len());
    span.count(Key::Forwarded, outcomes.forwarded());
    outcomes
}
