//! A person who is suppressed is not sent from the moment that was answered, whatever waits and whatever dies; all others are.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper of a test may panic as the test may")]

use std::collections::BTreeSet;
use std::time::Duration;

use harness::{
    ChaosProxy, Gateway, MARK, Meta, Metrics, Mode, Oracle, Sdk, Setup, eventually, executable, holds, now_secs,
    numbered_purchase, purchase, sha256_hex,
};
use serde_json::{Value, json};

const VARIABLE: &str = "PORTCULLIS_FAILPOINT";
/// How long a hundred thousand events may take to be looked through, and to arrive.
const REST: Duration = Duration::from_secs(600);
/// Requests, each of a thousand events, of which every tenth is theirs.
const REQUESTS: u64 = 100;

/// The person, as they are known to whoever asks to be forgotten.
fn person() -> String {
    format!("{MARK}.Gone@example.com")
}

/// What libraries make of that, and what stored events hold.
fn digest() -> String {
    sha256_hex(person().to_lowercase().as_bytes())
}

/// A purchase of theirs.
fn theirs(id: &str) -> Value {
    let mut event = purchase(id);
    event["user_data"]["em"] = json!([person()]);
    event
}

/// A short purchase: every tenth is theirs, all others are of somebody each.
fn short(number: u64) -> Value {
    let (id, email) = match number % 10 {
        0 => (format!("gone-{number}"), person()),
        _ => (format!("stays-{number}"), format!("{MARK}.{number}@example.com")),
    };
    json!({
        "event_name": "Purchase",
        "event_time": now_secs(),
        "event_id": id,
        "action_source": "website",
        "event_source_url": "https://www.shop.example/",
        "user_data": {
            "em": email,
            "client_user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        },
        "custom_data": { "value": 1, "currency": "EUR" },
    })
}

async fn add(gateway: &Gateway, option: &str, value: &str) {
    let output = gateway.command(&["suppress", "add", option, value]).await;
    assert_eq!(output.code, Some(0), "{}{}", output.stdout, output.stderr);
}

/// Everything of theirs is deleted, and that is noted.
async fn swept(gateway: &Gateway) {
    holds("what waits of theirs is deleted", REST, async || {
        match gateway.metrics().await.sum("portcullis_suppression_sweep_due", &[]) {
            0 => Ok(()),
            _ => Err("the sweep is still due".to_owned()),
        }
    })
    .await;
}

/// Nothing of theirs is in any file of the outbox.
fn rests_nowhere(gateway: &Gateway) {
    for file in std::fs::read_dir(gateway.data()).unwrap() {
        let path = file.unwrap().path();
        // The control socket holds nothing.
        if !path.is_file() {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let found = String::from_utf8_lossy(&bytes).contains(&digest());
        assert!(!found, "{} holds the digest of somebody who is suppressed", path.display());
    }
}

async fn dropped(gateway: &Gateway) -> u64 {
    let labels = [("stage", "consent"), ("reason", "suppressed")];
    gateway.metrics().await.sum("portcullis_events_dropped_total", &labels)
}

/// Nothing of theirs came to Meta.
async fn none_came(meta: &Meta) {
    let ids = meta.ids().await;
    assert!(!ids.keys().any(|id| id.starts_with("gone-")), "events of somebody who is suppressed");
}

/// Waits for what the metrics say.
async fn says(gateway: &Gateway, what: &str, is_so: impl Fn(&Metrics) -> bool) {
    eventually(what, REST, async || is_so(&gateway.metrics().await).then_some(())).await;
}

#[tokio::test]
async fn a14_p5_of_a_suppressed_person_nothing_is_sent_whatever_dies_and_all_others_arrive() {
    let executable = executable!();
    let meta = Meta::start_for_many(&executable, 2 * REQUESTS * 1000).await;
    let proxy = ChaosProxy::start(meta.address()).await;
    proxy.set(Mode::Refuse);
    let mut gateway = Gateway::start(&executable, Setup::new(&meta).through(proxy.address())).await;
    gateway.expect_trouble_with_meta();
    let mut owed = BTreeSet::new();
    for request in 0..REQUESTS {
        let events: Vec<Value> = (0..1000).map(|event| short(request * 1000 + event)).collect();
        assert_eq!(gateway.client().post(&events).await.unwrap().status, 200);
        let ids = events.iter().map(|event| event["event_id"].as_str().unwrap().to_owned());
        owed.extend(ids.filter(|id| id.starts_with("stays-")));
    }
    let all = REQUESTS * 1000;
    assert_eq!(gateway.metrics().await.pending(), all);

    // It dies right after the answer, while it deletes, and while all others leave.
    add(&gateway, "--email", &person()).await;
    gateway.kill().await;
    gateway.restart().await;
    says(&gateway, "something is deleted", |metrics| metrics.pending() < all).await;
    gateway.kill().await;
    proxy.set(Mode::Pass);
    gateway.restart().await;
    says(&gateway, "something is sent", |metrics| metrics.events("delivered") > 0).await;
    gateway.kill().await;
    gateway.restart().await;
    swept(&gateway).await;
    // What was in hand then goes when it is settled.
    says(&gateway, "the outbox drains", |metrics| metrics.pending() == 0).await;
    rests_nowhere(&gateway);
    assert_eq!(meta.ids().await.into_keys().collect::<BTreeSet<_>>(), owed, "all others, and nothing else");

    // What comes in from now on is dropped.
    let answer = gateway.client().post(&[theirs("gone-later"), numbered_purchase("later", 1)]).await.unwrap();
    assert_eq!(answer.json()["events_received"], 2);
    assert_eq!(answer.json()["portcullis"]["dropped"], json!({ "policy": 1 }), "{}", answer.text());
    gateway.drained().await;
    none_came(&meta).await;
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn a14_death_at_any_point_of_a_sweep_brings_nothing_back() {
    let executable = executable!();
    if !executable.has_failpoints().await {
        return;
    }
    for point in ["after_purge_step", "after_purge_before_truncating", "before_sweep_is_noted"] {
        let meta = Meta::start(&executable).await;
        let proxy = ChaosProxy::start(meta.address()).await;
        proxy.set(Mode::Refuse);
        let setup = Setup::new(&meta).through(proxy.address());
        let mut gateway = Gateway::start(&executable, setup.clone()).await;
        gateway.expect_trouble_with_meta();
        let mut oracle = Oracle::default();
        for number in 0..20 {
            let events = [theirs(&format!("gone-{number}")), numbered_purchase("stays", number)];
            assert_eq!(gateway.client().post(&events).await.unwrap().status, 200);
            oracle.owe(&format!("stays-{number}"));
        }
        add(&gateway, "--email", &person()).await;
        gateway.kill().await;
        gateway.configure(setup.clone().env(VARIABLE, &format!("{point}=abort")));
        // It may die before it has said that it is ready.
        gateway.try_restart().await;
        eventually(&format!("death at {point}"), REST, async || (!gateway.process().runs()).then_some(())).await;
        gateway.configure(setup);
        gateway.restart().await;
        swept(&gateway).await;
        rests_nowhere(&gateway);
        proxy.set(Mode::Pass);
        oracle.settled(&meta, REST).await;
        gateway.drained().await;
        none_came(&meta).await;
        gateway.finish().await;
        meta.finish().await;
    }
}

#[tokio::test]
async fn what_is_in_quarantine_goes_and_what_others_have_there_stays() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let mut gateway = Gateway::start(&executable, Setup::new(&meta)).await;
    gateway.expect_trouble_with_meta();
    for (event, name) in [(theirs("gone-1"), "1"), (numbered_purchase("stays", 1), "2")] {
        meta.faults(&json!([{ "status": 400, "code": 100, "subcode": 2_804_019, "is_transient": false, "times": 1 }])).await;
        assert_eq!(gateway.client().post(&[event]).await.unwrap().status, 200);
        says(&gateway, name, |metrics| metrics.events("quarantined").to_string() == name).await;
    }
    add(&gateway, "--email", &person()).await;
    says(&gateway, "theirs is deleted", |metrics| metrics.sum("portcullis_outbox_quarantined_events", &[]) == 1).await;
    // A restart looks once and is done; what runs looks again for requests that were in hand.
    gateway.kill().await;
    gateway.restart().await;
    swept(&gateway).await;
    rests_nowhere(&gateway);
    assert_eq!(gateway.command(&["outbox", "redrive"]).await.code, Some(0));
    gateway.drained().await;
    none_came(&meta).await;
    assert_eq!(meta.ids().await.len(), 1);
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn one_person_is_known_from_every_library_by_each_of_their_identifiers() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let gateway = Gateway::start(&executable, Setup::new(&meta)).await;
    let (email, member) = (format!("{MARK}.jane@example.com"), format!("{MARK}-Member-42"));
    for (option, value, sdks) in [
        ("--email", email.as_str(), &[Sdk::Python, Sdk::PythonAsync, Sdk::Node][..]),
        ("--phone", "(415) 555-0107", &[Sdk::Python, Sdk::Node]),
        ("--external-id", &member, &[Sdk::Node, Sdk::Python]),
        ("--fbp", "fb.1.1558571054389.1098115397", &[Sdk::Node]),
        ("--sha256", &sha256_hex(email.as_bytes()), &[Sdk::Python]),
    ] {
        add(&gateway, option, value).await;
        for sdk in sdks {
            let before = dropped(&gateway).await;
            sdk.run(gateway.address(), None).await;
            assert_eq!(dropped(&gateway).await - before, 53, "{option} from {sdk:?}");
        }
        let output = gateway.command(&["suppress", "remove", option, value]).await;
        assert_eq!(output.code, Some(0), "{}{}", output.stdout, output.stderr);
    }

    // What the parameter builder makes, with its suffixes, and what a careless sender does.
    add(&gateway, "--email", &person()).await;
    let before = dropped(&gateway).await;
    let digest = digest();
    let forms = [
        digest.clone(),
        digest.to_uppercase(),
        format!("{digest}.AQQCAQMC"),
        format!("{digest}.AQ"),
        person(),
        format!(" {} ", person().to_uppercase()),
    ];
    let mut events = Vec::new();
    for (at, form) in forms.iter().enumerate() {
        for field in ["em", "external_id"] {
            let mut event = purchase(&format!("gone-{at}-{field}"));
            event["user_data"][field] = json!([form]);
            events.push(event);
        }
    }
    assert_eq!(gateway.client().post(&events).await.unwrap().status, 200);
    assert_eq!(dropped(&gateway).await - before, events.len() as u64);
    assert_eq!(meta.count().await, 0);
    gateway.finish().await;
    meta.finish().await;
}
