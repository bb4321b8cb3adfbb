//! A cluster of servers on this machine.

use std::process::Command;

use super::{DURABLE, Server, config, eventually, free_port, node};
use crate::config::{Redis, Topology};

/// Three primaries, with a replica each or without.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) servers: Vec<Server>,
}

impl Cluster {
    /// Primaries alone.
    pub(crate) async fn start() -> Self {
        Self::start_with(3, "0").await
    }

    /// With a replica for each primary.
    pub(crate) async fn with_replicas() -> Self {
        Self::start_with(6, "1").await
    }

    async fn start_with(count: usize, replicas: &str) -> Self {
        let mut servers = Vec::with_capacity(count);
        for _ in 0..count {
            let bus = free_port().to_string();
            let of_cluster = ["--cluster-enabled", "yes", "--cluster-port", &bus, "--cluster-node-timeout", "1000"];
            servers.push(Server::start_with(&[DURABLE, &of_cluster].concat()).await);
        }
        let mut create = Command::new("redis-cli");
        create.args(["--cluster", "create"]).args(servers.iter().map(|server| format!("127.0.0.1:{}", server.port)));
        let created = create.args(["--cluster-replicas", replicas, "--cluster-yes"]).output().unwrap();
        assert!(created.status.success(), "{}", String::from_utf8_lossy(&created.stdout));
        for server in &servers {
            eventually("the cluster is complete", async || {
                server.ask::<String>(redis::cmd("CLUSTER").arg("INFO")).await.contains("cluster_state:ok")
            })
            .await;
        }
        let cluster = Self { servers };
        let wanted = if replicas == "0" { 0 } else { 3 };
        eventually("the replicas follow", async || cluster.followers().await == wanted).await;
        cluster
    }

    async fn followers(&self) -> usize {
        let mut count = 0;
        for server in &self.servers {
            count += server.ask::<String>(redis::cmd("INFO").arg("replication")).await.matches("state=online").count();
        }
        count
    }

    /// How to reach it: by any node.
    pub(crate) fn config(&self) -> Redis {
        let nodes = self.servers.iter().map(|server| node(server.port)).collect();
        Redis { nodes, topology: Topology::Cluster, ..config(0) }
    }

    /// The place of the primary that has a key.
    pub(crate) async fn primary_of(&self, key: &str) -> usize {
        let slot: u16 = self.servers[0].ask(redis::cmd("CLUSTER").arg("KEYSLOT").arg(key)).await;
        let slots: Vec<(u16, u16, (String, u16, String))> = self.ranges().await;
        let port = slots.iter().find(|(first, last, _)| (*first..=*last).contains(&slot)).unwrap().2.1;
        self.servers.iter().position(|server| server.port == port).unwrap()
    }

    async fn ranges(&self) -> Vec<(u16, u16, (String, u16, String))> {
        let ranges: Vec<Vec<redis::Value>> = self.servers[0].ask(redis::cmd("CLUSTER").arg("SLOTS")).await;
        let read = |range: Vec<redis::Value>| {
            let mut parts = range.into_iter();
            let mut next = || parts.next().unwrap();
            let bounds = (redis::from_redis_value(next()).unwrap(), redis::from_redis_value(next()).unwrap());
            let mut primary = Vec::<redis::Value>::new();
            if let redis::Value::Array(found) = next() {
                primary = found;
            }
            let mut parts = primary.into_iter();
            let mut next = || parts.next().unwrap();
            let host = redis::from_redis_value(next()).unwrap();
            let port = redis::from_redis_value(next()).unwrap();
            (bounds.0, bounds.1, (host, port, redis::from_redis_value(next()).unwrap()))
        };
        ranges.into_iter().map(read).collect()
    }
}
