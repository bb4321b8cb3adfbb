//! The story of one request: where it goes, what it holds, which fault it meets, what is checked, what is taken down.
//!
//! A fault with a `status` refuses the request and nothing of it counts as received. A fault without one leaves the decision
//! to the checks, and only delays or loses the answer: the sender then cannot know that its events arrived.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::http::request::Parts;
use hyper::{Method, Request};

use super::answer::{Answer, Graph, Refusal, Usage};
use super::faults::{Fault, Faults, Reset};
use super::ledger::Received;
use super::line::Cut;
use super::record::Record;
use super::request::{Address, Posted};
use super::tokens::Tokens;
use super::{check, control, request};
use crate::chance::Chance;
use crate::clock::Clock;

/// Largest body read. 1000 events as Meta's Python library writes them, each quote three bytes long, are about 3 MB.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

/// How long a body may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Everything that answering needs.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) clock: Clock,
    pub(super) chance: Chance,
    pub(super) tokens: Tokens,
    pub(super) faults: Faults,
    pub(super) received: Received,
    pub(super) record: Option<Record>,
    pub(super) count_only: bool,
}

impl Endpoint {
    /// Answers any request, or cuts its connection.
    pub(super) async fn answer(&self, request: Request<Incoming>, cut: &Cut) -> Answer {
        let (parts, body) = request.into_parts();
        if let Some(name) = parts.uri.path().strip_prefix(control::PREFIX) {
            return match read_body(body).await {
                Ok(body) => control::answer(self, &parts.method, name, &body),
                Err(refusal) => self.graph(None).refusal(&refusal),
            };
        }
        match Address::parse(parts.uri.path()) {
            Some(address) if parts.method == Method::POST => self.events(&parts, &address, body, cut).await,
            _ => self.graph(None).refusal(&Refusal::unknown_path()),
        }
    }

    /// What a request is told that is still in hand when the stand-in ends.
    pub(super) fn stopping(&self) -> Answer {
        self.graph(None).refusal(&Refusal::stopping())
    }

    /// A fresh answer of Meta's form.
    pub(super) fn graph(&self, version: Option<&str>) -> Graph {
        Graph::new(&self.chance, version)
    }

    async fn events(&self, parts: &Parts, address: &Address, body: Incoming, cut: &Cut) -> Answer {
        self.received.count_request();
        if self.faults.take_before_reading(&address.dataset, &self.chance) {
            self.received.count_fault();
            return lose_by(cut).await;
        }
        let graph = self.graph(Some(&address.version));
        let body = match read_body(body).await {
            Ok(body) => body,
            Err(refusal) => return self.refuse(graph, address, &refusal),
        };
        if let Some(record) = &self.record
            && let Err(error) = record.append(body.clone()).await
        {
            // Tests search the record; an incomplete one must not pass for a clean one.
            tracing::error!(%error, "simulator cannot record a request");
            return self.refuse(graph, address, &Refusal::cannot_record());
        }
        if self.count_only {
            return match request::count(&body) {
                Ok(count) => {
                    self.received.count_batch(&address.dataset, count);
                    graph.accepted(count)
                }
                Err(refusal) => self.refuse(graph, address, &refusal),
            };
        }

        let posted = request::read(parts, &body);
        let fault = self.faults.take(&address.dataset, posted.as_ref().ok(), &self.chance);
        if fault.is_some() {
            self.received.count_fault();
        }
        let fault = fault.unwrap_or_default();
        let graph = graph.with_usage(Usage::of(&fault));
        let answer = match fault.refusal() {
            Some(refusal) => fault.dress(self.refuse(graph, address, &refusal)),
            None => match self.decide(parts, address, posted) {
                Ok(count) => graph.accepted(count),
                Err(refusal) => self.refuse(graph, address, &refusal),
            },
        };
        deliver(answer, &fault, cut).await
    }

    /// Meta's decision: the whole batch, or nothing of it. Who shows another token learns nothing else.
    fn decide(&self, parts: &Parts, address: &Address, posted: Result<Posted, Refusal>) -> Result<usize, Refusal> {
        let shown_outside = request::outer_tokens(parts);
        let posted = match posted {
            Ok(posted) => posted,
            Err(refusal) => {
                // A token may also stand in the body that could not be read: then the body is what there is to complain of.
                if !shown_outside.is_empty() {
                    self.tokens.check(&address.dataset, &shown_outside)?;
                }
                return Err(refusal);
            }
        };
        self.tokens.check(&address.dataset, &posted.tokens)?;
        self.received.count_tokens(posted.token_places);
        let now_ms = self.clock.unix_ms();
        check::batch(&posted, now_ms)?;
        let count = posted.events.len();
        self.received.take_down(&Arc::from(address.dataset.as_str()), posted, now_ms);
        Ok(count)
    }

    fn refuse(&self, graph: Graph, address: &Address, refusal: &Refusal) -> Answer {
        self.received.count_refusal(&address.dataset, refusal);
        graph.refusal(refusal)
    }
}

/// Reads a whole body, bounded in size and time.
async fn read_body(body: Incoming) -> Result<Bytes, Refusal> {
    if body.size_hint().lower() > MAX_BODY_BYTES as u64 {
        return Err(Refusal::too_large());
    }
    #[expect(clippy::disallowed_methods, reason = "capped by Limited")]
    let reading = Limited::new(body, MAX_BODY_BYTES).collect();
    match tokio::time::timeout(BODY_TIMEOUT, reading).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refusal::too_large()),
        Ok(Err(_)) | Err(_) => Err(Refusal::incomplete()),
    }
}

/// Hands the answer over, late or never if the fault says so.
async fn deliver(answer: Answer, fault: &Fault, cut: &Cut) -> Answer {
    if fault.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
    }
    match fault.reset {
        Some(Reset::BeforeReading | Reset::AfterReading) => lose_by(cut).await,
        Some(Reset::WithinAnswer) => answer.map(|body| body.halved(cut.clone())),
        None if fault.hang => std::future::pending().await,
        None => answer,
    }
}

/// Cuts the connection: the line's owner drops it, and this future with it.
async fn lose_by(cut: &Cut) -> Answer {
    cut.now();
    std::future::pending().await
}
