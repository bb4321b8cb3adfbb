//! Several servers that share the keys among them.

use std::time::Duration;

use super::{Redis, RedisSetup};
use crate::{eventually, free_address};

/// How long they may take to find one another.
const MEETING: Duration = Duration::from_secs(60);
/// Into so many slots keys fall.
const SLOTS: usize = 16_384;

/// A cluster of primaries without replicas.
#[derive(Debug)]
pub struct RedisCluster {
    /// Its servers, in the order of the slots that they have.
    pub nodes: Vec<Redis>,
}

impl RedisCluster {
    /// So many primaries, each with an equal share of the slots, of which each write is on the disk before it is answered.
    pub async fn start(count: usize) -> Self {
        let mut nodes = Vec::new();
        for _ in 0..count {
            let setup = RedisSetup::new()
                .set("cluster-enabled", "yes")
                .set("cluster-port", &free_address().port().to_string())
                .set("cluster-node-timeout", "2000");
            nodes.push(setup.start().await);
        }
        let share = SLOTS.div_ceil(count);
        for (at, node) in nodes.iter().enumerate() {
            let (first, last) = (at * share, ((at + 1) * share).min(SLOTS) - 1);
            node.ask::<String>(&["CLUSTER", "ADDSLOTSRANGE", &first.to_string(), &last.to_string()]).await;
            node.ask::<String>(&["CLUSTER", "SET-CONFIG-EPOCH", &(at + 1).to_string()]).await;
        }
        let cluster = Self { nodes };
        let (first, others) = cluster.nodes.split_first().expect("a cluster has nodes");
        for node in others {
            let (port, bus) = (first.address().port().to_string(), first.setup.value("cluster-port"));
            node.ask::<String>(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus]).await;
        }
        cluster.whole().await;
        cluster
    }

    /// What a gateway's configuration says.
    pub fn url(&self) -> String {
        self.nodes.iter().map(Redis::url).collect::<Vec<_>>().join(",")
    }

    /// Waits until every server knows that each slot has its server.
    pub async fn whole(&self) {
        eventually("the cluster is whole", MEETING, async || {
            for node in &self.nodes {
                let info: String = node.ask(&["CLUSTER", "INFO"]).await;
                let knows = |line: &str| info.lines().any(|has| has == line);
                let all = format!("cluster_known_nodes:{}", self.nodes.len());
                if !(knows("cluster_state:ok") && knows(&all)) {
                    return None;
                }
            }
            Some(())
        })
        .await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn keys_spread_over_its_servers() {
        let cluster = RedisCluster::start(3).await;
        let mut took = 0;
        for number in 0..30 {
            let key = format!("key-{number}");
            for node in &cluster.nodes {
                took += usize::from(node.try_ask::<String>(&["SET", &key, "value"]).await.is_ok());
            }
        }
        assert_eq!(took, 30, "each key has one server");
        for node in &cluster.nodes {
            assert!(node.ask::<u64>(&["DBSIZE"]).await > 0);
        }
    }
}
