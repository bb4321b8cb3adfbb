//! The loop of one dataset: wait, take a request, lease, then send (`send`).
//!
//! One at a time looks at the gate and the outbox, and each round is sent by a task of its own. A probe is waited for, so nothing
//! else goes before the gate has heard of it. A request's permit is taken before the lease and kept until the settling: it pays
//! for the memory as well. While refusals are held back, a round is one single event from somewhere in the backlog.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::Sink;
use super::batch::Limits;
use super::gate::{Pass, Ticket};
use super::lane::{Lane, Settings};
use super::lanes::Tasks;
use super::share::Permit;
use crate::clock::millis;
use crate::outbox::{Lease, LeaseRequest, SpreadRequest};
use crate::telemetry::traces::{Key, Span};

/// The slow poll: a net under the wake-ups, and the longest sleep between two looks at the clock.
pub(crate) const POLL: Duration = Duration::from_secs(5);

/// The pause after the outbox said that something is due and then leased nothing.
const EMPTY_PAUSE: Duration = Duration::from_millis(100);

/// Behind a backlog, one round in so many takes the newest events: they need not wait until the backlog is gone.
const FRESH_EVERY: u32 = 4;

/// A lingering lane looks this often whether its batch is full.
const LINGER_STEPS: u32 = 4;

/// Groups in hand, and what was granted for sending them.
#[derive(Debug)]
pub(crate) struct Round<S> {
    /// What held when it began.
    pub(crate) settings: Arc<Settings<S>>,
    /// How large its requests may be.
    pub(crate) limits: Limits,
    /// The groups; not empty.
    pub(crate) leases: Vec<Lease>,
    /// When the first of their leases ends, in milliseconds since 1970.
    pub(crate) until_ms: u64,
    /// The gate's pass.
    pub(crate) ticket: Ticket,
    /// Whether nothing else may go before the gate has heard of it.
    is_probe: bool,
    /// Whether one event alone is sent, and never set aside.
    pub(crate) is_alone: bool,
    /// Ends with the round.
    pub(crate) span: Span,
    /// The permit for the request, kept until the settling.
    _permit: Permit,
}

impl<S: Sink> Lane<S> {
    /// Sends until the stop.
    pub(crate) async fn run(self: Arc<Self>, tasks: Tasks) {
        let mut turn = 0_u32;
        while let Some(round) = self.next_round(turn).await {
            turn = turn.wrapping_add(1);
            if round.is_probe {
                // In a box, so that a lane that only waits does not hold room for all that sending needs.
                Box::pin(self.send(round)).await;
            } else {
                let lane = self.clone();
                tasks.spawn(async move { lane.send(round).await });
            }
        }
    }

    /// Waits for events and for a permit, and leases. `None` at the stop.
    async fn next_round(&self, turn: u32) -> Option<Round<S>> {
        loop {
            self.wait_until_due().await?;
            let settings = self.settings();
            let permit = self.or_retired(settings.share.take()).await??;
            // A reload may have come meanwhile.
            let settings = self.settings();
            // Asked after the wait for the permit: an answer may have come meanwhile.
            let (ticket, is_probe) = match self.gate.look(self.clock.unix_ms()) {
                Pass::Open(ticket) => (ticket, false),
                Pass::Probe(ticket) => (ticket, true),
                Pass::ClosedUntil(_) => continue,
            };
            if self.pace.pauses_until(self.clock.unix_ms()).is_some() {
                continue;
            }
            let is_alone = self.refusals.are_held();
            let limits = self.portion.of(settings.tuning.limits);
            let until_ms = self.clock.unix_ms().saturating_add(millis(settings.tuning.lease));
            let mut leases = Vec::new();
            if is_alone {
                leases = self.lease_one(until_ms).await?;
            } else if self.is_behind.load(Ordering::Relaxed) && turn % FRESH_EVERY == FRESH_EVERY - 1 {
                leases = self.lease_at(1000, limits, until_ms).await?;
            }
            if leases.is_empty() {
                // While refusals are held and nothing was found, there are none but such as may have killed the process.
                let alone = (Limits { events: 1, ..limits }, Duration::ZERO);
                let (limits, linger) = if is_alone { alone } else { (limits, settings.tuning.linger) };
                leases = self.lease(limits, linger, until_ms).await?;
            }
            if leases.is_empty() {
                drop(permit);
                self.or_retired(tokio::time::sleep(EMPTY_PAUSE)).await?;
                continue;
            }
            let is_probe = is_probe || is_alone;
            // And again during the linger.
            let settings = self.settings();
            let limits = self.portion.of(settings.tuning.limits);
            let span = self.begin_batch(&leases);
            return Some(Round { settings, limits, leases, until_ms, ticket, is_probe, is_alone, span, _permit: permit });
        }
    }

