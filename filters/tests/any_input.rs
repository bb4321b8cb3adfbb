//! What holds for any input at all.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod common;

#[path = "any_input/events.rs"]
mod events;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use common::{DATASET, HOSTS, policy, purchase, run_with};
use events::event;
use portcullis_filters::event::RawEvent;
use portcullis_filters::pipeline::{Outcome, Readmission, readmit};
use portcullis_filters::policy::{Policy, StoredPolicy};
use portcullis_filters::schema::{Field, Kind, ROWS, Section};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Value, json};

/// The built-ins, each also with a higher version, which decides the same under another digest; and one that keeps every field
/// that can be kept.
static POLICIES: LazyLock<Vec<(Policy, Policy)>> = LazyLock::new(|| {
    let texts = ["retail", "pharmacy", "hospital@1"].map(|name| Policy::builtin(name).unwrap().1.to_owned());
    let all = texts.into_iter().chain([wide()]);
    all.map(|text| (policy(&text), policy(&text.replacen("version = 1", "version = 2", 1)))).collect()
});

/// A policy that keeps whatever can be kept.
fn wide() -> String {
    let fields: Vec<String> = ROWS
        .iter()
        .filter(|row| row.section != Section::Contents)
        .filter_map(|row| {
            let line = |action: &str| format!("{} = {action}", row.path);
            let compiles = |line: &String| {
                let text = common::text(common::EVENTS, common::PAGES, line, "");
                Policy::compile(&text, "test.toml", &[]).is_ok()
            };
            ["\"keep\"", "\"hash\"", "\"page\""].map(line).into_iter().find(compiles)
        })
        .collect();
    assert!(fields.len() > 30, "{fields:?}");
    common::text(common::EVENTS, common::PAGES, &fields.join("\n"), "")
}

/// Every path of an event that leaves, with the values that stand there.
fn paths(json: &str) -> BTreeMap<String, Vec<String>> {
    fn walk(path: &str, value: &Value, paths: &mut BTreeMap<String, Vec<String>>) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    walk(&if path.is_empty() { name.clone() } else { format!("{path}.{name}") }, value, paths);
                }
            }
            Value::Array(items) if items.iter().any(Value::is_object) => {
                for item in items {
                    walk(&format!("{path}[]"), item, paths);
                }
            }
            scalar => paths.entry(path.to_owned()).or_default().push(scalar.to_string()),
        }
    }
    let mut paths = BTreeMap::new();
    walk("", &serde_json::from_str(json).unwrap(), &mut paths);
    paths
}

/// What every event that leaves must be, whatever came.
fn check(policy: &Policy, raised: &Policy, leaving: &str) -> Result<(), TestCaseError> {
    prop_assert!(leaving.len() < 1024 * 1024 && !leaving.contains(['\n', '\r', '\0']));
    prop_assert!(RawEvent::parse(leaving).is_ok(), "no key twice: {}", leaving);
    let allowed: BTreeSet<String> = policy.explain().leaves().map(|line| line.path.clone()).collect();
    for path in paths(leaving).keys() {
        let line = if path.starts_with("custom_data.contents[]") { "custom_data.contents" } else { path };
        prop_assert!(allowed.contains(line) || line == "user_data", "{} leaves", path);
    }
    for today in [policy, raised] {
        let stored = StoredPolicy::read(policy.digest(), Some(policy.canonical()));
        match readmit(today, &stored, DATASET, leaving) {
            Readmission::Forward(again, report) => {
                prop_assert_eq!(again.as_str(), leaving);
                prop_assert!(report.removals().is_empty() && report.changes().is_empty());
            }
            Readmission::Withdraw(reason) => prop_assert!(false, "withdrawn: {}\n{}", reason, leaving),
        }
    }
    Ok(())
}

fn guard_is_content(outcome: &Outcome) -> bool {
    !matches!(outcome, Outcome::Drop(_, reason, _) if reason.as_str() == "guard_failed")
}

