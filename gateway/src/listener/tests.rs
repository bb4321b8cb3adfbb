//! A listener as its callers meet it: silence, slowness, TLS and a stop.

use axum::extract::ConnectInfo;
use axum::routing::get;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Notify;

use super::*;
use crate::config::{Certificate, TlsFiles};
use crate::telemetry::metrics::Metrics;

const TIME: Duration = Duration::from_secs(20);
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";
/// `GET http://a/`, as HPACK has it.
const GET: &[u8] = b"\x82\x86\x84\x41\x01a";

struct Running {
    address: SocketAddr,
    tracker: TaskTracker,
    stop: CancellationToken,
}

/// A listener with room for one connection.
async fn start(router: Router, header_timeout: Duration, stop_grace: Duration) -> Running {
    start_with(None, router, header_timeout, stop_grace).await
}

async fn start_with(tls: Option<Tls>, router: Router, header_timeout: Duration, stop_grace: Duration) -> Running {
    start_many(1, tls, router, header_timeout, stop_grace).await
}

async fn start_many(
    max_connections: usize,
    tls: Option<Tls>,
    router: Router,
    header_timeout: Duration,
    stop_grace: Duration,
) -> Running {
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).await.unwrap().with_tls(tls);
    let running = Running { address: listener.address(), tracker: TaskTracker::new(), stop: CancellationToken::new() };
    let bounds = Bounds { max_connections, header_timeout, stop_grace };
    let (tracker, stop) = (running.tracker.clone(), running.stop.clone());
    running.tracker.spawn(async move { listener.serve(router, bounds, &tracker, stop).await });
    running
}

