//! How events come in: the stand-in for Meta's endpoint.
//!
//! `caller` tells who sends. A request is led through `door` (key, encoding, room in memory, whole body in time, decompressed),
//! `decode` (body to envelope and events) and `events` (sanitize, append, answer). `respond` has every answer, in the shape of
//! Meta's Graph API, because Meta's SDKs fail on anything else. A 2xx is made from an outbox's receipt and from nothing else.

mod caller;
mod door;
mod encoding;
mod inflate;
mod keys;
mod rate;
mod room;
mod sites;

mod decode;

mod events;
mod outcomes;
mod steadfast;

mod respond;

#[doc(hidden)]
pub mod fuzz;

#[cfg(test)]
mod tests;

pub use rate::Rates;

use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arc_swap::ArcSwap;
use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::post;
use portcullis_filters::pseudonym::PseudonymKey;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::chance::Chance;
use crate::clock::Clock;
use crate::config::Config;
use crate::listener::Crowded;
use crate::outbox::AnyOutbox;
use crate::suppression::Suppressions;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::seldom::Seldom;
use crate::telemetry::site::Source;
use crate::telemetry::traces::{Key, Span, Tracer};
use caller::Callers;
use door::Door;
use respond::{Answer, Fault, TraceId};
use sites::Sites;

/// Everything a request meets.
#[derive(Debug)]
pub struct Ingest {
    callers: Callers,
    door: Door,
    sites: ArcSwap<Sites>,
    pseudonyms: PseudonymKey,
    suppressions: Suppressions,
    outbox: AnyOutbox,
    metrics: Metrics,
    tracer: Tracer,
    clock: Clock,
    chance: Chance,
    rates: Rates,
    requests: TaskTracker,
    /// Large requests that are led through the filter at once.
    turns: Semaphore,
    /// Whether the last attempt to store something failed, so that the log says it once.
    storing_fails: AtomicBool,
    panics: Seldom,
    late: Seldom,
}

impl Ingest {
    /// `requests` owns the requests that are being answered, also when their callers have gone.
    #[expect(clippy::too_many_arguments, reason = "the parts that a request meets, each handed in")]
    pub fn new(
        config: &Config,
        pseudonyms: PseudonymKey,
        suppressions: Suppressions,
        outbox: AnyOutbox,
        metrics: Metrics,
        tracer: Tracer,
        clock: Clock,
        chance: Chance,
        rates: Rates,
        requests: TaskTracker,
    ) -> Self {
        Self {
            callers: Callers::new(&config.server),
            door: Door::new(&config.server),
            sites: ArcSwap::from_pointee(Sites::new(config, &metrics, None)),
            pseudonyms,
            suppressions,
            outbox,
            metrics,
            tracer,
            clock,
            chance,
            rates,
            requests,
            turns: Semaphore::new(std::thread::available_parallelism().map_or(1, NonZero::get)),
            storing_fails: AtomicBool::new(false),
            panics: Seldom::default(),
            late: Seldom::default(),
        }
    }

    /// Takes the sites and datasets of another configuration. Requests in hand go on with those that they began with.
    pub fn apply(&self, config: &Config) {
        let sites = Sites::new(config, &self.metrics, Some(&self.sites.load()));
        self.sites.store(Arc::new(sites));
    }

    /// The routes of the listener for callers. Any version is taken, as Meta takes any; the outgoing one is configured.
    pub fn router(self: Arc<Self>) -> Router {
        Router::new()
            .route("/{version}/{dataset}/events", post(versioned))
            .route("/capi/{dataset}/events", post(capi_gateway))
            .route("/{dataset}/events", post(unversioned))
            .route("/{version}/{app}/instruments", post(instruments))
            .fallback(unknown_path)
            .method_not_allowed_fallback(unknown_method)
            .with_state(self)
    }

