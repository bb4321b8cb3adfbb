//! Nothing but what the policy keeps leaves or rests (P2, P10).
//!
//! An event is made from the table of fields, with a canary of its own in every field, in unknown keys at every level, in names
//! of keys, around the events, and in requests that fail. It is sent in every encoding and compression, to both forms of the
//! endpoint and over both versions of HTTP, under the built-in policies (those that ask for consent: `consent.rs`), with the log
//! at trace level. Then everything that left or rests is searched: the outbox's files while Meta cannot be reached, what Meta got,
//! the log, the metrics, the answers.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper of a test may panic as the test may")]

use std::collections::BTreeSet;
use std::time::Duration;

use harness::{
    Answer, Canaries, ChaosProxy, Client, Compression, Encoding, Endpoint, Gateway, Http2, Meta, Mode, Request, Setup,
    Signal, eventually, executable, now_secs, place, restriction,
};
use portcullis_filters::normalize::Normalizer;
use portcullis_filters::schema::{Field, Kind, ROWS, Row};
use serde_json::{Value, json};

/// What a built-in policy keeps as it came. Everything else must not be found anywhere.
struct Kept {
    policy: &'static str,
    event_name: &'static str,
    path: &'static str,
    fields: &'static [Field],
}

const BUILT_IN: [Kept; 3] = [
    Kept {
        policy: "retail@1",
        event_name: "Purchase",
        path: "/checkout/thank-you",
        fields: &[
            Field::EventId,
            Field::ClientIpAddress,
            Field::Fbp,
            Field::Fbc,
            Field::Value,
            Field::ContentIds,
            Field::ItemId,
            Field::ItemPrice,
        ],
    },
    Kept {
        policy: "pharmacy@1",
        event_name: "Purchase",
        path: "/checkout/thank-you",
        fields: &[Field::Fbp, Field::Fbc, Field::Value],
    },
    Kept { policy: "hospital@1", event_name: "PageView", path: "/", fields: &[Field::Fbp, Field::Fbc] },
];

#[tokio::test]
async fn e1_only_what_retail_keeps_leaves_or_rests() {
    only_what_is_kept_leaves_or_rests(&BUILT_IN[0]).await;
}

#[tokio::test]
async fn e1_only_what_pharmacy_keeps_leaves_or_rests() {
    only_what_is_kept_leaves_or_rests(&BUILT_IN[1]).await;
}

#[tokio::test]
async fn e1_only_what_hospital_keeps_leaves_or_rests() {
    only_what_is_kept_leaves_or_rests(&BUILT_IN[2]).await;
}

async fn only_what_is_kept_leaves_or_rests(kept: &Kept) {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let proxy = ChaosProxy::start(meta.address()).await;
    proxy.set(Mode::Refuse);
    let setup = Setup::new(&meta).through(proxy.address()).site(kept.policy).trace();
    let mut gateway = Gateway::start(&executable, setup).await;
    gateway.expect_trouble_with_meta();

    let (mut everything, mut kept_values) = (Canaries::marked(), Vec::new());
    for row in ROWS {
        for canary in canaries_of(row) {
            everything.add(row.path, &canary);
            if kept.fields.contains(&row.field) {
                kept_values.push(canary);
            } else {
                gateway.canaries.add(row.path, &canary);
            }
        }
    }

    let client = gateway.client();
    let forwarded = everywhere(&client, kept, &everything).await;
    for encoding in Encoding::ALL {
        // E3: each field is fed what it does not expect. What is left may be too little for Meta; nothing may get through.
        for odd in oddities() {
            let answer = client.post_as(encoding, &[odd_everywhere(kept, &odd)]).await.unwrap();
            assert!(answer.status == 200 || answer.status == 400, "{encoding:?} {odd}: {}", answer.text());
            everything.absent_from("the answer", &answer.body);
        }
    }
    for request in requests_that_fail(&client.path()) {
        let answer = client.send(&request).await.unwrap();
        assert!(answer.status >= 400, "{}", answer.text());
        everything.absent_from("the answer", &answer.body);
    }
    let crash = Request::post("/v26.0/qzcanary/instruments?qzcanary=qzcanary", "application/json", "qzcanary");
    let answer = client.send(&crash).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    everything.absent_from("the answer to a crash report", &answer.body);

    // At rest, in the database and its log of changes.
    assert!(gateway.data().join("outbox.db").is_file());
    gateway.canaries.absent_from_folder(&gateway.data());

    // On the way out.
    eventually("trouble is noticed", Duration::from_secs(30), async || {
        (gateway.metrics().await.sum("portcullis_gate_closed", &[]) > 0).then_some(())
    })
    .await;
    proxy.set(Mode::Pass);
    gateway.drained().await;
    let arrived: Vec<String> = meta.events().await.iter().map(|sent| format!("{} {}", sent.envelope, sent.event)).collect();
    assert!(arrived.len() >= forwarded, "{} of {forwarded}", arrived.len());
    gateway.canaries.absent_from("what Meta got", arrived.join("\n").as_bytes());
    for value in kept_values {
        assert!(arrived.iter().any(|event| event.contains(&value)), "{value} is kept by {} and did not arrive", kept.policy);
    }

    // In what is observed nothing of an event may be, kept or not.
    everything.absent_from("/metrics", gateway.metrics().await.text().as_bytes());
    gateway.accounted().await;
    gateway.stop(Signal::Terminate).await;
    let log = gateway.process().stderr();
    assert!(log.contains("TRACE") || log.contains("DEBUG"), "the log is not at trace level");
    everything.absent_from("the log", log.as_bytes());
    gateway.finish().await;
    meta.finish().await;
}

