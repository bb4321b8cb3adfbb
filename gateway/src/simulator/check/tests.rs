//! Each refusal with its code, starting from an event that Meta would take.

use serde_json::json;

use super::*;
use crate::simulator::request::PostedEvent;

mod forms;
mod requirements;
mod tables;

const NOW_SECS: i64 = 1_791_000_000;
const HASH: &str = "653ca1df5d5a60b376c860cbf8d51654237cee241ee7753683c5c4bfe81f7b48";

fn purchase() -> Value {
    json!({
        "event_name": "Purchase", "event_time": NOW_SECS - 60, "event_id": "order-1", "action_source": "website",
        "event_source_url": "https://www.shop.example/",
        "user_data": {"em": [HASH], "client_ip_address": "203.0.113.7", "client_user_agent": "Mozilla/5.0 (test)"},
        "custom_data": {"value": 12.5, "currency": "USD", "contents": [{"id": "SKU-1", "quantity": 1, "item_price": 12.5}]},
    })
}

/// The purchase with these members set, each at a path such as `/user_data/em`.
fn set(changes: &[(&str, Value)]) -> Value {
    let mut event = purchase();
    for (path, value) in changes {
        let (parent, key) = path.rsplit_once('/').unwrap();
        event.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(key.to_owned(), value.clone());
    }
    event
}

fn without(path: &str) -> Value {
    let mut event = purchase();
    let (parent, key) = path.rsplit_once('/').unwrap();
    event.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key).unwrap();
    event
}

fn posted(envelope: &Value, events: &[Value]) -> Posted {
    let object = |value: &Value| value.as_object().unwrap().clone();
    let events = events.iter().map(|event| PostedEvent { text: event.to_string(), value: object(event) }).collect();
    Posted { envelope: object(envelope), events, ..Posted::default() }
}

fn checked(events: &[Value]) -> Result<(), Refusal> {
    batch(&posted(&json!({}), events), u64::try_from(NOW_SECS * 1000).unwrap())
}

#[track_caller]
fn taken(event: &Value) {
    assert_eq!(checked(std::slice::from_ref(event)), Ok(()));
}

#[track_caller]
fn refused(event: &Value, subcode: u32) {
    let refusal = checked(&[purchase(), event.clone()]).expect_err("refused");
    assert_eq!((refusal.status, refusal.code, refusal.subcode), (400, 100, subcode), "{}", refusal.message);
    assert!(!refusal.is_transient);
    assert!(refusal.message.starts_with("data[1]"), "{}", refusal.message);
}

#[test]
fn an_ordinary_purchase_is_taken() {
    taken(&purchase());
    taken(&set(&[
        ("/custom_data/coupon", json!("SPRING")),
        ("/user_data/em", json!(HASH)),
        ("/event_name", json!("Own name")),
    ]));
    taken(&without("/user_data/client_user_agent"));
}

#[test]
fn what_every_event_needs_must_be_there() {
    for path in ["/event_name", "/event_time", "/user_data", "/action_source"] {
        refused(&without(path), 0);
    }
    refused(&set(&[("/event_name", json!(""))]), 0);
    refused(&set(&[("/action_source", json!("Website"))]), 0);
}

#[test]
fn unknown_keys_are_refused_and_not_named() {
    for path in ["/portcullis", "/user_data/ssn", "/custom_data/contents/0/ndc"] {
        let mut event = purchase();
        let (parent, key) = path.rsplit_once('/').unwrap();
        event.pointer_mut(parent).unwrap()[key] = json!("x");
        refused(&event, 0);
        assert!(!checked(&[event]).unwrap_err().message.contains(key));
    }
}

#[test]
fn the_envelope_is_closed_and_has_forms() {
    let envelope = |envelope: Value| {
        batch(&posted(&envelope, &[purchase()]), u64::try_from(NOW_SECS * 1000).unwrap())
            .map_err(|refusal| (refusal.status, refusal.code, refusal.subcode))
    };
    let good =
        json!({"test_event_code": "TEST12345", "partner_agent": "acme_gateway", "namespace_id": "12", "upload_id": null});
    assert_eq!(envelope(good), Ok(()));
    let whole = json!({
        "upload_tag": "spring", "upload_source": "till", "trace": 7, "id": "12",
        "platforms": [{"name": "shop", "type": "web", "version": "1"}], "progress": {"start_inclusive": 0, "end_exclusive": 10},
    });
    assert_eq!(envelope(whole), Ok(()));
    for bad in [
        json!({"test_event_code": "TEST"}),
        json!({"test_event_code": "test12345"}),
        json!({"test_event_code": "TEST12345678901"}),
        json!({"partner_agent": "1"}),
        json!({"partner_agent": "a-name-of-more-than-22-characters"}),
        json!({"namespace_id": "pharmacy"}),
        json!({"debug": "all"}),
        json!({"upload_tag": ["spring"]}),
        json!({"upload_source": ""}),
        json!({"trace": -1}),
        json!({"platforms": {"name": "shop"}}),
        json!({"platforms": [{"os": "x"}]}),
        json!({"progress": {"start_inclusive": 0}}),
    ] {
        assert_eq!(envelope(bad), Err((400, 100, 0)));
    }
}
