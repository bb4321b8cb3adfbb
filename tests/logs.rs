//! What the log says, and what it never says: docs/logs.md, held against a running gateway at the lowest level that there is.
//!
//! One gateway for each format of lines, with TLS, on a real Redis with a password, in front of a Meta that refuses and fails, with
//! an environment that asks every library for everything. It gets good requests and bad ones, handshakes that are none, a Redis that
//! goes away, and an end by a panic. The way of each field is the suite `privacy`'s, that of spans the suite `traces`'.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic as the test may")]

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use harness::{
    Authority, Canaries, Client, DATASET, Executable, KEY, Meta, Process, Redis, RedisSetup, Request, Setup, Signal, TOKEN,
    eventually, executable, free_address, now_secs,
};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

const REST: Duration = Duration::from_secs(90);
const REDIS_PASSWORD: &str = "redis-password-qzsecret-0123456789";
const REDIS_USERS: &str = "user default on >redis-password-qzsecret-0123456789 ~* &* +@all\n";

/// An event with canaries wherever an event has room for them.
fn event(name: &str, number: u64) -> Value {
    json!({
        "event_name": name,
        "event_time": now_secs(),
        "action_source": "website",
        "event_id": format!("order-8812-{number}"),
        "event_source_url": "https://www.shop.example/checkout/thank-you?email=qzcanary%40example.com&q=qzcanary",
        "user_data": {
            "em": "qzcanary@example.com", "ph": "+1 (415) 555-0188", "client_ip_address": "203.0.113.188",
            "client_user_agent": "Mozilla/5.0 qzcanary", "qzcanary": "qzcanary",
        },
        "custom_data": { "value": 7_100_083, "currency": "usd", "content_ids": ["sku-8812"], "search_string": "qzcanary" },
    })
}

/// What must stand in no line.
fn never_logged() -> Canaries {
    let mut canaries = Canaries::marked();
    for (name, value) in [
        ("the site's key", KEY),
        ("Meta's token", TOKEN),
        ("Redis' password", REDIS_PASSWORD),
        ("a telephone number", "5550188"),
        ("a network address of a person", "203.0.113.188"),
        ("a value", "7100083"),
        ("an event's id", "order-8812"),
        ("an id of goods", "sku-8812"),
        ("a page", "thank-you"),
        ("a parameter with a key", "access_token="),
        ("a header with a key", "Bearer "),
        ("what Meta says to a person", "qzremark"),
    ] {
        canaries.add(name, value);
    }
    canaries
}

/// A gateway of which only what it writes is looked at.
struct Told {
    process: Process,
    folder: tempfile::TempDir,
    client: Client,
    meta: Meta,
    redis: Redis,
    address: std::net::SocketAddr,
}

async fn start(executable: &Executable, format: &str) -> Told {
    let meta = Meta::start(executable).await;
    let redis = RedisSetup::new().always().users(REDIS_USERS).start().await;
    let (address, admin) = (free_address(), free_address());
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let pair = authority.issue();
    std::fs::write(folder.path().join("cert.pem"), &pair.cert).unwrap();
    std::fs::write(folder.path().join("key.pem"), &pair.key).unwrap();
    std::fs::set_permissions(folder.path().join("key.pem"), std::fs::Permissions::from_mode(0o600)).unwrap();
    let url = format!("redis://default:{REDIS_PASSWORD}@{}", redis.address());
    let mut setup = Setup::new(&meta)
        .on_redis(&url)
        .set("server", "listen", &format!("\"{address}\""))
        .set("admin", "listen", &format!("\"{admin}\""))
        .set("log", "format", &format!("\"{format}\""))
        .set("log", "level", "\"trace\"")
        .tls();
    // What other programs heed, and what could lift a bound of ours: it is the configuration alone that says what is shown.
    for name in ["RUST_LOG", "RUST_TRACE", "TRACING_LEVEL", "PORTCULLIS_LOG", "REDIS_LOG"] {
        setup = setup
            .env(name, "trace,h2=trace,hyper=trace,hyper_util=trace,reqwest=trace,rustls=trace,redis=trace,tower=trace");
    }
    let setup = setup.env("PORTCULLIS_FAILPOINT", "before_send:30=panic");
    std::fs::write(folder.path().join("portcullis.toml"), setup.toml()).unwrap();
    let arguments = ["serve", "--config", "portcullis.toml"].map(str::to_owned);
    let mut process = Process::start(executable.path(), &arguments, setup.environment(), folder.path(), "gateway");
    process.wait_for("ready", |text| text.contains("ready").then_some(())).await;
    eventually("it answers", REST, async || {
        Client::new(admin).get("/readyz").await.ok().filter(harness::Answer::is_success)
    })
    .await;
    let client = Client::new(address).trusting(&authority);
    Told { process, folder, client, meta, redis, address }
}

