//! What a person does with the outbox, while the gateway runs and while it does not: by the real commands.
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic as the test may")]

use std::time::Duration;

use harness::{
    ChaosProxy, Executable, Gateway, MARK, Meta, Mode, Output, Setup, Signal, eventually, executable, numbered_purchase,
};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(30);
/// 32 bytes, made up.
const FIRST_KEY: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
const SECOND_KEY: &str = "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=";

/// Runs `portcullis outbox …` with the configuration of a gateway.
async fn outbox(executable: &Executable, gateway: &Gateway, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let config = gateway.config().display().to_string();
    let arguments: Vec<&str> = ["outbox"].iter().chain(arguments).copied().chain(["--config", &config]).collect();
    let environment: Vec<_> = [("META_TOKEN_SHOP", harness::TOKEN)].into_iter().chain(environment.iter().copied()).collect();
    executable.run(&arguments, &environment, &gateway.data()).await
}

/// The same for one that must succeed, and prints one JSON object.
async fn told(executable: &Executable, gateway: &Gateway, arguments: &[&str], environment: &[(&str, &str)]) -> Value {
    let arguments: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
    let output = outbox(executable, gateway, &arguments, environment).await;
    assert_eq!(output.code, Some(0), "{arguments:?}: {}{}", output.stdout, output.stderr);
    serde_json::from_str(&output.stdout).unwrap()
}

async fn post(gateway: &Gateway, name: &str, numbers: std::ops::Range<u64>) {
    let events: Vec<_> = numbers.map(|number| numbered_purchase(name, number)).collect();
    assert_eq!(gateway.client().post(&events).await.unwrap().status, 200);
}

async fn quarantined(gateway: &Gateway, events: u64) {
    eventually("they are set aside", PATIENCE, async || {
        (gateway.metrics().await.sum("portcullis_outbox_quarantined_events", &[]) == events).then_some(())
    })
    .await;
}

