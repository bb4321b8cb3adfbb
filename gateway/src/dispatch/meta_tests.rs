//! Requests as they are on the wire, against a server on loopback that is written by hand, so that every byte shows.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;

use super::*;
use crate::config::SecretFile;
use crate::dispatch::answer::GraphBody;
use crate::dispatch::batch::{Entry, Limits, Parcel, Place};
use crate::dispatch::testing::{NOW_SECS, sanitized};
use portcullis_filters::event::SanitizedEnvelope;

const DATASET: &str = "1234567890123456";
const TOKEN: &str = "EAAcanaryToken0123456789";
const SECRET: &str = "canary-app-secret";
const SUCCESS: &str =
    "HTTP/1.1 200 OK\r\nContent-Length: 52\r\n\r\n{\"events_received\":2,\"messages\":[],\"fbtrace_id\":\"A\"}";

/// What the server does with the first connection, after it has read the request.
enum Does {
    Answers(String),
    Closes,
    /// Sends this over and over.
    Streams(&'static str),
    Hangs,
}

/// A server for one connection. Its task ends with the request's text.
async fn serve(does: Does) -> (Url, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let task = TaskTracker::new().spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = read_request(&mut stream).await;
        match does {
            Does::Answers(text) => {
                stream.write_all(text.as_bytes()).await.unwrap();
                let _end = stream.shutdown().await;
            }
            Does::Closes => {}
            Does::Streams(text) => {
                let head = "HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n";
                stream.write_all(head.as_bytes()).await.unwrap();
                while stream.write_all(text.as_bytes()).await.is_ok() {}
            }
            Does::Hangs => std::future::pending().await,
        }
        request
    });
    (url, task)
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await.unwrap();
        request.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |text| text.parse().unwrap());
        if body.len() >= length || read == 0 {
            return text;
        }
    }
}

fn meta(base_url: Url) -> Meta {
    Meta {
        endpoint: Endpoint { base_url, api_version: "v26.0".to_owned() },
        ca_pem: None,
        proxy: None,
        token_in: TokenPlace::Header,
        partner_agent: Some("portcullis".to_owned()),
        connect_timeout: Duration::from_secs(5),
        request_timeout: Duration::from_secs(10),
    }
}

fn dataset(app_secret: Option<&str>) -> Dataset {
    Dataset {
        id: DATASET.into(),
        access_token: TOKEN.into(),
        access_token_file: None,
        app_secret: app_secret.map(Into::into),
        allow_test_events: true,
    }
}

fn sink(meta: &Meta, app_secret: Option<&str>) -> MetaSink {
    MetaSink::new(meta, &[dataset(app_secret)], Clock::set(NOW_SECS * 1000)).unwrap()
}