/// Sends the full event in every encoding and compression, to both forms of the endpoint, over both versions of HTTP, and with the
/// key in every place. Gives how many events Meta must get.
async fn everywhere(client: &Client, kept: &Kept, everything: &Canaries) -> usize {
    let mut connection = Http2::open(client.address()).await.unwrap();
    let mut forwarded = 0;
    let mut judge = |what: &str, endpoint: Endpoint, answer: &Answer| {
        assert_eq!(answer.status, endpoint.success(), "{what}: {}", answer.text());
        assert_eq!(answer.json()["portcullis"]["forwarded"], 1, "{what}: {}", answer.text());
        everything.absent_from("the answer", &answer.body);
        forwarded += 1;
    };
    let events = [full(kept)];
    for endpoint in Endpoint::ALL {
        for encoding in Encoding::ALL {
            for compression in Compression::ALL {
                let what = format!("{endpoint:?} {encoding:?} {compression:?}");
                let request = client.request(endpoint, encoding, compression, &events);
                judge(&what, endpoint, &client.send(&request).await.unwrap());
                judge(&what, endpoint, &connection.exchange(&request).await.unwrap());
            }
            // What is around the events holds canaries too, but for the key.
            let around = [
                (endpoint.key(), harness::KEY),
                ("qzcanary", "qzcanary"),
                ("upload_tag", "qzcanary"),
                ("upload_id", "qzcanary"),
            ];
            let (content_type, body) = encoding.encode_with(&around, &events);
            let path =
                format!("{}?qzcanary=qzcanary&data=qzcanary&email=qzcanary%40example.com", endpoint.path(harness::DATASET));
            let answer = client.send(&Request::post(&path, &content_type, body)).await.unwrap();
            judge(&format!("{endpoint:?} {encoding:?}, the key in the body"), endpoint, &answer);
        }
    }
    forwarded
}

/// The words to search for in the value that [`value_of`] makes. Empty where the value has no room for one.
fn canaries_of(row: &Row) -> Vec<String> {
    let number = row.field as u32;
    match row.kind {
        Kind::Hashed(Normalizer::Phone) => vec!["+1 (415) 555-0188".to_owned(), "4155550188".to_owned()],
        Kind::Hashed(Normalizer::BirthDate) => vec!["1987-11-23".to_owned(), "19871123".to_owned()],
        Kind::Hashed(Normalizer::Postcode) => vec!["QX18 7ZJ".to_owned(), "qx187zj".to_owned()],
        Kind::Decimal { .. } => vec![format!("71{number:03}83")],
        Kind::Digits { .. } => vec![digits(row)],
        Kind::IpAddress => vec!["203.0.113.188".to_owned()],
        Kind::Fbp => vec!["1098115388".to_owned()],
        Kind::Uuid => vec![uuid(row)],
        Kind::Date => vec!["2047-03-15".to_owned()],
        Kind::DateTime => vec!["2047-04-16T11:22:33".to_owned()],
        Kind::Price { .. } => vec![format!("72{number:03}83")],
        Kind::Range { .. } => vec![format!("74{number:03}83")],
        Kind::Hashed(Normalizer::Gender | Normalizer::State | Normalizer::Country)
        | Kind::Integer { .. }
        | Kind::EventName
        | Kind::UnixSeconds
        | Kind::Word(_)
        | Kind::Restriction(_)
        | Kind::SecondsNear { .. }
        | Kind::Bool
        | Kind::Country
        | Kind::Airport
        | Kind::Currency => Vec::new(),
        _ if holds_fields(row) => Vec::new(),
        _ => vec![word(row)],
    }
}

