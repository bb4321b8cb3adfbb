//! What callers get wrong. Each gets Meta's error shape with the right status and code; nothing is stored, the process lives.
//!
//! A wrong type in an optional field costs only that field.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a helper of a test may panic as the test may"
)]

use harness::{
    Answer, Compression, Encoding, Endpoint, Gateway, Http2, KEY, MARK, Meta, Request, Setup, executable, now_millis,
    now_secs, place, purchase,
};
use portcullis_filters::schema::{Field, Kind, ROWS};
use serde_json::{Value, json};

/// What a bad request is answered.
struct Bad {
    what: &'static str,
    request: Request,
    status: u16,
    code: i64,
    subcode: Option<i64>,
}

fn bad(what: &'static str, request: Request, status: u16, code: i64) -> Bad {
    Bad { what, request, status, code, subcode: None }
}

#[tokio::test]
async fn each_bad_request_gets_its_error_and_nothing_is_stored() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let mut gateway = Gateway::start(&executable, Setup::new(&meta)).await;
    let client = gateway.client();
    for bad in bad_requests(&client.path()).into_iter().chain(bad_bodies()).chain(keys_that_disagree()) {
        let what = bad.what;
        let http1 = client.send(&bad.request).await.unwrap_or_else(|error| panic!("{what}: no answer: {error}"));
        // A connection of its own: a body that is too large ends it.
        let mut connection = Http2::open(client.address()).await.unwrap();
        let http2 = connection.exchange(&bad.request).await.unwrap_or_else(|error| panic!("{what}: no answer: {error}"));
        for answer in [http1, http2] {
            is_metas_error(what, &answer, bad.status, bad.code);
            if let Some(subcode) = bad.subcode {
                assert_eq!(answer.json()["error"]["error_subcode"], subcode, "{what}: {}", answer.text());
            }
            gateway.canaries.absent_from(what, &answer.body);
        }
        assert!(gateway.process().runs(), "{what} ended the process");
    }
    let metrics = gateway.metrics().await;
    assert_eq!((metrics.events("accepted"), metrics.pending()), (0, 0));
    assert!(meta.ids().await.is_empty());

    let good = client.post(&[purchase("order-1")]).await.unwrap();
    assert_eq!(good.status, 200, "{}", good.text());
    gateway.drained().await;
    assert_eq!(meta.ids().await.len(), 1);
    gateway.finish().await;
    meta.finish().await;
}

