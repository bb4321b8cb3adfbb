//! A server under test: the bare one, or gateways with the stand-in for Meta behind them, and a Redis where they use one.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use harness::{Executable, Fleet, Gateway, Meta, Process, Redis, Setup, eventually};
use serde_json::Value;
use tempfile::TempDir;

use crate::arguments::{Fsync, Kind};
use crate::cores::ticks_per_second;
use crate::run::Bench;
use crate::watch::Watch;

/// How long a backlog may take to arrive.
const DRAIN: Duration = Duration::from_secs(300);
/// How many ids the strict stand-in remembers.
const IDS: u64 = 10_000;

/// A running server under test.
#[derive(Debug)]
pub(crate) enum Server {
    Bare { process: Process, address: SocketAddr, _folder: TempDir },
    Gateways { fleet: Fleet, meta: Meta, redis: Option<Box<Redis>> },
}

impl Bench {
    /// Starts one afresh, with the gateway's own defaults but for free ports and the stand-in.
    pub(crate) async fn start(&self, kind: Kind) -> Server {
        let meta = match kind {
            Kind::Bare => return self.cores.for_server(Server::bare()).await,
            _ => self.counting_meta().await,
        };
        if kind == Kind::Redis {
            return self.start_sharing(1, meta, &[]).await;
        }
        let setup = self.setup(&meta).set("outbox", "backend", &format!("\"{kind}\""));
        self.start_gateway(meta, setup).await
    }

    /// Starts one gateway of this setup.
    pub(crate) async fn start_gateway(&self, meta: Meta, setup: Setup) -> Server {
        let executable = Executable::at(self.gateway.clone());
        let mut fleet = self.cores.for_server(Fleet::start(&executable, [setup])).await;
        fleet.expect_log("`memory` is not durable");
        // More is asked of it than a slow machine can do. Its caller is told 503, and that is counted.
        fleet.expect_log("a request could not be finished in time");
        Server::Gateways { fleet, meta, redis: None }
    }

    /// The gateway's own defaults but for free ports and the stand-in.
    pub(crate) fn setup(&self, meta: &Meta) -> Setup {
        setup(&self.policy, meta)
    }

    /// A stand-in for Meta that counts.
    pub(crate) async fn counting_meta(&self) -> Meta {
        self.cores.for_meta(Meta::start_to_count(&Executable::at(self.gateway.clone()))).await
    }

    /// Starts so many gateways on one Redis, with these keys of `[dispatch]`.
    pub(crate) async fn start_sharing(&self, count: usize, meta: Meta, dispatch: &[(&str, &str)]) -> Server {
        let redis = self.start_redis().await;
        let executable = Executable::at(self.gateway.clone());
        let mut setup = setup(&self.policy, &meta)
            .on_redis(&redis.url())
            .set("redis", "connect_timeout_ms", "2000")
            .set("redis", "command_timeout_ms", "2000")
            .set("dispatch", "lease_secs", "120");
        if self.appendfsync == Fsync::Everysec {
            setup = setup.set("redis", "require_durable", "false");
        }
        for (key, value) in dispatch {
            setup = setup.set("dispatch", key, value);
        }
        let mut fleet = self.cores.for_server(Fleet::of(&executable, count, &setup)).await;
        // Advice, given at start.
        fleet.expect_log("events rest in Redis");
        fleet.expect_log("appendfsync");
        Server::Gateways { fleet, meta, redis: Some(Box::new(redis)) }
    }

    /// A strict stand-in for Meta, which can be told to be slow.
    pub(crate) async fn strict_meta(&self) -> Meta {
        self.strict_meta_for(IDS).await
    }

    /// One that remembers so many ids.
    pub(crate) async fn strict_meta_for(&self, ids: u64) -> Meta {
        self.cores.for_meta(Meta::start_for_many(&Executable::at(self.gateway.clone()), ids)).await
    }
}

fn setup(policy: &str, meta: &Meta) -> Setup {
    Setup::new(meta)
        .site(policy)
        .set("meta", "connect_timeout_secs", "10")
        .set("meta", "request_timeout_secs", "30")
        .set("dispatch", "linger_ms", "200")
        .set("dispatch", "backoff_min_ms", "1000")
        .set("dispatch", "backoff_max_ms", "300_000")
}

