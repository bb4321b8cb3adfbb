//! What leaves under the built-in policies, to the byte, and what the reports say.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod common;

use common::{FBP, FRESH_ID, forwarded, json, key, lines, purchase, report, run, sdk_event, with};
use hmac::{Hmac, KeyInit, Mac};
use portcullis_filters::normalize::hex;
use portcullis_filters::pipeline::Outcome;
use sha2::{Digest, Sha256};

const CAPTURES: [&str; 9] = [
    "python_purchase",
    "python_limited_data_use",
    "python_app",
    "python_attribution",
    "python_crm_lead",
    "python_request_context",
    "node_purchase",
    "node_limited_data_use",
    "curl_purchase",
];

/// What became of an event, for people to read.
fn outcome(policy: &str, raw: &str) -> String {
    match run(policy, raw) {
        Outcome::Forward(event, report) => format!("{}\n\n{}\n", event.as_str(), lines(&report).join("\n")),
        Outcome::Drop(stage, reason, report) => format!("dropped by {stage}: {reason}\n\n{}\n", lines(&report).join("\n")),
        Outcome::Refuse(refusal) => format!("refused: {refusal}\n"),
    }
}

fn story(policy: &str) -> String {
    let captures = CAPTURES.map(|capture| (capture, sdk_event(capture)));
    let events = [("the purchase of the benchmarks", purchase())].into_iter().chain(captures);
    events.map(|(name, raw)| format!("## {name}\n{}\n", outcome(policy, &raw))).collect::<Vec<_>>().concat()
}

#[test]
fn e4_retail_lets_out_exactly_this() {
    insta::assert_snapshot!(story("retail@1"));
}

#[test]
fn pharmacy_lets_out_exactly_this() {
    insta::assert_snapshot!(story("pharmacy@1"));
}

#[test]
fn hospital_lets_out_exactly_this() {
    insta::assert_snapshot!(story("hospital@1"));
}

/// The snapshots of this crate, so that one that no test looks at any more cannot lie about.
#[test]
fn no_snapshot_is_left_over() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots");
    let mut found: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    // The others are what a failing test leaves behind for review.
    found.retain(|name| std::path::Path::new(name).extension().is_some_and(|extension| extension == "snap"));
    found.sort();
    assert_eq!(
        found,
        [
            "consent_golden__hospital_lets_go_of_whom.snap",
            "consent_golden__pharmacy_consent_lets_go_of_whom.snap",
            "consent_golden__retail_consent_lets_go_of_whom.snap",
            "policy__hospital_explained.snap",
            "policy__pharmacy_explained.snap",
            "policy__retail_explained.snap",
            "policy__whose_events_leave_explained.snap",
            "sanitize__e4_retail_lets_out_exactly_this.snap",
            "sanitize__hospital_lets_out_exactly_this.snap",
            "sanitize__pharmacy_lets_out_exactly_this.snap",
        ]
    );
}

fn sha256(text: &str) -> String {
    String::from_utf8(hex(&Sha256::digest(text).into()).to_vec()).unwrap()
}

/// A pseudonym as the documentation describes it, under the key of these tests.
fn pseudonym(field: &str, value: &str) -> String {
    let mut hmac = Hmac::<Sha256>::new_from_slice(&[7; 32]).unwrap();
    hmac.update(b"v1");
    hmac.update(field.as_bytes());
    hmac.update(&Sha256::digest(value));
    String::from_utf8(hex(&hmac.finalize().into_bytes().into()).to_vec()).unwrap()
}

