//! An outbox under test, of any kind, that can be crashed.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::sync::watch;

use super::embedded::{Embedded, OpenError};
use super::power_cut::Files;
use super::redis::{Opening, Redis};
use super::samples::append;
use super::{AnyOutbox, Depth, Lease, LeaseRequest, OutboxError, Settings, Settled, Settlement};
use crate::chance::Chance;
use crate::clock::Clock;
use crate::config::OnUnavailable;
use crate::shared::testing::Server;
use crate::shared::{Keys, Link};
use crate::telemetry::metrics::Metrics;

/// One test a clause and back end.
macro_rules! contract {
    ($(async fn $clause:ident($bench:ident: &mut Bench, cap $cap:expr) $body:block)*) => {
        $(mod $clause {
            use super::*;

            async fn holds($bench: &mut Bench) $body

            #[tokio::test]
            async fn memory() {
                holds(&mut Bench::memory($cap)).await;
            }

            #[tokio::test]
            async fn embedded() {
                holds(&mut Bench::embedded($cap)).await;
            }

            #[tokio::test]
            async fn redis() {
                holds(&mut Bench::redis($cap).await).await;
            }

            #[tokio::test]
            async fn redis_and_file() {
                holds(&mut Bench::spilling($cap).await).await;
            }
        })*
    };
}
pub(super) use contract;

/// A cap that no test reaches by accident.
pub(crate) const ROOMY: u64 = 100_000_000;

impl AnyOutbox {
    /// Settles one lease, as most tests do.
    pub(crate) async fn settle(&self, lease: Lease, settlements: Vec<Settlement>) -> Result<Settled, OutboxError> {
        self.settle_all(vec![(lease, settlements)]).await.pop().unwrap()
    }
}

/// An outbox under test, with its folder or its server if it has one.
#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) outbox: AnyOutbox,
    folder: Option<TempDir>,
    server: Option<Server>,
    /// How many gateways there were on the server.
    gateways: u64,
    max_bytes: u64,
}

impl Bench {
    pub(crate) fn memory(max_bytes: u64) -> Self {
        Self { outbox: AnyOutbox::memory(max_bytes), folder: None, server: None, gateways: 0, max_bytes }
    }

    pub(crate) fn embedded(max_bytes: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let outbox = open_outbox(&folder.path().join("outbox.db"), max_bytes).unwrap();
        Self { outbox, folder: Some(folder), server: None, gateways: 0, max_bytes }
    }

    pub(crate) async fn redis(max_bytes: u64) -> Self {
        let server = Server::start().await;
        let outbox = AnyOutbox::Redis(gateway(&server, 1, Settings::plain(max_bytes)).await);
        Self { outbox, folder: None, server: Some(server), gateways: 1, max_bytes }
    }

    /// Redis and a file beside it.
    pub(crate) async fn spilling(max_bytes: u64) -> Self {
        let (server, folder) = (Server::start().await, tempfile::tempdir().unwrap());
        let outbox = spilling(&server, 1, &folder.path().join("outbox.db"), max_bytes, OnUnavailable::Spill).await;
        Self { outbox, folder: Some(folder), server: Some(server), gateways: 1, max_bytes }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.as_ref().unwrap().path().join("outbox.db")
    }

    /// A kill -9 and a new start: what the disk held at that moment is opened again. In memory, the leases end as they would, and in
    /// Redis another gateway buries the dead one.
    pub(crate) async fn crash(&mut self) {
        if let AnyOutbox::Memory(memory) = &self.outbox {
            memory.crash();
            return;
        }
        if let Some(server) = &self.server {
            let dead = gateway_name(self.gateways);
            self.gateways += 1;
            self.outbox = if self.folder.is_some() {
                let folder = self.copied().await;
                let path = folder.path().join("outbox.db");
                self.folder = Some(folder);
                spilling(server, self.gateways, &path, self.max_bytes, OnUnavailable::Spill).await
            } else {
                AnyOutbox::Redis(gateway(server, self.gateways, Settings::plain(self.max_bytes)).await)
            };
            self.outbox.in_redis().unwrap().bury(&dead).await.unwrap();
            return;
        }
        let folder = self.copied().await;
        self.outbox = open_outbox(&folder.path().join("outbox.db"), self.max_bytes).unwrap();
        self.folder = Some(folder);
    }

    /// A folder with the files of this moment.
    async fn copied(&self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        self.files_at_rest().await.write(&folder.path().join("outbox.db"));
        folder
    }