impl Server {
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
        self.addresses().first().copied().expect("a server under test")
    }

    /// The same for all of them.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        match self {
            Self::Bare { address, .. } => vec![*address],
            Self::Gateways { fleet, .. } => fleet.gateways.iter().map(Gateway::address).collect(),
        }
    }

    /// The stand-in for Meta behind gateways.
    pub(crate) fn meta(&self) -> &Meta {
        match self {
            Self::Bare { .. } => panic!("the bare server sends nothing on"),
            Self::Gateways { meta, .. } => meta,
        }
    }

    /// The Redis that gateways share, if they do.
    pub(crate) fn redis(&self) -> Option<&Redis> {
        match self {
            Self::Bare { .. } => None,
            Self::Gateways { redis, .. } => redis.as_deref(),
        }
    }

    /// Waits until everything that was accepted is delivered, at least so many events, and asserts that it was all of them.
    pub(crate) async fn drained(&self, events: u64) {
        let Self::Gateways { fleet, meta, .. } = self else { return };
        // The stand-in is asked, so that asking costs the server under test nothing.
        eventually("what was answered arrives", DRAIN, async || (meta.count().await >= events).then_some(())).await;
        eventually("the gateway has settled", DRAIN, async || (fleet.metrics().await.pending() == 0).then_some(())).await;
        fleet.accounted().await;
        let metrics = fleet.metrics().await;
        let [received, accepted, delivered] = ["received", "accepted", "delivered"].map(|what| metrics.events(what));
        assert_eq!(received, accepted + metrics.events("turned_away"), "the policy forwards every event of this load");
        assert!(accepted >= events, "{accepted} events were accepted, and {events} answered so");
        assert_eq!(accepted, delivered);
        assert_eq!(accepted, meta.count().await, "what is delivered is what arrived");
    }

    /// Asserts that a strict stand-in saw no event twice, after [`Server::drained`].
    pub(crate) async fn each_arrived_once(&self) {
        let ledger: Value = serde_json::from_str(&self.meta().ledger().await).expect("the ledger is JSON");
        let of = |name: &str| ledger.get(name).and_then(Value::as_u64).expect("a count");
        assert_eq!((of("ids"), of("ids_not_counted")), (of("events"), 0), "each event arrived once");
    }

    /// Where it can be looked at from outside, as often as this.
    pub(crate) fn watch(&mut self, every: Duration) -> Watch {
        let Self::Gateways { fleet, .. } = self else { panic!("the bare server is not looked at") };
        let gateway = fleet.gateways.first_mut().expect("a gateway");
        let process = Path::new("/proc").join(gateway.process().id().to_string());
        Watch { process, data: gateway.data(), admin: gateway.admin(), every }
    }

    /// Trouble with Meta is part of the measurement.
    pub(crate) fn expect_trouble_with_meta(&mut self) {
        let Self::Gateways { fleet, .. } = self else { return };
        fleet.expect_trouble_with_meta();
    }

    /// What the system accounts to the whole processes since their start, in seconds.
    pub(crate) fn cpu_secs(&mut self) -> f64 {
        let ticks = |folder: PathBuf| {
            let stat = std::fs::read_to_string(folder.join("stat")).expect("the process runs");
            // The name in brackets may hold blanks; after it, user and system time are the 12th and 13th.
            let rest = stat.rsplit_once(") ").expect("a name in brackets").1;
            rest.split(' ').skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>()
        };
        self.proc().into_iter().map(ticks).sum::<f64>() / ticks_per_second()
    }

    /// The most memory that they ever had, in MiB.
    pub(crate) fn peak_rss_mib(&mut self) -> f64 {
        let peak = |folder: PathBuf| {
            let status = std::fs::read_to_string(folder.join("status")).expect("the process runs");
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the kernel tells");
            line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number of KiB") / 1024.0
        };
        self.proc().into_iter().map(peak).sum()
    }

    fn proc(&mut self) -> Vec<PathBuf> {
        let ids: Vec<u32> = match self {
            Self::Bare { process, .. } => vec![process.id()],
            Self::Gateways { fleet, .. } => fleet.gateways.iter_mut().map(|gateway| gateway.process().id()).collect(),
        };
        ids.into_iter().map(|id| Path::new("/proc").join(id.to_string())).collect()
    }

    /// Ends it; gateways with all that holds after every test.
    pub(crate) async fn finish(self) {
        match self {
            Self::Bare { mut process, .. } => process.kill().await,
            Self::Gateways { fleet, meta, redis } => {
                fleet.finish(&redis.as_deref().into_iter().collect::<Vec<_>>()).await;
                meta.finish().await;
            }
        }
    }
}
