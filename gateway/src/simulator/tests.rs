//! The whole stand-in over real sockets.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

const NOW_SECS: u64 = 1_791_000_000;
const EVENTS: &str = "POST /v26.0/1234567890123456/events";

/// A running stand-in; it ends with the test.
struct Running {
    address: SocketAddr,
    received: Received,
    stop: CancellationToken,
    served: tokio::task::JoinHandle<Result<(), SimulatorError>>,
}

async fn running(tokens: &[(Option<&str>, &str)], record: Option<PathBuf>) -> Running {
    let tokens = tokens.iter().map(|(of, token)| (of.map(String::from), SecretString::from(*token))).collect();
    run(Options { listen: "127.0.0.1:0".parse().unwrap(), tokens, keep: 100, keep_ids: 100, record, count_only: false })
        .await
}

async fn run(options: Options) -> Running {
    let simulator = Simulator::bind(options, Clock::set(NOW_SECS * 1000), Chance::seeded(1)).await.unwrap();
    let (address, received, stop) = (simulator.address(), simulator.received(), CancellationToken::new());
    #[expect(clippy::disallowed_methods, reason = "the test owns the task and ends it")]
    let served = tokio::spawn(simulator.serve(stop.clone()));
    Running { address, received, stop, served }
}

#[derive(Debug)]
struct Answered {
    status: u16,
    head: String,
    body: String,
}

impl Answered {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn codes(&self) -> (u16, Option<u64>, Option<u64>) {
        let error = &self.json()["error"];
        (self.status, error["code"].as_u64(), error["error_subcode"].as_u64())
    }
}

