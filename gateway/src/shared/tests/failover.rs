//! The primary is another one from now on: by command, by a sentinel, in a cluster.

use std::time::Duration;

use crate::shared::testing::{Cluster, Sentinel, Server, eventually};
use crate::shared::{Call, Keys, Link, LinkState, Script, SharedError};

/// Until the others know that a primary is gone, have agreed on the next, and we are there.
const FAILED_OVER: Duration = Duration::from_secs(20);

fn add() -> Script {
    Script::new("an addition", "return redis.call('INCR', KEYS[1])")
}

fn call(dataset: &str) -> Call {
    Call::on([Keys::new("portcullis").of_dataset(dataset, "sum")])
}

#[tokio::test]
async fn a_primary_that_became_a_replica_is_left_and_taken_again_when_it_is_the_primary() {
    let (server, other) = (Server::start().await, Server::start().await);
    let link = Link::connect(&server.config()).await.unwrap();
    link.call::<u32>(&add(), &call("1")).await.unwrap();
    server.ask::<()>(redis::cmd("REPLICAOF").arg("127.0.0.1").arg(other.port)).await;
    eventually("the link is away", async || matches!(link.call::<u32>(&add(), &call("1")).await, Err(SharedError::Away(_))))
        .await;
    let mut state = link.state();
    state.wait_for(|state| state.to_string().contains("it is a replica")).await.unwrap();
    server.ask::<()>(redis::cmd("REPLICAOF").arg("NO").arg("ONE")).await;
    tokio::time::timeout(FAILED_OVER, state.wait_for(|state| *state == LinkState::Up)).await.expect("not back").unwrap();
    link.call::<u32>(&add(), &call("1")).await.unwrap();
}

#[tokio::test]
async fn a_blocking_read_on_a_primary_that_becomes_a_replica_ends_and_breaks_the_link() {
    let (server, other) = (Server::start().await, Server::start().await);
    let link = Link::connect(&server.config()).await.unwrap();
    let mut reader = link.reader().await.unwrap();
    let mut read = redis::cmd("XREADGROUP");
    read.arg("GROUP").arg("g").arg("c").arg("BLOCK").arg(4_000).arg("STREAMS").arg("{portcullis}:news").arg(">");
    let mut make = redis::cmd("XGROUP");
    make.arg("CREATE").arg("{portcullis}:news").arg("g").arg("$").arg("MKSTREAM");
    link.command::<()>("a group", &make).await.unwrap();
    let demote = async {
        eventually("the read blocks", async || {
            server.ask::<String>(redis::cmd("INFO").arg("clients")).await.contains("blocked_clients:1")
        })
        .await;
        server.ask::<()>(redis::cmd("REPLICAOF").arg("127.0.0.1").arg(other.port)).await;
    };
    let (answer, ()) = tokio::join!(reader.read::<redis::Value>(&read), demote);
    assert_eq!(answer.unwrap_err(), SharedError::Away("it became a replica".to_owned()));
    let mut state = link.state();
    let left = state.wait_for(|state| matches!(state, LinkState::Away(_)));
    tokio::time::timeout(Duration::from_secs(3), left).await.expect("the link is not left").unwrap();
}

#[tokio::test]
async fn after_a_failover_sentinels_lead_to_the_new_primary() {
    let mut server = Server::start().await;
    let replica = server.replica().await;
    let sentinel = Sentinel::start(&server).await;
    eventually("the sentinel knows the replica", async || {
        let client = redis::Client::open(("127.0.0.1", sentinel.port)).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let info: String = redis::cmd("INFO").arg("sentinel").query_async(&mut connection).await.unwrap();
        info.contains("slaves=1")
    })
    .await;
    let link = Link::connect(&sentinel.config()).await.unwrap();
    assert_eq!(link.call::<u32>(&add(), &call("1")).await.unwrap(), 1);
    eventually("the replica has it", async || {
        replica.ask::<Option<u32>>(redis::cmd("GET").arg(Keys::new("portcullis").of_dataset("1", "sum"))).await == Some(1)
    })
    .await;
    server.crash();
    assert_eq!(link.insist::<u32>(&add(), &call("1"), FAILED_OVER).await.unwrap(), 2);
    assert!(replica.ask::<String>(redis::cmd("INFO").arg("replication")).await.contains("role:master"));
}

#[tokio::test]
async fn after_a_failover_in_a_cluster_every_dataset_is_reached_again() {
    let mut cluster = Cluster::with_replicas().await;
    let link = Link::connect(&cluster.config()).await.unwrap();
    let datasets = ["1", "2", "3", "4", "5"];
    for dataset in datasets {
        link.call::<u32>(&add(), &call(dataset)).await.unwrap();
    }
    let primary = cluster.primary_of("{portcullis:1}:sum").await;
    eventually("the replicas have it", async || {
        let waited: u32 = cluster.servers[primary].ask(redis::cmd("WAIT").arg(1).arg(1000)).await;
        waited == 1
    })
    .await;
    cluster.servers[primary].crash();
    for dataset in datasets {
        assert_eq!(link.insist::<u32>(&add(), &call(dataset), FAILED_OVER).await.unwrap(), 2, "dataset {dataset}");
    }
}

#[tokio::test]
async fn a_slot_that_moved_is_found_where_it_is() {
    let cluster = Cluster::start().await;
    let link = Link::connect(&cluster.config()).await.unwrap();
    assert_eq!(link.call::<u32>(&add(), &call("1")).await.unwrap(), 1);
    let key = "{portcullis:1}:sum";
    let from = cluster.primary_of(key).await;
    let to = (from + 1) % 3;
    let slot: u16 = cluster.servers[0].ask(redis::cmd("CLUSTER").arg("KEYSLOT").arg(key)).await;
    let mut ids = Vec::new();
    for server in &cluster.servers {
        ids.push(server.ask::<String>(redis::cmd("CLUSTER").arg("MYID")).await);
    }
    let setslot = |state: &str, id: &str| {
        let mut command = redis::cmd("CLUSTER");
        command.arg("SETSLOT").arg(slot).arg(state).arg(id);
        command
    };
    cluster.servers[to].ask::<()>(&setslot("IMPORTING", &ids[from])).await;
    cluster.servers[from].ask::<()>(&setslot("MIGRATING", &ids[to])).await;
    let mut migrate = redis::cmd("MIGRATE");
    migrate.arg("127.0.0.1").arg(cluster.servers[to].port).arg(key).arg(0).arg(5_000);
    cluster.servers[from].ask::<String>(&migrate).await;
    let settled = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        for place in [to, from, 3 - to - from] {
            cluster.servers[place].ask::<()>(&setslot("NODE", &ids[to])).await;
        }
    };
    let (script, call) = (add(), call("1"));
    let (sum, ()) = tokio::join!(link.insist::<u32>(&script, &call, FAILED_OVER), settled);
    assert_eq!(sum.unwrap(), 2);
}
