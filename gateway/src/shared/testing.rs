//! A Redis of its own for a test: the real server, on a free port, gone with the test; and with it replicas, sentinels, clusters,
//! certificates and a bad network.

mod certificates;
mod cluster;
mod proxy;
mod sentinel;

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use redis::{AsyncConnectionConfig, Client, FromRedisValue};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::task::TaskTracker;

pub(crate) use certificates::Certificates;
pub(crate) use cluster::Cluster;
pub(crate) use proxy::{Network, Proxy};
pub(crate) use sentinel::Sentinel;

use super::{AtConnect, Link, LinkParts, SharedError};
use crate::chance::Chance;
use crate::clock::Clock;
use crate::config::{Node, OnUnavailable, Redis, Topology};
use crate::telemetry::metrics::Metrics;

/// Every command is synced to the disk before it is answered.
const DURABLE: &[&str] = &["--appendonly", "yes", "--appendfsync", "always"];

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
    folder: TempDir,
}

impl Server {
    /// With every command synced to the disk before it is answered.
    pub(crate) async fn start() -> Self {
        Self::start_with(DURABLE).await
    }

    /// With these settings.
    pub(crate) async fn start_with(settings: &[&str]) -> Self {
        for _ in 0..5 {
            let folder = tempfile::tempdir().unwrap();
            let port = free_port();
            let mut server = Self { child: spawn(&folder, port, settings), port, folder };
            // Another test may have taken the port meanwhile.
            if server.answers_in_time().await {
                return server;
            }
        }
        panic!("redis-server ends by itself with {settings:?}");
    }

    /// One that follows this server.
    pub(crate) async fn replica(&self) -> Self {
        let port = self.port.to_string();
        let replica =
            Self::start_with(&[DURABLE, &["--replicaof", "127.0.0.1", &port, "--repl-diskless-sync-delay", "0"]].concat())
                .await;
        eventually("the replica follows", async || {
            self.ask::<String>(redis::cmd("INFO").arg("replication")).await.contains("state=online")
        })
        .await;
        replica
    }

    /// Ends it as a crash does, and starts it with these settings on what its disk holds.
    pub(crate) async fn restart_with(&mut self, settings: &[&str]) {
        self.crash();
        self.start_again(settings);
        assert!(self.answers_in_time().await, "redis-server did not start again");
    }

    /// Ends it as a crash does.
    pub(crate) fn crash(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again, and does not wait for it.
    pub(crate) fn start_again(&mut self, settings: &[&str]) {
        self.child = spawn(&self.folder, self.port, settings);
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, name: &str) {
        let signalled = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap();
        assert!(signalled.success());
    }

    /// How to reach it.
    pub(crate) fn config(&self) -> Redis {
        config(self.port)
    }

    /// Asks it past any link.
    pub(crate) async fn ask<T: FromRedisValue>(&self, command: &redis::Cmd) -> T {
        let client = Client::open(("127.0.0.1", self.port)).unwrap();
        // On a busy machine it may be slow to let somebody in, or to answer.
        let patience = Some(Duration::from_secs(30));
        let patient = AsyncConnectionConfig::new().set_connection_timeout(patience).set_response_timeout(patience);
        let mut connection = client.get_multiplexed_async_connection_with_config(&patient).await.unwrap();
        command.query_async(&mut connection).await.unwrap()
    }

    /// Changes a setting while it runs.
    pub(crate) async fn set(&self, key: &str, value: &str) {
        self.ask::<()>(redis::cmd("CONFIG").arg("SET").arg(key).arg(value)).await;
    }

    async fn answers_in_time(&mut self) -> bool {
        for _ in 0..1000 {
            if answers(self.port).await {
                return true;
            }
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("redis-server did not answer within 10 s");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// How to reach a server of this machine.
pub(crate) fn config(port: u16) -> Redis {
    Redis {
        nodes: vec![node(port)],
        topology: Topology::Single,
        tls: None,
        username: None,
        password: None,
        database: 0,
        prefix: "portcullis".to_owned(),
        require_durable: true,
        replicas: 0,
        on_unavailable: OnUnavailable::Refuse,
        connect_timeout: Duration::from_secs(2),
        command_timeout: Duration::from_secs(2),
    }
}

/// A server of this machine.
pub(crate) fn node(port: u16) -> Node {
    Node { host: "127.0.0.1".to_owned(), port }
}

impl Link {
    /// Connects once.
    pub(crate) async fn connect(config: &Redis) -> Result<Self, SharedError> {
        let link = Self::begin(config, Vec::new(), &Metrics::new().unwrap());
        link.first_try().await.map(|()| link)
    }

    /// Begins to connect.
    pub(crate) fn begin(config: &Redis, hooks: Vec<Arc<dyn AtConnect>>, metrics: &Metrics) -> Self {
        let (clock, chance, tasks) = (Clock::system(), Chance::seeded(7), TaskTracker::new());
        Self::start(Arc::new(config.clone()), LinkParts { clock, chance, metrics: metrics.clone(), hooks, tasks })
    }
}

/// Waits until something holds, for 20 seconds at most.
pub(crate) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..2000 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("not within 20 s: {what}");
}

/// A port that nobody had a moment ago.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Whether a server there answers, be it that it asks for a password, or speaks TLS and answers nothing to this.
async fn answers(port: u16) -> bool {
    let ping = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.write_all(b"PING\r\n").await?;
        let mut answer = [0; 7];
        let count = stream.read(&mut answer).await?;
        std::io::Result::Ok(answer[..count].to_vec())
    };
    match ping.await {
        Ok(answer) => {
            answer.is_empty() || answer.starts_with(b"+PONG") || answer.starts_with(b"-NOAUTH") || answer[0] == 0x15
        }
        // A server of TLS may end a connection that does not begin as one.
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    }
}

fn spawn(folder: &TempDir, port: u16, settings: &[&str]) -> Child {
    let port = port.to_string();
    // The last setting of a name holds.
    let mut command = redis_server();
    command.args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--loglevel", "warning"]);
    run(command.arg("--dir").arg(folder.path()).args(settings))
}

#[expect(clippy::disallowed_methods, reason = "which server the tests are run against is not the gateway's business")]
fn redis_server() -> Command {
    Command::new(std::env::var_os("REDIS_SERVER").unwrap_or_else(|| "redis-server".into()))
}

fn run(command: &mut Command) -> Child {
    command.stdout(Stdio::null()).spawn().unwrap_or_else(|error| {
        panic!("redis-server is needed for this test (Debian: apt-get install redis-server): {error}")
    })
}

#[tokio::test]
async fn a_server_answers_and_is_gone_with_the_test() {
    let server = Server::start().await;
    let link = Link::connect(&server.config()).await.unwrap();
    let answer: String = link.command("a ping", &redis::cmd("PING")).await.unwrap();
    assert_eq!(answer, "PONG");
}