    /// Counts an answer and gives it its trace id.
    fn answer(&self, route: &'static str, answer: Answer, trace: TraceId) -> Response {
        let response = answer.into_response(trace);
        let status = match response.status().as_u16() {
            200..=299 => "2xx",
            400..=499 => "4xx",
            _ => "5xx",
        };
        self.metrics.requests.with_label_values(&[route, status]).inc();
        response
    }
}

async fn versioned(
    State(ingest): State<Arc<Ingest>>,
    path: Result<Path<(String, String)>, PathRejection>,
    request: Request,
) -> Response {
    match path {
        Ok(Path((version, dataset))) if is_version(&version) => receive(ingest, Source::Graph, dataset, request).await,
        _ => unknown_path(State(ingest), request).await,
    }
}

async fn unversioned(
    State(ingest): State<Arc<Ingest>>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    match path {
        Ok(Path(dataset)) => receive(ingest, Source::Graph, dataset, request).await,
        // Escapes that are no UTF-8: left to axum, the answer would have another shape than all others.
        Err(_) => unknown_path(State(ingest), request).await,
    }
}

/// The form of Meta's own gateway, which the clients of the PHP and Java SDKs speak.
async fn capi_gateway(
    State(ingest): State<Arc<Ingest>>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    match path {
        Ok(Path(dataset)) => receive(ingest, Source::CapiGateway, dataset, request).await,
        Err(_) => unknown_path(State(ingest), request).await,
    }
}

async fn receive(ingest: Arc<Ingest>, source: Source, dataset: String, request: Request) -> Response {
    let trace = TraceId::new(&ingest.chance);
    let timer = ingest.metrics.request_seconds.with_label_values(&[source.as_str()]).start_timer();
    let caller = ingest.callers.of(&request);
    let arrival = ingest.tracer.arrival(request.headers());
    let (answer, mut span) = if is_crowded(&request) {
        (Answer::Fault(Fault::NotNow), Span::none())
    } else if caller.came_readable {
        let (parts, body) = request.into_parts();
        door::leave(&parts.headers, body).await;
        (Answer::Fault(Fault::CameReadable), Span::none())
    } else {
        let incoming = events::Incoming { source, dataset: &dataset, caller: caller.address, arrival, trace };
        events::receive(&ingest, incoming, request).await
    };
    if let Some(reason) = answer.refuses_key() {
        ingest.callers.refused(caller, ingest.clock.unix_ms(), reason);
    }
    timer.observe_duration();
    let response = ingest.answer(source.as_str(), answer, trace);
    span.count(Key::Status, response.status().as_u16().into());
    if response.status().is_server_error() {
        span.fail();
    }
    response
}

/// Where the SDKs' crash reporter posts. It is answered as Meta would, and its body, which can hold anything, is never read.
async fn instruments(State(ingest): State<Arc<Ingest>>) -> Response {
    let trace = TraceId::new(&ingest.chance);
    ingest.answer("instruments", Answer::Instruments, trace)
}

async fn unknown_path(State(ingest): State<Arc<Ingest>>, request: Request) -> Response {
    unknown(&ingest, Fault::UnknownPath, request).await
}

async fn unknown_method(State(ingest): State<Arc<Ingest>>, request: Request) -> Response {
    unknown(&ingest, Fault::UnknownMethod, request).await
}

/// Whoever took a wrong address is told, also where events were sent there.
async fn unknown(ingest: &Ingest, fault: Fault, request: Request) -> Response {
    if !is_crowded(&request) {
        let (parts, body) = request.into_parts();
        door::leave(&parts.headers, body).await;
    }
    ingest.answer("unknown", Answer::Fault(fault), TraceId::new(&ingest.chance))
}

/// Whether too many requests are in hand, so that this one may wait for nothing.
fn is_crowded(request: &Request) -> bool {
    request.extensions().get::<Crowded>().is_some()
}

/// `v26.0`, as Meta writes it.
fn is_version(text: &str) -> bool {
    let digits = |text: &str, most| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.strip_prefix('v')
        .and_then(|rest| rest.split_once('.'))
        .is_some_and(|(major, minor)| digits(major, 3) && digits(minor, 2))
}
