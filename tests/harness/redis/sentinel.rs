//! One that watches a primary and makes a replica of it the primary when it is told to.
//!
//! It is told, and does not judge by itself: a busy machine looks like a dead server, and a failover that nobody asked for would turn
//! a test's servers round behind its back.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use super::{Redis, TRIES};
use crate::process::Process;
use crate::{Settings, eventually, free_address};

/// How long a failover may take.
const FAILOVER: Duration = Duration::from_secs(60);

/// How long a server must be silent before a failover begins by itself: longer than any test.
const NEVER_MS: u64 = 3_600_000;

/// A sentinel that needs no other's vote.
#[derive(Debug)]
pub struct Sentinel {
    _process: Process,
    address: SocketAddr,
    _folder: TempDir,
}

impl Sentinel {
    /// Under this name callers ask for the primary.
    pub const PRIMARY: &str = "portcullis";

    /// Starts one, and waits until it knows the primary and its one replica.
    pub async fn watching(primary: &Redis) -> Self {
        for _ in 0..TRIES {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let address = free_address();
            let mut process = spawn(folder.path(), address, primary.address().port());
            let up = eventually("the sentinel knows the replica", FAILOVER, async || {
                if !process.runs() {
                    return Some(false);
                }
                replicas(address).await.filter(|count| *count == 1).map(|_| true)
            })
            .await;
            if up {
                return Self { _process: process, address, _folder: folder };
            }
        }
        panic!("the sentinel does not start");
    }

    /// What a gateway's configuration says.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// Has it make this replica the primary; waits until it names it so, and the server takes writes.
    pub async fn fails_over_to(&self, replica: &Redis) {
        eventually("the replica is the primary", FAILOVER, async || {
            let named: (String, u16) = ask(self.address, &["SENTINEL", "GET-MASTER-ADDR-BY-NAME", Self::PRIMARY]).await?;
            if named.1 != replica.address().port() {
                // It says no while one is under way, and where it knows no replica that answers.
                let _: Option<String> = ask(self.address, &["SENTINEL", "FAILOVER", Self::PRIMARY]).await;
                return None;
            }
            (replica.info("role").await == "master").then_some(())
        })
        .await;
    }
}

async fn replicas(sentinel: SocketAddr) -> Option<usize> {
    let told: Vec<redis::Value> = ask(sentinel, &["SENTINEL", "REPLICAS", Sentinel::PRIMARY]).await?;
    Some(told.len())
}

async fn ask<T: redis::FromRedisValue>(sentinel: SocketAddr, words: &[&str]) -> Option<T> {
    let client = redis::Client::open(format!("redis://{sentinel}")).ok()?;
    let mut connection = client.get_multiplexed_async_connection().await.ok()?;
    let (name, arguments) = words.split_first()?;
    redis::cmd(name).arg(arguments).query_async(&mut connection).await.ok()
}

fn spawn(folder: &Path, address: SocketAddr, primary: u16) -> Process {
    let name = Sentinel::PRIMARY;
    let lines = [
        format!("port {}", address.port()),
        "bind 127.0.0.1".to_owned(),
        format!("sentinel monitor {name} 127.0.0.1 {primary} 1"),
        format!("sentinel down-after-milliseconds {name} {NEVER_MS}"),
        format!("sentinel failover-timeout {name} 10000"),
    ];
    std::fs::write(folder.join("sentinel.conf"), lines.join("\n")).expect("the folder takes files");
    let arguments = ["sentinel.conf".to_owned(), "--sentinel".to_owned()];
    Process::start(&Settings::redis_server(), &arguments, &[], folder, "sentinel")
}

#[cfg(test)]
mod tests {
    use super::super::RedisSetup;
    use super::*;

    #[tokio::test]
    async fn a_replica_takes_over_when_the_sentinel_is_told_to() {
        let mut primary = Redis::start().await;
        let replica = RedisSetup::new().replica_of(&primary).start().await;
        let sentinel = Sentinel::watching(&primary).await;
        primary.ask::<String>(&["SET", "key", "value"]).await;
        eventually("the replica has it", FAILOVER, async || replica.try_ask::<String>(&["GET", "key"]).await.ok()).await;
        primary.kill().await;
        sentinel.fails_over_to(&replica).await;
        assert_eq!(replica.ask::<String>(&["GET", "key"]).await, "value");
        replica.ask::<String>(&["SET", "key", "other"]).await;
    }
}
