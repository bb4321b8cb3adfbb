//! A server under test: the bare one, or the gateway with the stand-in for Meta behind it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use harness::{Executable, Gateway, Meta, Process, Setup, eventually};
use tempfile::TempDir;

use crate::arguments::Kind;
use crate::cores::{Cores, ticks_per_second};

/// How long a backlog may take to arrive.
const DRAIN: Duration = Duration::from_secs(300);

/// A running server under test.
#[derive(Debug)]
pub(crate) enum Server {
    Bare { process: Process, address: SocketAddr, _folder: TempDir },
    Gateway { gateway: Box<Gateway>, meta: Meta },
}

impl Server {
    /// Starts one afresh, with the gateway's own defaults but for free ports and the stand-in.
    pub(crate) async fn start(kind: Kind, policy: &str, gateway: PathBuf, cores: Cores) -> Self {
        let backend = match kind {
            Kind::Bare => return cores.for_server(Self::bare()).await,
            Kind::Memory => "\"memory\"",
            Kind::Embedded => "\"embedded\"",
        };
        let executable = Executable::at(gateway);
        let meta = cores.for_meta(Meta::start_to_count(&executable)).await;
        let setup = Setup::new(&meta)
            .site(policy)
            .set("outbox", "backend", backend)
            .set("meta", "connect_timeout_secs", "10")
            .set("meta", "request_timeout_secs", "30")
            .set("dispatch", "linger_ms", "200")
            .set("dispatch", "backoff_min_ms", "1000")
            .set("dispatch", "backoff_max_ms", "300_000");
        let mut gateway = cores.for_server(Gateway::start(&executable, setup)).await;
        gateway.expect_log("`memory` is not durable");
        Self::Gateway { gateway: Box::new(gateway), meta }
    }

    async fn bare() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let own = std::env::current_exe().expect("the path of this program");
        let mut process = Process::start(&own, &["bare".to_owned()], &[], folder.path(), "bare");
        let address =
            process.wait_for("its address", |text| text.trim().strip_prefix("listening on http://")?.parse().ok()).await;
        Self::Bare { process, address, _folder: folder }
    }

    /// Where callers connect.
    pub(crate) fn address(&self) -> SocketAddr {
        match self {
            Self::Bare { address, .. } => *address,
            Self::Gateway { gateway, .. } => gateway.address(),
        }
    }

    /// Waits until everything that was accepted is delivered, at least so many events, and asserts that it was all of them.
    pub(crate) async fn drained(&mut self, events: u64) {
        let Self::Gateway { gateway, meta } = self else { return };
        // The stand-in is asked, so that asking costs the server under test nothing.
        eventually("what was answered arrives", DRAIN, async || (meta.count().await >= events).then_some(())).await;
        eventually("the gateway has settled", DRAIN, async || (gateway.metrics().await.pending() == 0).then_some(())).await;
        let metrics = gateway.metrics().await;
        let [received, accepted, delivered] = ["received", "accepted", "delivered"].map(|what| metrics.events(what));
        assert_eq!(received, accepted + metrics.events("turned_away"), "the policy forwards every event of this load");
        assert!(accepted >= events, "{accepted} events were accepted, and {events} answered so");
        assert_eq!(accepted, delivered);
        assert_eq!(accepted, meta.count().await, "what is delivered is what arrived");
    }

    /// What the system accounts to the whole process since its start, in seconds.
    pub(crate) fn cpu_secs(&mut self) -> f64 {
        let stat = std::fs::read_to_string(self.proc("stat")).expect("the process runs");
        // The name in brackets may hold blanks; after it, user and system time are the 12th and 13th.
        let rest = stat.rsplit_once(") ").expect("a name in brackets").1;
        let ticks: f64 = rest.split(' ').skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
        ticks / ticks_per_second()
    }

    /// The most memory that it ever had, in MiB.
    pub(crate) fn peak_rss_mib(&mut self) -> f64 {
        let status = std::fs::read_to_string(self.proc("status")).expect("the process runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the kernel tells");
        line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number of KiB") / 1024.0
    }

    fn proc(&mut self, file: &str) -> PathBuf {
        let id = match self {
            Self::Bare { process, .. } => process.id(),
            Self::Gateway { gateway, .. } => gateway.process().id(),
        };
        Path::new("/proc").join(id.to_string()).join(file)
    }

    /// Ends it; the gateway with all that holds after every test.
    pub(crate) async fn finish(self) {
        match self {
            Self::Bare { mut process, .. } => process.kill().await,
            Self::Gateway { gateway, meta } => {
                gateway.finish().await;
                meta.finish().await;
            }
        }
    }
}
