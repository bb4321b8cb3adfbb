//! Every request of Meta's clients in `fixtures/sdk_requests`, byte for byte over a socket: the gateway is a stand-in for Meta
//! only if nobody has to change more than a host name and a key.

#![expect(clippy::expect_used, reason = "a helper of a test may panic as the test may")]

use std::path::{Path, PathBuf};

use harness::{Connection, Gateway, Meta, Setup, executable, now_secs, sha256_hex};

/// What stands in the recorded requests.
const RECORDED: Recorded = Recorded { token: "EAAtest_TOKEN", time: "179100000", dataset: "1234567890" };
/// What stands there in its place.
const REPLAY_KEY: &str = "site-key-of-the-replays-0123456789abcdef";
const REPLAY_TOKEN: &str = "EAAreplayToken0123456789";

struct Recorded {
    token: &'static str,
    /// All digits but the last of each `event_time`: events of one batch are a second apart.
    time: &'static str,
    dataset: &'static str,
}

/// What becomes of the events of a request under `retail@1`.
struct Expected {
    file: &'static str,
    /// Ids of the events that Meta gets; an event that came without one gets one.
    arrive: &'static [Option<&'static str>],
    /// The reason why the others do not.
    dropped: Option<&'static str>,
    /// What Meta is told around the events.
    envelope: &'static str,
}