fn bad_requests(path: &str) -> Vec<Bad> {
    let json = "application/json";
    let body = |body: &str| Request::post(path, json, body).bearer(KEY);
    let event = |event: &Value| body(&json!({ "data": [event] }).to_string());
    let changed = |key: &str, value: Value| {
        let mut changed = purchase("order-0");
        changed[key] = value;
        event(&changed)
    };
    let without = |key: &str| {
        let mut changed = purchase("order-0");
        changed.as_object_mut().unwrap().remove(key);
        event(&changed)
    };
    let without_custom = |key: &str| {
        let mut changed = purchase("order-0");
        changed["custom_data"].as_object_mut().unwrap().remove(key);
        event(&changed)
    };
    let good = json!({ "data": [purchase("order-0")] }).to_string();
    let form = "application/x-www-form-urlencoded";
    let mut list = vec![
        bad("nothing", body(""), 400, 100),
        bad("no JSON", body("event_name=Purchase"), 400, 100),
        bad("JSON that ends early", body(good.get(..good.len() - 2).unwrap()), 400, 100),
        bad("JSON with something behind it", body(&format!("{good}{good}")), 400, 100),
        bad("a list", body("[]"), 400, 100),
        bad("no data", body("{}"), 400, 100),
        bad("data that is no list", body("{\"data\":{}}"), 400, 100),
        bad("an empty list", body("{\"data\":[]}"), 400, 100),
        bad("events that are none", body("{\"data\":[1,null,\"x\"]}"), 400, 100),
        bad("1001 events", body(&json!({ "data": vec![json!({}); 1001] }).to_string()), 400, 100),
        bad("deep nesting", body(&format!("{{\"data\":[{{\"x\":{}", "[".repeat(100_000))), 400, 100),
        bad("deep nesting that ends", event(&nested(64)), 400, 100),
        bad(
            "invalid UTF-8",
            Request::post(path, json, [b"{\"data\":[\"".as_slice(), &[0xff, 0xc0], b"\"]}"].concat()).bearer(KEY),
            400,
            100,
        ),
        bad("a form without data", Request::post(path, form, "x=1").bearer(KEY), 400, 100),
        bad("a form whose data is no JSON", Request::post(path, form, "data=%5B%7B").bearer(KEY), 400, 100),
        bad("text", Request::post(path, "text/xml", "<data/>").bearer(KEY), 415, 100),
        bad("a content encoding that we do not take", body(&good).header("content-encoding", "compress"), 415, 100),
        bad("100 MB", Request::post(path, json, vec![b' '; 100_000_000]).bearer(KEY), 413, 100),
        bad("no key", Request::post(path, json, good.clone()), 401, 190),
        bad("a wrong key", Request::post(path, json, good.clone()).bearer("not-a-key-of-this-site-000000000000"), 401, 190),
        bad("a wrong key in the query", Request::post(&format!("{path}?access_token=nope"), json, good.clone()), 401, 190),
        bad("a wrong key in the body", Request::post(path, json, "{\"access_token\":\"nope\",\"data\":[{}]}"), 401, 190),
        bad(
            "two keys that disagree",
            Request::post(&format!("{path}?access_token=nope"), json, good.clone()).bearer(KEY),
            401,
            190,
        ),
        bad("an unknown path", Request::post("/v26.0/me/feed", json, good.clone()).bearer(KEY), 404, 2500),
        bad("a path that is no UTF-8", Request::post("/v26.0/%ff/events", json, good.clone()).bearer(KEY), 404, 2500),
        bad(
            "a path that is no UTF-8, without a version",
            Request::post("/%C3%28/events", json, "{}").bearer(KEY),
            404,
            2500,
        ),
        bad("no path", Request::new("GET", "/"), 404, 2500),
        bad("another method", Request::new("GET", path).bearer(KEY), 405, 2500),
        Bad {
            subcode: Some(33),
            ..bad(
                "a dataset of somebody else",
                Request::post("/v26.0/9999999999999999/events", json, good.clone()).bearer(KEY),
                400,
                100,
            )
        },
        bad("a key twice", body("{\"data\":[{\"event_name\":\"Lead\",\"event_name\":\"Lead\"}]}"), 400, 100),
        bad("a key twice, deeper", body(&good.replacen("\"em\":", "\"em\":\"a@example.com\",\"em\":", 1)), 400, 100),
        bad("a Purchase without value", without_custom("value"), 400, 100),
        bad("a Purchase without currency", without_custom("currency"), 400, 100),
        bad("event_time in milliseconds", changed("event_time", json!(now_millis())), 400, 100),
        bad("event_time in the future", changed("event_time", json!(now_secs() + 3600)), 400, 100),
        bad("event_time eight days ago", changed("event_time", json!(now_secs() - 8 * 86_400)), 400, 100),
    ];
    for required in ["event_name", "event_time", "action_source", "user_data"] {
        list.push(bad("a required field is missing", without(required), 400, 100));
        let wrong = [json!(null), json!(true), json!([]), json!([{}]), json!(-1.5), json!(format!("{MARK} no such word"))];
        for value in wrong {
            // Any text is an event's name; one that no policy lists is dropped, which is another thing than refused.
            if !(required == "event_name" && value.is_string()) {
                list.push(bad("a required field has the wrong type", changed(required, value), 400, 100));
            }
        }
    }
    list
}

