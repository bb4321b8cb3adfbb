//! Meta refuses a whole batch for one bad event. One bad event harms only itself (P7), and a fault of the whole dataset harms
//! none (failure case B9).
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper of a test may panic as the test may")]

use std::collections::BTreeSet;
use std::time::Duration;

use harness::{Gateway, Meta, Oracle, Setup, Signal, eventually, executable, numbered_purchase};
use serde_json::{Value, json};

const THOUSAND: u64 = 1000;
const REST: Duration = Duration::from_secs(120);

fn thousand(prefix: &str) -> Vec<Value> {
    (0..THOUSAND).map(|number| numbered_purchase(prefix, number)).collect()
}

fn ids(prefix: &str, numbers: impl IntoIterator<Item = u64>) -> BTreeSet<String> {
    numbers.into_iter().map(|number| format!("{prefix}-{number}")).collect()
}

async fn requests(meta: &Meta) -> u64 {
    let ledger: Value = serde_json::from_str(&meta.ledger().await).unwrap();
    ledger["requests"].as_u64().unwrap()
}

/// Posts a thousand events in one request, of which Meta refuses these, and waits until all is settled.
async fn send(bad: BTreeSet<String>) -> (Meta, Gateway, BTreeSet<String>) {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let mut gateway = Gateway::start(&executable, Setup::new(&meta)).await;
    gateway.expect_log("set aside");
    meta.faults(&json!([{ "status": 400, "code": 100, "subcode": 2_804_010, "times": null, "event_ids": bad }])).await;
    assert_eq!(gateway.client().post(&thousand("bisect")).await.unwrap().status, 200);
    gateway.drained().await;
    let arrived = meta.ids().await;
    assert!(arrived.values().all(|count| *count == 1), "what Meta took is not sent again");
    (meta, gateway, arrived.into_keys().collect())
}

#[tokio::test]
async fn b9_one_poison_event_among_a_thousand_is_set_aside_alone_in_at_most_22_requests() {
    let bad = ids("bisect", [617]);
    let (meta, gateway, arrived) = send(bad.clone()).await;
    assert_eq!(arrived, &ids("bisect", 0..THOUSAND) - &bad);
    let metrics = gateway.metrics().await;
    assert_eq!((metrics.events("delivered"), metrics.events("quarantined")), (999, 1));
    let requests = requests(&meta).await;
    println!("1 bad event in 1000: {requests} requests");
    assert!(requests <= 22, "{requests} requests");
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn b9_nine_adjacent_poison_events_among_a_thousand_are_set_aside_alone() {
    for first in [400, 991] {
        let bad = ids("bisect", first..first + 9);
        let (meta, gateway, arrived) = send(bad.clone()).await;
        assert_eq!(arrived, &ids("bisect", 0..THOUSAND) - &bad);
        let metrics = gateway.metrics().await;
        assert_eq!((metrics.events("delivered"), metrics.events("quarantined")), (991, 9));
        println!("9 bad events in 1000, from {first}: {} requests", requests(&meta).await);
        gateway.finish().await;
        meta.finish().await;
    }
}

#[tokio::test]
async fn p7_a_whole_backlog_refused_alike_is_kept_and_arrives_once_meta_takes_it_again() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let mut gateway = Gateway::start(&executable, Setup::new(&meta)).await;
    gateway.expect_trouble_with_meta();
    meta.faults(&json!([{ "status": 400, "code": 100, "subcode": 2_804_050, "times": null }])).await;
    for part in ["first", "second", "third"] {
        assert_eq!(gateway.client().post(&thousand(part)).await.unwrap().status, 200);
    }
    let held = [("cause", "refused_alike")];
    eventually("the gate closes", REST, async || {
        (gateway.metrics().await.sum("portcullis_gate_closed", &held) == 1).then_some(())
    })
    .await;
    // Some probes more, all of which are refused.
    let before = requests(&meta).await;
    eventually("probes go on", REST, async || (requests(&meta).await >= before + 10).then_some(())).await;
    let metrics = gateway.metrics().await;
    let aside = metrics.events("quarantined");
    assert!(aside <= 8, "{aside} events were set aside");
    assert_eq!((metrics.pending(), metrics.events("delivered")), (3 * THOUSAND - aside, 0));
    meta.no_faults().await;
    gateway.drained().await;
    let metrics = gateway.metrics().await;
    assert_eq!((metrics.events("delivered"), metrics.events("quarantined")), (3 * THOUSAND - aside, aside));
    assert_eq!(metrics.sum("portcullis_gate_closed", &held), 0);
    assert_eq!(meta.ids().await.len() as u64, 3 * THOUSAND - aside);
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn p9_a_kill_in_the_midst_of_a_bisection_loses_nothing() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let mut gateway = Gateway::start(&executable, Setup::new(&meta)).await;
    gateway.expect_trouble_with_meta();
    let bad = ids("bisect", [250, 871]);
    meta.faults(&json!([
        { "status": 400, "code": 100, "subcode": 2_804_010, "times": null, "delay_ms": 30, "event_ids": bad },
    ]))
    .await;
    let mut oracle = Oracle::default();
    for id in &ids("bisect", 0..THOUSAND) - &bad {
        oracle.owe(&id);
    }
    assert_eq!(gateway.client().post(&thousand("bisect")).await.unwrap().status, 200);
    for round in 1..4 {
        eventually("the bisection goes on", REST, async || (requests(&meta).await >= round * 4).then_some(())).await;
        gateway.kill().await;
        gateway.restart().await;
    }
    oracle.settled(&meta, REST).await;
    gateway.drained().await;
    assert_eq!(gateway.metrics().await.sum("portcullis_outbox_quarantined_events", &[]), 2);
    gateway.stop(Signal::Terminate).await;
    gateway.finish().await;
    meta.finish().await;
}
