//! What is told of one event: everything that came is accounted for, and no value is told.

mod common;

use std::collections::HashMap;

use common::{FBP, with, with_fields_and};
use portcullis_filters::pipeline::{Context, Fate, Outcome, Trace, Verdict, sanitize, trace};
use portcullis_filters::policy::{BUILTINS, Policy};
use portcullis_filters::report::Report;
use portcullis_filters::suppression::Nobody;
use serde_json::value::RawValue;

/// Traces an event; what it says must be what a run of the filter does.
fn traced(policy: &Policy, raw: &str) -> Trace {
    let pseudonyms = common::key();
    let context = Context {
        dataset: common::DATASET,
        now_secs: common::NOW,
        fresh_id: common::FRESH,
        pseudonyms: &pseudonyms,
        suppressed: &Nobody,
    };
    let trace = trace(policy, &context, raw);
    match sanitize(policy, &context, raw) {
        Outcome::Forward(event, report) => {
            assert_eq!(trace.verdict, Verdict::Forward);
            assert_eq!(trace.sanitized.as_ref(), Some(&event));
            agrees(&trace, &report);
            for (field, change) in report.changes() {
                let is_told = |fate: Fate| fate == Fate::Changed(*change) || fate == Fate::Added;
                assert!(trace.fields.iter().any(|row| row.place.as_str() == field.path() && is_told(row.fate)), "{field:?}");
            }
        }
        Outcome::Drop(stage, reason, report) => {
            assert_eq!(trace.verdict, Verdict::Drop(stage, reason));
            agrees(&trace, &report);
            assert_eq!(trace.missing, report.missing());
        }
        Outcome::Refuse(refusal) => {
            assert_eq!(trace.verdict, Verdict::Refuse(refusal));
            assert!(trace.fields.is_empty());
        }
    }
    assert_eq!(trace.sanitized.is_some(), trace.verdict == Verdict::Forward);
    trace
}

/// Every removal and, where the event leaves, every change of the report is told, and no other.
fn agrees(trace: &Trace, report: &Report) {
    let removals: Vec<_> = trace.fields.iter().filter(|row| row.fate.reason().is_some()).collect();
    assert_eq!(removals.len(), report.removals().len());
    for removal in report.removals() {
        assert!(removals.iter().any(|row| {
            row.place == removal.place
                && row.stage == removal.stage
                && row.action == removal.action
                && row.count == removal.count
                && row.fate == Fate::Removed(removal.reason)
        }));
    }
    assert_eq!(trace.signals, report.signals());
    for row in &trace.fields {
        if let Fate::Changed(change) = row.fate {
            assert!(report.changes().iter().any(|(field, other)| field.path() == row.place.as_str() && *other == change));
        }
    }
}

/// `place stage action fate reason count` of each line.
fn lines(trace: &Trace) -> Vec<String> {
    let reason = |fate: Fate| fate.reason().map_or("-", |reason| reason.as_str());
    let line = |row: &portcullis_filters::pipeline::FieldTrace| {
        let class = row.class.map_or("-", |class| class.as_str());
        let fate = row.fate;
        format!(
            "{} {class} {} {} {} {} {}",
            row.place.as_str(),
            row.stage,
            row.action,
            fate.as_str(),
            reason(fate),
            row.count
        )
    };
    trace.fields.iter().map(line).collect()
}

