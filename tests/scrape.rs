//! A real Prometheus scrapes the admin listener, and its linter has nothing to say.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use harness::{Client, Gateway, Meta, Process, Setup, Signal, eventually, executable, promtool_approves, purchase};

#[tokio::test]
async fn prometheus_scrapes_the_counts_of_events() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let gateway = Gateway::start(&executable, Setup::new(&meta)).await;
    let events: Vec<_> = (0..3).map(|number| purchase(&format!("order-{number}"))).collect();
    assert_eq!(gateway.client().post(&events).await.unwrap().status, 200);
    gateway.drained().await;

    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "global: {{ scrape_interval: 1s, scrape_timeout: 1s }}\nscrape_configs:\n  - job_name: portcullis\n    static_configs: [{{ targets: ['{}'] }}]\n",
        gateway.admin()
    );
    std::fs::write(folder.path().join("prometheus.yml"), config).unwrap();
    let arguments = ["--config.file=prometheus.yml", "--web.listen-address=127.0.0.1:0", "--storage.tsdb.path=tsdb"];
    let mut prometheus =
        Process::start(Path::new("prometheus"), &arguments.map(str::to_owned), &[], folder.path(), "prometheus");
    let address = prometheus
        .wait_for("Listening on", |text| {
            let line = text.lines().find(|line| line.contains("\"Listening on\""))?;
            line.split_once("address=")?.1.split_whitespace().next()?.parse::<SocketAddr>().ok()
        })
        .await;
    let client = Client::new(address);
    for (query, value) in [
        ("up", "1"),
        ("sum(portcullis_events_accepted_total)", "3"),
        ("sum(portcullis_events_delivered_total)", "3"),
        ("portcullis_outbox_pending_events", "0"),
        ("portcullis_outbox_durable", "1"),
        ("count(portcullis_policy_info%7Bpolicy%3D~%22retail.*%22%7D)", "1"),
    ] {
        eventually(&format!("Prometheus knows {query}"), Duration::from_secs(30), async || {
            // It listens before it is ready, and says so in text.
            let answer =
                client.get(&format!("/api/v1/query?query={query}")).await.ok().filter(harness::Answer::is_success)?;
            let told = answer.json();
            (told["data"]["result"][0]["value"][1] == value).then_some(())
        })
        .await;
    }
    prometheus.signal(Signal::Terminate).await;
    prometheus.ended(Duration::from_secs(30)).await;
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
