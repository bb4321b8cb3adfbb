//! What a server may lose, what it has no room for, and what comes again.

use std::time::Duration;

use harness::{
    ChaosProxy, Demand, Fleet, Gateway, Load, Meta, Mode, Oracle, Redis, RedisSetup, eventually, executable,
    numbered_purchase,
};
use tokio::sync::watch;

use crate::{KEY_AT_REST, REST, key, post, refused, setup, takes_again};

/// A mode in which a server can lose what it said yes to, its name in the metrics, and the setting that an operator is told to change.
fn lossy() -> [(RedisSetup, &'static str, &'static str); 3] {
    [
        (RedisSetup::new().everysec(), "everysec", "appendfsync"),
        (RedisSetup::new().in_memory(), "none", "appendonly"),
        (RedisSetup::new().in_memory().set("save", "3600 1"), "rdb", "appendonly"),
    ]
}

#[tokio::test]
async fn c8_a_server_that_can_lose_is_refused_with_the_setting_to_change_or_taken_with_a_warning() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    for (server, mode, setting) in lossy() {
        let redis = server.start().await;
        let strict = refused(&executable, &setup(&meta, &redis), &[]).await;
        assert!(strict.stderr.contains(setting) && strict.stderr.contains("require_durable"), "{mode}: {}", strict.stderr);

        let lax = setup(&meta, &redis).set("redis", "require_durable", "false");
        let mut gateway = Gateway::start(&executable, lax).await;
        gateway.expect_trouble_with_redis();
        let metrics = gateway.metrics().await;
        assert_eq!(metrics.sum("portcullis_durability_info", &[("mode", mode)]), 1, "{mode}");
        assert!(gateway.process().stderr().contains(setting), "{mode}: no warning");
        gateway.finish().await;
    }
    let redis = Redis::start().await;
    let gateway = Gateway::start(&executable, setup(&meta, &redis)).await;
    assert_eq!(gateway.metrics().await.sum("portcullis_durability_info", &[("mode", "always")]), 1);
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn c8_where_the_server_knows_waitaof_a_yes_waits_for_the_disk() {
    let executable = executable!();
    let (meta, mut redis) = (Meta::start(&executable).await, RedisSetup::valkey().everysec().start().await);
    let proxy = ChaosProxy::start(meta.address()).await;
    let mut gateway = Gateway::start(&executable, setup(&meta, &redis).through(proxy.address())).await;
    gateway.expect_trouble_with_redis();
    gateway.expect_trouble_with_meta();
    assert_eq!(gateway.metrics().await.sum("portcullis_durability_info", &[("mode", "waitaof")]), 1);
    let mut oracle = Oracle::default();
    proxy.set(Mode::Refuse);
    for round in 0..3 {
        post(&gateway, &format!("before{round}"), 0..1, &mut oracle).await;
        let before = waits(&redis).await;
        post(&gateway, &format!("synced{round}"), 0..1, &mut oracle).await;
        // What a killed server wrote is kept by the kernel, so only what it was asked tells that the disk was waited for.
        assert_ne!(waits(&redis).await, before, "nobody waited for the disk");
        redis.kill().await;
        redis.restart().await;
        crate::has_redis(&gateway, true, crate::BACK).await;
    }
    assert_eq!(gateway.metrics().await.sum("portcullis_redis_lost_total", &[]), 0);
    proxy.set(Mode::Pass);
    oracle.settled(&meta, REST).await;
    gateway.empty().await;
    gateway.finish_without_accounts().await;
    meta.finish().await;
}