fn batch() -> Batch {
    let entries = (0..2)
        .map(|event| Entry { event: sanitized(event), place: Place { group: 0, event }, expires_secs: u64::MAX })
        .collect();
    let envelope = SanitizedEnvelope::from_stored(r#"{"test_event_code":"TEST1"}"#).unwrap();
    Batch::new(DATASET.into(), Parcel::new(envelope, entries), Limits::new(1000, 1 << 20), NOW_SECS).unwrap()
}

fn answer(delivery: Delivery) -> Answer {
    match delivery {
        Delivery::Answered(answer) => answer,
        Delivery::Failed(fault) => panic!("no answer: {fault:?}"),
    }
}

fn failure(delivery: Delivery) -> Fault {
    match delivery {
        Delivery::Failed(fault) => fault,
        Delivery::Answered(answer) => panic!("an answer: {answer:?}"),
    }
}

/// The start line, the headers in order of their names, and the body.
fn parts(request: &str) -> (String, Vec<String>, String) {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines().map(str::to_owned);
    let start = lines.next().unwrap();
    let mut headers: Vec<String> = lines.collect();
    headers.sort();
    (start, headers, body.to_owned())
}

#[tokio::test]
async fn a_request_is_these_bytes_and_no_others() {
    let (url, server) = serve(Does::Answers(SUCCESS.to_owned())).await;
    let host = format!("host: {}", url.authority());
    let delivery = sink(&meta(url), None).deliver(&batch()).await;
    assert_eq!(answer(delivery).body, GraphBody::Received { events: 2 });
    let (start, headers, body) = parts(&server.await.unwrap());
    let (first, second) = (sanitized(0), sanitized(1));
    assert_eq!(start, format!("POST /v26.0/{DATASET}/events HTTP/1.1"));
    assert_eq!(
        body,
        format!(
            r#"{{"data":[{},{}],"test_event_code":"TEST1","partner_agent":"portcullis"}}"#,
            first.as_str(),
            second.as_str()
        )
    );
    assert_eq!(
        headers,
        [
            "accept-encoding: identity".to_owned(),
            "accept: */*".to_owned(),
            format!("authorization: Bearer {TOKEN}"),
            format!("content-length: {}", body.len()),
            "content-type: application/json".to_owned(),
            host,
            format!("user-agent: portcullis/{}", crate::VERSION),
        ]
    );
}

#[tokio::test]
async fn the_token_can_travel_in_the_body_with_the_proof_and_never_in_the_url() {
    let (url, server) = serve(Does::Answers(SUCCESS.to_owned())).await;
    let mut meta = meta(url);
    meta.token_in = TokenPlace::Body;
    let _ = sink(&meta, Some(SECRET)).deliver(&batch()).await;
    let (start, headers, body) = parts(&server.await.unwrap());
    let proof = request::proof(SECRET, TOKEN);
    assert!(
        body.ends_with(&format!(r#","partner_agent":"portcullis","access_token":"{TOKEN}","appsecret_proof":"{proof}"}}"#))
    );
    assert!(!start.contains(TOKEN) && !headers.iter().any(|header| header.contains(TOKEN)));
    assert!(!body.contains(SECRET));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let location = format!("http://{}/", elsewhere.local_addr().unwrap());
    for status in ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let text = format!("HTTP/1.1 {status}\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
        let (url, server) = serve(Does::Answers(text)).await;
        let answer = answer(sink(&meta(url), None).deliver(&batch()).await);
        assert_eq!((status.starts_with(&answer.status.to_string()), answer.body), (true, GraphBody::Foreign));
        let _ = server.await.unwrap();
    }
    // Whoever was called would be waiting in the listener's queue.
    assert!(tokio::time::timeout(Duration::ZERO, elsewhere.accept()).await.is_err());
}

#[tokio::test]
async fn e5_no_failure_shows_the_token_the_url_or_the_events() {
    let refused = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}", listener.local_addr().unwrap()).parse().unwrap()
    };
    let mut faults = vec![(FaultKind::Connect, failure(sink(&meta(refused), Some(SECRET)).deliver(&batch()).await))];

    let no_name = "http://name.invalid".parse().unwrap();
    faults.push((FaultKind::Connect, failure(sink(&meta(no_name), None).deliver(&batch()).await)));

    let (url, _server) = serve(Does::Closes).await;
    faults.push((FaultKind::Broken, failure(sink(&meta(url), None).deliver(&batch()).await)));

    let cut = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"events_received\":2".to_owned();
    let (url, _server) = serve(Does::Answers(cut)).await;
    faults.push((FaultKind::Broken, failure(sink(&meta(url), None).deliver(&batch()).await)));

    let (url, _server) = serve(Does::Answers("SSH-2.0-OpenSSH_9.6\r\n\r\n".to_owned())).await;
    faults.push((FaultKind::Broken, failure(sink(&meta(url), None).deliver(&batch()).await)));

    let (url, server) = serve(Does::Hangs).await;
    let mut short = meta(url);
    short.request_timeout = Duration::from_millis(200);
    faults.push((FaultKind::Timeout, failure(sink(&short, None).deliver(&batch()).await)));
    server.abort();

    for (kind, fault) in faults {
        assert_eq!(fault.kind, kind, "{fault:?}");
        assert!(!fault.text.is_empty());
        for secret in [TOKEN, SECRET, DATASET, "v26.0", "http://", "order-0"] {
            assert!(!format!("{fault:?}").contains(secret), "{fault:?} shows {secret}");
        }
    }
    let shown = format!("{:?}", sink(&meta("http://127.0.0.1:1".parse().unwrap()), Some(SECRET)));
    assert_eq!(shown, "MetaSink(..)");
}

#[tokio::test]
async fn b5_a_server_without_tls_is_a_failed_connection() {
    // A server that speaks no TLS sees the first bytes of the handshake as a request that never ends.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: Url = format!("https://{}", listener.local_addr().unwrap()).parse().unwrap();
    let server = TaskTracker::new().spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        let mut rest = Vec::new();
        let _end = stream.read_to_end(&mut rest).await;
    });
    let mut meta = meta(url);
    // Only these roots are needed here, and a machine may have none.
    meta.ca_pem = None;
    let sink = MetaSink::new(&meta, &[dataset(None)], Clock::set(0)).unwrap();
    assert_eq!(failure(sink.deliver(&batch()).await).kind, FaultKind::Connect);
    server.await.unwrap();
}

