//! Sending, of which a reload makes another: the workers of the configuration before it end first, so that each dataset has one gate
//! and one set of workers at a time. What they had in hand is settled or stays in the outbox.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::chance::Chance;
use crate::clock::Clock;
use crate::config::Config;
use crate::dispatch::{DispatchError, DispatchStatus, Dispatcher};
use crate::outbox::AnyOutbox;
use crate::telemetry::metrics::Metrics;

/// All that sending needs besides a configuration.
pub(super) struct Parts {
    pub(super) outbox: AnyOutbox,
    pub(super) metrics: Metrics,
    pub(super) clock: Clock,
    pub(super) chance: Chance,
    /// When all sending ends.
    pub(super) stop: CancellationToken,
    /// Owns every worker there ever was.
    pub(super) senders: TaskTracker,
}

impl Parts {
    fn dispatcher(&self, config: &Config) -> Result<Dispatcher, DispatchError> {
        Dispatcher::new(self.outbox.clone(), config, self.metrics.clone(), self.clock.clone(), self.chance.clone())
    }
}

/// The workers of today.
pub(super) struct Sending {
    parts: Parts,
    stop: CancellationToken,
    workers: TaskTracker,
    status: Arc<ArcSwap<DispatchStatus>>,
}

impl Sending {
    /// Starts the workers.
    pub(super) fn start(config: &Config, parts: Parts) -> Result<Self, DispatchError> {
        let (workers, stop) = (TaskTracker::new(), parts.stop.child_token());
        let status = parts.dispatcher(config)?.start(&workers, stop.clone());
        let sending = Self { stop, workers, status: Arc::new(ArcSwap::from_pointee(status)), parts };
        sending.own();
        Ok(sending)
    }

    /// How sending goes, now and after each reload.
    pub(super) fn status(&self) -> Arc<ArcSwap<DispatchStatus>> {
        Arc::clone(&self.status)
    }

    /// Sends as another configuration says, or as before.
    pub(super) async fn apply(&mut self, config: &Config) -> Result<(), DispatchError> {
        let dispatcher = self.parts.dispatcher(config)?;
        self.stop.cancel();
        self.workers.wait().await;
        // The gates of before are gone, and those of a dataset that was removed with them.
        self.parts.metrics.gate_closed.reset();
        (self.workers, self.stop) = (TaskTracker::new(), self.parts.stop.child_token());
        self.status.store(Arc::new(dispatcher.start(&self.workers, self.stop.clone())));
        self.own();
        Ok(())
    }

    /// A stop waits for these workers too.
    fn own(&self) {
        self.workers.close();
        let workers = self.workers.clone();
        self.parts.senders.spawn(async move { workers.wait().await });
    }
}
