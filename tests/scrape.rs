//! A real Prometheus scrapes the admin listener, and its linter has nothing to say.

use harness::{Gateway, Meta, Prometheus, Setup, executable, promtool_approves, purchase};

#[tokio::test]
async fn prometheus_scrapes_the_counts_of_events() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let gateway = Gateway::start(&executable, Setup::new(&meta)).await;
    let events: Vec<_> = (0..3).map(|number| purchase(&format!("order-{number}"))).collect();
    assert_eq!(gateway.client().post(&events).await.unwrap().status, 200);
    gateway.drained().await;

    let prometheus = Prometheus::start(&[gateway.admin()]).await;
    for (query, value) in [
        ("up", "1"),
        ("sum(portcullis_events_accepted_total)", "3"),
        ("sum(portcullis_events_delivered_total)", "3"),
        ("portcullis_outbox_pending_events", "0"),
        ("portcullis_outbox_durable", "1"),
        ("count(portcullis_policy_info{policy=~\"retail.*\"})", "1"),
    ] {
        prometheus.says(query, value).await;
    }
    prometheus.finish().await;
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn promtool_has_nothing_to_say() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let gateway = Gateway::start(&executable, Setup::new(&meta)).await;
    let mut dropped = purchase("order-2");
    dropped["event_name"] = serde_json::json!("AnEventOfOurOwn");
    assert_eq!(gateway.client().post(&[purchase("order-1"), dropped]).await.unwrap().status, 200);
    gateway.drained().await;
    promtool_approves(&gateway.metrics().await).await;
    gateway.finish().await;
    meta.finish().await;
}