/// Everything that can be sent, well and ill; ends with the gateway.
async fn everything(told: &mut Told, has_failpoints: bool) {
    let path = format!("/v26.0/{DATASET}/events");
    let good = |number| {
        Request::post(&path, "application/json", json!({ "data": [event("Purchase", number)] }).to_string()).bearer(KEY)
    };
    for number in 0..3 {
        assert_eq!(told.client.send(&good(number)).await.unwrap().status, 200);
    }
    for bad in [
        Request::post(&path, "application/json", "{\"data\":[{\"em\":\"qzcanary\"").bearer(KEY),
        Request::post(&format!("{path}?access_token=qzcanary-0123456789-0123456789"), "application/json", "{\"data\":[]}"),
        Request::post("/qzcanary/5550188?access_token=qzcanary", "text/qzcanary", "qzcanary").header("cookie", "qzcanary"),
        Request::post(&path, "application/json", json!({ "data": [event("qzcanary", 3)] }).to_string()).bearer(KEY),
    ] {
        told.client.send(&bad).await.unwrap();
    }
    // Handshakes that are none.
    for bytes in [b"POST /qzcanary?access_token=qzcanary HTTP/1.1\r\n\r\n".as_slice(), &[0x16, 3, 1, 0xff, 0xff, 1, 2, 3]] {
        let mut stream = tokio::net::TcpStream::connect(told.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream.shutdown().await.ok();
    }
    // A Meta that refuses, one that hangs up, and a Redis that goes away.
    told.meta
        .faults(&json!([{ "status": 400, "code": 100, "subcode": 2_804_010, "times": 1 }, { "status": 500, "times": 1 }]))
        .await;
    for number in 10..13 {
        assert_eq!(told.client.send(&good(number)).await.unwrap().status, 200);
    }
    told.redis.kill().await;
    let mut number = 20;
    eventually("events are taken without Redis", REST, async || {
        number += 1;
        told.client.send(&good(number)).await.is_ok_and(|answer| answer.status == 200).then_some(())
    })
    .await;
    told.redis.restart().await;
    told.meta.no_faults().await;
    if has_failpoints {
        eventually("a panic ends it", REST, async || {
            number += 1;
            told.client.send(&good(number)).await.ok();
            (!told.process.runs()).then_some(())
        })
        .await;
    } else {
        told.process.signal(Signal::Terminate).await;
        told.process.ended(REST).await;
    }
}

/// Where a line comes from: its level and target.
fn origin(line: &str, format: &str) -> (String, String) {
    if format == "json" {
        let entry: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("not a line of JSON: {line}"));
        let text = |name: &str| {
            entry.get(name).and_then(Value::as_str).unwrap_or_else(|| panic!("{name} is missing: {line}")).to_owned()
        };
        let time = text("timestamp");
        assert!(time.len() == 27 && time.ends_with('Z') && time.contains('T'), "not a time of RFC 3339: {time}");
        assert!(
            entry.get("message").is_some_and(Value::is_string) || entry.as_object().is_some_and(|entry| entry.len() > 3),
            "{line}"
        );
        return (text("level"), text("target"));
    }
    let mut words = line.split_whitespace().skip(1);
    let level = words.next().unwrap_or_default().to_owned();
    (level, words.next().unwrap_or_default().trim_end_matches(':').to_owned())
}

async fn nothing_but_what_may_be(format: &str) {
    let executable = executable!();
    let has_failpoints = executable.has_failpoints().await;
    let mut told = start(&executable, format).await;
    everything(&mut told, has_failpoints).await;
    let (stdout, stderr) = (told.process.stdout(), told.process.stderr());
    let never = never_logged();
    never.absent_from("standard output", stdout.as_bytes());
    never.absent_from("standard error", stderr.as_bytes());

    let (mut levels, mut ours) = (BTreeSet::new(), 0);
    for line in stderr.lines() {
        // What is said without the log: the place of a panic, and the last word of a process that fails.
        if line.starts_with("panic at ") || line.starts_with("error: ") {
            assert!(has_failpoints, "{line}");
            continue;
        }
        let (level, target) = origin(line, format);
        if target == "portcullis" || target.starts_with("portcullis::") {
            ours += 1;
            levels.insert(level);
        } else {
            assert!(level == "WARN" || level == "ERROR", "a library shows more than its warnings: {line}");
        }
    }
    assert!(
        ours > 5 && levels.contains("DEBUG") && levels.contains("INFO") && levels.contains("WARN"),
        "{levels:?}\n{stderr}"
    );
    let ready = stderr.lines().find(|line| line.contains("ready")).unwrap();
    for field in ["version", "configuration", "gateway", "listen", "admin"] {
        assert!(ready.contains(field), "the line `ready` does not name {field}: {ready}");
    }
    if has_failpoints {
        let place = stderr.lines().find(|line| line.starts_with("panic at "));
        assert!(place.is_some_and(|line| line.contains(".rs")), "a panic says its place\n{stderr}");
    }
    drop(told.folder);
}

#[tokio::test]
async fn p2_lines_of_text_hold_nothing_of_events_keys_and_answers_at_any_level() {
    nothing_but_what_may_be("text").await;
}

#[tokio::test]
async fn p2_lines_of_json_hold_nothing_of_events_keys_and_answers_at_any_level() {
    nothing_but_what_may_be("json").await;
}
