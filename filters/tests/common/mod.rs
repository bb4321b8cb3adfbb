//! Events and policies for the suites of this crate.
#![allow(dead_code, reason = "each suite uses a part of it")]

use portcullis_filters::pipeline::{Context, Outcome, sanitize};
use portcullis_filters::policy::Policy;
use portcullis_filters::pseudonym::PseudonymKey;

/// The site's hosts.
pub const HOSTS: &[&str] = &["www.shop.example", "shop.example.com"];
/// The time of every test: 2026-10-03, a little after the events.
pub const NOW: u64 = 1_791_000_100;
/// The dataset of every test.
pub const DATASET: &str = "1234567890";

/// A policy by the name of a built-in, or of its own text.
pub fn policy(text: &str) -> Policy {
    let (name, text) = Policy::builtin(text).unwrap_or(("test.toml", text));
    let hosts: Vec<String> = HOSTS.iter().map(ToString::to_string).collect();
    Policy::compile(text, name, &hosts).unwrap_or_else(|error| panic!("{error}"))
}

/// The key of every test.
pub fn key() -> PseudonymKey {
    PseudonymKey::new([7; 32])
}

/// Sanitizes one event.
pub fn run(policy_text: &str, raw: &str) -> Outcome {
    let pseudonyms = key();
    let context = Context { dataset: DATASET, now_secs: NOW, fresh_id: [9; 16], pseudonyms: &pseudonyms };
    sanitize(&policy(policy_text), &context, raw)
}

/// The bytes that leave; panics if nothing does.
pub fn forwarded(policy_text: &str, raw: &str) -> String {
    match run(policy_text, raw) {
        Outcome::Forward(event, _) => event.as_str().to_owned(),
        other => panic!("not forwarded: {other:?}"),
    }
}

/// The purchase of the benchmarks.
pub fn purchase() -> String {
    let body = include_str!("../fixtures/purchase_1kb.json");
    let body: serde_json::Value = serde_json::from_str(body).expect("the fixture");
    body["data"][0].to_string()
}

/// A small event with these members besides the required ones.
pub fn event(members: &str) -> String {
    let comma = if members.is_empty() { "" } else { "," };
    format!(
        r#"{{"event_name":"PageView","event_time":1791000000,"event_id":"e-1","action_source":"website","event_source_url":"https://www.shop.example/","user_data":{{"em":"jane@example.com"}}{comma}{members}}}"#
    )
}

/// An event with `user_data` and `custom_data` of these members.
pub fn with(name: &str, user_data: &str, custom_data: &str) -> String {
    format!(
        r#"{{"event_name":"{name}","event_time":1791000000,"event_id":"e-1","action_source":"website","event_source_url":"https://www.shop.example/","user_data":{{{user_data}}},"custom_data":{{{custom_data}}}}}"#
    )
}