    /// A power cut in the middle of some work, and a new start: of what the work wrote, the disk holds parts that `draw` chooses,
    /// and of what was synced before all. Whether a new group is among them.
    pub(crate) async fn power_cut(&mut self, work: impl AsyncFnOnce(&AnyOutbox), draw: &mut dyn FnMut() -> u64) -> bool {
        let synced = self.files_at_rest().await;
        work(&self.outbox).await;
        let disk = self.files_at_rest().await.back_onto(&synced, draw);
        let folder = tempfile::tempdir().unwrap();
        disk.write(&folder.path().join("outbox.db"));
        self.outbox = open_outbox(&folder.path().join("outbox.db"), self.max_bytes).unwrap();
        self.folder = Some(folder);
        disk.last_row() > synced.last_row()
    }

    /// The files, of one moment: the writer tends its log after it has answered, so they are read until they stand still.
    async fn files_at_rest(&self) -> Files {
        loop {
            let files = Files::read(&self.path());
            // Answered after all that was asked before is done, and what follows an answer before the next one.
            self.outbox.depth().await.unwrap();
            self.outbox.depth().await.unwrap();
            if files == Files::read(&self.path()) {
                return files;
            }
        }
    }

    pub(crate) async fn append(&self, dataset: &str, ids: &[&str]) {
        let receipt = self.outbox.append(append("shop", dataset, ids, 1_000)).await.unwrap();
        assert_eq!(receipt.events(), ids.len());
    }

    pub(crate) async fn lease(&self, dataset: &str, max_events: usize, now_ms: u64, until_ms: u64) -> Vec<Lease> {
        let request = LeaseRequest { dataset: dataset.into(), max_events, max_bytes: 10_000_000, now_ms, until_ms };
        self.outbox.lease(request).await.unwrap().leases
    }

    /// The only group that is due.
    pub(crate) async fn lease_one(&self, dataset: &str, now_ms: u64, until_ms: u64) -> Lease {
        let mut leases = self.lease(dataset, 1, now_ms, until_ms).await;
        assert_eq!(leases.len(), 1);
        leases.remove(0)
    }

    /// The same outcome for all events of a lease.
    pub(crate) async fn settle(&self, lease: Lease, outcome: Settlement) -> Settled {
        let outcomes = vec![outcome; lease.events().count()];
        self.outbox.settle(lease, outcomes).await.unwrap()
    }

    pub(crate) async fn depth(&self) -> Depth {
        self.outbox.depth().await.unwrap()
    }
}

/// The gateway of this number on a server.
pub(crate) async fn gateway(server: &Server, number: u64, settings: Settings) -> Redis {
    Redis::new(opening(server, number, settings).await)
}

/// The same with a file beside Redis.
pub(crate) async fn spilling(server: &Server, number: u64, path: &Path, max_bytes: u64, away: OnUnavailable) -> AnyOutbox {
    let opening = opening(server, number, Settings::plain(max_bytes)).await;
    let spilled = Metrics::new().unwrap().outbox_spilled_events;
    open_outbox(path, max_bytes).unwrap().shared(opening, away, spilled)
}

async fn opening(server: &Server, number: u64, settings: Settings) -> Opening {
    let config = server.config();
    Opening {
        link: Link::connect(&config).await.unwrap(),
        keys: Keys::new(&config.prefix),
        settings,
        gateway: gateway_name(number),
        clock: Clock::set(number * 1_000_000),
        chance: Chance::seeded(number),
        patience: config.command_timeout * 2,
        changed: watch::Sender::new(0),
    }
}

pub(crate) fn gateway_name(number: u64) -> String {
    format!("gateway{number}")
}

/// As in production, but with a small reserve: tests open many.
pub(crate) fn open_outbox(path: &Path, max_bytes: u64) -> Result<AnyOutbox, OpenError> {
    Embedded::open_with_small_reserve(path, Settings::plain(max_bytes)).map(AnyOutbox::Embedded)
}

/// Copies the file and its log. The index of the log (`-shm`) is not durable and left behind, as after a power cut.
pub(crate) fn copy_files(from: &Path, to: &Path) {
    std::fs::copy(from, to).unwrap();
    let log = |path: &Path| PathBuf::from(format!("{}-wal", path.display()));
    if log(from).exists() {
        std::fs::copy(log(from), log(to)).unwrap();
    }
}
