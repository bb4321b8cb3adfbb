//! A gateway from outside, again and again while something else goes on: its memory, its open files, its disk, what waits in it.

use std::future::Future;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use harness::{Client, Metrics};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, MissedTickBehavior};

const MIB: f64 = 1024.0 * 1024.0;
/// In which the system counts what a file takes on the disk.
const BLOCK_BYTES: u64 = 512;

/// Where to look, and how often.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(crate) process: PathBuf,
    pub(crate) data: PathBuf,
    pub(crate) admin: SocketAddr,
    pub(crate) every: Duration,
}

/// One look.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Sample {
    /// Since the first look.
    pub(crate) seconds: f64,
    pub(crate) rss_mib: f64,
    pub(crate) descriptors: f64,
    /// What the folder of the outbox takes.
    pub(crate) disk_mib: f64,
    /// Events that were accepted and not settled.
    pub(crate) pending: f64,
}

impl Watch {
    /// Looks while `work` goes on, and tells each look.
    pub(crate) async fn during<T>(&self, work: impl Future<Output = T>, tell: impl Fn(&Sample)) -> (T, Vec<Sample>) {
        let (started, mut samples) = (Instant::now(), Vec::new());
        let looking = async {
            let mut ticks = tokio::time::interval(self.every);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                let sample = self.look(started).await;
                tell(&sample);
                samples.push(sample);
            }
        };
        // The work goes on while a look waits for an answer.
        let done = tokio::select! {
            done = work => done,
            () = looking => unreachable!("looking has no end of its own"),
        };
        samples.push(self.look(started).await);
        (done, samples)
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of a few minutes, or of an hour")]
    async fn look(&self, started: Instant) -> Sample {
        let answer = Client::new(self.admin).get("/metrics").await.expect("the admin listener answers");
        Sample {
            seconds: started.elapsed().as_secs_f64(),
            rss_mib: self.resident_kib() / 1024.0,
            descriptors: std::fs::read_dir(self.process.join("fd")).expect("the process runs").count() as f64,
            disk_mib: disk_bytes(&self.data) as f64 / MIB,
            pending: Metrics::parse(&answer.text()).pending() as f64,
        }
    }

    fn resident_kib(&self) -> f64 {
        let status = std::fs::read_to_string(self.process.join("status")).expect("the process runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("the kernel tells");
        line.trim().trim_end_matches(" kB").parse().expect("a number of KiB")
    }
}

/// The most of a figure.
pub(crate) fn peak(samples: &[Sample], figure: fn(&Sample) -> f64) -> f64 {
    samples.iter().map(figure).fold(0.0, f64::max)
}

fn disk_bytes(folder: &Path) -> u64 {
    // A file that goes meanwhile takes nothing.
    let files = std::fs::read_dir(folder).expect("the folder of the outbox").flatten();
    files.filter_map(|file| file.metadata().ok()).map(|file| file.blocks() * BLOCK_BYTES).sum()
}