#[test]
fn each_field_is_told_with_its_stage_action_and_reason() {
    let policy = common::policy(&with_fields_and(
        "user_data.em = \"hash\"\nuser_data.external_id = \"pseudonymize\"\nuser_data.fbc = \"keep\"\n\
         custom_data.value = { round_to = 5 }\ncustom_data.contents = \"keep\"\ncustom_data.num_items = \"keep\"\n\
         custom_data.tier = { one_of = [\"gold\"] }\ncustom_data.visits = { integer = [0, 9] }\ncustom_data.order_id = \"keep\"",
        "[[narrow]]\nwhen = { event = \"Lead\" }\nremove = [\"custom_data.order_id\"]",
    ));
    let raw = with(
        "Lead",
        &format!(r#"{FBP},"em":["jane@shop.example","none"],"external_id":"m-1","ph":"1","ln":[]"#),
        r#""value":12,"contents":[{"id":"a","quantity":1},{"id":"b","brand":"x"},{"id":"?"}],"num_items":3,"tier":"gold","visits":77,"order_id":"o","a key":{"in":1}"#,
    )
    .replace("\"event_id\":\"e-1\",", "");
    let trace = traced(&policy, &raw);
    assert_eq!((trace.event_name.as_deref(), trace.page_class.as_deref()), (Some("Lead"), None));
    assert_eq!(
        lines(&trace),
        [
            "event_name health events always kept - 1",
            "event_time quasi_identifier shape always kept - 1",
            "event_id identifier identity always added - 1",
            "action_source low shape always kept - 1",
            "event_source_url health pages page reduced - 1",
            "user_data.em identifier identity hash hashed - 1",
            "user_data.em identifier identity hash removed not_normalizable 1",
            "user_data.ph identifier allow none removed not_allowed 1",
            "user_data.ln identifier allow none empty - 0",
            "user_data.external_id identifier identity pseudonymize pseudonymized - 1",
            "user_data.fbp identifier allow keep kept - 1",
            "custom_data.value health coarsen round_to rounded - 1",
            "custom_data.contents health allow keep kept - 2",
            "custom_data.contents health allow keep removed shape 1",
            "custom_data.order_id identifier allow keep removed narrowed 1",
            "custom_data.num_items low allow keep removed count_of_removed 1",
            "custom_data.contents[].id health allow keep kept - 2",
            "custom_data.contents[].quantity low allow keep kept - 1",
            "custom_data.contents[].brand free_text allow none removed not_allowed 1",
            "custom_data.tier - allow one_of kept - 1",
            "custom_data.visits - allow integer removed shape 1",
            "unknown - shape none removed unknown_key 1",
        ]
    );
}

#[test]
fn of_a_dropped_event_it_is_told_why_and_what_was_in_it() {
    let policy = common::policy("pharmacy");
    let trace = traced(&policy, &common::view("https://www.shop.example/account/prescriptions"));
    assert!(matches!(trace.verdict, Verdict::Drop(_, portcullis_filters::report::DropReason::Page)));
    assert!(trace.page_class.is_some_and(|class| !class.contains("prescriptions")));
    assert!(trace.fields.iter().all(|row| row.fate == Fate::Dropped), "{:?}", trace.fields);
    let told: Vec<&str> = trace.fields.iter().map(|row| row.place.as_str()).collect();
    assert_eq!(told, ["event_name", "event_time", "event_id", "action_source", "event_source_url", "user_data.fbp"]);
    let unlisted = traced(&policy, &common::event("").replace("PageView", "QuizDone"));
    assert_eq!(unlisted.event_name, None);
    let poor = traced(&common::policy("retail"), &with("PageView", r#""em":"jane""#, ""));
    let poor = lines(&poor);
    assert!(poor.contains(&"user_data.em identifier identity hash removed not_normalizable 1".to_owned()), "{poor:?}");
}

#[test]
fn the_decision_on_the_person_is_told_with_all_that_it_was_made_of() {
    let policy = common::policy(&with_fields_and(
        "user_data.country = \"hash\"",
        "[residence]\nread = [\"residence\", \"address\"]\ncollected_in = [\"US-WA\"]\n\
         [[jurisdiction]]\npack = \"US-CA\"\n[[jurisdiction]]\npack = \"US-WA\"\n",
    ));
    let said = r#""consent":{"marketing":"granted","health":"granted","gpc":"0","time":1790000000,"source":"qzbanner"},
        "residence":{"country":"US","region":"California"},"collection":{"country":"BR"}"#;
    let raw = common::event(said).replace(FBP, &format!(r#"{FBP},"country":"fr""#));
    let trace = traced(&policy, &raw);
    let shown = format!("{trace:?}");
    let consent = trace.consent.expect("a decision");
    assert_eq!((consent.marketing, consent.health, consent.gpc, consent.time), ("granted", "granted", "off", "said"));
    let places: Vec<(&str, &str)> = consent.places.iter().map(|place| (place.region.as_str(), place.source)).collect();
    assert_eq!(
        places,
        [
            ("US-CA", "residence, told by the sender"),
            ("elsewhere", "residence, by the address"),
            ("elsewhere", "collected there, told by the sender"),
            ("US-WA", "collected there, by the policy"),
        ]
    );
    let laws: Vec<(&str, &str)> = consent.jurisdictions.iter().map(|law| (law.id.as_str(), law.because)).collect();
    assert_eq!(laws, [("US-CA", "there"), ("US-WA", "collected there")]);
    assert_eq!((consent.asked.require, consent.asked.purposes), ("opt_in", &["marketing", "health"][..]));
    let limited = consent.limited_data_use.expect("California asks for it");
    assert_eq!((limited.asked_by, limited.country.as_str(), limited.state.as_str()), ("law", "1", "1000"));
    assert_eq!(consent.outcome, "may leave");
    for told in ["qzbanner", "1790000000", "California", "BR"] {
        assert!(!shown.contains(told), "{told} is in {shown}");
    }
}

#[test]
fn what_is_not_said_and_what_cannot_be_read_is_told_as_that() {
    let policy = common::policy(&with_fields_and(
        "",
        "[consent]\nrequire = \"opt_in\"\nmax_age_days = 30\n[[jurisdiction]]\npack = \"EEA\"\n",
    ));
    let said = r#""consent":{"marketing":"qzword","time":"qztime"},"residence":"qzplace","opt_out":true"#;
    let unreadable = traced(&policy, &common::event(said)).consent.expect("a decision");
    assert_eq!((unreadable.marketing, unreadable.health, unreadable.gpc), ("cannot be read", "not said", "not said"));
    assert_eq!((unreadable.time, unreadable.opt_out, unreadable.outcome), ("cannot be read", true, "consent_denied"));
    assert_eq!(unreadable.places.iter().map(|place| place.region.as_str()).collect::<Vec<_>>(), ["cannot be read"]);
    assert_eq!(unreadable.jurisdictions[0].because, "a place cannot be read");
    assert_eq!((unreadable.asked.honor_gpc, unreadable.asked.max_age_days), (true, Some(30)));
    let silent = traced(&policy, &common::event("")).consent.expect("a decision");
    assert_eq!((silent.marketing, silent.time, silent.outcome), ("not said", "not said", "no_consent"));
    assert_eq!(silent.jurisdictions[0].because, "residence not known");
    assert_eq!(traced(&policy, "{}").consent, None);
}

#[test]
fn everything_that_came_is_accounted_for_and_no_value_is_told() {
    let captured: HashMap<String, Box<RawValue>> =
        serde_json::from_str(include_str!("fixtures/sdk_events.json")).expect("the captures");
    let mut events: Vec<String> = captured.values().map(|event| event.get().to_owned()).collect();
    events.push(common::purchase());
    for (name, _) in BUILTINS {
        let policy = common::policy(name);
        for raw in &events {
            let trace = traced(&policy, raw);
            let told: Vec<&str> = trace.fields.iter().map(|row| row.place.as_str()).collect();
            let event: serde_json::Value = serde_json::from_str(raw).expect("JSON");
            for (path, value) in leaves_of("", &event) {
                let known = portcullis_filters::schema::Field::from_path(&path).is_some();
                let at = if known { path.as_str() } else { "unknown" };
                let is_told = told.contains(&at) || matches!(trace.verdict, Verdict::Drop(..)) && !known;
                assert!(value.is_null() || is_told, "{name}: {path} is not told: {told:?}\n{raw}");
                // What the policy itself writes may be told.
                let written =
                    ["event_name", "action_source", "content_type", "currency"].iter().any(|name| path.ends_with(name));
                if let Some(text) = value.as_str().filter(|text| text.len() > 4 && !written) {
                    let shown = format!("{:?}", Trace { sanitized: None, ..traced(&policy, raw) });
                    assert!(!shown.contains(text), "{name}: the value of {path} is told: {shown}");
                }
            }
        }
    }
}

/// Path and value of everything in an object that is no object; lists as a whole.
fn leaves_of(prefix: &str, value: &serde_json::Value) -> Vec<(String, serde_json::Value)> {
    let Some(members) = value.as_object() else { return vec![(prefix.to_owned(), value.clone())] };
    let path = |key: &str| if prefix.is_empty() { key.to_owned() } else { format!("{prefix}.{key}") };
    members.iter().flat_map(|(key, value)| leaves_of(&path(key), value)).collect()
}
