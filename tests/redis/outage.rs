//! Redis is away, silent, slow or empty.

use std::time::Duration;

use harness::{
    ChaosProxy, Client, Fleet, Gateway, Meta, Mode, Oracle, Redis, Signal, eventually, executable, numbered_purchase,
};

use crate::{BACK, REST, has_redis, key, post, refused, setup};

#[tokio::test]
async fn c1_a_redis_that_came_back_empty_is_joined_anew_and_an_alarm_is_raised() {
    let executable = executable!();
    let (meta, mut redis) = (Meta::start(&executable).await, Redis::start().await);
    let proxy = ChaosProxy::start(meta.address()).await;
    let mut fleet = Fleet::of(&executable, 2, &setup(&meta, &redis).through(proxy.address())).await;
    fleet.expect_trouble_with_redis();
    fleet.expect_trouble_with_meta();
    let mut oracle = Oracle::default();
    post(&fleet.gateways[0], "before", 0..5, &mut oracle).await;
    oracle.settled(&meta, REST).await;
    // What waits there goes with it, as nobody else has it; it may be in hand and arrive all the same.
    proxy.set(Mode::Refuse);
    post(&fleet.gateways[0], "lost", 0..5, &mut oracle).await;
    oracle.forgive(|id| id.starts_with("lost"));
    redis.kill().await;
    redis.restart_empty().await;
    proxy.set(Mode::Pass);
    for gateway in &fleet.gateways {
        eventually("the loss is told", REST, async || {
            (gateway.metrics().await.sum("portcullis_redis_lost_total", &[]) == 1).then_some(())
        })
        .await;
    }
    for (at, gateway) in fleet.gateways.iter().enumerate() {
        post(gateway, &format!("after{at}"), 0..5, &mut oracle).await;
    }
    oracle.settled(&meta, REST).await;
    fleet.drained().await;
    assert_eq!(redis.ask::<u64>(&["XLEN", &key("queue")]).await, 0);
    fleet.finish_without_accounts(&[&redis]).await;
    meta.finish().await;
}

#[tokio::test]
async fn c9_after_a_cut_a_silence_or_a_slow_time_it_works_again_within_ten_seconds() {
    let executable = executable!();
    let (meta, redis) = (Meta::start(&executable).await, Redis::start().await);
    let proxy = ChaosProxy::start(redis.address()).await;
    let setup = setup(&meta, &redis).env("REDIS_URL", &format!("redis://{}", proxy.address()));
    let mut gateway = Gateway::start(&executable, setup).await;
    gateway.expect_trouble_with_redis();
    let mut oracle = Oracle::default();
    for (at, mode) in
        [Mode::Cut, Mode::Refuse, Mode::Blackhole, Mode::Late(Duration::from_millis(300)), Mode::Slow(2000), Mode::Babble]
            .into_iter()
            .enumerate()
    {
        proxy.set(mode);
        // In Redis or in the file, and never later than its deadlines allow.
        let asked = tokio::time::Instant::now();
        post(&gateway, &format!("during{at}"), 0..3, &mut oracle).await;
        assert!(asked.elapsed() < Duration::from_secs(30), "{mode:?}: three answers took {:?}", asked.elapsed());
        proxy.set(Mode::Pass);
        has_redis(&gateway, true, BACK).await;
        post(&gateway, &format!("after{at}"), 0..1, &mut oracle).await;
    }
    oracle.settled(&meta, REST).await;
    gateway.empty().await;
    assert!(gateway.metrics().await.sum("portcullis_redis_reconnects_total", &[]) >= 4);
    gateway.finish_without_accounts().await;
    meta.finish().await;
}

#[tokio::test]
async fn who_cannot_reach_meta_keeps_no_event_from_those_who_can() {
    let executable = executable!();
    let (meta, redis) = (Meta::start(&executable).await, Redis::start().await);
    let nowhere = ChaosProxy::start(meta.address()).await;
    nowhere.set(Mode::Refuse);
    let cut_off = setup(&meta, &redis).through(nowhere.address());
    let cut_off = cut_off.set("dispatch", "backoff_min_ms", "600_000").set("dispatch", "backoff_max_ms", "600_000");
    let mut fleet = Fleet::of(&executable, 1, &cut_off).await;
    fleet.expect_trouble_with_meta();
    let mut oracle = Oracle::default();
    post(&fleet.gateways[0], "tried", 0..1, &mut oracle).await;
    eventually("it holds its sending", REST, async || {
        (fleet.gateways[0].metrics().await.sum("portcullis_gate_closed", &[]) > 0).then_some(())
    })
    .await;
    fleet.gateways.push(Gateway::start(&executable, setup(&meta, &redis)).await);
    oracle.settled(&meta, REST).await;
    fleet.drained().await;
    fleet.finish(&[&redis]).await;
    meta.finish().await;
}