/// How often the disk was waited for.
async fn waits(redis: &Redis) -> String {
    let told = redis.info("cmdstat_waitaof").await;
    told.split(',').next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn c6_a_server_that_may_evict_is_refused_and_one_without_memory_costs_nobody_an_event() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let proxy = ChaosProxy::start(meta.address()).await;
    let evicts = RedisSetup::new().set("maxmemory", "64mb").set("maxmemory-policy", "allkeys-lru").start().await;
    let told = refused(&executable, &setup(&meta, &evicts), &[]).await;
    assert!(told.stderr.contains("maxmemory-policy"), "{}", told.stderr);

    let redis = RedisSetup::new().set("maxmemory", "64mb").start().await;
    let refuses = setup(&meta, &redis).through(proxy.address()).set("redis", "on_unavailable", "\"refuse\"");
    let mut gateway = Gateway::start(&executable, refuses).await;
    gateway.expect_trouble_with_redis();
    gateway.expect_trouble_with_meta();
    gateway.expect_log("events cannot be stored");
    gateway.expect_log("the outbox is full");
    let mut oracle = Oracle::default();
    proxy.set(Mode::Refuse);
    post(&gateway, "room", 0..5, &mut oracle).await;
    redis.ask::<String>(&["CONFIG", "SET", "maxmemory", "1mb"]).await;
    let answer = gateway.client().post(&[numbered_purchase("none", 0)]).await.unwrap();
    assert_eq!(answer.status, 503, "{}", answer.text());
    redis.ask::<String>(&["CONFIG", "SET", "maxmemory", "64mb"]).await;
    proxy.set(Mode::Pass);
    takes_again(&gateway, &mut oracle).await;
    oracle.settled(&meta, REST).await;
    gateway.drained().await;
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn c5_a_full_outbox_says_503_and_nothing_that_waits_is_trimmed() {
    let executable = executable!();
    let (meta, redis) = (Meta::start(&executable).await, Redis::start().await);
    let proxy = ChaosProxy::start(meta.address()).await;
    proxy.set(Mode::Refuse);
    let small = setup(&meta, &redis).through(proxy.address()).set("outbox", "max_bytes", "1_048_576").set(
        "redis",
        "on_unavailable",
        "\"refuse\"",
    );
    let mut fleet = Fleet::of(&executable, 2, &small).await;
    fleet.expect_trouble_with_meta();
    fleet.expect_log("the outbox is full");
    fleet.expect_log("events cannot be stored");
    let mut oracle = Oracle::default();
    for gateway in &fleet.gateways {
        let name = format!("full-{}", gateway.address().port());
        for request in 0_u64.. {
            let events: Vec<_> = (0..100).map(|event| numbered_purchase(&name, request * 100 + event)).collect();
            let answer = gateway.client().post(&events).await.unwrap();
            if answer.status == 503 {
                break;
            }
            assert_eq!(answer.status, 200, "{}", answer.text());
            (0..100).for_each(|event| oracle.owe(&format!("{name}-{}", request * 100 + event)));
            assert!(request < 1000, "it never becomes full");
        }
    }
    assert!(oracle.owed() >= 500, "{} events are no megabyte", oracle.owed());
    assert_eq!(fleet.metrics().await.pending(), oracle.owed() as u64);
    proxy.set(Mode::Pass);
    oracle.settled(&meta, REST).await;
    fleet.drained().await;
    fleet.finish(&[&redis]).await;
    meta.finish().await;
}

#[tokio::test]
async fn c7_after_restarts_of_redis_what_comes_again_has_the_same_id_and_nothing_is_missing() {
    let executable = executable!();
    let (meta, mut redis) = (Meta::start(&executable).await, Redis::start().await);
    let setup =
        setup(&meta, &redis).set("outbox", "encryption_key", "{ env = \"OUTBOX_KEY\" }").env("OUTBOX_KEY", KEY_AT_REST);
    let mut fleet = Fleet::of(&executable, 2, &setup).await;
    fleet.expect_trouble_with_redis();
    fleet.expect_trouble_with_meta();
    let demand = Demand { callers: 2, events: 5, per_second: None };
    let address = |at: usize| watch::Sender::new(fleet.gateways[at].address());
    let addresses = [address(0), address(1)];
    let loads = [0, 1].map(|at: usize| Load::following(&addresses[at].subscribe(), &format!("again{at}"), demand));
    for _ in 0..4 {
        for load in &loads {
            let enough = load.answered() + 20;
            eventually("the load is answered", REST, async || (load.answered() >= enough).then_some(())).await;
        }
        redis.kill().await;
        redis.restart().await;
    }
    let mut oracle = Oracle::default();
    for load in loads {
        oracle.merge(load.finish().await);
    }
    let figures = oracle.settled(&meta, REST).await;
    println!("4 restarts of Redis: {figures}");
    fleet.drained().await;
    assert_eq!(redis.ask::<u64>(&["XLEN", &key("queue")]).await, 0);
    fleet.finish_without_accounts(&[&redis]).await;
    meta.finish().await;
}

/// A replica that has an event before the yes: see also the failover in `reach`.
#[tokio::test]
async fn c8_a_yes_waits_for_as_many_replicas_as_are_asked_for() {
    let executable = executable!();
    let (meta, redis) = (Meta::start(&executable).await, Redis::start().await);
    let mut replica = RedisSetup::new().replica_of(&redis).start().await;
    eventually("the replica is there", REST, async || (redis.info("connected_slaves").await == "1").then_some(())).await;
    let with_replica = setup(&meta, &redis).set("redis", "replicas", "1").set("redis", "on_unavailable", "\"refuse\"");
    let mut gateway = Gateway::start(&executable, with_replica).await;
    gateway.expect_trouble_with_redis();
    gateway.expect_log("events cannot be stored");
    let mut oracle = Oracle::default();
    post(&gateway, "copied", 0..3, &mut oracle).await;
    replica.kill().await;
    oracle.issue("alone-0");
    let asked = tokio::time::Instant::now();
    let answer = gateway.client().post(&[numbered_purchase("alone", 0)]).await.unwrap();
    assert_eq!(answer.status, 503, "no replica has it: {}", answer.text());
    assert!(asked.elapsed() < Duration::from_secs(15), "{:?}", asked.elapsed());
    replica.restart().await;
    takes_again(&gateway, &mut oracle).await;
    oracle.settled(&meta, REST).await;
    gateway.empty().await;
    gateway.finish_without_accounts().await;
    meta.finish().await;
}