#[tokio::test]
async fn an_endless_answer_is_read_up_to_the_bound() {
    for text in ["{\"events_received\":2,", "          "] {
        let (url, server) = serve(Does::Streams(text)).await;
        let answer = answer(sink(&meta(url), None).deliver(&batch()).await);
        assert_eq!((answer.status, answer.body), (200, GraphBody::Foreign));
        // The server's writes fail once the connection is given up.
        let _ = server.await.unwrap();
    }
}

#[tokio::test]
async fn what_an_answer_asks_us_to_wait_is_read() {
    let body = r#"{"error":{"message":"m","type":"OAuthException","code":80004,"error_subcode":1,"fbtrace_id":"Tr"}}"#;
    let usage = r#"{"77":[{"type":"ads_management","estimated_time_to_regain_access":3}]}"#;
    let text = format!(
        "HTTP/1.1 400 Bad Request\r\nRetry-After: 60\r\nX-Business-Use-Case-Usage: {usage}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let (url, server) = serve(Does::Answers(text)).await;
    let answer = answer(sink(&meta(url), None).deliver(&batch()).await);
    assert_eq!(answer.body, GraphBody::Error { code: 80004, subcode: 1, transient: false });
    assert_eq!((answer.wait, answer.trace.as_deref()), (Some(Duration::from_secs(180)), Some("Tr")));
    let _ = server.await.unwrap();
}

#[tokio::test]
async fn the_configured_proxy_is_used() {
    let (proxy, server) = serve(Does::Answers(SUCCESS.to_owned())).await;
    let mut meta = meta("http://127.0.0.1:1/base/".parse().unwrap());
    meta.proxy = Some(proxy);
    let delivery = sink(&meta, None).deliver(&batch()).await;
    assert_eq!(answer(delivery).status, 200);
    let (start, _, _) = parts(&server.await.unwrap());
    assert_eq!(start, format!("POST http://127.0.0.1:1/base/v26.0/{DATASET}/events HTTP/1.1"));
}

#[test]
fn what_cannot_work_is_refused_before_anything_runs() {
    let mut with_ca = meta("https://graph.facebook.com".parse().unwrap());
    for pem in [&b"not a certificate"[..], b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        with_ca.ca_pem = Some(pem.to_vec());
        let refused = MetaSink::new(&with_ca, &[dataset(None)], Clock::set(0)).unwrap_err();
        assert!(matches!(refused, DispatchError::Certificate | DispatchError::Client(_)), "{refused:?}");
    }
    let mut bad_token = dataset(None);
    bad_token.access_token = "canary\ntoken".into();
    let refused = MetaSink::new(&meta("http://127.0.0.1:1".parse().unwrap()), &[bad_token], Clock::set(0)).unwrap_err();
    assert!(refused.to_string().contains(DATASET) && !refused.to_string().contains("canary"), "{refused}");
}

#[tokio::test]
async fn a_token_file_that_hangs_takes_one_thread_and_not_one_more_with_every_look() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    // Who opens it waits for somebody who writes.
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let dataset = Dataset { access_token_file: Some(SecretFile::at(path.clone())), ..dataset(None) };
    let meta = meta("http://127.0.0.1:1".parse().unwrap());
    let sink = MetaSink::new(&meta, &[dataset], Clock::set(NOW_SECS * 1000)).unwrap();
    let look = || tokio::time::timeout(Duration::from_millis(300), sink.refresh(DATASET));
    let first = look().await;
    let second = look().await;
    std::fs::write(&path, "EAAanotherToken0123456789").unwrap();
    assert!(first.is_err() && second == Ok(false), "{first:?}, {second:?}");
}