#[tokio::test]
async fn c10_a_cut_in_the_middle_of_a_blocking_read_delays_nothing() {
    let executable = executable!();
    let (meta, redis) = (Meta::start(&executable).await, Redis::start().await);
    let to_redis = ChaosProxy::start(redis.address()).await;
    // The first takes events and does not send them, once it has found that it cannot reach Meta; the second sends, and hears of them
    // by its blocking read alone.
    let nowhere = ChaosProxy::start(meta.address()).await;
    nowhere.set(Mode::Refuse);
    let takes = setup(&meta, &redis).through(nowhere.address()).set("dispatch", "backoff_min_ms", "600_000").set(
        "dispatch",
        "backoff_max_ms",
        "600_000",
    );
    let mut fleet = Fleet::of(&executable, 1, &takes).await;
    fleet.expect_log("purged by command");
    assert_eq!(fleet.gateways[0].client().post(&[numbered_purchase("found", 0)]).await.unwrap().status, 200);
    eventually("it holds its sending", REST, async || {
        (fleet.gateways[0].metrics().await.sum("portcullis_gate_closed", &[]) > 0).then_some(())
    })
    .await;
    let purged = fleet.gateways[0].command(&["outbox", "purge", "--event-id", "found-0", "--yes"]).await;
    assert_eq!(purged.code, Some(0), "{}{}", purged.stdout, purged.stderr);
    let sends = setup(&meta, &redis).env("REDIS_URL", &format!("redis://{}", to_redis.address()));
    fleet.gateways.push(Gateway::start(&executable, sends).await);
    fleet.expect_trouble_with_redis();
    fleet.expect_trouble_with_meta();
    let mut oracle = Oracle::default();
    for round in 0..3 {
        to_redis.set(Mode::Cut);
        to_redis.set(Mode::Pass);
        let asked = tokio::time::Instant::now();
        post(&fleet.gateways[0], &format!("heard{round}"), 0..3, &mut oracle).await;
        oracle.settled(&meta, BACK).await;
        assert!(asked.elapsed() < BACK, "{:?}", asked.elapsed());
    }
    assert_eq!(fleet.gateways[0].metrics().await.events("delivered"), 0);
    fleet.drained().await;
    fleet.finish(&[&redis]).await;
    meta.finish().await;
}

