//! Closed forms that a policy writes: words of free text, and properties of the site's own.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod common;
#[path = "written_forms/errors.rs"]
mod errors;
#[path = "written_forms/stored.rs"]
mod stored;

use std::collections::BTreeMap;

use common::{
    DATASET, FBP, dropped, forwarded, json, lines, policy, refused, report, run_with, with, with_fields, with_fields_and,
    with_sources, with_value,
};
use portcullis_filters::pipeline::{Outcome, Readmission, readmit};
use portcullis_filters::policy::{Policy, StoredPolicy};
use portcullis_filters::schema::{Kind, ROWS, Section};
use proptest::prelude::*;

/// What a value of a property, or of a field, becomes under one action, and the lines of the report.
fn under(action: &str, value: &str) -> (Option<serde_json::Value>, Vec<String>) {
    let raw = with("PageView", FBP, &format!(r#""turns":{value}"#));
    let policy = policy(&with_fields(&format!("custom_data.turns = {action}")));
    let Outcome::Forward(event, report) = run_with(&policy, &raw) else { panic!("{action} {value}") };
    let left: serde_json::Value = serde_json::from_str(event.as_str()).unwrap();
    (left.pointer("/custom_data/turns").cloned(), lines(&report))
}

#[test]
fn a_property_leaves_as_one_of_the_words_that_the_policy_writes() {
    let action = r#"{ one_of = ["Gold", "silver", "very special", "2.0"] }"#;
    for (value, leaves) in [
        (r#""Gold""#, "Gold"),
        (r#""gold""#, "Gold"),
        (r#""SILVER""#, "silver"),
        (r#""Very Special""#, "very special"),
        (r#""2.0""#, "2.0"),
        (r#""\u0067old""#, "Gold"),
    ] {
        let (left, report) = under(action, value);
        assert_eq!(left, Some(leaves.into()), "{value}");
        assert_eq!(report, ["event_source_url reduced"], "{value}");
    }
    for value in [
        r#""""#,
        r#""platinum""#,
        r#"" gold""#,
        r#""gold ""#,
        r#""gold silver""#,
        r#""very  special""#,
        r#""göld""#,
        r#""gold\u0000""#,
        "2.0",
        "2",
        "true",
        "[]",
        r#"["gold"]"#,
        r#"{"gold":"gold"}"#,
        r#""jane@example.com""#,
    ] {
        let (left, report) = under(action, value);
        assert_eq!(left, None, "{value}");
        assert_eq!(report, ["allow custom_data.turns one_of shape 1", "event_source_url reduced"], "{value}");
    }
    assert_eq!(under(action, "null").1, ["event_source_url reduced"], "null is absent");
}

#[test]
fn a_property_leaves_as_a_whole_number_of_the_range() {
    let action = "{ integer = [3, 100] }";
    for (value, leaves) in [("3", 3), ("100", 100), (r#""3""#, 3), (r#""100""#, 100), (r#""000007""#, 7)] {
        let (left, report) = under(action, value);
        assert_eq!(left, Some(leaves.into()), "{value}");
        assert_eq!(report, ["event_source_url reduced"], "{value}");
    }
    for value in [
        "2",
        "101",
        "-3",
        "3.0",
        "3.5",
        "1e1",
        "4155550007",
        "18446744073709551615",
        r#""2""#,
        r#""101""#,
        r#""-3""#,
        r#""+3""#,
        r#"" 3""#,
        r#""3.0""#,
        r#""""#,
        r#""٣""#,
        r#""0000007""#,
        r#""three""#,
        "true",
        "[3]",
        "{}",
    ] {
        let (left, report) = under(action, value);
        assert_eq!(left, None, "{value}");
        assert_eq!(report, ["allow custom_data.turns integer shape 1", "event_source_url reduced"], "{value}");
    }
    assert_eq!(under("{ integer = [0, 999999] }", "999999").0, Some(999_999.into()));
    assert_eq!(under("{ integer = [0, 999999] }", "1000000").0, None);
    assert_eq!(under("{ integer = [0, 0] }", "0").0, Some(0.into()));
}

#[test]
fn free_text_of_the_table_leaves_as_a_listed_word_only() {
    let policy = with_fields(r#"custom_data.content_category = { one_of = ["Shoes", "Hats"] }"#);
    let leaves = |value: &str| {
        let raw = with("PageView", FBP, &format!(r#""content_category":{value},"content_name":"shoes""#));
        let left = json(&policy, &raw);
        assert_eq!(left.pointer("/custom_data/content_name"), None, "free text without a list stays away");
        (left.pointer("/custom_data/content_category").cloned(), report(&policy, &raw))
    };
    assert_eq!(leaves(r#""shoes""#).0, Some("Shoes".into()));
    assert_eq!(leaves(r#"["HATS"]"#).0, None, "a field that takes no list takes none here");
    for value in [r#""lampshade""#, r#""shoes ""#, r#""""#, "7", "true", "{}"] {
        let (left, report) = leaves(value);
        assert_eq!(left, None, "{value}");
        assert_eq!(report[0], "allow custom_data.content_category one_of shape 1", "{value}");
    }
}

#[test]
fn every_free_text_takes_a_list_of_words_and_nothing_denied_does() {
    let mut free = 0;
    for row in ROWS.iter().filter(|row| row.section != Section::Contents) {
        let text = with_fields(&format!("{} = {{ one_of = [\"Alpha\", \"beta\"] }}", row.path));
        let compiled = Policy::compile(&text, "test.toml", &["www.shop.example".to_owned()]);
        assert_eq!(compiled.is_ok(), row.kind == Kind::FreeText, "{}", row.path);
        if row.kind != Kind::FreeText {
            continue;
        }
        free += 1;
        let pointer = format!("/{}", row.path.replace('.', "/"));
        let leaves = |value: &str| json(&text, &with_value(row.path, value)).pointer(&pointer).cloned();
        let told = |value: &str| report(&text, &with_value(row.path, value));
        let wanted = |words: &[&str]| if row.many { serde_json::json!(words) } else { serde_json::json!(words[0]) };
        assert_eq!(leaves("\"ALPHA\""), Some(wanted(&["Alpha"])), "{}", row.path);
        assert_eq!(leaves("\"gamma\""), None, "{}", row.path);
        assert_eq!(told("\"gamma\"")[0], format!("allow {} one_of shape 1", row.path));
        let list = leaves("[\"beta\",\"gamma\",\"alpha\",7,null]");
        assert_eq!(list, row.many.then(|| wanted(&["beta", "Alpha"])), "{}", row.path);
        if row.many {
            assert_eq!(told("[\"beta\",\"gamma\",\"alpha\",7,null]")[0], format!("allow {} one_of shape 3", row.path));
        }
        // And it comes back from the outbox as it went in.
        let (policy, later) = (policy(&text), policy(&text.replacen("version = 1", "version = 2", 1)));
        let stored = StoredPolicy::read(policy.digest(), Some(policy.canonical()));
        let came = if row.many { "[\"alpha\",\"beta\"]" } else { "\"alpha\"" };
        let body = forwarded(&text, &with_value(row.path, came));
        for today in [&policy, &later] {
            let Readmission::Forward(again, report) = readmit(today, &stored, DATASET, &body) else { panic!("{body}") };
            assert_eq!((again.as_str(), report.removals().len()), (body.as_str(), 0), "{}", row.path);
        }
    }
    assert!(free > 20, "the table lost its free text");
}

#[test]
fn a_lead_of_a_crm_can_leave_once_the_policy_names_its_tool() {
    let fields = |source: &str| {
        let text = with_fields(&format!(
            "[fields.custom_data]\nevent_source = \"keep\"\nlead_event_source = {{ one_of = [\"{source}\"] }}"
        ));
        with_sources(&text, &["system_generated"])
    };
    let raw =
        with("Lead", FBP, r#""event_source":"crm","lead_event_source":"acme crm""#).replace("website", "system_generated");
    assert_eq!(json(&fields("Acme CRM"), &raw)["custom_data"]["lead_event_source"], "Acme CRM");
    assert_eq!(dropped(&fields("another tool"), &raw), "guard missing_required");
}

#[test]
fn properties_are_written_after_the_fields_in_the_order_of_their_names() {
    let policy = with_fields(
        "[fields.custom_data]\nzone = { one_of = [\"north\"] }\nturns = { integer = [0, 9] }\nvalue = \"keep\"\nAge_band = { one_of = [\"30 to 39\"] }",
    );
    let raw = with("PageView", FBP, r#""zone":"north","turns":"7","value":1.50,"Age_band":"30 TO 39","other":1"#);
    let left = forwarded(&policy, &raw);
    assert!(left.ends_with(r#""custom_data":{"value":1.50,"Age_band":"30 to 39","turns":7,"zone":"north"}}"#), "{left}");
    let told = report(&policy, &raw);
    assert_eq!(told, ["shape unknown none unknown_key 1", "event_source_url reduced"]);
    // A property alone makes its section.
    assert!(forwarded(&policy, &with("PageView", FBP, r#""zone":"north""#)).ends_with(r#""custom_data":{"zone":"north"}}"#));
}

#[test]
fn only_the_exact_key_in_custom_data_is_the_property() {
    let policy = with_fields("custom_data.turns = { integer = [0, 9] }");
    for (user_data, custom_data) in [
        (FBP.to_owned(), r#""Turns":7"#),
        (FBP.to_owned(), r#""turns ":7"#),
        (format!(r#"{FBP},"turns":7"#), ""),
        (FBP.to_owned(), r#""contents":[{"id":"a","turns":7}]"#),
        (FBP.to_owned(), r#""more":{"turns":7}"#),
    ] {
        let raw = with("PageView", &user_data, custom_data);
        let left = forwarded(&policy, &raw);
        assert!(!left.to_lowercase().contains("turns") && !left.contains("custom_data"), "{left}");
    }
    let event = with("PageView", FBP, "").replacen('{', r#"{"turns":7,"#, 1);
    assert!(json(&policy, &event).pointer("/turns").is_none());
    assert_eq!(
        json(&policy, &with("PageView", FBP, r#""\u0074urns":7"#))["custom_data"]["turns"],
        7,
        "escapes are resolved"
    );
}

#[test]
fn a_property_that_comes_twice_or_too_long_is_refused() {
    let policy = with_fields("custom_data.turns = { integer = [0, 9] }\ncustom_data.tier = { one_of = [\"gold\"] }");
    for twice in [r#""turns":7,"turns":7"#, r#""turns":null,"turns":7"#, r#""tier":"gold","x":1,"\u0074ier":"gold""#] {
        assert_eq!(refused(&policy, &with("PageView", FBP, twice)), "custom_data has a key twice", "{twice}");
    }
    let long = with("PageView", FBP, &format!(r#""tier":"{}""#, "x".repeat(9000)));
    assert!(refused(&policy, &long).starts_with("custom_data "), "{}", refused(&policy, &long));
    let deep = with("PageView", FBP, &format!(r#""tier":{}1{}"#, "[".repeat(20), "]".repeat(20)));
    assert!(refused(&policy, &deep).starts_with("event "), "{}", refused(&policy, &deep));
    let inner = with("PageView", FBP, r#""tier":{"a":1,"a":2}"#);
    assert_eq!(refused(&policy, &inner), "unknown has a key twice");
}

#[test]
fn rules_that_narrow_take_properties_and_words_away() {
    let policy = with_fields_and(
        "[fields.custom_data]\nturns = { integer = [0, 9] }\ntier = { one_of = [\"gold\"] }\nstatus = { one_of = [\"done\"] }",
        "[[narrow]]\nwhen = { event = \"Lead\" }\nremove = [\"custom_data.tier\", \"custom_data.status\"]",
    );
    let data = r#""turns":7,"tier":"gold","status":"done""#;
    assert_eq!(
        json(&policy, &with("PageView", FBP, data))["custom_data"],
        serde_json::json!({"status":"done","tier":"gold","turns":7})
    );
    let raw = with("Lead", FBP, data);
    assert_eq!(json(&policy, &raw)["custom_data"], serde_json::json!({"turns":7}));
    assert_eq!(
        report(&policy, &raw),
        [
            "allow custom_data.status one_of narrowed 1",
            "allow custom_data.tier one_of narrowed 1",
            "event_source_url reduced"
        ]
    );
}

#[test]
fn explain_says_the_words_the_range_and_the_channel() {
    let policy = policy(&with_fields(
        "[fields.custom_data]\nturns = { integer = [0, 9] }\ntier = { one_of = [\"gold\", \"Silver\"] }\nstatus = { one_of = [\"done\"] }",
    ));
    let explanation = policy.explain();
    let told: BTreeMap<&str, String> =
        explanation.leaves().map(|line| (line.path.as_str(), format!("{} {}", line.action, line.form))).collect();
    assert_eq!(told["custom_data.turns"], "integer a whole number from 0 to 9");
    assert_eq!(told["custom_data.tier"], "one_of one of gold, Silver");
    assert_eq!(told["custom_data.status"], "one_of one of done");
    assert!(!explanation.stays().any(|path| path == "custom_data.status"));
    let channels: Vec<&str> = explanation.channels.iter().map(|channel| channel.text.as_str()).collect();
    assert!(channels.iter().any(|text| text.starts_with("custom_data.tier, custom_data.turns: properties")), "{channels:?}");
}

#[test]
fn words_and_their_order_are_part_of_the_digest_and_their_absence_is_not() {
    let digest = |fields: &str| policy(&with_fields(fields)).digest();
    let gold = digest("custom_data.tier = { one_of = [\"gold\", \"silver\"] }");
    assert_eq!(gold, digest("custom_data.tier = { one_of = [\"gold\", \"silver\"] }"));
    for other in ["[\"gold\"]", "[\"gold\", \"Silver\"]", "[\"silver\", \"gold\"]"] {
        assert_ne!(gold, digest(&format!("custom_data.tier = {{ one_of = {other} }}")));
    }
    assert!(!policy(&with_fields("")).canonical().contains("written"));
}

#[test]
fn a_canary_in_a_property_is_found_nowhere() {
    const CANARY: &str = "canary-7f3c";
    let policy = policy(&with_fields(
        "[fields.custom_data]\ntier = { one_of = [\"gold\"] }\nturns = { integer = [0, 9] }\nstatus = { one_of = [\"done\"] }",
    ));
    for value in [
        format!("\"{CANARY}\""),
        format!("[\"{CANARY}\"]"),
        format!("{{\"{CANARY}\":1}}"),
        format!("{{\"gold\":\"{CANARY}\"}}"),
        format!("[[\"gold\",\"{CANARY}\"]]"),
        format!("\"gold {CANARY}\""),
    ] {
        let data = format!(r#""tier":{value},"turns":{value},"status":{value},"{CANARY}":1"#);
        let outcome = run_with(&policy, &with("PageView", FBP, &data));
        assert!(!format!("{outcome:?}").contains(CANARY), "{outcome:?}");
        let Outcome::Forward(event, report) = outcome else { panic!("{value}") };
        assert!(!event.as_str().contains("canary") && !event.as_str().contains("custom_data"), "{}", event.as_str());
        let told = lines(&report);
        assert!(!told.join("\n").contains("canary"), "{told:?}");
        assert_eq!(told.iter().filter(|line| line.ends_with(" shape 1")).count(), 3, "{told:?}");
    }
}

#[test]
fn a_property_is_not_enough_to_know_a_person_by() {
    let policy = with_fields("custom_data.tier = { one_of = [\"gold\"] }");
    assert_eq!(dropped(&policy, &with("PageView", "", r#""tier":"gold""#)), "guard insufficient_user_data");
}

proptest! {
    #[test]
    fn nothing_but_a_listed_word_or_a_number_of_the_range_leaves(
        // No word of health begins so.
        words in prop::collection::btree_set("zq[a-z]{1,4}", 1..5),
        (min, span) in (0_i64..1000, 0_i64..1000),
        values in prop::collection::vec(prop_oneof![
            any::<String>().prop_map(serde_json::Value::from),
            "[a-zA-Z]{1,3}".prop_map(serde_json::Value::from),
            "[0-9]{1,7}".prop_map(serde_json::Value::from),
            (-5_i64..3000).prop_map(serde_json::Value::from),
            any::<i64>().prop_map(serde_json::Value::from),
            any::<f64>().prop_map(serde_json::Value::from),
            any::<bool>().prop_map(serde_json::Value::from),
            prop::collection::vec("[a-z]{1,3}", 0..3).prop_map(serde_json::Value::from),
        ], 3),
        listed in any::<prop::sample::Index>(),
        shout in any::<bool>(),
    ) {
        let words: Vec<String> = words.into_iter().collect();
        let list = serde_json::to_string(&words).unwrap();
        let text = with_fields(&format!(
            "[fields.custom_data]\ntier = {{ one_of = {list} }}\nstatus = {{ one_of = {list} }}\nturns = {{ integer = [{min}, {}] }}",
            min + span,
        ));
        let policy = policy(&text);
        let word = listed.get(&words);
        let sure = if shout { word.to_uppercase() } else { word.clone() };
        let data = format!(
            r#""tier":{},"turns":{},"status":{},"other":{}"#,
            values[0], values[1], serde_json::Value::from(sure), values[2],
        );
        let outcome = run_with(&policy, &with("PageView", FBP, &data));
        // Three letters by chance can be a test or an illness.
        prop_assume!(!matches!(&outcome, Outcome::Drop(stage, ..) if stage.as_str() == "health"));
        let Outcome::Forward(event, _) = outcome else { panic!("{data}") };
        let left: serde_json::Value = serde_json::from_str(event.as_str()).unwrap();
        let data = left["custom_data"].as_object().unwrap();
        prop_assert_eq!(&data["status"], word);
        for (key, value) in data {
            match key.as_str() {
                "tier" | "status" => prop_assert!(words.iter().any(|word| value == word), "{}", value),
                "turns" => prop_assert!((min..=min + span).contains(&value.as_i64().unwrap()), "{}", value),
                other => prop_assert!(false, "{} leaves", other),
            }
        }
        // What may leave comes back from the outbox as it went in, under this policy and under a later one.
        let stored = StoredPolicy::read(policy.digest(), Some(policy.canonical()));
        let later = common::policy(&text.replacen("version = 1", "version = 2", 1));
        for today in [&policy, &later] {
            let Readmission::Forward(again, report) = readmit(today, &stored, DATASET, event.as_str()) else { panic!() };
            prop_assert_eq!(again.as_str(), event.as_str());
            prop_assert!(report.removals().is_empty());
        }
    }
}