/// A word that is in the value of this field and nowhere else.
fn word(row: &Row) -> String {
    format!("qzx{:03}yw", row.field as u32)
}

/// So many digits that each field of Meta's own ids takes them, and nowhere else.
fn digits(row: &Row) -> String {
    format!("73{:03}9988776655", row.field as u32)
}

/// An id of the form that devices have, of this field alone.
fn uuid(row: &Row) -> String {
    format!("5ca1ab1e-0000-4000-8000-{:012}", row.field as u32)
}

/// A value of the right form, with the field's canary in it.
fn value_of(row: &Row, kept: &Kept) -> Value {
    let (number, word) = (row.field as u32, word(row));
    let value = match row.kind {
        Kind::EventName => json!(kept.event_name),
        Kind::UnixSeconds | Kind::SecondsNear { .. } => json!(now_secs()),
        Kind::Url => json!(format!("https://www.shop.example{}?email={word}%40example.com&q={word}#{word}", kept.path)),
        Kind::Word(words) => json!(if row.field == Field::ActionSource { "website" } else { words[0] }),
        Kind::Restriction(_) => restriction(row.field),
        Kind::Integer { .. } => json!(3),
        Kind::Digits { .. } => json!(digits(row)),
        Kind::Decimal { .. } => json!(7_100_083 + number * 100),
        Kind::Currency => json!("usd"),
        Kind::Hashed(normalizer) => json!(personal(normalizer, &word)),
        Kind::IpAddress => json!("203.0.113.188"),
        Kind::UserAgent => json!(format!(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1 {word}/1.0"
        )),
        Kind::Fbp => json!("fb.1.1558571054389.1098115388"),
        Kind::Fbc => json!(format!("fb.1.1554763741205.IwAR0abcdefGHIJ{word}LmnopQRSTuvw")),
        Kind::FreeText => json!(format!("{word} free text")),
        Kind::Uuid => json!(uuid(row)),
        Kind::Bool => json!(true),
        Kind::Range { .. } => json!([7_400_083 + number * 100]),
        Kind::Price { .. } => json!(format!("{}.50 USD", 7_200_083 + number * 100)),
        Kind::Country => json!("US"),
        Kind::Airport => json!("SFO"),
        Kind::Date => json!("2047-03-15"),
        Kind::DateTime => json!("2047-04-16T11:22:33+00:00"),
        Kind::ClickId => json!(format!("IwAR0abcdefGHIJ{word}LmnopQRSTuvw")),
        Kind::ExtInfo => {
            let package = format!("com.{word}.app");
            json!(["i2", package, "1.0", word, "17.4", "iPhone14,2", "en_US", "PST", word, 390, 844, 3, 6, 256, 128, word])
        }
        // Ids take the word. Another kind that comes to the table does not, and then wants a value here.
        _ => json!(word),
    };
    if row.many && !matches!(row.kind, Kind::Restriction(_)) { json!([value]) } else { value }
}

/// A value as callers send it raw.
fn personal(normalizer: Normalizer, word: &str) -> String {
    match normalizer {
        Normalizer::Email => format!("{word}@example.com"),
        Normalizer::Phone => "+1 (415) 555-0188".to_owned(),
        Normalizer::BirthDate => "1987-11-23".to_owned(),
        Normalizer::Gender => "f".to_owned(),
        Normalizer::State => "ca".to_owned(),
        // Not of digits alone: five of them stand in many a random id.
        Normalizer::Postcode => "QX18 7ZJ".to_owned(),
        Normalizer::Country => "us".to_owned(),
        Normalizer::BirthDay => "23".to_owned(),
        Normalizer::BirthMonth => "11".to_owned(),
        Normalizer::BirthYear => "1987".to_owned(),
        Normalizer::Name
        | Normalizer::City
        | Normalizer::ExternalId
        | Normalizer::FirstFive
        | Normalizer::Initial
        | Normalizer::AppUserId => word.to_owned(),
    }
}

/// Whether other fields stand inside this one.
fn holds_fields(row: &Row) -> bool {
    let inside = |other: &Row| other.path.strip_prefix(row.path).is_some_and(|rest| rest.starts_with(['.', '[']));
    ROWS.iter().any(inside)
}

