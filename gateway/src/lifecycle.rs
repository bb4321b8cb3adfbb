//! Start and stop. The first signal asks for a graceful stop, the second ends the process at once: both are safe, because
//! nothing that was answered with a 2xx is in memory alone. A part that panics asks for the same stop, and for exit code 1.

mod pulse;
mod sockets;
pub mod systemd;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

pub use pulse::Pulse;
pub use sockets::{SocketError, Sockets};

/// The word that stops a process. Its tasks are owned by whoever starts them, each part by a tracker of its own.
#[derive(Debug, Clone, Default)]
pub struct Lifecycle {
    /// Cancelled when the process is to stop.
    pub stop: CancellationToken,
    has_failed: Arc<AtomicBool>,
}

impl Lifecycle {
    /// A life of its own, for a process or a part of one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for a stop on SIGTERM and SIGINT; a second one ends the process with 1.
    pub fn stop_on_signals(&self) -> std::io::Result<()> {
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let stop = self.stop.clone();
        // Not tracked: it waits for a second signal for as long as the process lives.
        #[expect(clippy::disallowed_methods, reason = "ends with the process, and nothing waits for it")]
        tokio::spawn(async move {
            let name = either(&mut terminate, &mut interrupt).await;
            tracing::info!(signal = name, "stopping");
            stop.cancel();
            let name = either(&mut terminate, &mut interrupt).await;
            tracing::warn!(signal = name, "a second signal: ending at once");
            // Asked for; and a crash would lose nothing either.
            std::process::exit(1);
        });
        Ok(())
    }

    /// Work without which the process is of no use: a panic in it asks for a stop.
    pub fn vital<F: Future>(&self, name: &'static str, work: F) -> impl Future<Output = F::Output> + use<F> {
        let lifeline = Lifeline { lifecycle: self.clone(), name };
        async move {
            let output = work.await;
            drop(lifeline);
            output
        }
    }

    /// Asks for a stop because something is broken that only a new start mends.
    pub fn fail(&self, what: &'static str) {
        if !self.has_failed.swap(true, Ordering::AcqRel) {
            tracing::error!(what, "stopping, because a part of the gateway is broken");
        }
        self.stop.cancel();
    }

    /// Whether the stop was asked for by something broken.
    pub fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Acquire)
    }
}

/// Each SIGHUP from now on, which asks for a reload.
pub fn hangups() -> std::io::Result<Signal> {
    signal(SignalKind::hangup())
}

/// Falls with the work that holds it, and tells if that was by a panic.
struct Lifeline {
    lifecycle: Lifecycle,
    name: &'static str,
}

impl Drop for Lifeline {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.lifecycle.fail(self.name);
        }
    }
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) -> &'static str {
    tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    }
}

#[cfg(test)]
mod tests {
    use tokio_util::task::TaskTracker;

    use super::*;

    #[tokio::test]
    async fn d9_a_panic_of_a_vital_part_asks_for_a_stop_and_an_end_does_not() {
        let (lifecycle, tracker) = (Lifecycle::new(), TaskTracker::new());
        assert_eq!(tracker.spawn(lifecycle.vital("a part", async { 7 })).await.unwrap(), 7);
        let cut = tracker.spawn(lifecycle.vital("a part", std::future::pending::<()>()));
        cut.abort();
        assert!(cut.await.unwrap_err().is_cancelled());
        assert!(!lifecycle.stop.is_cancelled() && !lifecycle.has_failed());
        let panicked = tracker.spawn(lifecycle.vital("a part", async {
            tokio::task::yield_now().await;
            std::panic::panic_any(7);
        }));
        assert!(panicked.await.unwrap_err().is_panic());
        assert!(lifecycle.stop.is_cancelled() && lifecycle.has_failed());
    }
}
