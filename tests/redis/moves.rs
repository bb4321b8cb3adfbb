//! An outbox moves into Redis and back, gateways are replaced one by one, and what was purged is nowhere.

use harness::{
    ChaosProxy, Demand, Fleet, Gateway, Load, Meta, Mode, Oracle, Redis, Signal, eventually, executable, purchase,
};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{REST, key, post, setup};

#[tokio::test]
async fn what_waits_in_a_file_is_sent_after_the_move_to_redis_and_back() {
    let executable = executable!();
    let (meta, redis) = (Meta::start(&executable).await, Redis::start().await);
    let proxy = ChaosProxy::start(meta.address()).await;
    let on_redis = setup(&meta, &redis).through(proxy.address());
    // The same keys before and after: a pseudonym and a mark are the same wherever they are made.
    let in_file = on_redis.clone().set("outbox", "backend", "\"embedded\"");
    let mut gateway = Gateway::start(&executable, in_file.clone()).await;
    gateway.expect_trouble_with_meta();
    gateway.expect_log("redis");
    proxy.set(Mode::Refuse);
    let mut oracle = Oracle::default();
    post(&gateway, "file", 0..10, &mut oracle).await;
    gateway.stop(Signal::Terminate).await;

    gateway.configure(on_redis);
    gateway.restart().await;
    post(&gateway, "redis", 0..10, &mut oracle).await;
    let metrics = gateway.metrics().await;
    assert_eq!((metrics.pending(), metrics.in_file(), metrics.events("recovered")), (20, 10, 10));
    assert!(redis.ask::<u64>(&["XLEN", &key("queue")]).await > 0);
    proxy.set(Mode::Pass);
    oracle.settled(&meta, REST).await;
    gateway.drained().await;
    assert_eq!(gateway.metrics().await.in_file(), 0);

    // Back: as long as anything is in Redis a gateway on Redis sends it. Then nothing is left behind.
    proxy.set(Mode::Refuse);
    post(&gateway, "last", 0..5, &mut oracle).await;
    proxy.set(Mode::Pass);
    gateway.drained().await;
    assert_eq!(redis.ask::<u64>(&["XLEN", &key("queue")]).await, 0);
    gateway.stop(Signal::Terminate).await;
    gateway.configure(in_file);
    gateway.restart().await;
    post(&gateway, "back", 0..10, &mut oracle).await;
    oracle.settled(&meta, REST).await;
    gateway.drained().await;
    assert_eq!(gateway.metrics().await.events("recovered"), 0);
    assert!(meta.ids().await.values().all(|times| *times == 1));
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn gateways_are_replaced_one_by_one_under_load_and_nothing_is_lost() {
    let executable = executable!();
    let (meta, redis) = (Meta::start(&executable).await, Redis::start().await);
    let mut fleet = Fleet::of(&executable, 3, &setup(&meta, &redis)).await;
    fleet.expect_trouble_with_redis();
    fleet.expect_trouble_with_meta();
    let addresses: Vec<_> = fleet.gateways.iter().map(|gateway| watch::Sender::new(gateway.address())).collect();
    let demand = Demand { callers: 2, events: 3, per_second: Some(60) };
    let loads: Vec<Load> = addresses
        .iter()
        .enumerate()
        .map(|(at, address)| Load::following(&address.subscribe(), &format!("rolling{at}"), demand))
        .collect();
    for (at, load) in loads.iter().enumerate() {
        let enough = load.answered() + 10;
        eventually("the load is answered", REST, async || (load.answered() >= enough).then_some(())).await;
        let gateway = &mut fleet.gateways[at];
        gateway.stop(Signal::Terminate).await;
        gateway.restart().await;
        addresses[at].send_replace(gateway.address());
        // The others saw it go and come: nobody is counted twice.
        eventually("all three live", REST, async || {
            (fleet.gateways[at].metrics().await.sum("portcullis_gateways", &[]) == 3).then_some(())
        })
        .await;
    }
    let mut oracle = Oracle::default();
    for load in loads {
        oracle.merge(load.finish().await);
    }
    let figures = oracle.settled(&meta, REST).await;
    println!("three gateways replaced: {figures}");
    fleet.drained().await;
    fleet.finish_without_accounts(&[&redis]).await;
    meta.finish().await;
}

#[tokio::test]
async fn e13_what_was_purged_is_neither_in_redis_nor_on_its_disk() {
    let executable = executable!();
    let (meta, mut redis) = (Meta::start(&executable).await, Redis::start().await);
    let proxy = ChaosProxy::start(meta.address()).await;
    proxy.set(Mode::Refuse);
    let mut fleet = Fleet::of(&executable, 2, &setup(&meta, &redis).through(proxy.address())).await;
    fleet.expect_trouble_with_meta();
    fleet.expect_trouble_with_redis();
    fleet.expect_log("purged by command");
    let mut oracle = Oracle::default();
    let goes: Vec<Value> = (0..5).map(|number| purchase(&format!("qzpurged-{number}"))).collect();
    assert_eq!(fleet.gateways[0].client().post(&goes).await.unwrap().status, 200);
    for (at, gateway) in fleet.gateways.iter().enumerate() {
        post(gateway, &format!("stays{at}"), 0..5, &mut oracle).await;
    }
    for number in 0..5 {
        let id = format!("qzpurged-{number}");
        // By the one that did not take it in.
        let purged = fleet.gateways[1].command(&["outbox", "purge", "--event-id", &id, "--yes", "--json"]).await;
        assert_eq!(purged.code, Some(0), "{}{}", purged.stdout, purged.stderr);
    }
    eventually("what was in hand went too", REST, async || (fleet.metrics().await.pending() == 10).then_some(())).await;
    let mut ids = harness::Canaries::default();
    ids.add("the id of an event that was purged", "qzpurged");
    redis.holds_none(&ids).await;
    // Nor does it come back from the disk.
    redis.kill().await;
    redis.restart().await;
    redis.holds_none(&ids).await;
    proxy.set(Mode::Pass);
    oracle.settled(&meta, REST).await;
    fleet.drained().await;
    fleet.finish(&[&redis]).await;
    assert_eq!(meta.ids().await.len(), 10);
    meta.finish().await;
}

/// Without a running gateway the commands go to Redis by themselves.
#[tokio::test]
async fn what_waits_in_redis_is_seen_and_sent_again_by_command() {
    let executable = executable!();
    let (meta, redis) = (Meta::start(&executable).await, Redis::start().await);
    let mut gateway = Gateway::start(&executable, setup(&meta, &redis)).await;
    gateway.expect_trouble_with_meta();
    meta.faults(&json!([{ "status": 400, "code": 100, "subcode": 2_804_019, "is_transient": false, "times": 1 }])).await;
    let mut oracle = Oracle::default();
    post(&gateway, "aside", 0..1, &mut oracle).await;
    eventually("it is set aside", REST, async || {
        (gateway.metrics().await.sum("portcullis_outbox_quarantined_events", &[]) == 1).then_some(())
    })
    .await;
    gateway.stop(Signal::Terminate).await;
    let inspected = gateway.command(&["outbox", "inspect", "--json"]).await;
    assert_eq!(inspected.code, Some(0), "{}", inspected.stderr);
    let told: Value = serde_json::from_str(&inspected.stdout).unwrap();
    assert_eq!(told["redis"]["quarantine"][0]["code"], 100, "{told}");
    let redriven = gateway.command(&["outbox", "redrive"]).await;
    assert_eq!(redriven.code, Some(0), "{}{}", redriven.stdout, redriven.stderr);
    gateway.restart().await;
    oracle.settled(&meta, REST).await;
    gateway.drained().await;
    gateway.finish().await;
    meta.finish().await;
}
