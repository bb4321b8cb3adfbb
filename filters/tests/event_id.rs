//! The ids of events: which leave as they came, which become ours.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod common;

use common::{DATASET, EVENTS, FRESH_ID, NOW, PAGES, event, forwarded, json, policy, report, text};
use portcullis_filters::pipeline::{Context, Outcome, sanitize};
use portcullis_filters::pseudonym::PseudonymKey;
use portcullis_filters::suppression::Nobody;

fn id(policy: &str, value: &str) -> String {
    let raw = event("").replace("\"e-1\"", value);
    json(policy, &raw)["event_id"].as_str().unwrap().to_owned()
}

fn rules(events: &str) -> String {
    text(&format!("allow = [\"PageView\"]\n{events}"), PAGES, "event_source_url = \"page\"\nuser_data.fbp = \"keep\"", "")
}

fn is_ours(id: &str) -> bool {
    id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}

const OPAQUE: [&str; 4] = [
    "7f3c9a52-1b2e-4f7d-9c66-5f0a4d1be2c1",
    "7F3C9A52-1B2E-7F7D-BC66-5F0A4D1BE2C1",
    "7f3c9a521b2e4f7d9c665f0a4d1be2c1",
    "01JD2XKQ8N5Z3W9V7R4T6Y1M0P",
];

/// A telephone or card number, filled up to the form, left as it came. Of ten million random ids hardly one has no letter.
#[test]
fn a_number_in_the_form_of_an_opaque_id_is_replaced() {
    let policy = rules("event_id = \"opaque\"\nprefixes = [\"order-\"]");
    for number in ["50355501-4200-4000-8000-000000000000", "50355501420040008000000000000000", "01503555014200000000000000"]
    {
        for sent in [number.to_owned(), format!("order-{number}")] {
            assert!(is_ours(&id(&policy, &format!("\"{sent}\""))), "{sent}");
        }
    }
}

#[test]
fn an_opaque_id_leaves_as_it_came_and_no_other() {
    let policy = rules("event_id = \"opaque\"\nprefixes = [\"order-\", \"o\"]");
    for good in OPAQUE {
        assert_eq!(id(&policy, &format!("\"{good}\"")), good);
        assert_eq!(id(&policy, &format!("\"order-{good}\"")), format!("order-{good}"));
        assert_eq!(id(&policy, &format!("\"o{good}\"")), format!("o{good}"));
    }
    for bad in [
        "lamp-000123-jane",
        "e-1",
        "order-",
        "order-17",
        "order-order-7f3c9a52-1b2e-4f7d-9c66-5f0a4d1be2c1",
        "invoice-7f3c9a52-1b2e-4f7d-9c66-5f0a4d1be2c1",
        "7f3c9a52-1b2e-4f7d-9c66-5f0a4d1be2c1-jane",
        "7f3c9a52-1b2e-0f7d-9c66-5f0a4d1be2c1",
        "7f3c9a52-1b2e-4f7d-1c66-5f0a4d1be2c1",
        "d41d8cd98f00b204e9800998ecf8427e",
        "81JD2XKQ8N5Z3W9V7R4T6Y1M0P",
        "4155550007",
        "653ca1df5d5a60b376c860cbf8d51654237cee241ee7753683c5c4bfe81f7b48",
    ] {
        let raw = event("").replace("e-1", bad);
        let ours = id(&policy, &format!("\"{bad}\""));
        assert!(is_ours(&ours) && ours != bad, "{bad}");
        assert_eq!(ours, id(&policy, &format!("\"{bad}\"")), "a repeat has the same id");
        assert_eq!(report(&policy, &raw), ["event_source_url reduced", "event_id rewritten"]);
    }
}

#[test]
fn a_token_leaves_as_it_came_and_no_other() {
    for good in ["e-1", "evt_0:a.b", "4155550007", &"x".repeat(80), OPAQUE[0]] {
        assert_eq!(id("retail", &format!("\"{good}\"")), good);
    }
    assert_eq!(id("retail", "42"), "42");
    for bad in [
        "jane@example.com",
        "a b",
        "é",
        "a/b",
        &"x".repeat(81),
        "653ca1df5d5a60b376c860cbf8d51654237cee241ee7753683c5c4bfe81f7b48",
        "x-d41d8cd98f00b204e9800998ecf8427e",
    ] {
        assert!(is_ours(&id("retail", &format!("\"{bad}\""))), "{bad}");
        assert!(!forwarded("retail", &event("").replace("e-1", bad)).contains(bad));
    }
}

#[test]
fn an_event_without_an_id_gets_a_random_one() {
    let absent = event("").replace(r#""event_id":"e-1","#, "");
    for raw in [absent, event("").replace("\"e-1\"", "null")] {
        for policy in ["retail", "hospital@1"] {
            assert_eq!(json(policy, &raw)["event_id"], FRESH_ID);
            assert!(report(policy, &raw).contains(&"event_id rewritten".to_owned()));
        }
    }
    for value in ["\"\"", "true", "-1", "1.5", "{}", "[\"e-1\"]"] {
        let raw = event("").replace("\"e-1\"", value);
        assert_eq!(json("retail", &raw)["event_id"], FRESH_ID, "{value}");
        assert_eq!(report("retail", &raw)[0], "identity event_id always shape 1", "{value}");
    }
}

#[test]
fn an_id_made_of_the_content_is_the_same_for_the_same_content() {
    let policy = rules("event_id = \"opaque\"\nevent_id_from = \"content\"");
    let absent = event("").replace(r#""event_id":"e-1","#, "");
    let first = json(&policy, &absent)["event_id"].clone();
    assert!(is_ours(first.as_str().unwrap()));
    assert_eq!(json(&policy, &absent)["event_id"], first);
    assert_eq!(json(&policy, &serde_json::to_string(&absent).unwrap())["event_id"], first, "also as a JSON string");
    assert_ne!(json(&policy, &absent.replace("1791000000", "1791000001"))["event_id"], first);
    assert_eq!(id(&policy, "\"7f3c9a521b2e4f7d9c665f0a4d1be2c1\""), "7f3c9a521b2e4f7d9c665f0a4d1be2c1");
}

#[test]
fn what_is_ours_depends_on_the_key() {
    let policy = policy(&text(
        EVENTS,
        PAGES,
        "event_source_url = \"page\"\nuser_data.fbp = \"keep\"\ncustom_data.order_id = \"pseudonymize\"",
        "",
    ));
    let raw = event(r#""custom_data":{"order_id":"o-1"}"#).replace("e-1", "a b");
    let under = |key: [u8; 32], fresh_id: [u8; 16]| {
        let pseudonyms = PseudonymKey::new(key);
        let context = Context { dataset: DATASET, now_secs: NOW, fresh_id, pseudonyms: &pseudonyms, suppressed: &Nobody };
        match sanitize(&policy, &context, &raw) {
            Outcome::Forward(event, _) => event.as_str().to_owned(),
            other => panic!("{other:?}"),
        }
    };
    let parts = |json: &str| -> (String, String) {
        let json: serde_json::Value = serde_json::from_str(json).unwrap();
        (json["event_id"].to_string(), json["custom_data"]["order_id"].to_string())
    };
    let (one, other) = (parts(&under([1; 32], [1; 16])), parts(&under([2; 32], [1; 16])));
    assert!(one.0 != other.0 && one.1 != other.1);
    assert_eq!(under([1; 32], [1; 16]), under([1; 32], [2; 16]), "chance plays no part");
}