#[tokio::test]
async fn b10_what_meta_refused_is_seen_and_sent_again_by_a_command() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let mut gateway = Gateway::start(&executable, Setup::new(&meta)).await;
    gateway.expect_trouble_with_meta();
    meta.faults(&json!([{ "status": 400, "code": 100, "subcode": 2_804_019, "is_transient": false, "times": 1 }])).await;
    post(&gateway, "again", 0..1).await;
    quarantined(&gateway, 1).await;

    let inspection = told(&executable, &gateway, &["inspect"], &[]).await;
    let entry = &inspection["quarantine"][0];
    assert_eq!((&entry["code"], &entry["subcode"], &entry["id"]), (&json!(100), &json!(2_804_019), &json!(1)));
    let silent = outbox(&executable, &gateway, &["show", "1"], &[]).await;
    assert!(silent.code == Some(1) && silent.stderr.contains("--show-values") && silent.stdout.is_empty());
    let shown = outbox(&executable, &gateway, &["show", "1", "--show-values"], &[]).await;
    assert!(shown.stdout.contains("\"event_id\":\"again-0\"") && !shown.stdout.contains(MARK), "{}", shown.stdout);

    let nobody = told(&executable, &gateway, &["redrive", "--site", "nobody"], &[]).await;
    assert_eq!(nobody["waiting"], json!({}));
    let redriven = told(&executable, &gateway, &["redrive", "--reason", "refused"], &[]).await;
    assert_eq!(redriven["waiting"], json!({ harness::DATASET: 1 }));
    eventually("it arrives", PATIENCE, async || (meta.ids().await.len() == 1).then_some(())).await;
    gateway.drained().await;
    let metrics = gateway.metrics().await;
    assert_eq!((metrics.events("redriven"), metrics.events("quarantined"), metrics.events("delivered")), (1, 1, 1));
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn a14_e13_what_is_purged_is_not_sent_and_does_not_come_back() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let proxy = ChaosProxy::start(meta.address()).await;
    proxy.set(Mode::Refuse);
    let setup = Setup::new(&meta).through(proxy.address()).set("outbox", "encryption_key", "{ env = \"OUTBOX_KEY\" }");
    let mut gateway = Gateway::start(&executable, setup.env("OUTBOX_KEY", FIRST_KEY)).await;
    gateway.expect_trouble_with_meta();
    gateway.expect_log("purged by command");
    let key = [("OUTBOX_KEY", FIRST_KEY)];
    post(&gateway, "stays", 0..5).await;
    post(&gateway, "goes", 0..5).await;

    let unasked = outbox(&executable, &gateway, &["purge", "--event-id", "goes-0"], &key).await;
    assert!(unasked.code == Some(1) && unasked.stderr.contains("--yes"), "{}", unasked.stderr);
    let too_wide = outbox(&executable, &gateway, &["purge", "--yes"], &key).await;
    assert_eq!(too_wide.code, Some(64), "{}", too_wide.stderr);
    let counted = told(&executable, &gateway, &["purge", "--before", "0m", "--dry-run"], &key).await;
    let count = |purged: &Value| -> u64 {
        let waiting: u64 = purged["waiting"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
        waiting + purged["in_hand"].as_u64().unwrap()
    };
    assert_eq!(count(&counted), 10);
    for number in 0..5 {
        let id = format!("goes-{number}");
        let purged = told(&executable, &gateway, &["purge", "--event-id", &id, "--yes"], &key).await;
        assert_eq!(count(&purged), 1, "{id}");
    }
    gateway.kill().await;
    // Without a gateway the command takes the outbox itself.
    let purged = told(&executable, &gateway, &["purge", "--event-id", "stays-0", "--yes"], &key).await;
    assert_eq!(count(&purged), 1);
    proxy.set(Mode::Pass);
    gateway.restart().await;
    gateway.drained().await;
    let arrived: Vec<String> = meta.ids().await.into_keys().collect();
    assert_eq!(arrived, ["stays-1", "stays-2", "stays-3", "stays-4"]);
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn p2_the_key_is_changed_and_a_copy_is_made_while_events_wait() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let proxy = ChaosProxy::start(meta.address()).await;
    proxy.set(Mode::Refuse);
    let first = || Setup::new(&meta).through(proxy.address()).set("outbox", "encryption_key", "{ env = \"OUTBOX_KEY\" }");
    let mut gateway = Gateway::start(&executable, first().env("OUTBOX_KEY", FIRST_KEY)).await;
    gateway.expect_trouble_with_meta();
    post(&gateway, "rests", 0..20).await;
    let copy = gateway.data().join("copy.db");
    let copied = told(&executable, &gateway, &["backup", copy.to_str().unwrap()], &[("OUTBOX_KEY", FIRST_KEY)]).await;
    assert_eq!(copied["pending_events"], 20);
    let again = outbox(&executable, &gateway, &["backup", copy.to_str().unwrap()], &[("OUTBOX_KEY", FIRST_KEY)]).await;
    assert!(again.code == Some(1) && again.stderr.contains("copy.db"), "{}", again.stderr);
    let running = outbox(&executable, &gateway, &["restore", copy.to_str().unwrap()], &[("OUTBOX_KEY", FIRST_KEY)]).await;
    assert!(running.code == Some(1) && running.stderr.contains("outbox.db.lock"), "{}", running.stderr);
    gateway.stop(Signal::Terminate).await;

    // The new key alone does not start.
    let config = gateway.config().display().to_string();
    let other = [("META_TOKEN_SHOP", harness::TOKEN), ("OUTBOX_KEY", SECOND_KEY)];
    let refused = executable.run(&["serve", "--config", &config], &other, &gateway.data()).await;
    assert!(refused.code == Some(1) && refused.stderr.contains("outbox.previous_encryption_keys"), "{}", refused.stderr);
    let both = || first().set("outbox", "previous_encryption_keys", "[{ env = \"OLD_KEY\" }]");
    gateway.configure(both().env("OUTBOX_KEY", SECOND_KEY).env("OLD_KEY", FIRST_KEY));
    gateway.restart().await;
    let keys = [("OUTBOX_KEY", SECOND_KEY), ("OLD_KEY", FIRST_KEY)];
    assert_eq!(told(&executable, &gateway, &["rekey"], &keys).await["rekeyed_events"], 20);
    gateway.stop(Signal::Terminate).await;
    gateway.configure(first().env("OUTBOX_KEY", SECOND_KEY));
    proxy.set(Mode::Pass);
    gateway.restart().await;
    gateway.drained().await;
    assert_eq!(meta.ids().await.len(), 20);
    gateway.stop(Signal::Terminate).await;

    // The copy is under the key of its time, and its events go out once more.
    let restored = told(&executable, &gateway, &["restore", copy.to_str().unwrap()], &[("OUTBOX_KEY", SECOND_KEY)]).await;
    assert_eq!(restored["pending_events"], 20);
    gateway.configure(first().env("OUTBOX_KEY", FIRST_KEY));
    gateway.restart().await;
    gateway.drained().await;
    assert!(meta.ids().await.values().all(|count| *count == 2), "at least once, with the same ids");
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn b11_an_event_that_comes_twice_is_answered_twice_and_sent_once() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let setup = Setup::new(&meta)
        .set("outbox", "encryption_key", "{ env = \"OUTBOX_KEY\" }")
        .set("outbox", "deduplicate_hours", "1")
        .env("OUTBOX_KEY", FIRST_KEY);
    let mut gateway = Gateway::start(&executable, setup).await;
    post(&gateway, "twice", 0..10).await;
    gateway.kill().await;
    gateway.restart().await;
    post(&gateway, "twice", 5..15).await;
    let again = [numbered_purchase("twice", 20), numbered_purchase("twice", 20)];
    let answer = gateway.client().post(&again).await.unwrap();
    assert_eq!((answer.status, &answer.json()["events_received"]), (200, &json!(2)));
    gateway.drained().await;
    let ids = meta.ids().await;
    assert_eq!(ids.len(), 16);
    let metrics = gateway.metrics().await;
    assert_eq!((metrics.events("duplicate"), metrics.events("accepted")), (6, 6));
    gateway.finish().await;
    meta.finish().await;
}