const fn arrives(file: &'static str, arrive: &'static [Option<&'static str>]) -> Expected {
    Expected { file, arrive, dropped: None, envelope: "{}" }
}

impl Expected {
    const fn with(mut self, envelope: &'static str) -> Self {
        self.envelope = envelope;
        self
    }
}

const fn dropped(file: &'static str, reason: &'static str) -> Expected {
    Expected { file, arrive: &[], dropped: Some(reason), envelope: "{}" }
}

const ONE: &[Option<&str>] = &[Some("evt-0")];
const TWO: &[Option<&str>] = &[Some("evt-0"), Some("evt-1")];
const THREE: &[Option<&str>] = &[Some("evt-0"), Some("evt-1"), Some("evt-2")];
const TEST_EVENT: &str = r#"{"test_event_code":"TEST12345"}"#;
const UPLOAD: &str = r#"{"namespace_id":"222","upload_id":"333"}"#;

const EXPECTED: &[Expected] = &[
    arrives("curl_01_multipart_form.http", ONE),
    arrives("curl_02_urlencoded_form.http", ONE),
    arrives("curl_03_json_query_token.http", ONE).with(TEST_EVENT),
    arrives("curl_04_json_bearer.http", ONE),
    arrives("java_01_multipart.http", ONE).with(TEST_EVENT),
    arrives("java_02_capi_gateway.http", ONE),
    arrives("node_01_purchase.http", ONE),
    arrives("node_02_batch_of_3_partner_agent.http", THREE),
    arrives("node_03_test_event_code.http", ONE).with(TEST_EVENT),
    arrives("node_04_ldu_optout_namespace_upload.http", ONE).with(UPLOAD),
    arrives("node_05_appsecret_proof.http", ONE),
    arrives("php_01_multipart.http", TWO).with(TEST_EVENT),
    arrives("php_02_capi_gateway.http", ONE),
    arrives("python_01_purchase.http", ONE),
    arrives("python_02_batch_of_3_partner_agent.http", THREE),
    arrives("python_03_test_event_code.http", ONE).with(TEST_EVENT),
    arrives("python_04_ldu_optout_namespace_upload.http", ONE).with(UPLOAD),
    arrives("python_05_appsecret_proof.http", ONE),
    arrives("python_06_async_batch_of_2.http", TWO).with(TEST_EVENT),
    dropped("python_07_app_event.http", "source_not_allowed"),
    dropped("python_08_append_attribution.http", "event_not_allowed"),
    dropped("python_09_crm_lead.http", "insufficient_user_data"),
    arrives("python_10_request_context_appendix.http", &[None]),
    arrives("ruby_01_json_of_strings.http", TWO),
];

/// What stands raw in some of the requests, and may not leave under `retail@1`.
const RAW: &[&str] =
    &["user-42", "order=1", "thank-you", "Red shoes", "SPRING", "ORD-1", "jane.doe@", "acme_gateway", "fd933811dc01c4dd"];

#[tokio::test]
async fn every_recorded_request_is_taken_and_its_events_arrive() {
    let executable = executable!();
    let meta = Meta::start_with(&executable, &[(RECORDED.dataset, REPLAY_TOKEN)]).await;
    let site = format!(
        r#"
[[site]]
id = "recorded"
policy = "retail@1"
datasets = ["{dataset}"]
hosts = ["shop.example", "shop.example.com"]
keys = [{{ sha256 = "{key}" }}]

[[dataset]]
id = "{dataset}"
access_token = {{ env = "META_TOKEN_REPLAY" }}
allow_test_events = true
"#,
        dataset = RECORDED.dataset,
        key = sha256_hex(REPLAY_KEY.as_bytes()),
    );
    let setup = Setup::new(&meta).append(&site).env("META_TOKEN_REPLAY", REPLAY_TOKEN).trace();
    let mut gateway = Gateway::start(&executable, setup).await;
    for raw in RAW.iter().chain(&[REPLAY_KEY, REPLAY_TOKEN]) {
        gateway.canaries.add("what was sent raw", raw);
    }
    let mut arrived = 0;
    for expected in EXPECTED {
        let file = expected.file;
        let (bytes, events) = replayed(&std::fs::read(folder().join(file)).unwrap());
        let answer = Connection::open(gateway.address()).await.unwrap().exchange_bytes(&bytes).await.unwrap();
        let told = format!("{file}: {}", answer.text());
        let success = if file.contains("capi_gateway") { 202 } else { 200 };
        assert_eq!(answer.status, success, "{told}");
        assert_eq!(answer.header("content-type"), Some("application/json"), "{told}");
        let body = answer.json();
        assert_eq!(body["events_received"], events, "{told}");
        assert_eq!(body["messages"], serde_json::json!([]), "{told}");
        assert!(body["fbtrace_id"].as_str().is_some_and(|id| !id.is_empty()), "{told}");
        assert_eq!(body["portcullis"]["forwarded"], expected.arrive.len(), "{told}");
        if let Some(reason) = expected.dropped {
            assert_eq!(body["portcullis"]["dropped"][reason], events, "{told}");
        }
        gateway.canaries.absent_from(file, &answer.body);

        gateway.drained().await;
        let all = meta.events().await;
        let new = &all[arrived..];
        assert_eq!(new.len(), expected.arrive.len(), "{file}");
        for (event, id) in new.iter().zip(expected.arrive) {
            assert_eq!(event.dataset, RECORDED.dataset, "{file}");
            let has = event.event["event_id"].as_str().expect("each event has an id");
            assert!(id.is_none_or(|id| id == has), "{file}: {has}");
            let envelope = serde_json::from_str::<serde_json::Value>(expected.envelope).unwrap();
            assert_eq!(event.envelope, envelope, "{file}");
        }
        arrived = all.len();
    }
    let metrics = gateway.metrics().await;
    assert_eq!(metrics.sum("portcullis_events_received_total", &[("source", "capi_gateway")]), 2);
    assert_eq!(metrics.sum("portcullis_requests_total", &[("route", "capi_gateway"), ("status", "2xx")]), 2);
    gateway.finish().await;
    meta.finish().await;
}

#[test]
fn every_recorded_request_is_expected() {
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut files: Vec<String> = std::fs::read_dir(folder()).unwrap().map(name).collect();
    files.retain(|name| name != "README.md");
    files.sort_unstable();
    assert_eq!(files, EXPECTED.iter().map(|expected| expected.file).collect::<Vec<_>>());
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/sdk_requests")
}

/// The request with today's times and our key, and how many events it has.
fn replayed(recorded: &[u8]) -> (Vec<u8>, usize) {
    let text = std::str::from_utf8(recorded).expect("the recorded requests are text");
    let (head, body) = text.split_once("\r\n\r\n").expect("a request has a head");
    let events = body.matches(RECORDED.time).count();
    assert!(events > 0, "the events have another time than they had");
    // The same number of digits.
    let now = (now_secs() / 10 - 1).to_string();
    let body = body.replace(RECORDED.time, &now).replace(RECORDED.token, REPLAY_KEY);
    let mut lines: Vec<String> = head.replace(RECORDED.token, REPLAY_KEY).split("\r\n").map(str::to_owned).collect();
    let length = lines.iter_mut().find(|line| line.to_lowercase().starts_with("content-length:")).expect("a length");
    *length = format!("Content-Length: {}", body.len());
    (format!("{}\r\n\r\n{body}", lines.join("\r\n")).into_bytes(), events)
}
