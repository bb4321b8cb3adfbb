//! What a server under test spends between two moments. Read it once everything is delivered, so that delivery is in it.

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::cores::Cores;
use crate::server::Server;

/// A measurement that was begun.
#[derive(Debug)]
pub(crate) struct Meter {
    cores: Cores,
    started: Instant,
    cpu_secs: f64,
    busy_secs: f64,
}

/// What it came to.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Spent {
    /// Of the whole process, as the system accounts it.
    pub(crate) cpu_us_per_event: f64,
    /// Of the time of the server's core, what others took meanwhile: the more, the less the figures are worth.
    pub(crate) others_percent: f64,
}

impl Meter {
    /// Begins.
    pub(crate) fn start(server: &mut Server, cores: Cores) -> Self {
        Self { cores, started: Instant::now(), cpu_secs: server.cpu_secs(), busy_secs: cores.busy_secs() }
    }

    /// What so many events took.
    #[expect(clippy::cast_precision_loss, reason = "counts of a few seconds, or of an hour")]
    pub(crate) fn read(&self, server: &mut Server, events: u64) -> Spent {
        let cpu_secs = server.cpu_secs() - self.cpu_secs;
        let others_secs = self.cores.busy_secs() - self.busy_secs - cpu_secs;
        Spent {
            cpu_us_per_event: cpu_secs * 1e6 / events.max(1) as f64,
            others_percent: (100.0 * others_secs / self.started.elapsed().as_secs_f64()).max(0.0),
        }
    }
}
