//! Events and policies for the suites of this crate.
#![allow(dead_code, reason = "each suite uses a part of it")]
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use portcullis_filters::catalog::{Catalog, CatalogError, CatalogReader};
use portcullis_filters::event::SanitizedEvent;
use portcullis_filters::pipeline::{Context, Outcome, Readmission, readmit, sanitize};
use portcullis_filters::policy::{Policy, StoredPolicy};
use portcullis_filters::pseudonym::PseudonymKey;
use portcullis_filters::report::Report;
use portcullis_filters::suppression::Nobody;
use serde_json::value::RawValue;

/// The site's hosts.
pub(crate) const HOSTS: &[&str] = &["www.shop.example", "shop.example.com"];
/// The time of every test: 2026-10-03, a little after the events.
pub(crate) const NOW: u64 = 1_791_000_100;
/// The dataset of every test.
pub(crate) const DATASET: &str = "1234567890";
/// The id of an event that came without one: [`FRESH`] with the marks of a random UUID.
pub(crate) const FRESH_ID: &str = "09090909-0909-4909-8909-090909090909";
/// The random bytes of every test.
pub(crate) const FRESH: [u8; 16] = [9; 16];
/// A browser id that is enough for Meta.
pub(crate) const FBP: &str = r#""fbp":"fb.1.1558571054389.1098115397""#;

/// A policy by the name of a built-in, or of its own text.
pub(crate) fn policy(text: &str) -> Policy {
    policy_for(text, HOSTS)
}

/// The same for a site with these hosts.
pub(crate) fn policy_for(text: &str, hosts: &[&str]) -> Policy {
    let (name, text) = Policy::builtin(text).unwrap_or(("test.toml", text));
    let hosts: Vec<String> = hosts.iter().map(ToString::to_string).collect();
    Policy::compile(text, name, &hosts).unwrap_or_else(|error| panic!("{error}"))
}

/// A policy of its own text, with this catalogue.
pub(crate) fn policy_with_catalog(text: &str, csv: &str) -> Policy {
    let hosts: Vec<String> = HOSTS.iter().map(ToString::to_string).collect();
    let mut read = |_: &str| catalog(csv).map(Arc::new).map_err(|error| error.to_string());
    Policy::compile_with(text, "test.toml", &hosts, &mut read).unwrap_or_else(|error| panic!("{error}"))
}

/// A catalogue of this text.
pub(crate) fn catalog(csv: &str) -> Result<Catalog, CatalogError> {
    let mut reader = CatalogReader::default();
    reader.read(csv.as_bytes())?;
    reader.finish()
}

/// The text of a small policy: what stands under `[events]`, `[pages]` and `[fields]`, and whatever follows them.
pub(crate) fn text(events: &str, pages: &str, fields: &str, rest: &str) -> String {
    format!(
        "name = \"test\"\nversion = 1\n\
         [events]\n{events}\n[pages]\n{pages}\n[fields]\n{fields}\n{rest}\n\
         [health]\nscan = \"whole_event\"\non_signal = \"drop_event\"\nambiguous = \"context\"\n\
         [pii]\non_match = \"drop_field\"\n"
    )
}

/// A policy's text, in which events of these action sources leave too.
pub(crate) fn with_sources(text: &str, sources: &[&str]) -> String {
    let changed = text.replacen("[events]\n", &format!("[events]\nsources = {sources:?}\n"), 1);
    assert_ne!(changed, text, "a text with [events]");
    changed
}

/// `[events]` of most small policies: those of websites.
pub(crate) const EVENTS: &str = "allow = [\"PageView\", \"ViewContent\", \"Purchase\", \"Lead\"]\nevent_id = \"token\"";
/// `[pages]` of most small policies.
pub(crate) const PAGES: &str = "default = \"origin\"\nno_url = \"origin\"";

/// A small policy with these lines under `[fields]`; the browser id and the page are always among them.
pub(crate) fn with_fields(fields: &str) -> String {
    with_fields_and(fields, "")
}

