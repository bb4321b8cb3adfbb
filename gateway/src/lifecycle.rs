//! Start and stop. The first signal asks for a graceful stop, the second ends the process at once: both are safe, because
//! nothing that was answered with a 2xx is in memory alone.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The word that stops a process. Its tasks are owned by whoever starts them, each part by a tracker of its own.
#[derive(Debug, Clone, Default)]
pub struct Lifecycle {
    /// Cancelled when the process is to stop.
    pub stop: CancellationToken,
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
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) -> &'static str {
    tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    }
}