    fn begin_batch(&self, leases: &[Lease]) -> Span {
        let mut span = self.tracer.batch(&self.dataset, leases.iter().flat_map(Lease::events));
        span.count(Key::Groups, leases.len());
        span.count(Key::Events, leases.iter().map(Lease::count).sum());
        span
    }

    /// Returns once the gate and the pace let something through and something is there to be sent. `None` at the stop.
    async fn wait_until_due(&self) -> Option<()> {
        let mut changed = self.outbox.changed();
        loop {
            // Registered before the look: what is appended after it wakes us.
            changed.borrow_and_update();
            let now_ms = self.clock.unix_ms();
            if let Pass::ClosedUntil(until_ms) = self.gate.look(now_ms) {
                self.or_retired(self.wait_at_the_gate(nap(now_ms, Some(until_ms)))).await?;
                continue;
            }
            if let Some(until_ms) = self.pace.pauses_until(now_ms) {
                self.or_retired(tokio::time::sleep(nap(now_ms, Some(until_ms)))).await?;
                continue;
            }
            let due_ms = match self.outbox.next_due_ms(&self.dataset, now_ms).await {
                Ok(Some(due_ms)) if due_ms <= now_ms && !self.retired.is_cancelled() => return Some(()),
                Ok(due_ms) => due_ms,
                Err(error) => {
                    self.outbox_failed("next_due_ms", &error)?;
                    None
                }
            };
            self.or_retired(change_or(&mut changed, nap(now_ms, due_ms))).await?;
        }
    }

    /// Sleeps, unless the gate opens earlier because there are other credentials: a reload brought them, or their file did.
    async fn wait_at_the_gate(&self, nap: Duration) {
        if tokio::time::timeout(nap, self.gate.reopened()).await.is_err()
            && self.gate.waits_for_credentials()
            && self.settings().sink.refresh(&self.dataset).await
        {
            tracing::info!(dataset = &*self.dataset, "the file of its token holds another one, which is tried now");
            self.gate.try_now();
        }
    }

    /// Leases what is there and lingers for more, unless a batch is full. `None` at the stop, with nothing in hand.
    async fn lease(&self, limits: Limits, linger: Duration, until_ms: u64) -> Option<Vec<Lease>> {
        let step = (linger / LINGER_STEPS).max(Duration::from_millis(1));
        let started_ms = self.clock.unix_ms();
        let started = Instant::now();
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
                    self.is_behind.store(leased.more, Ordering::Relaxed);
                    self.count_found(&leased);
                    hand.take(leased.leases);
                }
                Err(error) => {
                    self.outbox_failed("lease", &error)?;
                    if hand.leases.is_empty() {
                        self.or_retired(tokio::time::sleep(POLL)).await?;
                    }
                    // What is in hand can still be sent.
                    break;
                }
            }
            // Never longer than from now on, in case the clock was set back since the receipt, or is now.
            let send_at_ms = hand.oldest_received_ms.min(started_ms).saturating_add(millis(linger));
            let full = hand.is_full || hand.events >= limits.events || hand.bytes >= limits.bytes;
            if full || hand.leases.is_empty() || now_ms >= send_at_ms || started.elapsed() >= linger {
                break;
            }
            let wait = Duration::from_millis(send_at_ms - now_ms).min(step);
            if self.or_retired(tokio::time::sleep(wait)).await.is_none() {
                break;
            }
        }
        self.unless_retired(hand.leases).await
    }

    /// Leases one group, half of the time the newest: what came in since the trouble began tells most about its end.
    async fn lease_one(&self, until_ms: u64) -> Option<Vec<Lease>> {
        let at_permille = if self.chance.below(2) == 0 { 1000 } else { self.chance.below(1000) };
        self.lease_at(at_permille, Limits { events: 1, bytes: 1 }, until_ms).await
    }

    /// Leases from that place of the backlog on towards older groups. `None` at the stop, with nothing in hand.
    async fn lease_at(&self, at_permille: u64, limits: Limits, until_ms: u64) -> Option<Vec<Lease>> {
        let request = SpreadRequest {
            dataset: self.dataset.clone(),
            at_permille,
            max_events: limits.events,
            max_bytes: limits.bytes,
            now_ms: self.clock.unix_ms(),
            until_ms,
        };
        match self.outbox.lease_at(request).await {
            Ok(leased) => {
                self.count_found(&leased);
                self.unless_retired(leased.leases).await
            }
            Err(error) => {
                self.outbox_failed("lease_at", &error)?;
                self.or_retired(tokio::time::sleep(POLL)).await?;
                Some(Vec::new())
            }
        }
    }

    async fn unless_retired(&self, leases: Vec<Lease>) -> Option<Vec<Lease>> {
        if !self.retired.is_cancelled() {
            return Some(leases);
        }
        for lease in leases {
            self.release(lease).await;
        }
        None
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
