//! Health in policies: what is not compiled, what is warned of, and what is part of the digest.

use std::collections::BTreeSet;

use portcullis_filters::policy::Policy;

use crate::common::{self, policy, with_fields_and};
use crate::pharmacy;

/// What is wrong with a policy.
fn error(text: &str) -> String {
    match Policy::compile(text, "test.toml", &["www.shop.example".to_owned()]) {
        Ok(_) => panic!("compiled:\n{text}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn words_that_a_policy_would_send_are_looked_through() {
    let good = pharmacy();
    let changed = |from: &str, to: &str| {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good, "{from}");
        error(&text)
    };
    for (from, to, key) in [
        ("\"Lead\"]", "\"Lead\", \"MetforminRefilled\"]", "events.allow#5: speaks of health (drug)"),
        (
            "event_id = ",
            "rename = { QuizCompleted_Depression = \"Lead\" }\nevent_id = ",
            "events.rename.QuizCompleted_Depression: speaks of health (condition)",
        ),
        (
            "event_id = \"token\"",
            "event_id = \"opaque\"\nprefixes = [\"metformin-\"]",
            "events.prefixes#1: speaks of health (drug)",
        ),
        ("\"/store\"", "\"/metformin\"", "pages.class#1.send_as: speaks of health (drug)"),
        ("\"gold\"", "\"gold\", \"diabetes club\"", "fields.custom_data.tier: speaks of health (condition)"),
        ("custom_data.tier", "custom_data.our_metformin", "fields.custom_data.our_metformin: speaks of health (drug)"),
        ("custom_data.tier", "custom_data.diagnosis", "fields.custom_data.diagnosis: is a key that events about care have"),
        ("\"context\"", "\"context\"\nadd_terms = [\"gold\"]", "fields.custom_data.tier: speaks of health (added_term)"),
        ("\"context\"", "\"context\"\nadd_terms = [\"-\"]", "health.add_terms: "),
        (
            "\"context\"",
            "\"context\"\nignore_terms = [{ term = \"metformine\", because = \"b\" }]",
            "health.ignore_terms: names `metformine`, which is no term of the lexicon; did you mean `metformin`?",
        ),
        (
            "\"context\"",
            "\"context\"\nignore_terms = [{ term = \"metformin\", because = \" \" }]",
            "health.ignore_terms#1: must name a term and say why",
        ),
    ] {
        let told = changed(from, to);
        assert!(told.starts_with(&format!("test.toml: {key}")), "{told}");
    }
    // The cure that the errors name.
    let cured = good.replacen("\"gold\"", "\"gold\", \"diabetes club\"", 1).replacen(
        "\"context\"",
        "\"context\"\nignore_terms = [{ term = \"diabetes\", because = \"a charity that we name\" }]",
        1,
    );
    policy(&cured);
    // What looks like somebody's data is none of health's business.
    let told = changed("\"gold\"", "\"jane.doe_at_example.com\"");
    assert!(told.starts_with("test.toml: fields.custom_data.tier: looks like personal data (email)"), "{told}");
}

#[test]
fn a_host_that_speaks_of_health_is_warned_of() {
    let told = |hosts: &[&str]| -> String {
        common::policy_for("hospital", hosts).explain().channels.into_iter().map(|channel| channel.text + "\n").collect()
    };
    assert!(told(&["oncology.clinic.example"]).contains("the host oncology.clinic.example itself speaks of health"));
    assert!(!told(common::HOSTS).contains("itself speaks"));
}

#[test]
fn settings_lists_and_lexicon_are_part_of_the_digest() {
    let good = with_fields_and("custom_data.value = \"keep\"", "");
    let digests: BTreeSet<String> = [
        good.clone(),
        good.replace("drop_event", "drop_goods"),
        good.replace("\"context\"", "\"always\""),
        good.replace("whole_event", "kept_fields"),
        good.replace("\"context\"", "\"context\"\nadd_terms = [\"a tonic\"]"),
        good.replace("\"context\"", "\"context\"\nignore_terms = [{ term = \"metformin\", because = \"b\" }]"),
    ]
    .iter()
    .map(|text| policy(text).digest().to_string())
    .collect();
    assert_eq!(digests.len(), 6);
    let canonical: serde_json::Value = serde_json::from_str(policy(&good).canonical()).unwrap();
    let lexicon = canonical["lexicon"].as_str().unwrap();
    assert!(lexicon.len() == 64 && lexicon.bytes().any(|byte| byte != b'0'), "{lexicon}");
}