/// The same, followed by other tables.
pub(crate) fn with_fields_and(fields: &str, rest: &str) -> String {
    text(EVENTS, PAGES, &format!("event_source_url = \"page\"\nuser_data.fbp = \"keep\"\n{fields}"), rest)
}

/// Bytes in hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        write!(digits, "{byte:02x}").expect("a string takes text");
        digits
    })
}

/// The key of every test.
pub(crate) fn key() -> PseudonymKey {
    PseudonymKey::new([7; 32])
}

/// Sanitizes one event.
pub(crate) fn run(policy_text: &str, raw: &str) -> Outcome {
    run_with(&policy(policy_text), raw)
}

/// Sanitizes one event under a compiled policy.
pub(crate) fn run_with(policy: &Policy, raw: &str) -> Outcome {
    let pseudonyms = key();
    let context = Context { dataset: DATASET, now_secs: NOW, fresh_id: FRESH, pseudonyms: &pseudonyms, suppressed: &Nobody };
    sanitize(policy, &context, raw)
}

/// The bytes that leave; panics if nothing does.
pub(crate) fn forwarded(policy_text: &str, raw: &str) -> String {
    match run(policy_text, raw) {
        Outcome::Forward(event, _) => event.as_str().to_owned(),
        other => panic!("not forwarded: {other:?}\n{raw}"),
    }
}

/// What leaves, to be looked into.
pub(crate) fn json(policy_text: &str, raw: &str) -> serde_json::Value {
    serde_json::from_str(&forwarded(policy_text, raw)).expect("JSON")
}

/// Stage and reason of a drop; panics if the event is not dropped.
pub(crate) fn dropped(policy_text: &str, raw: &str) -> String {
    match run(policy_text, raw) {
        Outcome::Drop(stage, reason, _) => format!("{stage} {reason}"),
        other => panic!("not dropped: {other:?}\n{raw}"),
    }
}

/// What the caller is told; panics if the event is not refused.
pub(crate) fn refused(policy_text: &str, raw: &str) -> String {
    match run(policy_text, raw) {
        Outcome::Refuse(refusal) => refusal.to_string(),
        other => panic!("not refused: {other:?}\n{raw}"),
    }
}

/// Every line of the report of an event that leaves.
pub(crate) fn report(policy_text: &str, raw: &str) -> Vec<String> {
    match run(policy_text, raw) {
        Outcome::Forward(_, report) | Outcome::Drop(_, _, report) => lines(&report),
        Outcome::Refuse(refusal) => panic!("refused: {refusal}"),
    }
}

/// `stage place action reason count` of every removal, then `place change` of every change.
pub(crate) fn lines(report: &Report) -> Vec<String> {
    let removals = report.removals().iter().map(|removal| {
        format!("{} {} {} {} {}", removal.stage, removal.place.as_str(), removal.action, removal.reason, removal.count)
    });
    let changes = report.changes().iter().map(|(field, change)| format!("{} {change}", field.path()));
    removals.chain(changes).collect()
}

/// The purchase of the benchmarks.
pub(crate) fn purchase() -> String {
    let body: HashMap<String, Vec<Box<RawValue>>> =
        serde_json::from_str(include_str!("../fixtures/purchase_1kb.json")).expect("the fixture");
    body["data"][0].get().to_owned()
}

/// An event as one of Meta's SDKs, or curl, sent it.
pub(crate) fn sdk_event(name: &str) -> String {
    let events: HashMap<String, Box<RawValue>> =
        serde_json::from_str(include_str!("../fixtures/sdk_events.json")).expect("the captures");
    events[name].get().to_owned()
}

/// A small event with these members besides the required ones.
pub(crate) fn event(members: &str) -> String {
    let comma = if members.is_empty() { "" } else { "," };
    format!(
        r#"{{"event_name":"PageView","event_time":1791000000,"event_id":"e-1","action_source":"website","event_source_url":"https://www.shop.example/","user_data":{{{FBP}}}{comma}{members}}}"#
    )
}

