//! Holds the sending of one dataset until a time.
//!
//! Open, closed until a time, then one probe; a success opens it. The wait grows with every failure in a row (`Backoff`).
//! Requests that were under way when the gate closed neither open it nor make the wait grow: they belong to an earlier epoch.
//! A gate lives in memory only: after a restart the retry times in the outbox still hold the groups that had failed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus::IntGaugeVec;
use tokio::sync::Notify;

use super::backoff::Backoff;
use crate::chance::Chance;
use crate::clock::millis;

/// Why a gate is closed: the closed list of the metric's label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// No answer: name, connection, TLS or time-out.
    Unreachable,
    /// Meta says that it is not able now.
    Unavailable,
    /// Meta's limits.
    RateLimited,
    /// The token, or the secret that proves it, is not taken.
    Token,
    /// The token may not do it.
    Permission,
    /// Meta blocks the sender for a while.
    Blocked,
    /// The dataset is not there, or not for this token.
    Dataset,
    /// Something answers that is not of Meta's form, or in a way that is not known.
    Unexpected,
    /// Event after event was refused for its content, all alike, and so were others from all over the backlog.
    RefusedAlike,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 9] = [
        Self::Unreachable,
        Self::Unavailable,
        Self::RateLimited,
        Self::Token,
        Self::Permission,
        Self::Blocked,
        Self::Dataset,
        Self::Unexpected,
        Self::RefusedAlike,
    ];

    /// Whether another token, another right of it or another dataset is the cure.
    fn asks_for_credentials(self) -> bool {
        match self {
            Self::Token | Self::Permission | Self::Blocked | Self::Dataset => true,
            Self::Unreachable | Self::Unavailable | Self::RateLimited | Self::Unexpected | Self::RefusedAlike => false,
        }
    }

    /// The word in metrics, the log and the readiness body.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Unavailable => "unavailable",
            Self::RateLimited => "rate_limited",
            Self::Token => "token",
            Self::Permission => "permission",
            Self::Blocked => "blocked",
            Self::Dataset => "dataset",
            Self::Unexpected => "unexpected",
            Self::RefusedAlike => "refused_alike",
        }
    }
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a look at the gate allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pass {
    /// Send.
    Open(Ticket),
    /// Send one batch and tell the gate what came of it before anybody else sends.
    Probe(Ticket),
    /// Look again at this time in milliseconds since 1970.
    ClosedUntil(u64),
}

/// Names the epoch in which a request was let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

/// The gate of one dataset.
#[derive(Debug)]
pub(crate) struct Gate {
    dataset: Arc<str>,
    chance: Chance,
    metric: IntGaugeVec,
    state: Mutex<State>,
    reopened: Notify,
}

#[derive(Debug)]
struct State {
    backoff: Backoff,
    /// Whether the dataset left the configuration, so that nothing is shown of it any more.
    retired: bool,
    epoch: u64,
    failures: u32,
    closed: Option<Hold>,
}

#[derive(Debug, Clone, Copy)]
struct Hold {
    cause: Cause,
    since_ms: u64,
    until_ms: u64,
}

impl Gate {
    /// An open gate.
    pub(crate) fn new(dataset: Arc<str>, backoff: Backoff, chance: Chance, metric: IntGaugeVec) -> Self {
        let state = State { backoff, retired: false, epoch: 0, failures: 0, closed: None };
        let gate = Self { dataset, chance, metric, state: Mutex::new(state), reopened: Notify::new() };
        gate.show(None);
        gate
    }

