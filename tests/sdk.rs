//! Meta's own SDKs, from their registries and unmodified, send to the gateway and are content with its answers.
//!
//! What the PHP and Java SDKs send, curl sends in `wire.rs`. Asynchronous Python loses the text of every error (it raises `KeyError`), against Meta as well; README says so.

#![expect(clippy::indexing_slicing, reason = "a field that is not there fails the test, with its name")]

use std::collections::{BTreeMap, BTreeSet};

use harness::{Authority, DATASET, Encoding, Endpoint, Gateway, KEY, Meta, Sdk, Sent, Setup, curl, executable, purchase};
use serde_json::{Value, json};

/// How an SDK reports an answer in Meta's error shape.
struct Failure {
    exception: &'static str,
    tells: bool,
}

const TOLD: Failure = Failure { exception: "FacebookRequestError", tells: true };
const LOST: Failure = Failure { exception: "KeyError", tells: false };

#[tokio::test]
async fn python_is_content() {
    is_content(Sdk::Python, &TOLD, None).await;
}

#[tokio::test]
async fn asynchronous_python_is_content() {
    is_content(Sdk::PythonAsync, &LOST, None).await;
}

#[tokio::test]
async fn node_is_content() {
    is_content(Sdk::Node, &TOLD, None).await;
}

// The same over HTTPS with an authority of one's own, made known to each in the way that docs/clients.md tells.

#[tokio::test]
async fn python_is_content_over_https() {
    is_content(Sdk::Python, &TOLD, Some(Authority::new())).await;
}

/// Its class takes certificates from a file of its own package and from nowhere else, so that file is extended, in a copy.
#[tokio::test]
async fn asynchronous_python_is_content_over_https_once_its_bundle_is_extended() {
    is_content(Sdk::PythonAsync, &LOST, Some(Authority::new())).await;
}

#[tokio::test]
async fn node_is_content_over_https() {
    is_content(Sdk::Node, &TOLD, Some(Authority::new())).await;
}

async fn is_content(sdk: Sdk, failure: &Failure, authority: Option<Authority>) {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let setup = Setup::new(&meta);
    let gateway = match &authority {
        None => Gateway::start(&executable, setup).await,
        Some(authority) => Gateway::start_tls(&executable, setup, &authority.issue()).await,
    };
    let said = sdk.run(gateway.address(), authority.as_ref()).await;

    for (scenario, events) in [("purchase", 1), ("batch", 50), ("test_event_code", 1), ("limited_data_use", 1)] {
        let answer = of(&said, scenario);
        assert_eq!(answer["result"], "success", "{answer}");
        assert_eq!(answer["events_received"], events, "{answer}");
        assert_eq!(answer["messages"], json!([]), "{answer}");
        assert!(answer["fbtrace_id"].as_str().is_some_and(|id| !id.is_empty()), "{answer}");
    }
    let mut failures = vec![("wrong_key", 401, 190), ("milliseconds", 400, 100), ("no_user_data", 400, 100)];
    if sdk == Sdk::Node {
        // The Python SDK refuses to make an event without a name.
        failures.push(("no_event_name", 400, 100));
    }
    for (scenario, status, code) in failures {
        let answer = of(&said, scenario);
        assert_eq!(answer["result"], failure.exception, "{answer}");
        if failure.tells {
            assert_eq!(answer["code"], code, "{answer}");
            assert_eq!(answer["type"], "OAuthException", "{answer}");
            assert_eq!(answer["is_transient"], false, "{answer}");
            assert_eq!(answer["status"], status, "{answer}");
        }
    }

    gateway.drained().await;
    let arrived: BTreeMap<String, Sent> = meta.events().await.into_iter().map(|sent| (id_of(&sent.event), sent)).collect();
    let mut owed: BTreeSet<String> = (0..50).map(|number| format!("{}-batch-{number}", sdk.prefix())).collect();
    owed.extend(["purchase", "test", "ldu"].map(|name| format!("{}-{name}-0", sdk.prefix())));
    assert_eq!(arrived.keys().cloned().collect::<BTreeSet<_>>(), owed);

    let purchase = &arrived[&format!("{}-purchase-0", sdk.prefix())].event;
    assert_eq!(purchase["event_name"], "Purchase");
    assert_eq!(purchase["action_source"], "website");
    assert_eq!(purchase["event_source_url"], "https://www.shop.example/");
    assert_eq!(purchase["custom_data"]["currency"], "USD");
    assert_eq!(purchase["custom_data"]["value"], json!(123.45));
    assert_eq!(purchase["custom_data"]["contents"].as_array().map(Vec::len), Some(2));
    for field in ["em", "ph", "fn", "ln", "ct", "st", "zp", "country", "external_id"] {
        let values = purchase["user_data"][field].as_array().unwrap_or_else(|| panic!("{field} is missing: {purchase}"));
        assert!(values.iter().all(|value| value.as_str().is_some_and(is_sha256)), "{field}: {values:?}");
    }

    let limited = &arrived[&format!("{}-ldu-0", sdk.prefix())].event;
    assert_eq!(limited["data_processing_options"], json!(["LDU"]));
    assert_eq!(limited["data_processing_options_country"], 1);
    assert_eq!(limited["data_processing_options_state"], 1000);
    assert_eq!(limited["opt_out"], true);

    let test = &arrived[&format!("{}-test-0", sdk.prefix())];
    assert_eq!(test.envelope["test_event_code"], "TEST12345");
    assert!(arrived[&format!("{}-ldu-0", sdk.prefix())].envelope.get("test_event_code").is_none());

    gateway.finish().await;
    meta.finish().await;
}

fn of<'a>(said: &'a BTreeMap<String, Value>, scenario: &str) -> &'a Value {
    said.get(scenario).unwrap_or_else(|| panic!("the script did not tell of {scenario}: {said:?}"))
}

fn id_of(event: &Value) -> String {
    event["event_id"].as_str().unwrap_or_else(|| panic!("no event_id: {event}")).to_owned()
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