#[tokio::test]
async fn c13_d3_a_stop_waits_neither_for_a_blocking_read_nor_for_a_silent_redis() {
    let executable = executable!();
    let (meta, redis) = (Meta::start(&executable).await, Redis::start().await);
    let proxy = ChaosProxy::start(redis.address()).await;
    let setup = setup(&meta, &redis).env("REDIS_URL", &format!("redis://{}", proxy.address()));
    let mut gateway = Gateway::start(&executable, setup).await;
    gateway.expect_trouble_with_redis();
    let mut oracle = Oracle::default();
    post(&gateway, "first", 0..1, &mut oracle).await;
    oracle.settled(&meta, REST).await;
    let idle = gateway.stop(Signal::Terminate).await;
    assert!(idle < Duration::from_secs(3), "an idle one took {idle:?}");
    for mode in [Mode::Blackhole, Mode::Refuse] {
        gateway.restart().await;
        proxy.set(mode);
        let silent = gateway.stop(Signal::Terminate).await;
        assert!(silent < Duration::from_secs(10), "{mode:?}: it took {silent:?}");
        proxy.set(Mode::Pass);
    }
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn while_redis_is_down_events_go_to_the_file_and_are_sent_from_there() {
    let executable = executable!();
    let (meta, mut redis) = (Meta::start(&executable).await, Redis::start().await);
    let proxy = ChaosProxy::start(meta.address()).await;
    let mut fleet = Fleet::of(&executable, 2, &setup(&meta, &redis).through(proxy.address())).await;
    fleet.expect_trouble_with_redis();
    fleet.expect_trouble_with_meta();
    let mut oracle = Oracle::default();
    proxy.set(Mode::Refuse);
    for (at, gateway) in fleet.gateways.iter().enumerate() {
        post(gateway, &format!("before{at}"), 0..5, &mut oracle).await;
    }
    redis.kill().await;
    for (at, gateway) in fleet.gateways.iter().enumerate() {
        has_redis(gateway, false, REST).await;
        post(gateway, &format!("during{at}"), 0..10, &mut oracle).await;
        let metrics = gateway.metrics().await;
        assert_eq!((metrics.sum("portcullis_outbox_spilled_events_total", &[]), metrics.in_file()), (10, 10));
        let ready = Client::new(gateway.admin()).get("/readyz").await.unwrap();
        assert!(ready.status == 200 && ready.text().contains("redis"), "{} {}", ready.status, ready.text());
    }
    // Meta is back before Redis is: the file does not wait for it.
    proxy.set(Mode::Pass);
    eventually("what the files have is sent", REST, async || {
        let ids = meta.ids().await;
        (ids.keys().filter(|id| id.starts_with("during")).count() == 20).then_some(())
    })
    .await;
    assert!(meta.ids().await.keys().all(|id| id.starts_with("during")));
    redis.restart().await;
    for (at, gateway) in fleet.gateways.iter().enumerate() {
        has_redis(gateway, true, BACK).await;
        post(gateway, &format!("after{at}"), 0..5, &mut oracle).await;
        assert_eq!(gateway.metrics().await.sum("portcullis_outbox_spilled_events_total", &[]), 10);
    }
    oracle.settled(&meta, REST).await;
    fleet.drained().await;
    fleet.finish(&[&redis]).await;
    meta.finish().await;
}

#[tokio::test]
async fn while_redis_is_down_whoever_refuses_says_503_and_loses_nothing() {
    let executable = executable!();
    let (meta, mut redis) = (Meta::start(&executable).await, Redis::start().await);
    let proxy = ChaosProxy::start(meta.address()).await;
    proxy.set(Mode::Refuse);
    let setup = setup(&meta, &redis).through(proxy.address()).set("redis", "on_unavailable", "\"refuse\"");
    let mut gateway = Gateway::start(&executable, setup).await;
    gateway.expect_trouble_with_redis();
    gateway.expect_trouble_with_meta();
    gateway.expect_log("events cannot be stored");
    let mut oracle = Oracle::default();
    post(&gateway, "before", 0..5, &mut oracle).await;
    redis.kill().await;
    has_redis(&gateway, false, REST).await;
    for number in 0..5 {
        let asked = tokio::time::Instant::now();
        let answer = gateway.client().post(&[numbered_purchase("during", number)]).await.unwrap();
        assert_eq!(answer.status, 503, "{}", answer.text());
        assert!(answer.header("retry-after").is_some());
        assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    }
    let ready = Client::new(gateway.admin()).get("/readyz").await.unwrap();
    assert!(ready.status == 503 && ready.text().contains("redis"), "{} {}", ready.status, ready.text());
    redis.restart().await;
    proxy.set(Mode::Pass);
    has_redis(&gateway, true, BACK).await;
    eventually("it is ready again by itself (D6)", REST, async || {
        Client::new(gateway.admin()).get("/readyz").await.ok().filter(harness::Answer::is_success)
    })
    .await;
    post(&gateway, "after", 0..5, &mut oracle).await;
    oracle.settled(&meta, REST).await;
    gateway.drained().await;
    assert_eq!(gateway.metrics().await.sum("portcullis_outbox_spilled_events_total", &[]), 0);
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn who_joined_before_starts_without_redis_and_who_never_did_does_not() {
    let executable = executable!();
    let (meta, mut redis) = (Meta::start(&executable).await, Redis::start().await);
    let proxy = ChaosProxy::start(meta.address()).await;
    let setup = setup(&meta, &redis).through(proxy.address());
    let mut gateway = Gateway::start(&executable, setup.clone()).await;
    gateway.expect_trouble_with_redis();
    gateway.expect_trouble_with_meta();
    let mut oracle = Oracle::default();
    proxy.set(Mode::Refuse);
    post(&gateway, "before", 0..5, &mut oracle).await;
    gateway.stop(Signal::Terminate).await;
    redis.kill().await;

    let stranger = refused(&executable, &setup, &[]).await;
    assert!(stranger.code == Some(1) && stranger.stderr.contains("Redis cannot be reached"), "{}", stranger.stderr);
    gateway.configure(setup.clone().set("redis", "on_unavailable", "\"refuse\""));
    assert!(!gateway.try_restart().await, "who refuses events without Redis has no use for a start without it");

    gateway.configure(setup);
    proxy.set(Mode::Pass);
    gateway.restart().await;
    post(&gateway, "without", 0..5, &mut oracle).await;
    eventually("what the file has is sent", REST, async || (meta.count().await >= 5).then_some(())).await;
    redis.restart().await;
    has_redis(&gateway, true, BACK).await;
    oracle.settled(&meta, REST).await;
    gateway.empty().await;
    gateway.finish_without_accounts().await;
    meta.finish().await;
}