    /// Another schedule, from the next failure on.
    pub(crate) fn retune(&self, backoff: Backoff) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).backoff = backoff;
    }

    /// The dataset has other credentials: if it was held for want of them, a probe goes at once.
    pub(crate) fn try_now(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(hold) = state.closed.as_mut().filter(|hold| hold.cause.asks_for_credentials()) {
            hold.until_ms = 0;
            state.failures = 0;
            self.reopened.notify_one();
        }
    }

    /// Whether it is held for want of credentials.
    pub(crate) fn waits_for_credentials(&self) -> bool {
        self.closed().is_some_and(Cause::asks_for_credentials)
    }

    /// Returns when [`Gate::try_now`] changed something. At most one waits.
    pub(crate) async fn reopened(&self) {
        self.reopened.notified().await;
    }

    /// The dataset left the configuration: what is still in hand shows nothing.
    pub(crate) fn retire(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).retired = true;
        self.show(None);
    }

    /// Whether something may be sent now. Whoever is given [`Pass::Probe`] has to keep others from asking until it is over.
    pub(crate) fn look(&self, now_ms: u64) -> Pass {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let ticket = Ticket(state.epoch);
        match state.closed {
            None => Pass::Open(ticket),
            // A clock that was set back must not hold the dataset until it has caught up.
            Some(hold) if now_ms >= hold.until_ms || now_ms < hold.since_ms => Pass::Probe(ticket),
            Some(hold) => Pass::ClosedUntil(hold.until_ms),
        }
    }

    /// Until when the gate is closed, if another request closed it after this ticket was given.
    pub(crate) fn held_since(&self, ticket: Ticket) -> Option<u64> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.closed.filter(|_| ticket.0 != state.epoch).map(|hold| hold.until_ms)
    }

    /// Meta took a batch, or judged it by what is in it, so the way is free. Says whether that opened the gate.
    pub(crate) fn passed(&self, ticket: Ticket) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if ticket.0 != state.epoch {
            return false;
        }
        state.failures = 0;
        let opened = state.closed.take().is_some();
        if opened && !state.retired {
            self.show(None);
        }
        opened
    }

    /// A request failed for a reason that is not in its events. Says until when the gate is closed now.
    pub(crate) fn failed(&self, ticket: Ticket, cause: Cause, after: Option<Duration>, now_ms: u64) -> u64 {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = after.map_or(Duration::ZERO, |after| after.saturating_add(state.backoff.spread(&self.chance)));
        let hold = match state.closed {
            // A request of an earlier epoch tells of the same trouble; only a longer wait that it was asked for is news.
            Some(hold) if ticket.0 != state.epoch => Hold { until_ms: hold.until_ms.max(later(now_ms, asked)), ..hold },
            _ => {
                let wait = state.backoff.wait(state.failures, &self.chance).max(asked);
                state.failures = state.failures.saturating_add(1);
                state.epoch += 1;
                Hold { cause, since_ms: now_ms, until_ms: later(now_ms, wait) }
            }
        };
        state.closed = Some(hold);
        if !state.retired {
            self.show(Some(hold.cause));
        }
        hold.until_ms
    }

    /// Why it is closed, if it is.
    pub(crate) fn closed(&self) -> Option<Cause> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).closed.map(|hold| hold.cause)
    }

    fn show(&self, closed: Option<Cause>) {
        for cause in Cause::ALL {
            self.metric.with_label_values(&[&*self.dataset, cause.as_str()]).set(i64::from(closed == Some(cause)));
        }
    }
}

