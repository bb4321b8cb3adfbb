//! The loop of one worker: its turn, wait, lease, then send (`send`).
//!
//! Of a dataset's workers only the one whose turn it is looks at the gate and the outbox; it passes the turn on before it
//! sends. A probe keeps the turn until its end, so nothing else goes before the gate has heard of it. A request's permit is
//! taken before the lease and kept until the settling: it pays for the memory as well.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;

use super::Sink;
use super::batch::Limits;
use super::gate::{Gate, Pass, Ticket};
use super::readmit::Sites;
use crate::clock::{Clock, millis};
use crate::outbox::{AnyOutbox, Lease, LeaseRequest, OutboxError};
use crate::telemetry::metrics::Metrics;

/// The slow poll: a net under the wake-ups, and the longest sleep between two looks at the clock.
pub(crate) const POLL: Duration = Duration::from_secs(5);

/// The pause after the outbox said that something is due and then leased nothing.
const EMPTY_PAUSE: Duration = Duration::from_millis(100);

/// A lingering worker looks this often whether its batch is full.
const LINGER_STEPS: u32 = 4;

/// Times and sizes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tuning {
    /// How long an event may wait for others.
    pub(crate) linger: Duration,
    /// How large a request may be.
    pub(crate) limits: Limits,
    /// How long a lease lasts.
    pub(crate) lease: Duration,
    /// How long a request may take.
    pub(crate) request_timeout: Duration,
    /// How long a request in hand may still take after the stop.
    pub(crate) stop_grace: Duration,
}

impl Tuning {
    /// What must be left of a lease when a request starts: the request and the settling.
    pub(crate) fn time_for_a_request(&self) -> Duration {
        self.request_timeout.saturating_add(Duration::from_secs(1))
    }
}

/// What the workers of one dataset share.
#[derive(Debug)]
pub(crate) struct Lane<S> {
    /// Whose events.
    pub(crate) dataset: Arc<str>,
    /// Where they are kept.
    pub(crate) outbox: AnyOutbox,
    /// Who may send.
    pub(crate) sites: Arc<Sites>,
    /// Where they go.
    pub(crate) sink: Arc<S>,
    /// Whether they may go.
    pub(crate) gate: Arc<Gate>,
    /// One worker at a time looks.
    pub(crate) turn: Arc<Semaphore>,
    /// Requests at once, over all datasets.
    pub(crate) requests: Arc<Semaphore>,
    /// Times and sizes.
    pub(crate) tuning: Tuning,
    /// What is counted.
    pub(crate) metrics: Metrics,
    /// The time.
    pub(crate) clock: Clock,
    /// When to end.
    pub(crate) stop: CancellationToken,
}

/// Groups in hand, and what was granted for sending them.
#[derive(Debug)]
pub(crate) struct Round {
    /// The groups; not empty.
    pub(crate) leases: Vec<Lease>,
    /// When the first of their leases ends, in milliseconds since 1970.
    pub(crate) until_ms: u64,
    /// The gate's pass.
    pub(crate) ticket: Ticket,
    /// The permit for the request, kept until the settling.
    _request: OwnedSemaphorePermit,
    /// The turn, kept if this is a probe.
    _turn: Option<OwnedSemaphorePermit>,
}

impl<S: Sink> Lane<S> {
    /// Sends until the stop.
    pub(crate) async fn run(self: Arc<Self>) {
        while let Some(round) = self.next_round().await {
            self.send(round).await;
        }
    }

    /// Waits for a turn, for events and for a permit, and leases. `None` at the stop.
    async fn next_round(&self) -> Option<Round> {
        let turn = self.or_stop(self.turn.clone().acquire_owned()).await?.ok()?;
        loop {
            self.wait_until_due().await?;
            let request = self.or_stop(self.requests.clone().acquire_owned()).await?.ok()?;
            // Asked after the wait for the permit: the gate may have closed meanwhile.
            let (ticket, probe) = match self.gate.look(self.clock.unix_ms()) {
                Pass::Open(ticket) => (ticket, false),
                Pass::Probe(ticket) => (ticket, true),
                Pass::ClosedUntil(_) => continue,
            };
            let until_ms = self.clock.unix_ms().saturating_add(millis(self.tuning.lease));
            let leases = self.lease(until_ms).await?;
            if leases.is_empty() {
                drop(request);
                self.or_stop(tokio::time::sleep(EMPTY_PAUSE)).await?;
                continue;
            }
            return Some(Round { leases, until_ms, ticket, _request: request, _turn: probe.then_some(turn) });
        }
    }

