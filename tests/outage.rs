//! Meta cannot be reached, or answers that it cannot. Callers do not notice, memory stays flat, and everything arrives.

use std::time::Duration;

use harness::{
    ChaosProxy, Client, Gateway, Load, Meta, Mode, Oracle, Settings, Setup, eventually, executable, numbered_purchase,
};
use serde_json::json;

/// How long the backlog may take to arrive.
const REST: Duration = Duration::from_secs(180);
/// What the backlog may cost in memory: nothing but caches and the allocator's habits.
const FLAT_KIB: u64 = 48 * 1024;

#[tokio::test]
async fn everything_arrives_after_an_outage_and_memory_stays_flat() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let proxy = ChaosProxy::start(meta.address()).await;
    let mut gateway = Gateway::start(&executable, Setup::new(&meta).through(proxy.address())).await;
    gateway.expect_trouble_with_meta();
    let load = Load::start(&gateway.client(), "outage", 2, 20);
    eventually("it is warm", Duration::from_secs(60), async || (load.answered() > 20).then_some(())).await;
    let warm = gateway.process().resident_kib();

    proxy.set(Mode::Refuse);
    let (before, back) = (load.answered(), tokio::time::Instant::now() + Settings::outage());
    let mut highest = warm;
    eventually("the outage is over", Settings::outage() * 2, async || {
        highest = highest.max(gateway.process().resident_kib());
        (tokio::time::Instant::now() >= back).then_some(())
    })
    .await;
    assert!(load.answered() > before, "callers are answered during the outage");
    let ready = Client::new(gateway.admin()).get("/readyz").await.unwrap();
    assert_eq!(ready.status, 200, "trouble with Meta is no reason to refuse events: {}", ready.text());
    assert!(gateway.metrics().await.pending() > 0);
    assert!(gateway.metrics().await.sum("portcullis_gate_closed", &[]) > 0, "the gate shows in the metrics");

    let oracle = load.finish().await;
    proxy.set(Mode::Pass);
    let figures = oracle.settled(&meta, REST).await;
    gateway.drained().await;
    let after = gateway.process().resident_kib();
    highest = highest.max(after);
    println!(
        "{:?} of outage: {figures}; resident {warm} KiB before, {highest} KiB at most, {after} KiB after",
        Settings::outage()
    );
    assert!(highest < warm + FLAT_KIB, "memory rose from {warm} KiB to {highest} KiB over {} events", oracle.owed());
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn b5_every_way_in_which_a_connection_fails_is_tried_again() {
    for mode in [Mode::Refuse, Mode::Cut, Mode::Blackhole] {
        let executable = executable!();
        let meta = Meta::start(&executable).await;
        let proxy = ChaosProxy::start(meta.address()).await;
        proxy.set(mode);
        let setup = Setup::new(&meta).through(proxy.address());
        let mut gateway = Gateway::start(&executable, setup).await;
        gateway.expect_trouble_with_meta();
        let mut oracle = Oracle::default();
        for number in 0..10 {
            assert_eq!(gateway.client().post(&[numbered_purchase("again", number)]).await.unwrap().status, 200, "{mode:?}");
            oracle.owe(&format!("again-{number}"));
        }
        eventually("the failure is noticed", Duration::from_secs(30), async || {
            (gateway.metrics().await.sum("portcullis_gate_closed", &[]) > 0).then_some(())
        })
        .await;
        proxy.set(Mode::Pass);
        oracle.settled(&meta, REST).await;
        gateway.drained().await;
        assert_eq!(gateway.metrics().await.events("delivered"), 10, "{mode:?}");
        gateway.finish().await;
        meta.finish().await;
    }
}