fn later(now_ms: u64, wait: Duration) -> u64 {
    now_ms.saturating_add(millis(wait))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::metrics::Metrics;

    const MIN: Duration = Duration::from_secs(1);
    const MAX: Duration = Duration::from_secs(60);

    fn gate() -> (Gate, Metrics) {
        let metrics = Metrics::new().unwrap();
        let gate = Gate::new("d".into(), Backoff::new(MIN, MAX), Chance::seeded(1), metrics.gate_closed.clone());
        (gate, metrics)
    }

    fn ticket(pass: Pass) -> Ticket {
        match pass {
            Pass::Open(ticket) | Pass::Probe(ticket) => ticket,
            Pass::ClosedUntil(until) => panic!("closed until {until}"),
        }
    }

    fn shown(metrics: &Metrics, cause: Cause) -> i64 {
        metrics.gate_closed.with_label_values(&["d", cause.as_str()]).get()
    }

    #[test]
    fn p6_the_causes_are_those_of_the_metric() {
        let words = crate::telemetry::declared::words("portcullis_gate_closed", "cause");
        assert_eq!(Cause::ALL.map(Cause::as_str).to_vec(), words);
    }

    #[test]
    fn a_failure_closes_until_a_time_then_one_probe_goes_and_a_success_opens() {
        let (gate, metrics) = gate();
        let until = gate.failed(ticket(gate.look(0)), Cause::Unavailable, None, 0);
        assert!((500..=1000).contains(&until), "{until}");
        assert_eq!(gate.look(until - 1), Pass::ClosedUntil(until));
        assert_eq!(shown(&metrics, Cause::Unavailable), 1);
        let probe = gate.look(until);
        assert!(matches!(probe, Pass::Probe(_)));
        assert!(gate.passed(ticket(probe)));
        assert!(matches!(gate.look(until), Pass::Open(_)));
        assert_eq!(shown(&metrics, Cause::Unavailable), 0);
        assert_eq!(gate.closed(), None);
    }

    #[test]
    fn a_failed_probe_closes_again_for_its_own_cause() {
        let (gate, metrics) = gate();
        let first = gate.failed(ticket(gate.look(0)), Cause::Unavailable, None, 0);
        gate.failed(ticket(gate.look(first)), Cause::Token, None, first);
        assert_eq!((shown(&metrics, Cause::Unavailable), shown(&metrics, Cause::Token)), (0, 1));
        assert_eq!(gate.closed(), Some(Cause::Token));
    }

    #[test]
    fn requests_of_an_earlier_epoch_neither_open_nor_lengthen() {
        let (gate, _) = gate();
        let early = ticket(gate.look(0));
        let until = gate.failed(early, Cause::Unavailable, None, 0);
        assert_eq!(gate.failed(early, Cause::Unreachable, None, 1), until);
        assert!(!gate.passed(early));
        assert_eq!(gate.look(3), Pass::ClosedUntil(until));
        let asked = gate.failed(early, Cause::RateLimited, Some(Duration::from_secs(30)), 4);
        assert!(asked >= 30_004, "{asked}");
    }

    #[test]
    fn a_wait_that_meta_asks_for_is_never_cut_short() {
        let (gate, _) = gate();
        let until = gate.failed(ticket(gate.look(0)), Cause::RateLimited, Some(Duration::from_secs(600)), 0);
        assert!((600_000..=601_000).contains(&until), "{until}");
    }

    #[test]
    fn other_credentials_let_a_probe_go_at_once_but_only_where_they_are_the_cure() {
        let (gate, _) = gate();
        let until = gate.failed(ticket(gate.look(0)), Cause::Unavailable, None, 0);
        gate.try_now();
        assert_eq!(gate.look(1), Pass::ClosedUntil(until));
        let until = gate.failed(ticket(gate.look(until)), Cause::Token, Some(Duration::from_secs(3600)), until);
        assert!(gate.waits_for_credentials());
        gate.try_now();
        assert!(matches!(gate.look(until - 1), Pass::Probe(_)));
    }

    #[test]
    fn a_gate_of_a_dataset_that_is_gone_shows_nothing() {
        let (gate, metrics) = gate();
        gate.failed(ticket(gate.look(0)), Cause::Token, None, 0);
        gate.retire();
        gate.failed(ticket(gate.look(u64::MAX)), Cause::Token, None, 0);
        assert_eq!(shown(&metrics, Cause::Token), 0);
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_hold_the_gate() {
        let (gate, _) = gate();
        gate.failed(ticket(gate.look(1_000_000)), Cause::Unavailable, None, 1_000_000);
        assert!(matches!(gate.look(10), Pass::Probe(_)));
    }
}
