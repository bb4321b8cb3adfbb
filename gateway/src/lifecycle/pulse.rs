//! Whether the outbox's writer answers: it is asked every few seconds. While it does not, the gateway is not ready and the service
//! manager's watchdog hears nothing. A writer that has ended can be mended by a new start alone, so the process stops.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Lifecycle, systemd};
use crate::outbox::{AnyOutbox, OutboxError};

/// The pause between two questions.
const BEAT: Duration = Duration::from_secs(2);
/// How long the answer may take. A sync of a slow disk is below that.
const PATIENCE: Duration = Duration::from_secs(5);

/// The last word on it.
#[derive(Debug, Clone)]
pub struct Pulse(Arc<AtomicBool>);

impl Default for Pulse {
    fn default() -> Self {
        Self::new()
    }
}

impl Pulse {
    /// It answered when it was opened.
    pub fn new() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }

    /// Whether it answered when it was asked last.
    pub fn beats(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Asks until `stop`.
    pub async fn run(self, outbox: AnyOutbox, lifecycle: Lifecycle, stop: CancellationToken) {
        let watchdog = systemd::watchdog();
        // Both together are half of what the watchdog waits.
        let bound = |time: Duration| watchdog.map_or(time, |interval| time.min(interval / 4));
        let (beat, patience) = (bound(BEAT), bound(PATIENCE));
        while stop.run_until_cancelled(self.ask(&outbox, patience, &lifecycle)).await.is_some() {
            if watchdog.is_some() && self.beats() {
                systemd::tell_alive();
            }
            stop.run_until_cancelled(tokio::time::sleep(beat)).await;
        }
    }

    async fn ask(&self, outbox: &AnyOutbox, patience: Duration, lifecycle: &Lifecycle) {
        let answered = match tokio::time::timeout(patience, outbox.answers()).await {
            Err(_) => false,
            Ok(Err(OutboxError::Closed)) => {
                lifecycle.fail("the outbox's writer has ended");
                false
            }
            // What it could not do is told by the outbox's own health.
            Ok(_) => true,
        };
        if self.0.swap(answered, Ordering::AcqRel) != answered {
            if answered {
                tracing::info!("the outbox's writer answers again");
            } else {
                tracing::error!("the outbox's writer does not answer; a disk that hangs is the likely reason");
            }
        }
    }
}