/// What answers `late` there, once it is let go; and how it says that it was asked.
fn late_at(path: &str) -> (Router, Arc<Notify>, Arc<Notify>) {
    let (asked, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let handler = {
        let (asked, go) = (Arc::clone(&asked), Arc::clone(&go));
        async move || {
            asked.notify_one();
            go.notified().await;
            "late"
        }
    };
    (Router::new().route(path, get(handler)), asked, go)
}

impl Running {
    async fn connect(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream
    }

    /// Asks on a connection of its own and reads to its end.
    async fn answer(&self) -> String {
        let mut stream = self.connect(b"GET /ok HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
        let mut answer = String::new();
        let read = stream.read_to_string(&mut answer);
        tokio::time::timeout(TIME, read).await.expect("a place in time").unwrap();
        answer
    }

    async fn end(self) {
        self.stop.cancel();
        self.tracker.close();
        tokio::time::timeout(TIME, self.tracker.wait()).await.expect("an end in time");
    }
}

#[tokio::test]
async fn a_silent_connection_gives_its_place_back() {
    let router = Router::new().route("/ok", get(async || "fine"));
    let running = start(router, Duration::from_millis(50), TIME).await;
    let settled = [PREFACE, SETTINGS].concat();
    for said in [b"".as_slice(), b"PRI * HT", b"GET /ok HT", b"GET /ok HTTP/1.1\r\nHost: a\r\n", PREFACE, settled.as_slice()]
    {
        let silent = running.connect(said).await;
        assert!(running.answer().await.ends_with("fine"), "after {:?}", String::from_utf8_lossy(said));
        drop(silent);
    }
    running.end().await;
}

#[tokio::test]
async fn a_request_in_hand_is_no_silence_and_outlives_the_stop() {
    let (router, asked, go) = late_at("/slow");
    let patience = Duration::from_millis(20);
    let running = start(router, patience, TIME).await;
    let mut stream = running.connect(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await;
    asked.notified().await;
    // Longer than any silence may last, and what ends it is not the listener.
    let mut byte = [0];
    assert!(tokio::time::timeout(patience * 10, stream.read(&mut byte)).await.is_err(), "cut while it was answered");
    running.stop.cancel();
    go.notify_one();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("late"), "{answer}");
    running.end().await;
}

#[tokio::test]
async fn d8_a_request_over_http2_in_hand_at_the_stop_is_answered() {
    let (router, asked, go) = late_at("/");
    let running = start(router, TIME, TIME).await;
    let request = [&[0, 0, 6, 1, 5, 0, 0, 0, 1][..], GET].concat();
    let mut stream = running.connect(&[PREFACE, SETTINGS, &request].concat()).await;
    asked.notified().await;
    running.stop.cancel();
    go.notify_one();
    // A caller who takes part in the farewell would answer a ping; this one leaves when it has its answer.
    let mut answer = Vec::new();
    let read = async {
        while !answer.windows(4).any(|window| window == b"late") {
            assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "cut: {answer:?}");
        }
    };
    tokio::time::timeout(TIME, read).await.expect("answered in time");
    drop(stream);
    running.end().await;
}

#[tokio::test]
async fn p6_where_all_places_are_taken_the_silent_give_way_and_requests_in_hand_do_not() {
    let (router, asked, go) = late_at("/slow");
    let router = router.route("/ok", get(async || "fine"));
    let running = start_many(4, None, router, TIME * 10, TIME).await;
    let mut busy = running.connect(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await;
    asked.notified().await;
    let mut silent = Vec::new();
    for said in [&b""[..], b"GET /ok HT", b"GET /ok HTTP/1.1\r\nHost: a\r\n", PREFACE, b"", b"", b""] {
        silent.push(running.connect(said).await);
    }
    assert!(running.answer().await.ends_with("fine"));
    go.notify_one();
    let mut answer = vec![0; 4096];
    let read = tokio::time::timeout(TIME, busy.read(&mut answer)).await.expect("not cut").unwrap();
    assert!(answer[..read].ends_with(b"late"));
    running.end().await;
}

#[tokio::test]
async fn a_stop_does_not_wait_for_the_silent_longer_than_its_grace() {
    let router = Router::new().route("/never", get(std::future::pending::<&str>));
    let running = start(router, TIME * 10, Duration::from_millis(50)).await;
    let mut stream = running.connect(b"GET /never HTTP/1.1\r\nHost: a\r\n\r\n").await;
    running.stop.cancel();
    let mut rest = Vec::new();
    tokio::time::timeout(TIME, stream.read_to_end(&mut rest)).await.expect("cut after the grace").ok();
    running.end().await;
}

#[tokio::test]
async fn p6_past_the_bound_on_requests_in_hand_one_is_marked_and_each_connection_has_its_first() {
    let (marks, mut marked) = tokio::sync::mpsc::unbounded_channel();
    let handler = async move |request: axum::extract::Request| {
        let is_crowded = request.extensions().get::<Crowded>().is_some();
        marks.send(is_crowded).unwrap();
        if !is_crowded {
            std::future::pending::<()>().await;
        }
    };
    // Room for two connections, so for two first requests and two more.
    let running = start_many(2, None, Router::new().route("/", get(handler)), TIME, Duration::from_millis(50)).await;
    let requests = |streams: std::ops::Range<u8>| -> Vec<u8> {
        let request = |stream: u8| [&[0, 0, 6, 1, 5, 0, 0, 0, 2 * stream + 1][..], GET].concat();
        [PREFACE, SETTINGS].concat().into_iter().chain(streams.flat_map(request)).collect()
    };
    let mut seen = async |requests: usize| {
        let mut crowded = 0;
        for _ in 0..requests {
            crowded += usize::from(tokio::time::timeout(TIME, marked.recv()).await.expect("in time").unwrap());
        }
        crowded
    };
    let many = running.connect(&requests(0..5)).await;
    assert_eq!(seen(5).await, 2);
    let one = running.connect(&requests(0..2)).await;
    assert_eq!(seen(2).await, 1);
    drop((many, one));
    // What was in hand goes with its connection, though not in the same moment.
    let room_again = async {
        loop {
            let _next = running.connect(&requests(0..3)).await;
            if seen(3).await == 0 {
                break;
            }
        }
    };
    tokio::time::timeout(TIME, room_again).await.expect("room again in time");
    running.end().await;
}

#[tokio::test]
async fn a_caller_has_an_address() {
    let handler = async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.ip().to_string();
    let running = start(Router::new().route("/ok", get(handler)), TIME, TIME).await;
    assert!(running.answer().await.ends_with("127.0.0.1"));
    running.end().await;
}

/// A certificate that is made here and forgotten.
fn certificate() -> Certificate {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let files = TlsFiles { cert: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
    std::fs::write(&files.cert, made.cert.pem()).unwrap();
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    files.read().unwrap()
}

/// How many handshakes ended so.
fn ended(metrics: &Metrics, outcome: &str) -> u64 {
    metrics.tls_handshakes.with_label_values(&[outcome]).get()
}

#[test]
fn p6_the_ends_of_handshakes_are_those_of_the_metric() {
    let metrics = Metrics::new().unwrap();
    let (_tls, _replace) = Tls::new(&certificate(), &metrics).unwrap();
    let page = metrics.render().unwrap();
    let shown = page.lines().filter(|line| line.starts_with("portcullis_tls_handshakes_total{"));
    let mut shown: Vec<&str> = shown.filter_map(|line| line.split('"').nth(1)).collect();
    let mut words = crate::telemetry::declared::words("portcullis_tls_handshakes_total", "outcome");
    shown.sort_unstable();
    words.sort_unstable();
    assert_eq!(shown, words);
}

#[tokio::test]
async fn d12_a_handshake_that_is_never_finished_gives_its_place_back() {
    let metrics = Metrics::new().unwrap();
    let (tls, _replace) = Tls::new(&certificate(), &metrics).unwrap();
    let router = Router::new().route("/ok", get(async || "fine"));
    let running = start_with(Some(tls), router, Duration::from_millis(50), TIME).await;
    // The first says nothing, the second begins a record and stops, the third speaks plainly.
    let said: [&[u8]; 3] = [b"", b"\x16\x03\x01\x02\x00\x01", b"GET /ok HTTP/1.1\r\nHost: a\r\n\r\n"];
    for bytes in said {
        let mut stream = running.connect(bytes).await;
        let mut rest = Vec::new();
        tokio::time::timeout(TIME, stream.read_to_end(&mut rest)).await.expect("an end in time").ok();
        assert!(!rest.starts_with(b"HTTP"), "answered in clear: {}", String::from_utf8_lossy(&rest));
    }
    assert_eq!((ended(&metrics, "too_slow"), ended(&metrics, "not_tls")), (2, 1));
    running.end().await;
}

#[tokio::test]
async fn who_connects_and_leaves_is_counted_as_that() {
    let metrics = Metrics::new().unwrap();
    let (tls, _replace) = Tls::new(&certificate(), &metrics).unwrap();
    let running = start_with(Some(tls), Router::new(), TIME, TIME).await;
    // As a health check does that only looks whether somebody listens.
    drop(running.connect(b"").await);
    let counted = async {
        while ended(&metrics, "broken_off") == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(TIME, counted).await.expect("counted in time");
    running.end().await;
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_handshake() {
    let metrics = Metrics::new().unwrap();
    let (tls, _replace) = Tls::new(&certificate(), &metrics).unwrap();
    let running = start_with(Some(tls), Router::new(), TIME * 10, TIME * 10).await;
    let mut stream = running.connect(b"\x16\x03\x01").await;
    // The connection is in the listener's hand once its task is there; the first task is the listener's own.
    while running.tracker.len() < 2 {
        tokio::task::yield_now().await;
    }
    running.stop.cancel();
    let mut rest = Vec::new();
    tokio::time::timeout(TIME, stream.read_to_end(&mut rest)).await.expect("cut at once").ok();
    assert_eq!(ended(&metrics, "too_slow"), 0);
    running.end().await;
}
