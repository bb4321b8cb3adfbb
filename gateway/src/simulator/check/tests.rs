//! Each refusal with its code, starting from an event that Meta would take.

use serde_json::json;

use super::*;
use crate::simulator::request::PostedEvent;

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
fn an_event_older_than_seven_days_is_refused_with_2804003() {
    taken(&set(&[("/event_time", json!(NOW_SECS - 7 * DAY_SECS))]));
    refused(&set(&[("/event_time", json!(NOW_SECS - 7 * DAY_SECS - 1))]), 2_804_003);
}

#[test]
fn a_physical_store_has_62_days() {
    let sold = |time: i64| set(&[("/event_time", json!(time)), ("/action_source", json!("physical_store"))]);
    taken(&sold(NOW_SECS - 62 * DAY_SECS));
    refused(&sold(NOW_SECS - 62 * DAY_SECS - 1), 2_804_003);
}

#[test]
fn an_event_of_the_future_is_refused() {
    taken(&set(&[("/event_time", json!(NOW_SECS + 600))]));
    refused(&set(&[("/event_time", json!(NOW_SECS + 601))]), 0);
    refused(&set(&[("/event_time", json!(NOW_SECS * 1000))]), 0);
    refused(&set(&[("/event_time", json!(u64::MAX))]), 0);
}

#[test]
fn a_purchase_without_value_or_currency_is_refused_with_2804010() {
    for path in ["/custom_data", "/custom_data/value", "/custom_data/currency"] {
        refused(&without(path), 2_804_010);
    }
    let mut view = without("/custom_data");
    view["event_name"] = json!("ViewContent");
    taken(&view);
}

#[test]
fn insufficient_user_data_is_refused_with_2804050() {
    let hashes = |keys: &[&str]| {
        let mut held: Map<String, Value> = keys.iter().map(|key| ((*key).to_owned(), json!(HASH))).collect();
        if held.contains_key("client_user_agent") {
            held.insert("client_user_agent".to_owned(), json!("Mozilla/5.0 (test)"));
        }
        set(&[("/user_data", Value::Object(held))])
    };
    let few: &[&[&str]] = &[
        &[],
        &["ct", "country", "st", "zp", "ge", "client_user_agent"],
        &["client_user_agent"],
        &["db", "client_user_agent"],
        &["fn", "ge"],
        &["ln", "ge"],
    ];
    for keys in few {
        refused(&hashes(keys), 2_804_050);
    }
    let enough: &[&[&str]] = &[&["em"], &["external_id"], &["fn", "ln"], &["fn", "ct"], &["db", "zp"]];
    for keys in enough {
        taken(&hashes(keys));
    }
}

#[test]
fn what_must_be_hashed_is_64_lower_case_hex_digits() {
    let keys =
        ["em", "ph", "fn", "ln", "db", "ge", "ct", "st", "zp", "country", "f5first", "doby", "app_user_id", "email", "zip"];
    let bad = [
        json!("jane@shop.example"),
        json!(HASH.to_uppercase()),
        json!(HASH.strip_suffix('8').unwrap()),
        json!([HASH, "x"]),
        json!([]),
        json!(null),
        json!(1),
    ];
    for key in keys {
        for value in &bad {
            refused(&set(&[(&format!("/user_data/{key}"), value.clone())]), 0);
        }
    }
    refused(&set(&[("/user_data/em", json!(format!("{HASH}.AQQCAQMC")))]), 0);
}

#[test]
fn what_must_not_be_hashed_has_its_own_form() {
    refused(&set(&[("/user_data/client_ip_address", json!(HASH))]), 0);
    refused(&set(&[("/user_data/client_ip_address", json!("203.0.113.0/24"))]), 0);
    refused(&set(&[("/user_data/fbc", json!(HASH))]), 0);
    refused(&set(&[("/user_data/lead_id", json!("123"))]), 0);
    taken(&set(&[("/user_data/lead_id", json!("1234567890123456")), ("/user_data/fb_login_id", json!(12))]));
}

#[test]
fn an_event_of_a_website_needs_its_url() {
    refused(&without("/event_source_url"), 0);
    refused(&set(&[("/event_source_url", json!("/checkout"))]), 0);
    let mut call = without("/event_source_url");
    call["action_source"] = json!("phone_call");
    taken(&call);
}

#[test]
fn apps_and_messaging_need_what_meta_documents() {
    refused(&set(&[("/action_source", json!("app"))]), 0);
    let app = json!({"advertiser_tracking_enabled": true, "application_tracking_enabled": 1, "extinfo": ["a2", null]});
    taken(&set(&[("/action_source", json!("app")), ("/app_data", app)]));
    refused(&set(&[("/app_data", json!({"extinfo": []}))]), 0);
    refused(&set(&[("/action_source", json!("business_messaging"))]), 0);
    taken(&set(&[("/action_source", json!("business_messaging")), ("/messaging_channel", json!("whatsapp"))]));
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
fn numbers_as_strings_are_refused() {
    for path in [
        "/event_time",
        "/custom_data/value",
        "/custom_data/num_items",
        "/custom_data/predicted_ltv",
        "/data_processing_options_state",
    ] {
        refused(&set(&[(path, json!("1000"))]), 0);
    }
    let mut event = purchase();
    event["custom_data"]["contents"][0]["quantity"] = json!("1");
    refused(&event, 0);
    refused(&set(&[("/event_time", json!(1_791_000_000.0))]), 0);
    refused(&set(&[("/opt_out", json!("true"))]), 0);
}

#[test]
fn limited_data_use_has_closed_values() {
    let limited = |options: Value, country: i64, state: i64| {
        set(&[
            ("/data_processing_options", options),
            ("/data_processing_options_country", json!(country)),
            ("/data_processing_options_state", json!(state)),
        ])
    };
    taken(&limited(json!(["LDU"]), 1, 1000));
    taken(&limited(json!([]), 0, 0));
    refused(&limited(json!(["ldu"]), 0, 0), 0);
    refused(&limited(json!(["LDU"]), 2, 0), 0);
    refused(&limited(json!(["LDU"]), 1, 1014), 0);
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
    for bad in [
        json!({"test_event_code": "TEST"}),
        json!({"test_event_code": "test12345"}),
        json!({"test_event_code": "TEST12345678901"}),
        json!({"partner_agent": "1"}),
        json!({"partner_agent": "a-name-of-more-than-22-characters"}),
        json!({"namespace_id": "pharmacy"}),
        json!({"debug": "all"}),
    ] {
        assert_eq!(envelope(bad), Err((400, 100, 0)));
    }
}
