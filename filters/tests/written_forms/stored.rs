//! Stored words and numbers: they leave only while a policy still writes them.

use portcullis_filters::pipeline::{Readmission, readmit};
use portcullis_filters::policy::StoredPolicy;

use crate::common::{DATASET, FBP, forwarded, lines, policy, with, with_fields, with_fields_and};

/// What becomes of an event that was sanitized under one policy and is sent under another.
fn across(then: &str, now: &str, raw: &str) -> String {
    let before = policy(&with_fields(then));
    let after = policy(&with_fields(now));
    assert_ne!(before.digest(), after.digest(), "{then} and {now} decide alike");
    let stored = StoredPolicy::read(before.digest(), Some(before.canonical()));
    match readmit(&after, &stored, DATASET, &forwarded(&with_fields(then), raw)) {
        Readmission::Forward(event, report) => {
            let left: serde_json::Value = serde_json::from_str(event.as_str()).unwrap();
            let data = left.get("custom_data").map_or_else(|| "-".to_owned(), ToString::to_string);
            format!("{data} {}", lines(&report).join(" | "))
        }
        Readmission::Withdraw(reason) => format!("withdrawn: {reason}"),
    }
}

#[test]
fn a_stored_word_leaves_only_if_it_is_still_listed() {
    let raw = with("PageView", FBP, r#""tier":"gold","status":"done","turns":7"#);
    let then = "custom_data.tier = { one_of = [\"gold\", \"silver\"] }\ncustom_data.status = { one_of = [\"done\"] }\ncustom_data.turns = { integer = [0, 9] }";
    for (from, to, told) in [
        ("\"silver\"", "\"bronze\"", r#"{"status":"done","tier":"gold","turns":7} "#),
        ("[0, 9]", "[7, 20]", r#"{"status":"done","tier":"gold","turns":7} "#),
        ("\"gold\"", "\"bronze\"", r#"{"status":"done","turns":7} guard custom_data.tier one_of shape 1"#),
        ("\"gold\"", "\"Gold\"", r#"{"status":"done","turns":7} guard custom_data.tier one_of shape 1"#),
        ("\"done\"", "\"open\"", r#"{"tier":"gold","turns":7} guard custom_data.status one_of shape 1"#),
        ("[0, 9]", "[8, 9]", r#"{"status":"done","tier":"gold"} guard custom_data.turns integer shape 1"#),
        (
            "{ integer = [0, 9] }",
            "{ one_of = [\"7\"] }",
            r#"{"status":"done","tier":"gold"} guard custom_data.turns one_of policy_changed 1"#,
        ),
        (
            "custom_data.turns = { integer = [0, 9] }",
            "",
            r#"{"status":"done","tier":"gold"} guard unknown none unknown_key 1"#,
        ),
        (
            "custom_data.status = { one_of = [\"done\"] }",
            "",
            r#"{"tier":"gold","turns":7} guard custom_data.status none not_allowed 1"#,
        ),
    ] {
        assert_eq!(across(then, &then.replace(from, to), &raw), told, "{from} becomes {to}");
    }
    let narrowed = with_fields_and(then, "[[narrow]]\nwhen = {}\nremove = [\"custom_data.tier\"]");
    let (before, after) = (policy(&with_fields(then)), policy(&narrowed));
    let stored = StoredPolicy::read(before.digest(), Some(before.canonical()));
    let Readmission::Forward(event, report) = readmit(&after, &stored, DATASET, &forwarded(&with_fields(then), &raw)) else {
        panic!("withdrawn")
    };
    assert!(!event.as_str().contains("gold"));
    assert_eq!(lines(&report), ["guard custom_data.tier one_of narrowed 1"]);
}

#[test]
fn stored_bytes_with_a_word_that_is_not_listed_are_withdrawn() {
    let policy =
        policy(&with_fields("custom_data.tier = { one_of = [\"gold\"] }\ncustom_data.turns = { integer = [0, 9] }"));
    let stored = StoredPolicy::read(policy.digest(), Some(policy.canonical()));
    let body = forwarded(
        &with_fields("custom_data.tier = { one_of = [\"gold\"] }\ncustom_data.turns = { integer = [0, 9] }"),
        &with("PageView", FBP, r#""tier":"gold","turns":7"#),
    );
    assert!(matches!(readmit(&policy, &stored, DATASET, &body), Readmission::Forward(..)));
    for (from, to) in [
        ("\"gold\"", "\"Gold\""),
        ("\"gold\"", "\"secret\""),
        ("\"gold\"", "1"),
        ("\"gold\"", "[\"gold\"]"),
        ("\"gold\"", "{\"a\":\"gold\"}"),
        ("\"tier\":\"gold\",\"turns\":7", "\"turns\":7,\"tier\":\"gold\""),
        ("\"tier\":\"gold\"", "\"tier\":\"gold\",\"tier\":\"gold\""),
        ("\"tier\"", "\"tiers\""),
        ("\"turns\":7", "\"turns\":10"),
        ("\"turns\":7", "\"turns\":07"),
        ("\"turns\":7", "\"turns\":\"7\""),
        ("\"turns\":7", "\"turns\":7,\"value\":1"),
    ] {
        let edited = body.replace(from, to);
        assert_ne!(edited, body);
        assert!(matches!(readmit(&policy, &stored, DATASET, &edited), Readmission::Withdraw(_)), "{edited}");
    }
}
