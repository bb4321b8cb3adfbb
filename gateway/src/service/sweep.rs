//! Deletes what waits, and what was set aside, of persons who were suppressed: after every addition, and at start for additions
//! that a crash left undone (failure case A14). They are not sent meanwhile: the dispatcher looks before it sends.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::failpoint;
use crate::outbox::AnyOutbox;
use crate::suppression::Suppressions;
use crate::telemetry::metrics::Metrics;

/// How often it is looked whether somebody was added.
const LOOK: Duration = Duration::from_secs(1);
/// By then the requests in hand at an addition have appended what passed the filter before it. They get a sweep of their own.
const REQUESTS_END: Duration = Duration::from_secs(15);
/// The pause after a sweep that was not done.
const RETRY: Duration = Duration::from_secs(30);

/// What sweeps.
#[derive(Debug)]
pub(super) struct Sweeper {
    outbox: AnyOutbox,
    suppressions: Suppressions,
    metrics: Metrics,
    /// The additions before the first request.
    before_requests: u64,
}

impl Sweeper {
    /// To be made before requests are taken.
    pub(super) fn new(outbox: AnyOutbox, suppressions: Suppressions, metrics: Metrics) -> Self {
        Self { before_requests: suppressions.generation(), outbox, suppressions, metrics }
    }

    /// Sweeps whenever it is due, until `stop`. A sweep that was begun is ended, so that what it deleted is counted.
    pub(super) async fn run(self, stop: CancellationToken) {
        let mut pause = Duration::ZERO;
        while stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_some() {
            pause = LOOK;
            if !self.suppressions.sweep_is_due() {
                continue;
            }
            let generation = self.suppressions.generation();
            let mut is_done = self.sweep().await;
            if is_done && generation != self.before_requests {
                if stop.run_until_cancelled(tokio::time::sleep(REQUESTS_END)).await.is_none() {
                    return;
                }
                is_done = self.sweep().await;
            }
            if !is_done || !self.note(generation).await {
                pause = RETRY;
            }
        }
    }

    /// Once over everything. Whether all of it was done.
    async fn sweep(&self) -> bool {
        let purged = match self.suppressions.sweep(&self.outbox).await {
            Ok(purged) => purged,
            Err(error) => {
                tracing::error!(%error, "what waits of suppressed persons was not deleted; it is not sent, and it is tried again");
                return false;
            }
        };
        for (dataset, events) in &purged.waiting {
            self.metrics.events_purged.with_label_values(&[dataset]).inc_by(*events);
        }
        let (waiting, quarantined, in_hand) = (purged.waiting_events(), purged.quarantined, purged.in_hand);
        if waiting + quarantined + in_hand > 0 {
            tracing::info!(waiting, quarantined, in_hand, "events of suppressed persons were deleted");
        }
        if purged.unreadable > 0 {
            let rows = purged.unreadable;
            tracing::warn!(rows, "rows that cannot be read may hold events of suppressed persons; they are not sent");
        }
        if let Some(error) = &purged.broke_off {
            tracing::error!(
                error,
                "what waits of suppressed persons was not all deleted; it is not sent, and it is tried again"
            );
        }
        purged.broke_off.is_none()
    }

    /// Off the threads that answer callers: it waits for the disk.
    async fn note(&self, generation: u64) -> bool {
        failpoint::pass("before_sweep_is_noted");
        let suppressions = self.suppressions.clone();
        match tokio::task::spawn_blocking(move || suppressions.swept(generation)).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::error!(%error, "that events of suppressed persons were deleted could not be noted; they are looked for again");
                false
            }
            Err(_) => false,
        }
    }
}
