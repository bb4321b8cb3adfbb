//! P1 to P10, each attacked by its number. The larger attacks have suites of their own; here each promise has its short one.

use std::time::Duration;

use harness::{
    ChaosProxy, Client, Gateway, Load, MARK, Meta, Mode, Oracle, Request, Setup, Signal, eventually, executable,
    numbered_purchase, purchase, sha256_hex,
};
use portcullis_filters::policy::Policy;
use serde_json::{Value, json};

const REST: Duration = Duration::from_secs(60);

/// A simulator, a gateway that cannot reach it yet, and the proxy between them.
async fn unreachable(setup: impl Fn(Setup) -> Setup) -> (Meta, ChaosProxy, Gateway) {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let proxy = ChaosProxy::start(meta.address()).await;
    proxy.set(Mode::Refuse);
    let setup = setup(Setup::new(&meta).through(proxy.address()));
    let mut gateway = Gateway::start(&executable, setup).await;
    gateway.expect_trouble_with_meta();
    (meta, proxy, gateway)
}

async fn reachable() -> (Meta, Gateway) {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let gateway = Gateway::start(&executable, Setup::new(&meta)).await;
    (meta, gateway)
}

async fn only_event(meta: &Meta) -> Value {
    let mut events = meta.events().await;
    assert_eq!(events.len(), 1, "{events:?}");
    events.remove(0).event
}