/// An event with `user_data` and `custom_data` of these members.
pub(crate) fn with(name: &str, user_data: &str, custom_data: &str) -> String {
    format!(
        r#"{{"event_name":"{name}","event_time":1791000000,"event_id":"e-1","action_source":"website","event_source_url":"https://www.shop.example/","user_data":{{{user_data}}},"custom_data":{{{custom_data}}}}}"#
    )
}

/// A page view of this URL.
pub(crate) fn view(url: &str) -> String {
    event("").replace("https://www.shop.example/", url)
}

/// An event with this value at this path, and a browser id, so that Meta would take it.
pub(crate) fn with_value(path: &str, value: &str) -> String {
    match path.split_once('.') {
        Some(("user_data", "fbp")) => with("PageView", &format!(r#""em":"jane@example.com","fbp":{value}"#), ""),
        Some(("user_data", name)) => with("PageView", &format!(r#"{FBP},"{name}":{value}"#), ""),
        Some(("custom_data", path)) => with("PageView", FBP, &nested(path, value)),
        _ => event(&nested(path, value)),
    }
}

/// The member of an object that has this value at this path.
fn nested(path: &str, value: &str) -> String {
    match path.split_once('.') {
        Some((object, path)) => format!(r#""{object}":{{{}}}"#, nested(path, value)),
        None => format!(r#""{path}":{value}"#),
    }
}

/// Runs values at one path under one action: those of `leave` leave as given beside them, and again so when they are stored and
/// read under another policy of the same fields; those of `go` are removed.
pub(crate) fn check(path: &str, action: &str, leave: &[(&str, &str)], go: &[&str]) {
    let text = with_fields(&if path.ends_with("fbp") {
        "user_data.em = \"hash\"".to_owned()
    } else {
        format!("{path} = {action}")
    });
    let then = policy(&text);
    // The same fields under another digest: every value is read and judged again.
    let now = policy(&text.replacen("version = 1", "version = 2", 1));
    let pointer = format!("/{}", path.replace('.', "/"));
    let leaves = |value: &str| {
        let raw = with_value(path, value);
        match run_with(&then, &raw) {
            Outcome::Forward(event, report) => {
                let name = path.rsplit('.').next().unwrap_or_default();
                let out: serde_json::Value = serde_json::from_str(event.as_str()).expect("JSON");
                readmitted(&then, &now, &event);
                // The bytes, not serde_json's reading of them: 29.90 must not become 29.9.
                let found = out.pointer(&pointer).map(|_| {
                    let (_, rest) = event.as_str().rsplit_once(&format!("\"{name}\":")).expect("the key");
                    serde_json::Deserializer::from_str(rest)
                        .into_iter::<Box<serde_json::value::RawValue>>()
                        .next()
                        .expect("a value")
                        .expect("JSON")
                        .get()
                        .to_owned()
                });
                (found, lines(&report))
            }
            other => panic!("{path} {value}: {other:?}"),
        }
    };
    for (value, wanted) in leave {
        let (found, report) = leaves(value);
        assert_eq!(found.as_deref(), Some(*wanted), "{path} = {value}");
        assert!(!report.iter().any(|line| line.contains(" shape ")), "{path} = {value}: {report:?}");
    }
    for value in go {
        let (found, report) = leaves(value);
        assert_eq!(found, None, "{path} = {value}");
        let line = format!(" {path} ");
        assert_eq!(report.iter().filter(|removal| removal.contains(&line)).count(), 1, "{path} = {value}: {report:?}");
    }
}

/// Asserts that readmission changes no byte.
fn readmitted(then: &Policy, now: &Policy, event: &SanitizedEvent) {
    for today in [then, now] {
        let stored = StoredPolicy::read(then.digest(), Some(then.canonical()));
        match readmit(today, &stored, DATASET, event.as_str()) {
            Readmission::Forward(again, report) => {
                assert_eq!(again.as_str(), event.as_str());
                assert!(report.removals().is_empty(), "{:?}", lines(&report));
            }
            Readmission::Withdraw(reason) => panic!("withdrawn: {reason}\n{}", event.as_str()),
        }
    }
}