impl Running {
    async fn connect(&self, line: &str, headers: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let length = body.len();
        let request =
            format!("{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}");
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    async fn ask(&self, line: &str, headers: &str, body: &str) -> std::io::Result<Answered> {
        let mut stream = self.connect(line, headers, body).await;
        let mut answer = String::new();
        let reading = stream.read_to_string(&mut answer);
        tokio::time::timeout(Duration::from_secs(20), reading).await.expect("an answer in time")?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Ok(Answered { status, head: head.to_owned(), body: body.to_owned() })
    }

    /// Posts events as the gateway does.
    async fn post(&self, events: &[Value]) -> std::io::Result<Answered> {
        let headers = "content-type: application/json\r\nauthorization: Bearer good\r\n";
        self.ask(EVENTS, headers, &json!({"data": events, "partner_agent": "portcullis"}).to_string()).await
    }

    async fn script(&self, faults: &Value) {
        let answer = self.ask("POST /_simulator/faults", "", &faults.to_string()).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    async fn end(self) {
        self.stop.cancel();
        self.served.await.unwrap().unwrap();
    }
}

fn lead(id: &str) -> Value {
    json!({
        "event_name": "Lead", "event_time": NOW_SECS - 60, "event_id": id, "action_source": "phone_call",
        "user_data": {"external_id": "member-1"},
    })
}

#[tokio::test]
async fn a_good_batch_is_taken_whole_and_answered_as_meta_does() {
    let simulator = running(&[(None, "good")], None).await;
    let answer = simulator.post(&[lead("a"), lead("b")]).await.unwrap();
    assert_eq!(answer.status, 200);
    let body = answer.json();
    assert_eq!((&body["events_received"], &body["messages"]), (&json!(2), &json!([])));
    assert!(body["fbtrace_id"].as_str().unwrap().len() > 10);
    for header in
        ["x-app-usage: {", "x-business-use-case-usage: {", "facebook-api-version: v26.0", "content-type: application/json"]
    {
        assert!(answer.head.contains(header), "{}", answer.head);
    }
    simulator.end().await;
}

#[tokio::test]
async fn where_events_are_only_counted_nothing_of_them_is_checked_or_kept() {
    let listen = "127.0.0.1:0".parse().unwrap();
    let simulator = run(Options { listen, tokens: Vec::new(), keep: 9, keep_ids: 9, record: None, count_only: true }).await;
    assert_eq!(simulator.post(&[json!({}), json!({})]).await.unwrap().json()["events_received"], 2);
    assert_eq!(simulator.ask(EVENTS, "", r#"{"data":1}"#).await.unwrap().status, 400);
    let ledger = simulator.received.ledger();
    assert_eq!((ledger.batches, ledger.events, ledger.kept, ledger.ids), (1, 2, 0, 0));
    assert_eq!((ledger.datasets["1234567890123456"].events, ledger.datasets["1234567890123456"].refused), (2, 1));
    simulator.end().await;
}

#[tokio::test]
async fn what_was_received_can_be_read_back_and_forgotten() {
    let simulator = running(&[], None).await;
    simulator.post(&[lead("a"), lead("a")]).await.unwrap();
    simulator.received.wait_for(2).await;

    let lines = simulator.ask("GET /_simulator/events", "", "").await.unwrap().body;
    let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(first["event"], lead("a"));
    assert_eq!(first["envelope"], json!({"partner_agent": "portcullis"}));
    assert_eq!((&first["dataset"], &first["arrived_ms"]), (&json!("1234567890123456"), &json!(NOW_SECS * 1000)));

    let ids = simulator.ask("GET /_simulator/ids", "", "").await.unwrap().body;
    assert_eq!(ids, format!("1234567890123456\tLead\ta\t2\t{}\n", NOW_SECS * 1000));
    let ledger = simulator.ask("GET /_simulator/ledger", "", "").await.unwrap().json();
    assert_eq!((&ledger["requests"], &ledger["batches"], &ledger["events"]), (&json!(1), &json!(1), &json!(2)));
    assert_eq!(ledger["token_places"], json!({"header": 1, "query": 0, "body": 0}));

    simulator.ask("DELETE /_simulator/events", "", "").await.unwrap();
    assert_eq!(simulator.ask("GET /_simulator/events", "", "").await.unwrap().body, "");
    simulator.end().await;
}

#[tokio::test]
async fn one_bad_event_refuses_the_whole_batch() {
    let simulator = running(&[], None).await;
    let mut old = lead("old");
    old["event_time"] = json!(NOW_SECS - 8 * 24 * 60 * 60);
    let answer = simulator.post(&[lead("a"), old]).await.unwrap();
    assert_eq!(answer.codes(), (400, Some(100), Some(2_804_003)));
    let error = answer.json()["error"].clone();
    assert_eq!((&error["type"], &error["is_transient"]), (&json!("OAuthException"), &json!(false)));
    let ledger = simulator.received.ledger();
    assert_eq!((ledger.events, ledger.refused["100/2804003"]), (0, 1));
    simulator.end().await;
}

#[tokio::test]
async fn another_token_learns_nothing_else() {
    let simulator = running(&[(Some("1234567890123456"), "good")], None).await;
    let json = "content-type: application/json\r\n";
    for (line, headers, body) in [
        (EVENTS, format!("{json}authorization: Bearer bad\r\n"), json!({"data": [lead("a")]}).to_string()),
        (EVENTS, format!("{json}authorization: Bearer bad\r\n"), "{".to_owned()),
        (EVENTS, json.to_owned(), json!({"data": [lead("a")]}).to_string()),
        (EVENTS, json.to_owned(), json!({"data": [lead("a")], "access_token": "bad"}).to_string()),
    ] {
        assert_eq!(simulator.ask(line, &headers, &body).await.unwrap().codes(), (401, Some(190), None));
    }
    let unread = simulator.ask(EVENTS, "content-type: multipart/form-data; boundary=x\r\n", "--x--").await.unwrap();
    assert_eq!(unread.codes(), (400, Some(100), None));
    let other =
        simulator.ask("POST /v26.0/99/events?access_token=good", json, &json!({"data": [lead("a")]}).to_string()).await;
    assert_eq!(other.unwrap().codes(), (400, Some(100), Some(33)));
    let query = simulator.ask(&format!("{EVENTS}?access_token=good"), json, &json!({"data": [lead("a")]}).to_string()).await;
    assert_eq!(query.unwrap().status, 200);
    simulator.end().await;
}

#[tokio::test]
async fn other_paths_and_methods_are_unknown() {
    let simulator = running(&[], None).await;
    for line in [
        "GET /v26.0/1234567890123456/events",
        "POST /v26.0/1/instruments",
        "POST /1/events",
        "GET /",
        "POST /_simulator/events",
    ] {
        assert_eq!(simulator.ask(line, "", "").await.unwrap().codes(), (404, Some(2500), None), "{line}");
    }
    simulator.end().await;
}

#[tokio::test]
async fn a_form_with_events_as_strings_is_taken() {
    let simulator = running(&[(None, "good")], None).await;
    let data = json!([lead("a").to_string()]).to_string();
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("data", data.as_str()), ("access_token", "good"), ("test_event_code", "TEST1")])
        .finish();
    let answer = simulator.ask(EVENTS, "content-type: application/x-www-form-urlencoded\r\n", &body).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    simulator.end().await;
}

#[tokio::test]
async fn a_scripted_refusal_has_its_codes_headers_and_end() {
    let simulator = running(&[], None).await;
    simulator
        .script(&json!([
            {"status": 503, "code": 2, "is_transient": true, "times": 2, "retry_after_secs": 7},
            {"status": 502, "body": "<html>Bad Gateway</html>"},
            {"usage_percent": 99, "regain_access_minutes": 5},
        ]))
        .await;
    for _ in 0..2 {
        let answer = simulator.post(&[lead("a")]).await.unwrap();
        assert_eq!(answer.codes(), (503, Some(2), None));
        assert_eq!(answer.json()["error"]["is_transient"], json!(true));
        assert!(answer.head.contains("retry-after: 7"), "{}", answer.head);
    }
    let page = simulator.post(&[lead("a")]).await.unwrap();
    assert_eq!((page.status, page.body.as_str()), (502, "<html>Bad Gateway</html>"));
    assert!(page.head.contains("content-type: text/html"), "{}", page.head);
    let busy = simulator.post(&[lead("a")]).await.unwrap();
    assert!(busy.status == 200 && busy.head.contains(r#""call_count":99"#), "{}", busy.head);
    assert!(busy.head.contains(r#""estimated_time_to_regain_access":5"#), "{}", busy.head);

    let ledger = simulator.received.ledger();
    assert_eq!((ledger.faults, ledger.events, ledger.refused["2"], ledger.refused["1"]), (4, 1, 2, 1));
    simulator.end().await;
}

#[tokio::test]
async fn a_reset_before_reading_receives_nothing() {
    let simulator = running(&[], None).await;
    simulator.script(&json!([{"reset": "before_reading"}])).await;
    let error = simulator.post(&[lead("a")]).await.expect_err("reset");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(simulator.received.ledger().events, 0);
    assert_eq!(simulator.post(&[lead("a")]).await.unwrap().status, 200);
    simulator.end().await;
}

#[tokio::test]
async fn a_reset_after_reading_loses_the_answer_but_not_the_events() {
    let simulator = running(&[], None).await;
    simulator.script(&json!([{"reset": "after_reading"}, {"reset": "after_reading", "status": 500}])).await;
    let error = simulator.post(&[lead("a")]).await.expect_err("reset");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(simulator.received.ledger().events, 1);
    simulator.post(&[lead("b")]).await.expect_err("reset");
    assert_eq!(simulator.received.ledger().events, 1);
    simulator.end().await;
}

#[tokio::test]
async fn a_reset_within_the_answer_lets_half_of_it_through() {
    let simulator = running(&[], None).await;
    simulator.script(&json!([{"reset": "within_answer"}])).await;
    let headers = "content-type: application/json\r\nauthorization: Bearer good\r\n";
    let mut stream = simulator.connect(EVENTS, headers, &json!({"data": [lead("a")]}).to_string()).await;
    let mut came = Vec::new();
    let error = stream.read_to_end(&mut came).await.expect_err("reset");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    let came = String::from_utf8(came).unwrap();
    let (head, body) = came.split_once("\r\n\r\n").expect("the headers came");
    let announced: usize = head.split_once("content-length: ").unwrap().1.lines().next().unwrap().parse().unwrap();
    assert!(head.starts_with("HTTP/1.1 200") && body.len() == announced / 2, "{came}");
    assert_eq!(simulator.received.ledger().events, 1);
    simulator.end().await;
}

#[tokio::test]
async fn a_hanging_request_does_not_hold_up_the_end() {
    let simulator = running(&[], None).await;
    simulator.script(&json!([{"hang": true}])).await;
    let headers = "content-type: application/json\r\nauthorization: Bearer good\r\n";
    let hanging = simulator.connect(EVENTS, headers, &json!({"data": [lead("a")]}).to_string()).await;
    simulator.received.wait_for(1).await;
    simulator.end().await;
    drop(hanging);
}

#[tokio::test]
async fn a_delayed_answer_comes_late() {
    let simulator = running(&[], None).await;
    simulator.script(&json!([{"delay_ms": 50}])).await;
    let before = tokio::time::Instant::now();
    assert_eq!(simulator.post(&[lead("a")]).await.unwrap().status, 200);
    assert!(before.elapsed() >= Duration::from_millis(50));
    simulator.end().await;
}

#[tokio::test]
async fn a_body_past_the_bound_is_refused() {
    let simulator = running(&[], None).await;
    let headers = "content-type: application/json\r\n";
    let mut stream = TcpStream::connect(simulator.address).await.unwrap();
    let head = format!("{EVENTS} HTTP/1.1\r\nhost: x\r\n{headers}content-length: {}\r\n\r\n", 17 * 1024 * 1024);
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, b"HTTP/1.1 413");
    simulator.end().await;
}

#[tokio::test]
async fn the_record_holds_each_body_as_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("requests.txt");
    let simulator = running(&[], Some(path.clone())).await;
    simulator.post(&[lead("a")]).await.unwrap();
    simulator.ask(EVENTS, "", "not\nunderstood").await.unwrap();
    let recorded = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = recorded.lines().collect();
    assert!(lines.len() == 2 && lines[0].contains("member-1"), "{recorded}");
    assert_eq!(lines[1], "not understood");
    simulator.end().await;
}

#[tokio::test]
async fn it_listens_on_loopback_only_and_says_what_is_wrong() {
    let options =
        |listen: SocketAddr, record| Options { listen, tokens: Vec::new(), keep: 1, keep_ids: 1, record, count_only: false };
    let bind = |options| Simulator::bind(options, Clock::set(0), Chance::seeded(1));
    let anywhere = bind(options("0.0.0.0:0".parse().unwrap(), None)).await.unwrap_err();
    assert!(matches!(anywhere, SimulatorError::NotLoopback(_)));
    let first = bind(options("127.0.0.1:0".parse().unwrap(), None)).await.unwrap();
    let taken = bind(options(first.address(), None)).await.unwrap_err();
    assert!(matches!(taken, SimulatorError::Listen { .. }));
    let folder = Some(std::env::temp_dir());
    let record = bind(options("127.0.0.1:0".parse().unwrap(), folder)).await.unwrap_err();
    assert!(matches!(record, SimulatorError::Record { .. }));
}
