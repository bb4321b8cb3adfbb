//! What the metrics of one way of events say: times and ages, readiness, durability, and the configuration in force.

use harness::{DATASET, Gateway, Meta, Metrics, SITE, Setup, executable, purchase};
use portcullis::telemetry::declared::words;

#[tokio::test]
async fn times_and_ages_are_observed_and_what_the_gateway_is_like_is_told() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let setup = || Setup::new(&meta).set("outbox", "max_bytes", "33554432");
    let mut gateway = Gateway::start(&executable, setup()).await;
    let events: Vec<_> = (0..3).map(|number| purchase(&format!("order-{number}"))).collect();
    for _ in 0..2 {
        assert_eq!(gateway.client().post(&events).await.unwrap().status, 200);
    }
    gateway.drained().await;
    let metrics = gateway.metrics().await;
    // One observation a request, and one an event.
    assert_eq!(metrics.sum("portcullis_sanitize_seconds_count", &[("site", SITE)]), 2);
    assert_eq!(metrics.sum("portcullis_append_seconds_count", &[]), 2);
    let ages = |le: &str| metrics.sum("portcullis_delivery_age_seconds_bucket", &[("dataset", DATASET), ("le", le)]);
    assert_eq!((ages("604800"), ages("+Inf")), (6, 6), "{}", metrics.text());
    assert_eq!(metrics.sum("portcullis_ready", &[]), 1);
    for reason in words("portcullis_not_ready", "reason") {
        assert!(metrics.text().contains(&format!("portcullis_not_ready{{reason=\"{reason}\"}} 0")), "{}", metrics.text());
    }
    assert_eq!(metrics.sum("portcullis_durability_info", &[("backend", "embedded"), ("mode", "full")]), 1);
    assert_eq!(metrics.sum("portcullis_outbox_max_bytes", &[]), 33_554_432);
    assert!(metrics.sum("process_resident_memory_bytes", &[]) > 1 << 20, "{}", metrics.text());

    let before = digest(&metrics);
    gateway.configure(setup().set("dispatch", "linger_ms", "201"));
    let reloaded = gateway.command(&["reload"]).await;
    assert_eq!(reloaded.code, Some(0), "{}", reloaded.stderr);
    assert_ne!(digest(&gateway.metrics().await), before);
    gateway.finish().await;
    meta.finish().await;
}

/// The digest of the one configuration that is in force.
fn digest(metrics: &Metrics) -> String {
    let told: Vec<&str> = metrics.text().lines().filter(|line| line.starts_with("portcullis_config_info{")).collect();
    let [line] = told[..] else { panic!("one configuration is in force, not {told:?}") };
    let digest = line.split('"').nth(1).unwrap();
    assert_eq!(digest.len(), 64, "{line}");
    digest.to_owned()
}