/// Multipart, compressed bodies, content types, and the form of Meta's own gateway.
fn bad_bodies() -> Vec<Bad> {
    let (graph, capi) = (Endpoint::Graph.path(harness::DATASET), Endpoint::CapiGateway.path(harness::DATASET));
    let json = "application/json";
    let good = json!({ "data": [purchase("order-0")] }).to_string();
    let typed = |content_type: &str| Request::post(&graph, content_type, good.clone()).bearer(KEY);
    let parts = |body: &str| {
        let body = body.replace('|', "\r\n").replace("name=", "Content-Disposition: form-data; name=");
        Request::post(&graph, "multipart/form-data; boundary=b", body).bearer(KEY)
    };
    let packed =
        |compression: Compression, body: &[u8]| Request::post(&graph, json, body).compressed(compression).bearer(KEY);
    let coded = |coding: &str, body: &[u8]| Request::post(&graph, json, body).header("content-encoding", coding).bearer(KEY);
    let gzip = Compression::Gzip.compress(good.as_bytes());
    let zlib = Compression::Deflate.compress(good.as_bytes());
    let bomb = vec![b' '; 32 * 1024 * 1024];
    vec![
        bad("no boundary", Request::post(&graph, "multipart/form-data", "--b--").bearer(KEY), 400, 100),
        bad("another boundary", parts("--c|name=data||[]|--c--|"), 400, 100),
        bad("multipart that is empty", parts(""), 400, 100),
        bad("multipart without data", parts("--b|name=x||1|--b--|"), 400, 100),
        bad("multipart without its last boundary", parts("--b|name=data||[{}]|--b|"), 400, 100),
        bad("multipart with something behind it", parts(&format!("--b|name=data||[{{}}]|--b--|{MARK}")), 400, 100),
        bad("multipart with data twice", parts("--b|name=data||[{}]|--b|name=data||[{}]|--b--|"), 400, 100),
        bad("a part without a name", parts("--b|X: y||[{}]|--b--|"), 400, 100),
        bad("a part whose headers do not end", parts(&format!("--b|name=data|{}: |--b--|", "x".repeat(9000))), 400, 100),
        bad("multipart whose data is no JSON", parts(&format!("--b|name=data||[{MARK}|--b--|")), 400, 100),
        bad(
            "a key that came as a file",
            Request::post(
                &graph,
                "multipart/form-data; boundary=b",
                format!("--b\r\nContent-Disposition: form-data; name=access_token; filename=k\r\n\r\n{KEY}\r\n--b--"),
            ),
            401,
            190,
        ),
        bad("no gzip", coded("gzip", good.as_bytes()), 400, 100),
        bad("no deflate", coded("deflate", good.as_bytes()), 400, 100),
        bad("nothing as gzip", coded("gzip", b""), 400, 100),
        bad("gzip that is cut", coded("gzip", &gzip[..gzip.len() - 9]), 400, 100),
        bad("gzip without the end of its checksum", coded("gzip", &gzip[..gzip.len() - 1]), 400, 100),
        bad("deflate that is cut", coded("deflate", &zlib[..zlib.len() - 5]), 400, 100),
        bad("gzip with something behind it", coded("gzip", &[gzip.as_slice(), b"x"].concat()), 400, 100),
        bad("gzip of what is no JSON", packed(Compression::Gzip, MARK.as_bytes()), 400, 100),
        bad("gzip of gzip", packed(Compression::Gzip, &gzip), 400, 100),
        bad("a bomb of gzip", packed(Compression::Gzip, &bomb), 413, 100),
        bad("a bomb of deflate", packed(Compression::Deflate, &bomb), 413, 100),
        bad("a bomb of deflate without frame", packed(Compression::BareDeflate, &bomb), 413, 100),
        bad("a bomb in pieces", coded("gzip", &Compression::Gzip.compress(&bomb[..1024 * 1024]).repeat(9)), 413, 100),
        bad("two codings", coded("gzip, deflate", &gzip), 415, 100),
        bad("two codings in two headers", coded("gzip", &gzip).header("content-encoding", "gzip"), 415, 100),
        bad("brotli", coded("br", &gzip), 415, 100),
        bad(
            "a compressed body that holds its key",
            Request::post(&graph, json, json!({ "access_token": KEY, "data": [{}] }).to_string())
                .compressed(Compression::Gzip),
            401,
            190,
        ),
        bad("JSON that says it is text", typed("text/plain;charset=UTF-8"), 415, 100),
        bad("another charset", typed("application/json; charset=iso-8859-1"), 415, 100),
        bad("two content types", typed(json).header("content-type", "text/plain"), 415, 100),
        bad("no content type", Request::new("POST", &graph).header("content-length", "0").bearer(KEY), 415, 100),
        bad("no data, to Meta's own gateway", Request::post(&capi, json, json!({ "accessKey": KEY }).to_string()), 400, 100),
        bad(
            "a wrong key, to Meta's own gateway",
            Request::post(&capi, json, r#"{"accessKey":"nope","data":[{}]}"#),
            401,
            190,
        ),
        bad("no key, to Meta's own gateway", Request::post(&capi, json, good.clone()), 401, 190),
        bad("another method, to Meta's own gateway", Request::new("GET", &capi).bearer(KEY), 405, 2500),
        bad("a path like Meta's own gateway", Request::post("/capi/1/2/events", json, good.clone()).bearer(KEY), 404, 2500),
        bad("a path that is no UTF-8, there", Request::post("/capi/%ff/events", json, good.clone()).bearer(KEY), 404, 2500),
        Bad {
            subcode: Some(33),
            ..bad(
                "a dataset of somebody else, there",
                Request::post("/capi/9999999999999999/events", json, json!({ "accessKey": KEY, "data": [{}] }).to_string()),
                400,
                100,
            )
        },
    ]
}

/// Any two places of a key, with the right one in the first and another in the second.
fn keys_that_disagree() -> Vec<Bad> {
    let other = format!("{}-of-nobody", KEY.replace("secret", "guess"));
    let mut list = Vec::new();
    for endpoint in Endpoint::ALL {
        let path = endpoint.path(harness::DATASET);
        let names = ["access_token", "accessKey"];
        let query = |key: &str| format!("{path}?{}={key}", endpoint.key());
        let post = |target: &str, (content_type, body): (String, Vec<u8>)| Request::post(target, &content_type, body);
        let plain = || Encoding::Json.encode(&[purchase("order-0")]);
        list.push(bad("query and header", post(&query(KEY), plain()).bearer(&other), 401, 190));
        list.push(bad("two in the query", post(&format!("{}&access_token={other}", query(KEY)), plain()), 401, 190));
        list.push(bad("two headers", post(&path, plain()).bearer(KEY).bearer(&other), 401, 190));
        for encoding in Encoding::ALL {
            for name in names {
                let body = || encoding.encode_with(&[(name, &other)], &[purchase("order-0")]);
                list.push(bad("query and body", post(&query(KEY), body()), 401, 190));
                list.push(bad("header and body", post(&path, body()).bearer(KEY), 401, 190));
            }
            let both = encoding.encode_with(&[(names[0], KEY), (names[1], &other)], &[purchase("order-0")]);
            list.push(bad("two in the body", post(&path, both), 401, 190));
        }
    }
    list
}

fn nested(depth: usize) -> Value {
    let mut event = purchase("order-0");
    event["deep"] = (0..depth).fold(json!(1), |inner, _| json!([inner]));
    event
}

/// Exactly Meta's shape: `error` with its six keys, and nothing beside it (or asynchronous Python takes it for a success).
fn is_metas_error(what: &str, answer: &Answer, status: u16, code: i64) {
    let told = answer.text();
    assert_eq!(answer.status, status, "{what}: {told}");
    assert!(answer.header("content-type").is_some_and(|kind| kind.starts_with("application/json")), "{what}: {told}");
    let body = answer.json();
    let keys: Vec<&String> = body.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["error"], "{what}: {told}");
    let error = body["error"].as_object().expect("an object");
    let mut keys: Vec<&str> = error.keys().map(String::as_str).collect();
    keys.sort_unstable();
    // Meta leaves the subcode out where there is none.
    keys.retain(|key| *key != "error_subcode");
    assert_eq!(keys, ["code", "fbtrace_id", "is_transient", "message", "type"], "{what}: {told}");
    assert_eq!(error["code"], code, "{what}: {told}");
    assert_eq!(error["type"], "OAuthException", "{what}: {told}");
    assert_eq!(error["is_transient"], false, "{what}: {told}");
    assert!(error["message"].as_str().is_some_and(|text| !text.is_empty()), "{what}: {told}");
    assert!(error["fbtrace_id"].as_str().is_some_and(|id| !id.is_empty()), "{what}: {told}");
}