/// A caller's text that must be found nowhere.
fn canary() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("canary"),
        Just("Canary Person"),
        Just("canary@canary.example"),
        Just("canary/../canary"),
        Just("fb.1.1558571054389.canary"),
        Just("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 canary"),
        Just("https://canary:canary@www.shop.example:8443/canary?canary=canary#canary"),
        Just("https://canary.example/"),
        Just("canary\u{0}\u{1f}\n\"\\"),
        Just("1990-01-02 canary"),
        Just("7f3c9a52-1b2e-4f7d-9c66-5f0a4d1be2c1-canary"),
        Just("canary.AQICAQMC"),
        Just("USD canary"),
    ]
    .prop_map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn e2_only_what_the_policy_names_leaves_and_only_as_the_guard_would_write_it_again(event in event()) {
        let raw = event.to_string();
        for (policy, raised) in POLICIES.iter() {
            let outcome = run_with(policy, &raw);
            prop_assert!(guard_is_content(&outcome), "{:?}\n{}", outcome, raw);
            if let Outcome::Forward(sanitized, _) = &outcome {
                check(policy, raised, sanitized.as_str())?;
            }
        }
    }

    #[test]
    fn of_stored_bytes_of_any_values_only_closed_forms_are_sent(event in event()) {
        let raw = event.to_string();
        for (policy, raised) in POLICIES.iter() {
            let stored = StoredPolicy::read(policy.digest(), Some(policy.canonical()));
            if let Readmission::Forward(again, _) = readmit(raised, &stored, DATASET, &raw) {
                check(raised, raised, again.as_str())?;
            }
        }
    }

    #[test]
    fn a_canary_leaves_only_where_a_token_may(
        canaries in prop::collection::vec(canary(), ROWS.len()),
        unknown in prop::collection::vec((canary(), canary()), 1..4),
        lists in any::<bool>(),
    ) {
        let mut sections: BTreeMap<Section, Map<String, Value>> = BTreeMap::new();
        for (row, canary) in ROWS.iter().zip(canaries) {
            let value = if lists && row.many { json!([canary, { "canary": canary }]) } else { json!(canary) };
            sections.entry(row.section).or_default().insert(row.name.to_owned(), value);
        }
        for (key, value) in unknown {
            for section in sections.values_mut() {
                section.insert(key.clone(), json!({ value.clone(): [value] }));
            }
        }
        let mut take = |section| sections.remove(&section).unwrap_or_default();
        let (mut event, mut user_data, mut custom_data, item) = (take(Section::Event), take(Section::UserData), take(Section::CustomData), take(Section::Contents));
        custom_data.insert("store_data".to_owned(), Value::Object(take(Section::StoreData)));
        custom_data.insert("mileage".to_owned(), Value::Object(take(Section::Mileage)));
        let mut attribution_data = take(Section::AttributionData);
        attribution_data.insert("attribution_setting".to_owned(), Value::Object(take(Section::AttributionSetting)));
        event.insert("attribution_data".to_owned(), Value::Object(attribution_data));
        let (mut app_data, original) = (take(Section::AppData), take(Section::OriginalEventData));
        if lists {
            let place = app_data.remove("install_referrer").unwrap_or_default();
            app_data.insert("extinfo".to_owned(), json!(std::iter::once(json!("a2")).chain(vec![place; 15]).collect::<Vec<_>>()));
        }
        event.insert("app_data".to_owned(), Value::Object(app_data));
        event.insert("original_event_data".to_owned(), Value::Object(original));
        prop_assert!(sections.is_empty(), "{:?}", sections.keys());
        user_data.insert("external_id".to_owned(), json!("canary-1"));
        user_data.insert("fbp".to_owned(), json!("fb.1.1558571054389.1098115397"));
        custom_data.insert("value".to_owned(), json!("12.5"));
        custom_data.insert("currency".to_owned(), json!("EUR"));
        custom_data.insert("contents".to_owned(), json!([item, "canary"]));
        for (name, value) in [("event_name", json!("Purchase")), ("event_time", json!(1_791_000_000)), ("action_source", json!("website"))] {
            event.insert(name.to_owned(), value);
        }
        event.insert("event_source_url".to_owned(), json!("https://canary@www.shop.example/cart?canary=1#canary"));
        event.insert("user_data".to_owned(), Value::Object(user_data));
        event.insert("custom_data".to_owned(), Value::Object(custom_data));
        let raw = Value::Object(event).to_string();
        for (policy, _) in POLICIES.iter() {
            let outcome = run_with(policy, &raw);
            prop_assert!(guard_is_content(&outcome), "{:?}\n{}", outcome, raw);
            prop_assert!(!format!("{outcome:?}").to_lowercase().contains("canary"), "a log line would tell");
            let Outcome::Forward(sanitized, report) = outcome else { continue };
            let told = format!("{report:?}{}", common::lines(&report).concat());
            prop_assert!(!told.to_lowercase().contains("canary"), "{}", told);
            for (path, values) in paths(sanitized.as_str()) {
                let is_token = Field::from_path(&path).is_some_and(|field| matches!(field.row().kind, Kind::Token | Kind::ContentId | Kind::EventId));
                let open = is_token && !matches!(policy.name(), "pharmacy" | "hospital");
                for value in values {
                    // At the second place stands the app's name, which any two words with a dot can be.
                    let value = if path == "app_data.extinfo" { value.splitn(3, ',').last().unwrap_or_default().to_owned() } else { value };
                    prop_assert!(open || !value.to_lowercase().contains("canary"), "{} = {}", path, value);
                }
            }
        }
    }

    #[test]
    fn fewer_fields_let_less_out(event in event(), gone in prop::collection::vec(any::<Index>(), 1..6)) {
        let (_, text) = Policy::builtin("retail").unwrap();
        let is_field = |line: &str| line.contains(" = \"keep\"") || line.contains(" = \"hash\"") || line.contains(" = \"pseudonymize\"") || line.starts_with("event_source_url");
        let fields: Vec<&str> = text.lines().filter(|line| is_field(line)).collect();
        let gone: Vec<&str> = gone.iter().map(|index| *index.get(&fields)).collect();
        let fewer: Vec<&str> = text.lines().filter(|line| !gone.contains(line)).collect();
        let raw = event.to_string();
        let (Outcome::Forward(all, _), Outcome::Forward(less, _)) = (run_with(&POLICIES[0].0, &raw), run_with(&policy(&fewer.join("\n")), &raw)) else {
            return Ok(());
        };
        let all = paths(all.as_str());
        for (path, values) in paths(less.as_str()) {
            prop_assert!(all.get(&path) == Some(&values) || path == "user_data", "{} is new without {:?}", path, gone);
        }
        // Readmission under the policy of fewer fields leads to the same, or to less.
        let fewer = policy(&fewer.join("\n"));
        let Outcome::Forward(stored, _) = run_with(&POLICIES[0].0, &raw) else { return Ok(()) };
        let then = StoredPolicy::read(POLICIES[0].0.digest(), Some(POLICIES[0].0.canonical()));
        if let Readmission::Forward(readmitted, _) = readmit(&fewer, &then, DATASET, stored.as_str()) {
            prop_assert_eq!(readmitted.as_str(), less.as_str());
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC*", bytes in any::<Vec<u8>>()) {
        for text in [text.as_str(), &String::from_utf8_lossy(&bytes)] {
            for (policy, raised) in POLICIES.iter() {
                let outcome = run_with(policy, text);
                prop_assert!(!matches!(outcome, Outcome::Forward(..)));
                let stored = StoredPolicy::read(policy.digest(), Some(policy.canonical()));
                for today in [policy, raised] {
                    prop_assert!(matches!(readmit(today, &stored, DATASET, text), Readmission::Withdraw(_)));
                }
            }
        }
    }

    #[test]
    fn damaged_events_and_damaged_stored_bytes_leave_in_order_or_not_at_all(
        cuts in prop::collection::vec((any::<Index>(), 0_usize..4, "[\"{}\\[\\],:.0-9a-zA-Z\\\\é\u{1}]{0,3}"), 1..4),
    ) {
        let damage = |text: &str| {
            let mut bytes = text.as_bytes().to_vec();
            for (at, length, put) in &cuts {
                let at = at.index(bytes.len());
                let end = (at + length).min(bytes.len());
                bytes.splice(at..end, put.bytes());
            }
            String::from_utf8_lossy(&bytes).into_owned()
        };
        for (policy, raised) in POLICIES.iter() {
            let outcome = run_with(policy, &damage(&purchase()));
            prop_assert!(guard_is_content(&outcome));
            if let Outcome::Forward(sanitized, _) = &outcome {
                check(policy, raised, sanitized.as_str())?;
            }
            let Outcome::Forward(good, _) = run_with(policy, &purchase()) else { continue };
            let bad = damage(good.as_str());
            let stored = StoredPolicy::read(policy.digest(), Some(policy.canonical()));
            for today in [policy, raised] {
                if let Readmission::Forward(again, _) = readmit(today, &stored, DATASET, &bad) {
                    check(today, today, again.as_str())?;
                }
            }
        }
    }

    #[test]
    fn no_policy_panics_and_one_that_compiles_keeps_to_itself(
        which in 0_usize..3,
        edits in prop::collection::vec((any::<Index>(), any::<Index>(), prop_oneof![Just(String::new()), "[ -~]{0,12}", Just("\"keep\"".to_owned()), Just("\"origin\"".to_owned())]), 0..4),
        dropped in prop::option::of(any::<Index>()),
    ) {
        let name = ["retail", "pharmacy", "hospital@1"][which];
        let mut lines: Vec<String> = Policy::builtin(name).unwrap().1.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
        for (line, word, put) in edits {
            let line = line.index(lines.len());
            let words: Vec<&str> = lines[line].split(' ').collect();
            let word = word.index(words.len());
            let changed: Vec<&str> = words.iter().enumerate().map(|(at, old)| if at == word { put.as_str() } else { old }).collect();
            lines[line] = changed.join(" ");
        }
        if let Some(dropped) = dropped {
            lines.remove(dropped.index(lines.len()));
        }
        let hosts: Vec<String> = HOSTS.iter().map(ToString::to_string).collect();
        if let Ok(policy) = Policy::compile(&lines.join("\n"), "test.toml", &hosts) {
            let outcome = run_with(&policy, &purchase());
            prop_assert!(guard_is_content(&outcome));
            if let Outcome::Forward(sanitized, _) = &outcome {
                check(&policy, &policy, sanitized.as_str())?;
            }
        }
    }

    #[test]
    fn no_toml_panics(text in "\\PC*", tables in "(\\[[a-z.]{1,9}\\]\n([a-z_]{1,9} = (\"[a-z]{0,5}\"|[0-9]{1,4}|\\[\\]|\\{\\}|true)\n){0,3}){0,4}") {
        for text in [text, tables] {
            prop_assert!(Policy::compile(&text, "test.toml", &[]).is_err());
        }
    }
}