#[tokio::test]
async fn b4_a_fault_on_metas_side_keeps_every_event() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let mut gateway = Gateway::start(&executable, Setup::new(&meta)).await;
    gateway.expect_trouble_with_meta();
    meta.faults(&json!([
        { "status": 503, "code": 2, "is_transient": true, "times": 2 },
        { "status": 500, "code": 1, "is_transient": true, "times": 1 },
        { "status": 400, "code": 4, "is_transient": true, "times": 1 },
        { "status": 401, "code": 190, "is_transient": false, "times": 1 },
    ]))
    .await;
    let mut oracle = Oracle::default();
    for number in 0..5 {
        assert_eq!(gateway.client().post(&[numbered_purchase("fault", number)]).await.unwrap().status, 200);
        oracle.owe(&format!("fault-{number}"));
    }
    oracle.settled(&meta, REST).await;
    gateway.drained().await;
    let metrics = gateway.metrics().await;
    assert_eq!(metrics.events("delivered"), 5);
    assert_eq!(metrics.events("quarantined"), 0);
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn b1_b2_memory_is_flat_while_meta_answers_that_it_cannot_or_does_not_answer() {
    for fault in [
        json!([{ "status": 503, "code": 2, "is_transient": true, "times": null }]),
        json!([{ "status": 429, "code": 80004, "times": null, "retry_after_secs": 1 }]),
        json!([{ "hang": true, "times": null }]),
    ] {
        let executable = executable!();
        let meta = Meta::start(&executable).await;
        let mut gateway = Gateway::start(&executable, Setup::new(&meta)).await;
        gateway.expect_trouble_with_meta();
        meta.faults(&fault).await;
        let load = Load::start(&gateway.client(), "fault", 2, 50);
        let wait = Duration::from_secs(120);
        eventually("it is warm", wait, async || (load.answered() >= 20).then_some(())).await;
        let warm = gateway.process().resident_kib();
        let mut highest = warm;
        eventually("a backlog has come in", wait, async || {
            highest = highest.max(gateway.process().resident_kib());
            (load.answered() >= 200).then_some(())
        })
        .await;
        let oracle = load.finish().await;
        assert!(gateway.metrics().await.pending() > 0, "{fault}");
        assert!(highest < warm + FLAT_KIB, "memory rose from {warm} KiB to {highest} KiB: {fault}");
        meta.no_faults().await;
        oracle.settled(&meta, REST).await;
        gateway.drained().await;
        gateway.finish().await;
        meta.finish().await;
    }
}

#[tokio::test]
async fn b6_a_connection_that_closes_at_an_awkward_moment_loses_nothing() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let mut gateway = Gateway::start(&executable, Setup::new(&meta)).await;
    gateway.expect_trouble_with_meta();
    let mut oracle = Oracle::default();
    for (round, reset) in ["before_reading", "after_reading", "within_answer"].into_iter().enumerate() {
        // A connection that was used before, and then twice in a row, so that the retry in hand fails too.
        for (number, times) in [(0, 1), (1, 2)] {
            let number = u64::try_from(round * 2 + number).unwrap();
            meta.faults(&json!([{ "reset": reset, "times": times }])).await;
            assert_eq!(gateway.client().post(&[numbered_purchase("awkward", number)]).await.unwrap().status, 200);
            oracle.owe(&format!("awkward-{number}"));
            gateway.drained().await;
        }
    }
    oracle.settled(&meta, REST).await;
    assert_eq!(gateway.metrics().await.events("delivered"), 6);
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn b4_a_token_that_is_put_into_its_file_is_taken_without_a_reload() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let in_file = Setup::new(&meta).replace("{ env = \"META_TOKEN_SHOP\" }", "{ file = \"token\" }");
    let old = "EAAqzsecretTokenThatMetaTakesNoMore01";
    let mut gateway = Gateway::start_in(&executable, in_file, &[("token", old)]).await;
    gateway.canaries.add("the old token", old);
    gateway.expect_trouble_with_meta();
    let mut oracle = Oracle::default();
    for number in 0..5 {
        assert_eq!(gateway.client().post(&[numbered_purchase("token", number)]).await.unwrap().status, 200);
        oracle.owe(&format!("token-{number}"));
    }
    let held = [("cause", "token")];
    eventually("Meta takes the token no more", REST, async || {
        (gateway.metrics().await.sum("portcullis_gate_closed", &held) == 1).then_some(())
    })
    .await;
    gateway.replace_file("token", harness::TOKEN);
    oracle.settled(&meta, REST).await;
    gateway.drained().await;
    let metrics = gateway.metrics().await;
    assert_eq!((metrics.events("delivered"), metrics.sum("portcullis_gate_closed", &held)), (5, 0));
    gateway.finish().await;
    meta.finish().await;
}
