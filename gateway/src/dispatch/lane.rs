//! What is known of the sending of one dataset, shared by all of its rounds.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus::Histogram;
use tokio_util::sync::CancellationToken;

use super::batch::Limits;
use super::complaints::Complaints;
use super::gate::Gate;
use super::pace::Pace;
use super::portion::Portion;
use super::readmit::Sites;
use super::refusals::Refusals;
use super::share::Share;
use crate::chance::Chance;
use crate::clock::Clock;
use crate::outbox::{AnyOutbox, Lease, Leased, OutboxError};
use crate::subject::Subjects;
use crate::suppression::Suppressions;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::traces::Tracer;

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

/// What a reload replaces. A round keeps those with which it began to its end.
#[derive(Debug)]
pub(crate) struct Settings<S> {
    /// Where events go.
    pub(crate) sink: Arc<S>,
    /// Who may send.
    pub(crate) sites: Arc<Sites>,
    /// Times and sizes.
    pub(crate) tuning: Tuning,
    /// How many requests at once.
    pub(crate) share: Share,
}

/// One dataset.
#[derive(Debug)]
pub(crate) struct Lane<S> {
    /// Whose events.
    pub(crate) dataset: Arc<str>,
    /// Where they are kept.
    pub(crate) outbox: AnyOutbox,
    /// Who must not be sent.
    pub(crate) suppressions: Suppressions,
    /// What is recorded of what Meta took.
    pub(crate) subjects: Subjects,
    /// What a reload replaces.
    pub(crate) settings: Mutex<Arc<Settings<S>>>,
    /// Whether they may go.
    pub(crate) gate: Arc<Gate>,
    /// How fast they may go.
    pub(crate) pace: Pace,
    /// How many may go at once.
    pub(crate) portion: Portion,
    /// Whether more was due at the last look than one batch holds.
    pub(crate) is_behind: AtomicBool,
    /// How many were refused in a row.
    pub(crate) refusals: Refusals,
    /// What it complains of again and again.
    pub(crate) complaints: Complaints,
    /// What is counted.
    pub(crate) metrics: Metrics,
    /// How old events are when Meta takes them.
    pub(crate) delivery_age: Histogram,
    /// What is traced.
    pub(crate) tracer: Tracer,
    /// The time.
    pub(crate) clock: Clock,
    /// Where a probe is looked for.
    pub(crate) chance: Chance,
    /// When everything ends, what is in hand after a grace.
    pub(crate) stop: CancellationToken,
    /// When no more work is looked for: at the stop, or when the dataset leaves the configuration.
    pub(crate) retired: CancellationToken,
}

impl<S> Lane<S> {
    /// What holds now.
    pub(crate) fn settings(&self) -> Arc<Settings<S>> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces it for the rounds to come.
    pub(crate) fn set(&self, settings: Settings<S>) {
        *self.settings.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }

    /// The dataset left the configuration: what is in hand is finished, the rest stays in the outbox.
    pub(crate) fn retire(&self) {
        self.retired.cancel();
        self.gate.retire();
    }

    /// Gives a lease back. If that fails it comes back by itself when its time is over.
    pub(crate) async fn release(&self, lease: Lease) {
        if let Err(error) = self.outbox.release(lease).await
            && let Some(left_out) = self.complaints.kept.may_be_said(self.clock.unix_ms())
        {
            tracing::warn!(dataset = &*self.dataset, %error, left_out, "a lease cannot be given back; it ends by itself");
        }
    }

    /// What the outbox set aside or purged while it looked for work.
    pub(crate) fn count_found(&self, leased: &Leased) {
        let unreadable = self.metrics.events_quarantined.with_label_values(&[&*self.dataset, "unreadable"]);
        unreadable.inc_by(leased.quarantined);
        self.metrics.events_purged.with_label_values(&[&*self.dataset]).inc_by(leased.purged);
    }

    /// Notes how old so many events of one group are, which Meta has now.
    pub(crate) fn observe_age(&self, received_ms: u64, events: u64) {
        let age = Duration::from_millis(self.clock.unix_ms().saturating_sub(received_ms)).as_secs_f64();
        // Summed up aside: a batch may hold a thousand, and all lanes' senders share the histogram.
        let ages = self.delivery_age.local();
        for _ in 0..events {
            ages.observe(age);
        }
        ages.flush();
    }

    /// Tells of a failure of the outbox. `None` if it is closed, which ends the lane.
    pub(crate) fn outbox_failed(&self, call: &'static str, error: &OutboxError) -> Option<()> {
        if matches!(error, OutboxError::Closed) {
            return None;
        }
        if let Some(left_out) = self.complaints.no_work.may_be_said(self.clock.unix_ms()) {
            tracing::error!(dataset = &*self.dataset, call, %error, left_out, "the outbox did not give work");
        }
        Some(())
    }

    /// The future's result, or `None` once no more work is looked for.
    pub(crate) async fn or_retired<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        self.retired.run_until_cancelled(future).await
    }
}
