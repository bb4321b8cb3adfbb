//! How an event is sent: wait, lease, readmit, batch, deliver, settle.
//!
//! Each configured dataset has workers of its own (`worker`), as many as its even share of `max_requests`, so that a slow
//! dataset delays no other. Of a dataset's workers one at a time looks for events; the others are sending. Whatever happens
//! to a worker, its events are in the outbox until they are settled. What an answer means stands in `classify`, when to stop
//! trying for a while in `gate`. Groups of datasets that are not configured are never looked at.

mod worker;

mod send;

mod expiry;
mod readmit;

mod batch;
mod bisect;
mod group;

mod meta;
mod request;

mod answer;
mod classify;
mod remark;

mod backoff;
mod gate;

use std::future::Future;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::gate::Cause;

use self::backoff::Backoff;
use self::batch::{Batch, Limits};
use self::classify::Delivery;
use self::gate::Gate;
use self::meta::MetaSink;
use self::readmit::Sites;
use self::worker::{Lane, Tuning};
use crate::chance::Chance;
use crate::clock::Clock;
use crate::config::Config;
use crate::outbox::AnyOutbox;
use crate::telemetry::metrics::Metrics;

/// Takes a batch to where it belongs: Meta, or a script in tests.
pub(crate) trait Sink: Send + Sync + 'static {
    /// Sends once and says what came back, within the request time-out.
    fn deliver(&self, batch: &Batch) -> impl Future<Output = Delivery> + Send;
}

/// Why nothing can be sent at all.
#[derive(Debug, thiserror::Error)]
pub enum DispatchError {
    /// The HTTP client was not made.
    #[error("the HTTP client for Meta cannot be made: {0}")]
    Client(String),
    /// `meta.ca_file` is no PEM.
    #[error("meta.ca_file holds no PEM certificate")]
    Certificate,
    /// `meta.proxy` is no proxy.
    #[error("meta.proxy cannot be used as a proxy")]
    Proxy,
    /// `meta.base_url` takes no path.
    #[error("meta.base_url cannot be followed by a path")]
    BaseUrl,
    /// A token that fits in no header.
    #[error("the access_token of dataset {dataset} has characters that no HTTP header may carry")]
    Token {
        /// Whose.
        dataset: String,
    },
}

/// Sends what the outbox holds, once it is started.
#[derive(Debug)]
pub struct Dispatcher {
    parts: Parts,
    sink: MetaSink,
}

impl Dispatcher {
    /// Everything that can fail, before anything runs.
    pub fn new(
        outbox: AnyOutbox,
        config: &Config,
        metrics: Metrics,
        clock: Clock,
        chance: Chance,
    ) -> Result<Self, DispatchError> {
        let sink = MetaSink::new(&config.meta, &config.datasets, clock.clone())?;
        Ok(Self { parts: Parts::new(outbox, config, metrics, clock, chance), sink })
    }

    /// Starts the workers. They end soon after `stop`: a request in hand is finished within its time-out up to a grace and
    /// settled; everything else stays in the outbox.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "a token is a handle: whoever starts hands over a clone")]
    pub fn start(self, tracker: &TaskTracker, stop: CancellationToken) -> DispatchStatus {
        self.parts.start(self.sink, tracker, &stop)
    }
}

/// All that the workers need besides a sink.
#[derive(Debug)]
struct Parts {
    outbox: AnyOutbox,
    metrics: Metrics,
    clock: Clock,
    chance: Chance,
    datasets: Vec<Arc<str>>,
    sites: Arc<Sites>,
    backoff: Backoff,
    tuning: Tuning,
    max_requests: usize,
}

impl Parts {
    fn new(outbox: AnyOutbox, config: &Config, metrics: Metrics, clock: Clock, chance: Chance) -> Self {
        let dispatch = &config.dispatch;
        let tuning = Tuning {
            linger: dispatch.linger,
            limits: Limits::new(dispatch.max_batch_events, dispatch.max_batch_bytes),
            lease: dispatch.lease,
            request_timeout: config.meta.request_timeout,
            // The rest of the grace is for settling.
            stop_grace: config.server.stop_grace * 3 / 4,
        };
        Self {
            outbox,
            metrics,
            clock,
            chance,
            datasets: config.datasets.iter().map(|dataset| dataset.id.clone()).collect(),
            sites: Arc::new(Sites::new(&config.sites, dispatch.on_policy_change)),
            backoff: Backoff::new(dispatch.backoff_min, dispatch.backoff_max),
            tuning,
            max_requests: dispatch.max_requests.clamp(1, Semaphore::MAX_PERMITS),
        }
    }

    fn start<S: Sink>(self, sink: S, tracker: &TaskTracker, stop: &CancellationToken) -> DispatchStatus {
        let sink = Arc::new(sink);
        let requests = Arc::new(Semaphore::new(self.max_requests));
        // Even shares: whatever hangs at one dataset, the others' requests are still free. More datasets than requests have
        // one worker each and take turns at the semaphore, which is fair.
        let workers = self.max_requests.checked_div(self.datasets.len()).unwrap_or(0).max(1);
        let mut gates = Vec::new();
        for dataset in &self.datasets {
            let gate =
                Arc::new(Gate::new(dataset.clone(), self.backoff, self.chance.clone(), self.metrics.gate_closed.clone()));
            gates.push((dataset.clone(), gate.clone()));
            let lane = Arc::new(Lane {
                dataset: dataset.clone(),
                outbox: self.outbox.clone(),
                sites: self.sites.clone(),
                sink: sink.clone(),
                gate,
                turn: Arc::new(Semaphore::new(1)),
                requests: requests.clone(),
                tuning: self.tuning,
                metrics: self.metrics.clone(),
                clock: self.clock.clone(),
                stop: stop.clone(),
            });
            for _ in 0..workers {
                tracker.spawn(lane.clone().run());
            }
        }
        DispatchStatus { gates: gates.into() }
    }
}

/// What the readiness body shows of the sending; cheap to clone and to ask.
#[derive(Debug, Clone)]
pub struct DispatchStatus {
    gates: Arc<[(Arc<str>, Arc<Gate>)]>,
}

impl DispatchStatus {
    /// The datasets whose sending is held, and why.
    pub fn closed_gates(&self) -> Vec<(Arc<str>, Cause)> {
        self.gates.iter().filter_map(|(dataset, gate)| Some((Arc::clone(dataset), gate.closed()?))).collect()
    }
}

#[cfg(test)]
mod rig;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