#[test]
fn digests_are_those_that_anyone_can_compute() {
    let out = json("retail", &purchase());
    for (field, normal) in [("em", "jane.doe+7@example.com"), ("ph", "14155550007"), ("fn", "jane"), ("ct", "sanfrancisco")]
    {
        assert_eq!(out["user_data"][field], serde_json::json!([sha256(normal)]), "{field}");
    }
    assert_eq!(out["custom_data"]["order_id"], pseudonym("custom_data.order_id", "00000007"));
    let event = with("PageView", &format!(r#""external_id":["Member-7 ","{}"],{FBP}"#, sha256("member-7")), "")
        .replace("shop.example/", "shop.example/cart");
    let out = json("pharmacy", &event);
    let own = pseudonym("user_data.external_id", "member-7");
    assert_eq!(out["user_data"]["external_id"], serde_json::json!([own, own]), "a digest is taken as the inner one");
    let other = common::key();
    assert!(!format!("{other:?}{:?}", key()).contains('7'), "the key shows itself");
}

#[test]
fn an_event_in_a_json_string_is_the_same_event() {
    for raw in [purchase(), sdk_event("python_purchase"), sdk_event("node_limited_data_use")] {
        let string = serde_json::to_string(&raw).unwrap();
        assert_eq!(forwarded("retail", &raw), forwarded("retail", &string));
        assert_eq!(report("retail", &raw), report("retail", &format!(" \n{string} ")));
    }
}

#[test]
fn null_means_absent_everywhere() {
    let names = |raw: &str| -> String {
        let mut raw: serde_json::Value = serde_json::from_str(raw).unwrap();
        for name in ["opt_out", "referrer_url", "data_processing_options", "event_id", "advertiser_tracking_enabled"] {
            raw[name] = serde_json::Value::Null;
        }
        for name in ["em", "ph", "fbc", "client_ip_address", "lead_id"] {
            raw["user_data"][name] = serde_json::Value::Null;
        }
        for name in ["value", "num_items", "contents", "content_ids", "content_name"] {
            raw["custom_data"][name] = serde_json::Value::Null;
        }
        raw.to_string()
    };
    let raw = names(&with("PageView", FBP, ""));
    assert_eq!(
        forwarded("retail", &raw),
        format!(
            r#"{{"event_name":"PageView","event_time":1791000000,"event_id":"{FRESH_ID}","action_source":"website","event_source_url":"https://www.shop.example/","user_data":{{{FBP}}}}}"#
        )
    );
    assert_eq!(report("retail", &raw), ["event_source_url reduced", "event_id rewritten"]);
}

#[test]
fn unknown_keys_are_counted_at_every_level_and_never_leave() {
    let raw = with(
        "Purchase",
        &format!(r#"{FBP},"canary1":"x","Em":"jane@example.com"}},"canary2":{{"a":[1,{{"b":2}}]"#),
        r#""value":1,"currency":"EUR","canary3":null,"contents":[{"id":"a","canary4":1,"title":"canary5"}]"#,
    );
    let (out, report) = (forwarded("retail", &raw), report("retail", &raw));
    assert!(!out.contains("canary") && !out.contains("jane"), "{out}");
    assert!(out.ends_with(r#""custom_data":{"value":1,"currency":"EUR","contents":[{"id":"a"}]}}"#), "{out}");
    assert_eq!(
        report,
        [
            "shape unknown none unknown_key 5",
            "allow custom_data.contents[].title none not_allowed 1",
            "event_source_url reduced"
        ]
    );
}

#[test]
fn a_purchase_of_a_name_of_the_sites_own_leaves_under_the_allowed_one() {
    let policy = common::text(
        "allow = [\"Purchase\"]\nrename = { \"Paid: Weekly\" = \"Purchase\", Other = \"Purchase\" }\nevent_id = \"token\"",
        common::PAGES,
        "event_source_url = \"page\"\nuser_data.fbp = \"keep\"\ncustom_data.value = \"keep\"\ncustom_data.currency = \"keep\"",
        "",
    );
    let raw = |name: &str, custom: &str| with(name, FBP, custom);
    let out = json(&policy, &raw("Paid: Weekly", r#""value":1,"currency":"EUR""#));
    assert_eq!(out["event_name"], "Purchase");
    assert_eq!(
        report(&policy, &raw("Other", r#""value":1,"currency":"EUR""#)),
        ["event_name rewritten", "event_source_url reduced"]
    );
    assert_eq!(common::dropped(&policy, &raw("paid: weekly", "")), "events event_not_allowed");
    assert_eq!(common::refused(&policy, &raw("Other", "")), "custom_data.value is required");
}