#[tokio::test]
async fn milliseconds_get_a_hint() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let gateway = Gateway::start(&executable, Setup::new(&meta)).await;
    let mut event = purchase("order-1");
    event["event_time"] = json!(now_millis());
    let answer = gateway.client().post(&[event]).await.unwrap();
    assert!(answer.text().contains("milliseconds"), "{}", answer.text());
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn e3_a_wrong_type_in_an_optional_field_costs_only_that_field() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let gateway = Gateway::start(&executable, Setup::new(&meta)).await;
    let client = gateway.client();
    let required = [Field::EventName, Field::EventTime, Field::ActionSource, Field::UserData];
    let mut sent = 0;
    // Restrictions are not removed: the next test has them.
    for row in ROWS.iter().filter(|row| !required.contains(&row.field) && !matches!(row.kind, Kind::Restriction(_))) {
        // No kind takes an object, but for the objects themselves.
        let is_object = matches!(row.kind, Kind::Object(_) | Kind::Contents);
        let wrong = if is_object { json!(MARK) } else { json!({ "wrong": [MARK] }) };
        // A Lead needs no value and no currency.
        let mut event = purchase(&format!("order-{sent}"));
        event["event_name"] = json!("Lead");
        *place(&mut event, row.path) = wrong;
        // An element whose id has no closed form goes whole and is counted as that.
        let counted = if row.field == Field::ItemId { Field::Contents.row() } else { row };
        let labels = [("field", counted.path)];
        let touched = |metrics: &harness::Metrics| {
            metrics.sum("portcullis_fields_removed_total", &labels) + metrics.sum("portcullis_fields_changed_total", &labels)
        };
        let before = touched(&gateway.metrics().await);
        let answer = client.post(&[event]).await.unwrap();
        sent += 1;
        assert_eq!(answer.status, 200, "{}: {}", row.path, answer.text());
        assert_eq!(answer.json()["portcullis"]["forwarded"], 1, "{}: {}", row.path, answer.text());
        assert!(touched(&gateway.metrics().await) > before, "{} is not counted as removed", row.path);
    }
    gateway.drained().await;
    assert_eq!(meta.events().await.len(), sent);
    gateway.finish().await;
    meta.finish().await;
}