    /// Returns once the gate lets something through and something is there to be sent. `None` at the stop.
    async fn wait_until_due(&self) -> Option<()> {
        let mut changed = self.outbox.changed();
        loop {
            // Registered before the look: what is appended after it wakes us.
            changed.borrow_and_update();
            let now_ms = self.clock.unix_ms();
            if let Pass::ClosedUntil(until_ms) = self.gate.look(now_ms) {
                self.or_stop(tokio::time::sleep(nap(now_ms, Some(until_ms)))).await?;
                continue;
            }
            let due_ms = match self.outbox.next_due_ms(&self.dataset, now_ms).await {
                Ok(Some(due_ms)) if due_ms <= now_ms && !self.stop.is_cancelled() => return Some(()),
                Ok(due_ms) => due_ms,
                Err(error) => {
                    self.outbox_failed("next_due_ms", &error)?;
                    None
                }
            };
            self.or_stop(change_or(&mut changed, nap(now_ms, due_ms))).await?;
        }
    }

    /// Leases what is there and lingers for more, unless a batch is full. `None` at the stop, with nothing in hand.
    async fn lease(&self, until_ms: u64) -> Option<Vec<Lease>> {
        let limits = self.tuning.limits;
        let step = (self.tuning.linger / LINGER_STEPS).max(Duration::from_millis(1));
        let started_ms = self.clock.unix_ms();
        let mut hand = Hand::default();
        loop {
            let now_ms = self.clock.unix_ms();
            let request = LeaseRequest {
                dataset: self.dataset.clone(),
                max_events: limits.events.saturating_sub(hand.events),
                max_bytes: limits.bytes.saturating_sub(hand.bytes),
                now_ms,
                until_ms,
            };
            match self.outbox.lease(request).await {
                Ok(leased) => {
                    hand.is_full = leased.more;
                    // Rows that the outbox could not read; they are in quarantine already.
                    let unreadable = self.metrics.events_quarantined.with_label_values(&[&*self.dataset, "unreadable"]);
                    unreadable.inc_by(leased.quarantined);
                    self.metrics.events_purged.with_label_values(&[&*self.dataset]).inc_by(leased.purged);
                    hand.take(leased.leases);
                }
                Err(error) => {
                    self.outbox_failed("lease", &error)?;
                    if hand.leases.is_empty() {
                        self.or_stop(tokio::time::sleep(POLL)).await?;
                    }
                    // What is in hand can still be sent.
                    break;
                }
            }
            // Never longer than from now on, in case the clock was set back since the receipt.
            let send_at_ms = hand.oldest_received_ms.min(started_ms).saturating_add(millis(self.tuning.linger));
            let full = hand.is_full || hand.events >= limits.events || hand.bytes >= limits.bytes;
            if full || hand.leases.is_empty() || now_ms >= send_at_ms {
                break;
            }
            let wait = Duration::from_millis(send_at_ms - now_ms).min(step);
            if self.or_stop(tokio::time::sleep(wait)).await.is_none() {
                break;
            }
        }
        if self.stop.is_cancelled() {
            for lease in hand.leases {
                self.release(lease).await;
            }
            return None;
        }
        Some(hand.leases)
    }

    /// Gives a lease back. If that fails it comes back by itself when its time is over.
    pub(crate) async fn release(&self, lease: Lease) {
        if let Err(error) = self.outbox.release(lease).await {
            tracing::warn!(dataset = &*self.dataset, %error, "a lease cannot be given back; it ends by itself");
        }
    }

    /// Tells of a failure of the outbox. `None` if it is closed, which ends the worker.
    fn outbox_failed(&self, call: &'static str, error: &OutboxError) -> Option<()> {
        if matches!(error, OutboxError::Closed) {
            return None;
        }
        tracing::error!(dataset = &*self.dataset, call, %error, "the outbox did not give work");
        Some(())
    }

    /// The future's result, or `None` at the stop.
    pub(crate) async fn or_stop<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        self.stop.run_until_cancelled(future).await
    }
}

/// Leases in hand.
#[derive(Debug)]
struct Hand {
    leases: Vec<Lease>,
    events: usize,
    bytes: usize,
    /// Whether the next group did not fit any more.
    is_full: bool,
    oldest_received_ms: u64,
}

impl Default for Hand {
    fn default() -> Self {
        Self { leases: Vec::new(), events: 0, bytes: 0, is_full: false, oldest_received_ms: u64::MAX }
    }
}

impl Hand {
    fn take(&mut self, leases: Vec<Lease>) {
        for lease in &leases {
            self.events += lease.count();
            self.bytes += lease.bodies.len();
            self.oldest_received_ms = self.oldest_received_ms.min(lease.received_ms);
        }
        self.leases.extend(leases);
    }
}

/// How long to sleep until that time, at most as long as the slow poll.
fn nap(now_ms: u64, until_ms: Option<u64>) -> Duration {
    until_ms.map_or(POLL, |until_ms| Duration::from_millis(until_ms.saturating_sub(now_ms).max(1)).min(POLL))
}

async fn change_or(changed: &mut watch::Receiver<u64>, timeout: Duration) {
    // A sender that is gone never changes again; the poll goes on.
    if let Ok(Err(_)) = tokio::time::timeout(timeout, changed.changed()).await {
        tokio::time::sleep(timeout).await;
    }
}