/// An event with every field of the table, and with unknown keys at every level, in names and values.
fn event(value: &dyn Fn(&Row) -> Value) -> Value {
    let mut event = json!({});
    let fields = || ROWS.iter().filter(|row| !holds_fields(row));
    for row in fields() {
        *place(&mut event, row.path) = value(row);
    }
    let objects: BTreeSet<&str> = fields().map(|row| row.path.rsplit_once('.').map_or("", |(object, _)| object)).collect();
    assert!(objects.len() > 3 && objects.contains("custom_data.contents[]"), "{objects:?}");
    for path in objects {
        let object = place(&mut event, path);
        object["qzcanary_key"] = json!("qzcanary value");
        object["another"] = json!({ "qzcanary_deeper": [{ "qzcanary": "qzcanary" }] });
        object["Email"] = json!("qzcanary@example.com");
    }
    event
}

/// Every field as it should be.
fn full(kept: &Kept) -> Value {
    event(&|row| value_of(row, kept))
}

/// Every optional field as it should not be. What is required stays, or the event would be refused before anything is read.
fn odd_everywhere(kept: &Kept, odd: &Value) -> Value {
    let required = [Field::EventName, Field::EventTime, Field::ActionSource, Field::Email, Field::Value, Field::Currency];
    event(&|row| if required.contains(&row.field) { value_of(row, kept) } else { odd.clone() })
}

fn oddities() -> Vec<Value> {
    vec![
        json!("qzcanary where it does not belong"),
        json!({ "qzcanary": "qzcanary" }),
        json!([["qzcanary"], { "qzcanary": 1 }]),
        json!([{ "value": "qzcanary" }]),
        json!(true),
        json!(-415_555_019),
        json!(null),
        // Not a bare word: that is the form of an id of goods, which some policies keep.
        json!(["qzcanary where it does not belong", "qzcanary@example.com"]),
        json!(format!("qzcanary{}", "x".repeat(6000))),
    ]
}

/// Requests that fail before, at and after decoding, each with canaries where a failing request can hold them.
fn requests_that_fail(path: &str) -> Vec<Request> {
    let json = "application/json";
    let bearer = |request: Request| request.bearer(harness::KEY);
    vec![
        Request::post(path, json, "{\"data\":[{\"em\":\"qzcanary\"}]}"),
        Request::post(&format!("{path}?access_token=qzcanary-wrong-key-0123456789abcdef"), json, "{\"data\":[]}"),
        Request::post("/v26.0/qzcanary/events", json, "{\"data\":[]}").bearer(harness::KEY),
        Request::post("/qzcanary/jane@example.com?q=qzcanary", json, "qzcanary")
            .header("referer", "https://qzcanary.example/"),
        bearer(Request::post(path, json, "{\"data\":[{\"event_name\":\"qzcanary\"")),
        bearer(Request::post(path, json, "{\"data\":[{\"event_name\":\"qzcanary\",\"event_name\":\"qzcanary\"}]}")),
        bearer(Request::post(
            path,
            json,
            "{\"data\":[{\"event_name\":\"Lead\",\"event_time\":\"qzcanary\",\"user_data\":{\"em\":\"qzcanary\"}}]}",
        )),
        bearer(Request::post(path, json, "{\"data\":\"qzcanary\",\"qzcanary\":\"qzcanary\"}")),
        bearer(Request::post(path, "application/qzcanary", "qzcanary")),
        bearer(Request::post(path, "application/x-www-form-urlencoded", "qzcanary=qzcanary&data=qzcanary%zz")),
        bearer(Request::post(path, json, [b"{\"data\":\"qzcanary".as_slice(), &[0xff, 0xfe]].concat())),
        bearer(Request::post(path, json, "qzcanary")).header("content-encoding", "qzcanary"),
        bearer(Request::post(path, json, "qzcanary").header("content-encoding", "gzip")),
        bearer(Request::post(path, json, "qzcanary").compressed(Compression::Gzip)),
        bearer(Request::post(path, json, "qzcanary").compressed(Compression::BareDeflate)),
        Request::post(path, json, "{\"access_token\":\"qzcanary\",\"data\":[]}").compressed(Compression::Gzip),
        Request::post("/capi/qzcanary/events", json, "{\"accessKey\":\"qzcanary\",\"data\":[\"qzcanary\"]}"),
        bearer(Request::post(path, "multipart/form-data", "qzcanary")),
        bearer(Request::post(
            path,
            "multipart/form-data; boundary=qzcanary",
            "--qzcanary\r\nqzcanary: qzcanary\r\n\r\nqzcanary",
        )),
        bearer(Request::post(
            path,
            "multipart/form-data; boundary=qzcanary",
            "--qzcanary\r\nContent-Disposition: form-data; name=\"qzcanary\"; filename=\"qzcanary\"\r\n\r\nqzcanary\r\n--qzcanary--",
        )),
        Request::new("QZCANARY", path).header("x-forwarded-for", "qzcanary").header("user-agent", "qzcanary"),
    ]
}
