//! Traces, with an executable that was built to make them: what a collector is told, and what it is not.
//!
//! The collector is one of our own that is strict: it takes a body only if what it understands of it is all of it. So is the Meta,
//! which notes the names of the headers that come. Needs the feature `otlp`: cargo test --workspace --features portcullis-tests/otlp --test
//! traces, which `tests/run` does last. That without it the configuration refuses a collector is shown by the gateway's own tests.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic as the test may")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::Request as Received;
use axum::http::HeaderMap;
use bytes::Bytes;
use harness::{
    Canaries, DATASET, Gateway, KEY, Request, SITE, Setup, Signal, TOKEN, eventually, executable, free_address, now_secs,
};
use http_body_util::{BodyExt as _, Limited};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use serde_json::json;
use tokio_util::task::AbortOnDropHandle;

/// How long spans may take to arrive on a machine that has much to do.
const REST: Duration = Duration::from_secs(60);
const COLLECTOR_TOKEN: &str = "collector-token-qzsecret-0123456789";
/// A caller's ids, in hex.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";
/// Those of a caller without a key.
const STRANGER: &str = "deadbeefdeadbeefdeadbeefdeadbeef";

/// What a server was sent: the headers and the body of each request.
type Came = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

/// A server that takes everything and answers this.
struct Server {
    address: SocketAddr,
    came: Came,
    _serving: AbortOnDropHandle<()>,
}

