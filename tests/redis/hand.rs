//! What was in the hands of somebody who is gone, and what is left behind.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use harness::{ChaosProxy, Fleet, Gateway, Meta, Mode, Oracle, Redis, Signal, eventually, executable, numbered_purchase};

use crate::{BACK, REST, key, post, setup};

/// A gateway that nothing was heard of for half a minute is dead, and what it had is then given to others.
const BURIED: Duration = Duration::from_secs(75);
/// Whose entries nobody has.
const NOBODY: &str = "-";

/// How many entries each gateway has in hand, by its name.
async fn in_hand(redis: &Redis) -> BTreeMap<String, u64> {
    let told = redis.try_ask::<Vec<BTreeMap<String, String>>>(&["XINFO", "CONSUMERS", &key("queue"), "gateways"]).await;
    let count = |consumer: BTreeMap<String, String>| (consumer["name"].clone(), consumer["pending"].parse().unwrap());
    told.unwrap_or_default().into_iter().map(count).filter(|(name, _)| name != NOBODY).collect()
}

#[tokio::test]
async fn c2_an_entry_that_a_stranger_deleted_is_found_again_and_stops_nobody() {
    let executable = executable!();
    let (meta, redis) = (Meta::start(&executable).await, Redis::start().await);
    let proxy = ChaosProxy::start(meta.address()).await;
    proxy.set(Mode::Blackhole);
    let mut fleet = Fleet::of(&executable, 2, &setup(&meta, &redis).through(proxy.address())).await;
    fleet.expect_trouble_with_meta();
    fleet.expect_trouble_with_redis();
    let mut oracle = Oracle::default();
    post(&fleet.gateways[0], "first", 0..20, &mut oracle).await;
    eventually("some are in hand", REST, async || in_hand(&redis).await.values().any(|count| *count > 0).then_some(()))
        .await;
    // Every other entry, whether somebody has it, has had it, or never had.
    let entries: Vec<(String, Vec<String>)> = redis.ask(&["XRANGE", &key("queue"), "-", "+"]).await;
    assert!(!entries.is_empty());
    for (id, _) in entries.iter().step_by(2) {
        assert_eq!(redis.ask::<u64>(&["XDEL", &key("queue"), id]).await, 1);
    }
    post(&fleet.gateways[1], "second", 0..5, &mut oracle).await;
    proxy.set(Mode::Pass);
    oracle.settled(&meta, REST).await;
    fleet.drained().await;
    fleet.finish(&[&redis]).await;
    meta.finish().await;
}

#[tokio::test]
async fn c3_c11_what_a_dead_gateway_had_in_hand_is_sent_by_another_and_its_name_goes_last() {
    let executable = executable!();
    let (meta, redis) = (Meta::start(&executable).await, Redis::start().await);
    // The one that will die gets no answer from Meta, so that its hands are full.
    let silent = ChaosProxy::start(meta.address()).await;
    silent.set(Mode::Blackhole);
    let mut dies = Gateway::start(&executable, setup(&meta, &redis).through(silent.address())).await;
    dies.expect_trouble_with_meta();
    let mut oracle = Oracle::default();
    post(&dies, "had", 0..30, &mut oracle).await;
    let has = async || in_hand(&redis).await.into_iter().find(|(_, count)| *count > 0).map(|(name, _)| name);
    let name = eventually("it has something in hand", REST, has).await;
    dies.kill().await;

    let mut heir = Gateway::start(&executable, setup(&meta, &redis)).await;
    heir.expect_trouble_with_redis();
    post(&heir, "own", 0..5, &mut oracle).await;
    oracle.settled(&meta, BURIED).await;
    eventually("the name of the dead one is gone", BURIED, async || {
        let left = in_hand(&redis).await;
        (!left.contains_key(&name)).then_some(())
    })
    .await;
    eventually("one gateway lives", BURIED, async || {
        (heir.metrics().await.sum("portcullis_gateways", &[]) == 1).then_some(())
    })
    .await;
    heir.empty().await;
    let repeated = meta.ids().await.into_values().filter(|times| *times > 1).count();
    assert_eq!(repeated, 0, "Meta never heard of the dead one");
    heir.finish_without_accounts().await;
    dies.finish_without_accounts().await;
    meta.finish().await;
}

#[tokio::test]
async fn c3_a_stop_leaves_what_waits_to_the_others_at_once_and_takes_its_name_with_it() {
    let executable = executable!();
    let (meta, redis) = (Meta::start(&executable).await, Redis::start().await);
    let proxy = ChaosProxy::start(meta.address()).await;
    proxy.set(Mode::Refuse);
    let stops = setup(&meta, &redis).through(proxy.address()).set("dispatch", "backoff_max_ms", "100");
    let mut stops = Gateway::start(&executable, stops).await;
    stops.expect_trouble_with_meta();
    let mut oracle = Oracle::default();
    post(&stops, "left", 0..10, &mut oracle).await;
    stops.stop(Signal::Terminate).await;
    assert!(in_hand(&redis).await.is_empty(), "{:?}", in_hand(&redis).await);
    let mut heir = Gateway::start(&executable, setup(&meta, &redis)).await;
    heir.expect_trouble_with_redis();
    assert_eq!(heir.metrics().await.events("recovered"), 10);
    oracle.settled(&meta, BACK).await;
    heir.drained().await;
    heir.finish().await;
    stops.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn c4_nothing_is_left_in_redis_of_what_was_delivered() {
    let executable = executable!();
    let (meta, redis) = (Meta::start(&executable).await, Redis::start().await);
    let fleet = Fleet::of(&executable, 2, &setup(&meta, &redis)).await;
    let mut oracle = Oracle::default();
    for request in 0..20 {
        let events: Vec<_> = (0..50).map(|event| numbered_purchase("gone", request * 50 + event)).collect();
        let gateway = &fleet.gateways[usize::try_from(request % 2).unwrap()];
        assert_eq!(gateway.client().post(&events).await.unwrap().status, 200);
        (0..50).for_each(|event| oracle.owe(&format!("gone-{}", request * 50 + event)));
    }
    oracle.settled(&meta, REST).await;
    fleet.drained().await;
    assert_eq!(redis.ask::<u64>(&["XLEN", &key("queue")]).await, 0);
    let of_the_dataset: BTreeSet<String> = redis.keys(&key("*")).await.into_iter().collect();
    // The policies stay, with the counters: they are no part of an event.
    for name in ["heads", "bodies", "due", "condemned", "quarantine"] {
        assert!(!of_the_dataset.contains(&key(name)), "{name} is left");
    }
    // What answers a repeated call goes by itself.
    for left in of_the_dataset.iter().filter(|name| name.starts_with(&key("answer"))) {
        assert!(redis.ask::<i64>(&["PTTL", left]).await > 0, "{left} stays for ever");
    }
    fleet.finish(&[&redis]).await;
    meta.finish().await;
}
