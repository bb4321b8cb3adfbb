//! What is fuzzed of the filters, one function a target: none of them may panic, whatever the bytes, and each holds what it says.
//!
//! libFuzzer drives them in long runs; `tests/fuzz_seeds.rs` drives them over seeds and small changes to these in every test run.

#![expect(clippy::expect_used, reason = "a target reports by panicking")]

use std::sync::LazyLock;

use portcullis_filters::pipeline::{Context, Outcome, Readmission, readmit, sanitize as sanitize_event};
use portcullis_filters::policy::{BUILTINS, Policy, StoredPolicy};
use portcullis_filters::pseudonym::PseudonymKey;
use portcullis_filters::suppression::Nobody;
use serde_json::json;

const HOST: &str = "www.shop.example";
const DATASET: &str = "1234567890";
const NOW: u64 = 1_791_000_100;

static POLICIES: LazyLock<Vec<Policy>> = LazyLock::new(|| {
    let hosts = [HOST.to_owned()];
    BUILTINS.iter().map(|(name, text)| Policy::compile(text, name, &hosts).expect("a built-in policy")).collect()
});
static PSEUDONYMS: LazyLock<PseudonymKey> = LazyLock::new(|| PseudonymKey::new([7; 32]));

/// An event, under every built-in policy. What leaves is an object of ASCII that readmission lets pass as it is.
pub(crate) fn sanitize(bytes: &[u8]) {
    let Ok(raw) = std::str::from_utf8(bytes) else { return };
    for policy in POLICIES.iter() {
        let _body = forwarded(policy, raw);
    }
}

/// The text of a policy. One that compiles can be explained, and its canonical text read again.
pub(crate) fn policy(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Policy::compile(text, "fuzzed.toml", &[HOST.to_owned()]) {
        Ok(policy) => {
            let stored = StoredPolicy::read(policy.digest(), Some(policy.canonical()));
            assert_eq!(stored.digest(), policy.digest());
            assert!(policy.explain().leaves().count() > 0, "the fields that need no line");
        }
        Err(error) => assert!(error.to_string().contains("fuzzed.toml"), "an error names the file"),
    }
}

/// An address of a page. Only the site's host leaves, with a path that the policy writes.
pub(crate) fn page(bytes: &[u8]) {
    let Ok(url) = std::str::from_utf8(bytes) else { return };
    let event = json!({
        "event_name": "PageView", "event_time": NOW, "event_id": "7f3c9a52-1b2e-4f7d-9c66-5f0a4d1be2c1", "action_source": "website",
        "event_source_url": url, "referrer_url": url, "user_data": { "fbp": "fb.1.1790990000123.1098115397" },
    });
    for policy in POLICIES.iter() {
        let Some(body) = forwarded(policy, &event.to_string()) else { continue };
        let left = ["/", "/store"].map(|path| format!("\"event_source_url\":\"https://{HOST}{path}\""));
        assert!(left.iter().any(|left| body.contains(left)), "{body}");
    }
}

/// A text that is taken apart for what it wraps, and the name of a key that is.
pub(crate) fn unwrap(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    portcullis_filters::fuzz::unwrap("", text);
    portcullis_filters::fuzz::unwrap(text, "1");
}

/// The bytes that leave, if any do.
fn forwarded(policy: &Policy, raw: &str) -> Option<String> {
    let context =
        Context { dataset: DATASET, now_secs: NOW, fresh_id: [9; 16], pseudonyms: &PSEUDONYMS, suppressed: &Nobody };
    let Outcome::Forward(event, _) = sanitize_event(policy, &context, raw) else { return None };
    let body = event.as_str();
    assert!(body.is_ascii() && body.starts_with('{') && serde_json::from_str::<serde_json::Value>(body).is_ok(), "{body}");
    let stored = StoredPolicy::read(policy.digest(), Some(policy.canonical()));
    match readmit(policy, &stored, DATASET, body) {
        Readmission::Forward(again, _) => assert_eq!(again.as_str(), body),
        Readmission::Withdraw(reason) => panic!("what left is withdrawn: {reason}: {body}"),
    }
    Some(body.to_owned())
}