impl Server {
    async fn start(answer: &'static str) -> Self {
        let came = Came::default();
        let noted = Arc::clone(&came);
        let router = Router::new().fallback(async move |request: Received| {
            let (head, body) = request.into_parts();
            let body = Limited::new(body, 16 << 20);
            #[expect(clippy::disallowed_methods, reason = "within a limit")]
            let body = body.collect().await.unwrap().to_bytes();
            noted.lock().unwrap().push((head.headers, body));
            answer
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        #[expect(clippy::disallowed_methods, reason = "ends with the server")]
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, came, _serving: AbortOnDropHandle::new(serving) }
    }

    fn came(&self) -> Vec<(HeaderMap, Bytes)> {
        self.came.lock().unwrap().clone()
    }

    /// Every span that came, and nothing that is not understood.
    fn spans(&self) -> Vec<Span> {
        let mut spans = Vec::new();
        for (headers, body) in self.came() {
            assert_eq!(headers["content-type"], "application/x-protobuf");
            assert_eq!(headers["authorization"], format!("Bearer {COLLECTOR_TOKEN}").as_str());
            let request = ExportTraceServiceRequest::decode(body.clone()).unwrap();
            assert_eq!(request.encode_to_vec(), body, "there is something in it that is not of OTLP");
            let of_all = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
            spans.extend(of_all.flat_map(|scope| scope.spans));
        }
        spans
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn setup(meta: &Server, collector: SocketAddr) -> Setup {
    Setup::to(&format!("http://{}", meta.address))
        .set("telemetry", "endpoint", &format!("\"http://{collector}/v1/traces\""))
        .set("telemetry", "headers", "{ authorization = { env = \"COLLECTOR_TOKEN\" } }")
        .set("telemetry", "sample_permille", "1000")
        .env("COLLECTOR_TOKEN", COLLECTOR_TOKEN)
        // What the specification of OpenTelemetry would have read: here the configuration alone says what is sent where.
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9/")
        .env("OTEL_EXPORTER_OTLP_HEADERS", "qzcanary=qzcanary")
        .env("OTEL_RESOURCE_ATTRIBUTES", "qzcanary=qzcanary")
        .env("OTEL_TRACES_SAMPLER", "always_off")
}

/// A body of these names of events, each with canaries wherever an event has room for them.
fn body(names: &[&str]) -> String {
    let event = |name: &&str| {
        json!({
            "event_name": name,
            "event_time": now_secs(),
            "action_source": "website",
            "event_id": format!("{name}-8812-kept"),
            "event_source_url": "https://www.shop.example/checkout/thank-you?email=qzcanary%40example.com",
            "user_data": { "em": "qzcanary@example.com", "client_user_agent": "Mozilla/5.0 qzcanary", "qzcanary": "qzcanary" },
            "custom_data": { "value": 7_100_083, "currency": "usd", "content_ids": ["sku-8812"], "search_string": "qzcanary" },
        })
    };
    json!({ "data": names.iter().map(event).collect::<Vec<_>>(), "qzcanary": "qzcanary" }).to_string()
}

#[tokio::test]
async fn p2_spans_tell_the_way_of_a_request_and_nothing_of_its_events() {
    let executable = executable!();
    let (meta, collector) = (Server::start("{\"events_received\":1}").await, Server::start("").await);
    let mut gateway = Gateway::start(&executable, setup(&meta, collector.address).trace()).await;
    gateway.canaries.add("the collector's token", COLLECTOR_TOKEN);
    let client = gateway.client();
    let request = |path: &str, trace: &str, body: String| {
        Request::post(path, "application/json", body)
            .header("traceparent", &format!("00-{trace}-{PARENT}-01"))
            .header("tracestate", "vendor=qzcanary")
            .header("baggage", "person=qzcanary,q=qzcanary")
    };
    let path = format!("/v26.0/{DATASET}/events");
    let answer = client.send(&request(&path, TRACE, body(&["Purchase", "Qzcanary"])).bearer(KEY)).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    // Whoever has no key, an address that is none, and a body that is none.
    for (path, key) in [(path.as_str(), "no-key-of-anybody-qzcanary-0123456789"), ("/v26.0/qzcanary/events", KEY)] {
        let answer = client.send(&request(path, STRANGER, body(&["Purchase"])).bearer(key)).await.unwrap();
        assert!(answer.status >= 400);
    }
    let answer = client.send(&request(&path, TRACE, "{\"data\":\"qzcanary\"}".to_owned()).bearer(KEY)).await.unwrap();
    assert_eq!(answer.status, 400);
    for odd in ["qzcanary", "00-qzcanary-qzcanary-01", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-qzcanary"] {
        let sent = Request::post(&path, "application/json", body(&["Purchase"])).bearer(KEY).header("traceparent", odd);
        assert_eq!(client.send(&sent).await.unwrap().status, 200);
    }
    let names = ["request", "sanitize", "append", "batch", "deliver"];
    let spans = eventually("every span has come", REST, async || {
        let spans = collector.spans();
        let of = |name: &str| spans.iter().filter(|span| span.name == name).count();
        (of("request") >= 4 && of("append") >= 4 && of("deliver") >= 1 && of("batch") >= 1).then_some(spans)
    })
    .await;
    assert_eq!(spans.iter().map(|span| span.name.as_str()).collect::<BTreeSet<_>>(), names.into_iter().collect());

    // How they hang together.
    let by_id: BTreeMap<_, _> = spans.iter().map(|span| (span.span_id.clone(), span)).collect();
    let first = spans.iter().find(|span| span.name == "request" && hex(&span.trace_id) == TRACE).unwrap();
    assert_eq!(hex(&first.parent_span_id), PARENT);
    for span in &spans {
        assert!(
            span.end_time_unix_nano >= span.start_time_unix_nano
                && span.start_time_unix_nano / 1_000_000_000 > 1_700_000_000
        );
        assert!(span.trace_state.is_empty() && span.events.is_empty());
        match span.name.as_str() {
            "sanitize" | "append" => assert_eq!(by_id[&span.parent_span_id].name, "request"),
            "deliver" => assert_eq!(by_id[&span.parent_span_id].name, "batch"),
            _ => {}
        }
    }
    let linked = spans.iter().filter(|span| span.name == "batch").flat_map(|span| &span.links);
    let linked: Vec<&str> = linked.map(|link| by_id[&link.span_id].name.as_str()).collect();
    assert_eq!(linked, ["append"; 4], "each append is linked to the batch that took it up");

    // What stands in them: of our keys and words, the site, the dataset and numbers.
    let keys = ["bytes", "dataset", "duplicates", "events", "forwarded", "groups", "outcome", "route", "site"]
        .map(|key| format!("portcullis.{key}"));
    for attribute in spans.iter().flat_map(|span| &span.attributes) {
        let is_ours = keys.contains(&attribute.key) || attribute.key == "http.response.status_code";
        let value = format!("{:?}", attribute.value);
        let is_closed = value.contains("IntValue")
            || [SITE, DATASET, "graph", "delivered"].iter().any(|word| value.contains(&format!("\"{word}\"")));
        assert!(is_ours && is_closed, "{}: {value}", attribute.key);
    }

    let mut canaries = Canaries::marked();
    canaries.add("the site's key", KEY);
    canaries.add("Meta's token", TOKEN);
    canaries.add("a value", "7100083");
    canaries.add("an address", "127.0.0.1");
    canaries.add("an event's id", "-8812-kept");
    canaries.add("an id of goods", "sku-8812");
    for (_, body) in collector.came() {
        canaries.absent_from("what the collector got", &body);
        let stranger: Vec<u8> = (0..16).map(|at| [0xde, 0xad, 0xbe, 0xef][at % 4]).collect();
        assert!(!body.windows(16).any(|window| window == stranger), "a stranger's trace is told");
    }
    gateway.drained().await;
    for (headers, _) in meta.came() {
        let names: Vec<&str> = headers.keys().map(axum::http::HeaderName::as_str).collect();
        assert!(!names.iter().any(|name| name.contains("trace") || name.contains("baggage")), "{names:?}");
    }
    assert_eq!(gateway.metrics().await.sum("portcullis_spans_dropped_total", &[]), 0);
    gateway.finish().await;
}

#[tokio::test]
async fn what_is_traced_last_is_sent_at_the_stop() {
    let executable = executable!();
    let (meta, collector) = (Server::start("{\"events_received\":1}").await, Server::start("").await);
    let mut gateway = Gateway::start(&executable, setup(&meta, collector.address)).await;
    let path = format!("/v26.0/{DATASET}/events");
    let sent = Request::post(&path, "application/json", body(&["Purchase"])).bearer(KEY);
    assert_eq!(gateway.client().send(&sent).await.unwrap().status, 200);
    gateway.stop(Signal::Terminate).await;
    let names: BTreeSet<String> = collector.spans().into_iter().map(|span| span.name).collect();
    assert!(names.contains("request") && names.contains("append"), "{names:?}");
    gateway.finish().await;
}

#[tokio::test]
async fn p9_a_stop_does_not_wait_for_a_collector_that_never_answers() {
    let executable = executable!();
    let meta = Server::start("{\"events_received\":1}").await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let setup = setup(&meta, silent.local_addr().unwrap()).set("telemetry", "timeout_secs", "60");
    let mut gateway = Gateway::start(&executable, setup).await;
    let path = format!("/v26.0/{DATASET}/events");
    let sent = Request::post(&path, "application/json", body(&["Purchase"])).bearer(KEY);
    assert_eq!(gateway.client().send(&sent).await.unwrap().status, 200);
    // From here on it has spans in hand.
    let _connection = silent.accept().await.unwrap();
    gateway.drained().await;
    let told = std::time::Instant::now();
    gateway.stop(Signal::Terminate).await;
    assert!(told.elapsed() < Duration::from_secs(40), "the stop took {:?}", told.elapsed());
    gateway.finish().await;
}

#[tokio::test]
async fn a_collector_that_is_away_costs_a_counter_and_one_line() {
    let executable = executable!();
    let meta = Server::start("{\"events_received\":1}").await;
    let mut gateway = Gateway::start(&executable, setup(&meta, free_address())).await;
    gateway.expect_log("the collector takes no traces");
    let path = format!("/v26.0/{DATASET}/events");
    for _ in 0..5 {
        let before = gateway.metrics().await.sum("portcullis_spans_dropped_total", &[]);
        let sent = Request::post(&path, "application/json", body(&["Purchase"])).bearer(KEY);
        assert_eq!(gateway.client().send(&sent).await.unwrap().status, 200);
        eventually("spans are counted as dropped", REST, async || {
            (gateway.metrics().await.sum("portcullis_spans_dropped_total", &[]) > before).then_some(())
        })
        .await;
    }
    gateway.drained().await;
    gateway.stop(Signal::Terminate).await;
    let log = gateway.process().stderr();
    assert_eq!(log.matches("the collector takes no traces").count(), 1, "{log}");
    gateway.finish().await;
}