/// Puts a value at a path of the table, such as `custom_data.contents[].id`; of a list, into its first element.

#[tokio::test]
async fn a_restriction_that_cannot_be_read_counts_as_its_strictest_value() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let gateway = Gateway::start(&executable, Setup::new(&meta)).await;
    let strictest = [
        ("opt_out", json!(true)),
        ("advertiser_tracking_enabled", json!(false)),
        ("data_processing_options", json!(["LDU"])),
        ("data_processing_options_country", json!(0)),
        ("data_processing_options_state", json!(0)),
        ("app_data.advertiser_tracking_enabled", json!(false)),
        ("app_data.application_tracking_enabled", json!(false)),
    ];
    let restrictions = ROWS.iter().filter(|row| matches!(row.kind, Kind::Restriction(_)));
    let mut event = purchase("order-1");
    for row in restrictions {
        assert!(strictest.iter().any(|(path, _)| *path == row.path), "{}: add it above", row.path);
        *place(&mut event, row.path) = json!({ "wrong": [MARK] });
    }
    let answer = gateway.client().post(&[event.clone()]).await.unwrap();
    assert_eq!(answer.json()["portcullis"]["forwarded"], 1, "{}", answer.text());
    gateway.drained().await;
    let arrived = &meta.events().await[0].event;
    for (path, value) in &strictest {
        assert_eq!(arrived.pointer(&format!("/{}", path.replace('.', "/"))), Some(value), "{path} of {arrived}");
    }
    gateway.finish().await;
    meta.finish().await;
}
