//! How an event is sent: wait, lease, readmit, batch, deliver, settle.
//!
//! Each configured dataset has a lane of its own (`lane`, `worker`), and a part of `max_requests` that no other can take, so that a
//! slow dataset delays no other. Of a dataset one at a time looks for events; its rounds are sent side by side. Whatever happens
//! to a round, its events are in the outbox until they are settled. What an answer means stands in `classify`, when to stop
//! trying for a while in `gate`. Groups of datasets that are not configured are never looked at.

mod lanes;

mod complaints;
mod lane;
mod share;
mod worker;

mod send;
mod work;

mod expiry;
mod readmit;

mod batch;
mod group;

mod attempt;
mod meta;
mod request;

mod answer;
mod classify;
mod remark;
mod usage;

mod bisect;
mod portion;
mod refusals;
mod witness;

mod backoff;
mod gate;
mod pace;

mod recorded;

mod settle;

use std::future::Future;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::gate::Cause;

use self::batch::Batch;
use self::classify::Delivery;
use self::lanes::{Gates, Lanes, Plan, Surroundings, Tasks};
use self::meta::MetaSink;
use crate::chance::Chance;
use crate::clock::Clock;
use crate::config::Config;
use crate::lifecycle::Lifecycle;
use crate::outbox::AnyOutbox;
use crate::subject::Subjects;
use crate::suppression::Suppressions;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::traces::Tracer;

/// Takes a batch to where it belongs: Meta, or a script in tests.
pub(crate) trait Sink: Send + Sync + 'static {
    /// Sends once and says what came back, within the request time-out.
    fn deliver(&self, batch: &Batch) -> impl Future<Output = Delivery> + Send;

    /// Whether another one has the same credentials for this dataset.
    fn shows_same(&self, other: &Self, dataset: &str) -> bool;

    /// Looks whether the credentials of a dataset changed at their source, and takes them from there. Says whether they did.
    fn refresh(&self, dataset: &str) -> impl Future<Output = bool> + Send;
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
    surroundings: Surroundings,
    plan: Plan<MetaSink>,
}

impl Dispatcher {
    /// Everything that can fail, before anything runs.
    #[expect(clippy::too_many_arguments, reason = "what sending needs, each handed in")]
    pub fn new(
        outbox: AnyOutbox,
        suppressions: Suppressions,
        subjects: Subjects,
        config: &Config,
        metrics: Metrics,
        tracer: Tracer,
        clock: Clock,
        chance: Chance,
    ) -> Result<Self, DispatchError> {
        let sink = MetaSink::new(&config.meta, &config.datasets, clock.clone())?;
        Ok(Self {
            surroundings: Surroundings { outbox, suppressions, subjects, metrics, tracer, clock, chance },
            plan: Plan::new(config, sink),
        })
    }

    /// Starts sending. It ends soon after `stop`: a request in hand is finished within its time-out up to a grace and settled;
    /// everything else stays in the outbox. A panic fails the `lifecycle`: after three starts the outbox singles out whatever it was.
    #[must_use]
    pub fn start(self, tracker: &TaskTracker, stop: CancellationToken, lifecycle: Lifecycle) -> Dispatching {
        let clock = self.surroundings.clock.clone();
        let tasks = Tasks { tracker: tracker.clone(), stop, lifecycle };
        Dispatching { lanes: Arc::new(Lanes::start(self.surroundings, self.plan, tasks)), clock }
    }
}

/// The sending while it runs. Cheap to clone; all clones are the same.
#[derive(Debug, Clone)]
pub struct Dispatching {
    lanes: Arc<Lanes<MetaSink>>,
    clock: Clock,
}

impl Dispatching {
    /// What the readiness body shows.
    pub fn status(&self) -> DispatchStatus {
        DispatchStatus { gates: self.lanes.gates() }
    }

    /// Goes on by another configuration, or fails and changes nothing. Sites, policies, datasets, tokens, secrets and `[dispatch]`
    /// are taken from it; what else differs is for the caller to refuse.
    ///
    /// Requests in hand are finished as they were begun. Of a dataset that is gone nothing more is sent, and what waits stays in
    /// the outbox. A new token is tried at once where sending was held for want of one.
    pub fn apply(&self, config: &Config) -> Result<(), DispatchError> {
        let sink = match self.lanes.sink() {
            Some(sink) => sink.with_datasets(&config.meta, &config.datasets)?,
            None => MetaSink::new(&config.meta, &config.datasets, self.clock.clone())?,
        };
        self.lanes.apply(Plan::new(config, sink));
        Ok(())
    }
}

/// What the readiness body shows of the sending; cheap to clone and to ask.
#[derive(Debug, Clone)]
pub struct DispatchStatus {
    gates: Gates,
}

impl DispatchStatus {
    /// The datasets whose sending is held, and why.
    pub fn closed_gates(&self) -> Vec<(Arc<str>, Cause)> {
        self.gates.closed()
    }
}

#[cfg(test)]
mod rig;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
