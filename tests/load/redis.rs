//! A Redis of its own for a measurement, and what it says of itself: its CPU time, and how often each command ran.
//!
//! It syncs before it answers, as a durable gateway wants it, and never rewrites its file, as that would be work of before.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use harness::{Process, eventually, free_address};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, FromRedisValue};
use serde::Serialize;
use tempfile::TempDir;

use crate::cores::Cores;

/// The command that adds an entry, the one that hands one out, and the one that reads them.
const ADDS: &str = "xadd";
const HANDS_OUT: &str = "xclaim";
const READS: &str = "xrange";
/// How long an answer may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// A running server.
#[derive(Debug)]
pub(crate) struct Redis {
    process: Process,
    address: SocketAddr,
    connection: MultiplexedConnection,
    _folder: TempDir,
}

/// What it says of itself.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    /// CPU time of the whole process since its start, in microseconds.
    pub(crate) cpu_us: f64,
    /// How often each command ran, those that scripts run included.
    calls: BTreeMap<String, u64>,
}

/// What events cost it.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Cost {
    /// CPU time of the server.
    pub(crate) cpu_us_per_event: f64,
    /// Commands, those that scripts run included.
    pub(crate) commands_per_event: f64,
    /// Events in each entry that was added; 0 if none was.
    pub(crate) events_per_entry: f64,
    /// Entries that were handed out each time that entries were.
    pub(crate) entries_per_read: f64,
}

impl Redis {
    /// Starts one afresh.
    pub(crate) async fn start(cores: Cores) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let address = free_address();
        let process = cores.for_redis(async { spawn(address, folder.path()) }).await;
        let connection = eventually("redis-server answers", Duration::from_secs(20), async || connect(address).await).await;
        Self { process, address, connection, _folder: folder }
    }

    /// Where it listens, as a gateway is told.
    pub(crate) fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// A connection to it.
    pub(crate) fn connection(&self) -> MultiplexedConnection {
        self.connection.clone()
    }

    /// Runs a command.
    pub(crate) async fn run<T: FromRedisValue>(&self, command: &Cmd) -> T {
        command.query_async(&mut self.connection()).await.expect("Redis does what it is asked")
    }

    /// What it has used so far.
    pub(crate) async fn usage(&self) -> Usage {
        let text: String = self.run(redis::cmd("INFO").arg("cpu").arg("commandstats")).await;
        let mut usage = Usage::default();
        for (name, value) in text.lines().filter_map(|line| line.split_once(':')) {
            if let Some(command) = name.strip_prefix("cmdstat_") {
                let calls = value.strip_prefix("calls=").and_then(|rest| rest.split(',').next());
                usage
                    .calls
                    .insert(command.to_owned(), calls.and_then(|calls| calls.parse().ok()).expect("a count of calls"));
            } else if matches!(name, "used_cpu_sys" | "used_cpu_user") {
                usage.cpu_us += 1e6 * value.trim().parse::<f64>().expect("seconds");
            }
        }
        assert!(usage.cpu_us > 0.0, "Redis tells no CPU time");
        usage
    }

    /// Ends it; nothing of it stays.
    pub(crate) async fn finish(mut self) {
        self.process.kill().await;
    }
}

impl Usage {
    /// What so many events cost since then.
    #[expect(clippy::cast_precision_loss, reason = "counts of a few seconds")]
    pub(crate) fn since(&self, before: &Self, events: u64) -> Cost {
        let ratio = |count: u64, of: u64| if of == 0 { 0.0 } else { count as f64 / of as f64 };
        let calls = |command: &str| self.calls(command) - before.calls(command);
        let commands = self.calls.values().sum::<u64>() - before.calls.values().sum::<u64>();
        Cost {
            cpu_us_per_event: (self.cpu_us - before.cpu_us) / events as f64,
            commands_per_event: ratio(commands, events),
            events_per_entry: ratio(events, calls(ADDS)),
            entries_per_read: ratio(calls(HANDS_OUT), calls(READS)),
        }
    }

    fn calls(&self, command: &str) -> u64 {
        self.calls.get(command).copied().unwrap_or_default()
    }
}

fn spawn(address: SocketAddr, folder: &Path) -> Process {
    let port = address.port().to_string();
    let settings = [
        "--port",
        &port,
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "yes",
        "--appendfsync",
        "always",
        "--auto-aof-rewrite-percentage",
        "0",
        "--loglevel",
        "warning",
    ];
    Process::start(Path::new("redis-server"), &settings.map(str::to_owned), &[], folder, "redis")
}

async fn connect(address: SocketAddr) -> Option<MultiplexedConnection> {
    let settings = AsyncConnectionConfig::new().set_connection_timeout(Some(DEADLINE)).set_response_timeout(Some(DEADLINE));
    let client = Client::open(format!("redis://{address}")).expect("an address of Redis");
    let mut connection = client.get_multiplexed_async_connection_with_config(&settings).await.ok()?;
    redis::cmd("PING").query_async::<String>(&mut connection).await.ok()?;
    Some(connection)
}