#[tokio::test]
async fn p1_durable_before_yes() {
    let (meta, proxy, mut gateway) = unreachable(|setup| setup).await;
    let answer = gateway.client().post(&[numbered_purchase("durable", 1)]).await.unwrap();
    assert_eq!(answer.status, 200);
    gateway.kill().await;
    proxy.set(Mode::Pass);
    gateway.restart().await;
    let mut oracle = Oracle::default();
    oracle.owe("durable-1");
    oracle.settled(&meta, REST).await;
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn p2_nothing_unsanitized_leaves_or_rests() {
    let (meta, proxy, gateway) = unreachable(Setup::trace).await;
    assert_eq!(gateway.client().post(&[purchase("order-1")]).await.unwrap().status, 200);
    gateway.canaries.absent_from_folder(&gateway.data());
    proxy.set(Mode::Pass);
    gateway.drained().await;
    let event = only_event(&meta).await;
    assert!(!event.to_string().contains(MARK), "{event}");
    assert_eq!(event["user_data"]["em"][0], sha256_hex(format!("{MARK}.jane@example.com").as_bytes()));
    // The log at trace level, the metrics and the outbox's files are searched here:
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn p3_a_stored_event_only_gets_narrower() {
    let (meta, proxy, mut gateway) = unreachable(|setup| setup).await;
    assert_eq!(gateway.client().post(&[purchase("order-1")]).await.unwrap().status, 200);
    gateway.accounted().await;
    gateway.stop(Signal::Terminate).await;
    // The policy of tomorrow: without the IP address.
    let (_, retail) = Policy::builtin("retail@1").unwrap();
    let lines: Vec<&str> = retail.lines().filter(|line| !line.starts_with("client_ip_address")).collect();
    let narrower = lines.join("\n").replacen("\"retail\"", "\"narrower\"", 1);
    assert!(lines.len() < retail.lines().count());
    std::fs::write(gateway.config().with_file_name("narrower.toml"), narrower).unwrap();
    gateway.configure(Setup::new(&meta).through(proxy.address()).site("narrower.toml"));
    proxy.set(Mode::Pass);
    gateway.restart().await;
    gateway.drained().await;
    let event = only_event(&meta).await;
    assert!(event["user_data"].get("client_ip_address").is_none(), "{event}");
    assert_eq!(event["event_id"], "order-1");
    assert_eq!(event["user_data"]["em"][0], sha256_hex(format!("{MARK}.jane@example.com").as_bytes()), "hashed once");
    assert_eq!(gateway.metrics().await.events("delivered"), 1);
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn p4_at_least_once_same_identity() {
    let (meta, mut gateway) = reachable().await;
    gateway.expect_trouble_with_meta();
    meta.faults(&json!([{ "status": 503, "code": 2, "is_transient": true, "times": 3 }])).await;
    let mut oracle = Oracle::default();
    for number in 0..10 {
        assert_eq!(gateway.client().post(&[numbered_purchase("same", number)]).await.unwrap().status, 200);
        oracle.owe(&format!("same-{number}"));
    }
    oracle.settled(&meta, REST).await;
    gateway.drained().await;
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn p4_what_meta_refuses_for_content_ends_in_quarantine_with_its_code() {
    let (meta, mut gateway) = reachable().await;
    gateway.expect_trouble_with_meta();
    meta.faults(&json!([{ "status": 400, "code": 100, "is_transient": false, "times": 1 }])).await;
    assert_eq!(gateway.client().post(&[purchase("order-1")]).await.unwrap().status, 200);
    gateway.drained().await;
    let metrics = gateway.metrics().await;
    assert_eq!(metrics.sum("portcullis_events_quarantined_total", &[("reason", "refused")]), 1);
    assert_eq!(metrics.sum("portcullis_outbox_quarantined_events", &[]), 1);
    assert!(meta.ids().await.is_empty());
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn p5_every_event_is_accounted_for() {
    let (meta, gateway) = reachable().await;
    let unlisted = |id: &str| {
        let mut event = purchase(id);
        event["event_name"] = json!("AnEventOfOurOwn");
        event
    };
    let mut malformed = purchase("order-0");
    malformed["event_time"] = json!("yesterday");
    let events = [
        purchase("order-1"),
        unlisted("order-2"),
        malformed.clone(),
        purchase("order-3"),
        unlisted("order-4"),
        malformed.clone(),
    ];
    let answer = gateway.client().post(&events).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let told = answer.json();
    assert_eq!(told["events_received"], 4, "all usable events, dropped ones included: {told}");
    assert_eq!(told["portcullis"]["forwarded"], 2, "{told}");
    assert_eq!(told["portcullis"]["refused"], 2, "{told}");
    assert_eq!(told["portcullis"]["dropped"], json!({ "event_not_allowed": 2 }), "{told}");
    assert_eq!(gateway.client().post(&[malformed]).await.unwrap().status, 400);
    gateway.drained().await;
    let metrics = gateway.metrics().await;
    for (what, count) in
        [("received", 7), ("refused", 3), ("dropped", 2), ("accepted", 2), ("delivered", 2), ("turned_away", 0)]
    {
        assert_eq!(metrics.events(what), count, "{what}");
    }
    assert_eq!(metrics.accounted(), Ok(()));
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn p6_a_full_outbox_says_so_and_recovers() {
    let (meta, proxy, mut gateway) = unreachable(|setup| setup.set("outbox", "max_bytes", "2097152")).await;
    gateway.expect_log("full");
    let load = Load::start(&gateway.client(), "full", 4, 50);
    eventually("it is full", Duration::from_secs(120), async || (load.turned_away() > 0).then_some(())).await;
    // Larger than what was turned away: a smaller one may still find room.
    let too_many: Vec<Value> = (0..100).map(|number| purchase(&format!("too-many-{number}"))).collect();
    let full = gateway.client().post(&too_many).await.unwrap();
    assert_eq!(full.status, 503, "{}", full.text());
    assert_eq!(full.json()["error"]["code"], 2, "{}", full.text());
    assert_eq!(full.json()["error"]["is_transient"], true, "{}", full.text());
    assert!(full.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok_and(|seconds| seconds > 0)));
    assert!(gateway.metrics().await.events("turned_away") > 0);
    let readyz = async || Client::new(gateway.admin()).get("/readyz").await.unwrap();
    let unready =
        eventually("readiness says so", REST, async || Some(readyz().await).filter(|ready| ready.status == 503)).await;
    assert_eq!(unready.json()["reasons"]["full"], "the outbox is full");
    eventually("the metrics say so", REST, async || {
        let metrics = gateway.metrics().await;
        let told = (metrics.sum("portcullis_ready", &[]), metrics.sum("portcullis_not_ready", &[("reason", "full")]));
        (told == (0, 1)).then_some(())
    })
    .await;
    let on_disk: u64 = std::fs::read_dir(gateway.data()).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).sum();
    assert!(on_disk < 32 * 1024 * 1024, "{on_disk} bytes on disk");
    proxy.set(Mode::Pass);
    let turned_away = load.turned_away();
    let answered = load.answered();
    eventually("callers are answered again", REST, async || (load.answered() > answered + 10).then_some(())).await;
    assert!(load.turned_away() >= turned_away);
    load.finish().await.settled(&meta, REST).await;
    gateway.drained().await;
    assert_eq!(readyz().await.status, 200, "and that it passed");
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn p6_e10_callers_cannot_make_series() {
    let (meta, gateway) = reachable().await;
    let client = gateway.client();
    let odd = async |round: usize| {
        for number in 0..20 {
            let name = format!("Odd{round}x{number}");
            let mut event = purchase("order-1");
            event["event_name"] = json!(name);
            event["user_data"][&name] = json!(1);
            event[&name] = json!(1);
            assert_eq!(client.post(&[event]).await.unwrap().status, 200);
            client.send(&Request::post(&format!("/{name}/{name}"), "text/plain", name.clone())).await.unwrap();
            client.send(&Request::new(&name.to_uppercase(), &client.path())).await.unwrap();
            client.clone().with(&name, &number.to_string()).post(&[purchase("order-1")]).await.unwrap();
        }
    };
    odd(0).await;
    let before = gateway.metrics().await.series();
    for round in 1..4 {
        odd(round).await;
    }
    assert_eq!(gateway.metrics().await.series(), before);
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn p7_one_bad_event_harms_only_itself() {
    let (meta, gateway) = reachable().await;
    let mut events: Vec<Value> = (0..20).map(|number| numbered_purchase("good", number)).collect();
    events[7]["user_data"] = json!(format!("{MARK} where nobody looks"));
    let answer = gateway.client().post(&events).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let told = answer.json();
    assert_eq!(told["events_received"], 19, "{told}");
    let messages = told["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 1, "{told}");
    let message = messages[0].to_string();
    assert!(message.contains('7') && message.contains("user_data") && !message.contains(MARK), "{message}");
    gateway.drained().await;
    assert_eq!(meta.ids().await.len(), 19);
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn p8_bad_configuration_never_takes_over() {
    let executable = executable!();
    let (meta, _proxy, mut gateway) = unreachable(|setup| setup).await;
    assert_eq!(gateway.client().post(&[purchase("order-1")]).await.unwrap().status, 200);
    gateway.accounted().await;
    gateway.stop(Signal::Terminate).await;
    let good = std::fs::read_to_string(gateway.config()).unwrap();
    std::fs::write(gateway.config(), good.replace("hosts = ", "hots = ")).unwrap();
    let config = gateway.config().display().to_string();
    let output =
        executable.run(&["serve", "--config", &config], &[("META_TOKEN_SHOP", harness::TOKEN)], &gateway.data()).await;
    assert_eq!(output.code, Some(64), "{}", output.stderr);
    assert!(output.stderr.contains("hots") && output.stderr.contains("portcullis.toml"), "{}", output.stderr);
    std::fs::write(gateway.config(), good).unwrap();
    gateway.restart().await;
    assert_eq!(gateway.metrics().await.events("recovered"), 1, "what was stored is untouched");
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn p9_stop_and_crash_are_the_same() {
    let (meta, proxy, mut gateway) = unreachable(|setup| setup).await;
    let mut oracle = Oracle::default();
    for (round, kill) in [true, false, true].into_iter().enumerate() {
        let load = Load::start(&gateway.client(), &format!("round-{round}"), 3, 4);
        eventually("the load is answered", REST, async || (load.answered() > 9).then_some(())).await;
        if kill {
            gateway.kill().await;
        } else {
            gateway.stop(Signal::Terminate).await;
        }
        oracle.merge(load.finish().await);
        gateway.restart().await;
        assert!(gateway.metrics().await.events("recovered") >= oracle.owed() as u64);
    }
    proxy.set(Mode::Pass);
    oracle.settled(&meta, REST).await;
    gateway.drained().await;
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn p10_deny_by_default_down_to_values() {
    let (meta, gateway) = reachable().await;
    let mut event = purchase("order-1");
    let hidden = format!("{MARK} jane@example.com 415-555-0107");
    // Every key here is one that the policy keeps, with a value that is none of its closed form.
    for (key, value) in [
        ("content_ids", json!([hidden, "SKU-1"])),
        ("content_type", json!(hidden)),
        ("currency", json!("USD")),
        ("num_items", json!(4_155_550_107_u64)),
        ("delivery_category", json!(hidden)),
    ] {
        event["custom_data"][key] = value;
    }
    event["user_data"]["fbp"] = json!(format!("fb.1.1558571054389.{MARK}"));
    event["user_data"]["fbc"] = json!(hidden);
    event["user_data"]["client_ip_address"] = json!(hidden);
    event["user_data"]["client_user_agent"] = json!(format!("Mozilla/5.0 ({hidden})"));
    event["event_id"] = json!(hidden);
    event["event_source_url"] = json!(format!("https://www.shop.example/{MARK}/jane@example.com"));
    let answer = gateway.client().post(&[event]).await.unwrap();
    assert_eq!(answer.json()["portcullis"]["forwarded"], 1, "{}", answer.text());
    gateway.drained().await;
    let event = only_event(&meta).await;
    assert!(!event.to_string().to_lowercase().contains(MARK), "{event}");
    assert!(!event.to_string().contains("4155550107"), "{event}");
    assert_eq!(event["custom_data"]["content_ids"], json!(["SKU-1"]), "{event}");
    assert_eq!(event["event_source_url"], "https://www.shop.example/", "{event}");
    assert!(event["event_id"].as_str().is_some_and(|id| id.len() == 64), "replaced by its keyed digest: {event}");
    for gone in ["unknown_key", "referrer_url"] {
        assert!(event.get(gone).is_none(), "{event}");
    }
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn the_admin_listener_is_read_only_and_tells_health() {
    let (meta, gateway) = reachable().await;
    let admin = Client::new(gateway.admin());
    for page in ["/metrics", "/healthz", "/readyz", "/policies"] {
        assert_eq!(admin.get(page).await.unwrap().status, 200, "{page}");
        let posted = admin.send(&Request::post(page, "application/json", "{}")).await.unwrap();
        assert_eq!(posted.status, 405, "{page}");
    }
    assert_eq!(admin.post(&[purchase("order-1")]).await.unwrap().status, 404, "events are not taken here");
    assert_eq!(gateway.client().get("/metrics").await.unwrap().status, 404, "metrics are not told to callers");
    let policies = admin.get("/policies").await.unwrap().text();
    assert!(policies.contains("shop") && policies.contains("retail"), "{policies}");
    gateway.finish().await;
    meta.finish().await;
}
