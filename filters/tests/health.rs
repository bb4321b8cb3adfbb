//! What becomes of an event that speaks of health (stage health): each place, each action, stored events, and what of health
//! keeps a policy from being compiled.

mod common;

#[path = "health/goods.rs"]
mod goods;
#[path = "health/places.rs"]
mod places;
#[path = "health/policies.rs"]
mod policies;

use std::collections::BTreeMap;

use common::{FBP, dropped, event, forwarded, json, policy, report, run, run_with, text, view, with, with_fields};
use places::{PLACES, at};
use portcullis_filters::pipeline::{Outcome, Readmission, readmit};
use portcullis_filters::policy::StoredPolicy;
use portcullis_filters::report::Report;
use proptest::prelude::*;

/// A shop's policy: an event may lose its goods instead of being dropped.
fn shop() -> String {
    let classes = "default = \"origin\"\nno_url = \"origin\"\nclass = [{ name = \"store\", match = [\"/p/**\"], send_as = \"/store\" }]";
    let fields = "event_source_url = \"page\"\nreferrer_url = \"page\"\nuser_data.fbp = \"keep\"\nuser_data.fbc = \"keep\"\nuser_data.em = \"hash\"\nuser_data.fn = \"hash\"\nuser_data.external_id = \"hash\"\nuser_data.client_user_agent = \"keep\"\ncustom_data.value = \"keep\"\ncustom_data.currency = \"keep\"\ncustom_data.contents = \"keep\"\ncustom_data.content_ids = \"keep\"\ncustom_data.content_type = \"keep\"\ncustom_data.num_items = \"keep\"\ncustom_data.order_id = \"pseudonymize\"\ncustom_data.tier = { one_of = [\"gold\"] }";
    text(common::EVENTS, classes, fields, "").replace("drop_event\"\nambiguous", "drop_goods\"\nambiguous")
}

/// The same, which drops.
fn pharmacy() -> String {
    shop().replace("drop_goods", "drop_event")
}

fn looked_at(policy_text: &str, raw: &str) -> (bool, Report) {
    match run(policy_text, raw) {
        Outcome::Forward(_, report) => (true, report),
        Outcome::Drop(stage, reason, report) => {
            assert_eq!(format!("{stage} {reason}"), "health health_signal", "{raw}");
            (false, report)
        }
        Outcome::Refuse(refusal) => panic!("{refusal}\n{raw}"),
    }
}

fn signals(report: &Report) -> Vec<String> {
    report.signals().iter().map(|(place, kind)| format!("{} {kind}", place.as_str())).collect()
}

#[test]
fn a_term_in_any_place_is_a_signal_there_and_the_event_does_not_leave_whole() {
    let policy = pharmacy();
    for (what, place, path) in PLACES {
        for word in ["metformin", "Metformin", "METFORMIN"] {
            let (left, told) = looked_at(&policy, &at(place, word));
            assert!(!left, "{what}");
            assert!(signals(&told).contains(&format!("{path} drug")), "{what}: {:?}", signals(&told));
        }
        let (left, told) = looked_at(&policy, &at(place, "lampshade"));
        assert!(left && told.signals().is_empty(), "{what}: {:?}", signals(&told));
    }
}

#[test]
fn what_a_term_is_wrapped_in_does_not_hide_it() {
    let policy = pharmacy();
    for word in
        ["%6d%65tformin", "met\u{ad}formin", "bWV0Zm9ybWlu", "m\u{435}tformin", "&#109;etformin", "6d6574666f726d696e"]
    {
        for (what, place, _) in PLACES.iter().filter(|(what, ..)| !what.contains("user agent")) {
            let (left, _) = looked_at(&policy, &at(place, word));
            assert!(!left, "{what} {word}");
        }
    }
}

#[test]
fn ids_and_digests_of_random_bytes_are_no_words_but_what_their_bytes_spell_is() {
    let (policy, random) = (pharmacy(), "9cbd1f02e7a6c0b3d8f5e4a1928374651f2e3d4c5b6a79880a9bacbdcedfe0f1");
    let metformin = "6d6574666f726d696e";
    for (what, place, _) in PLACES.iter().filter(|(what, ..)| !what.contains("user agent")) {
        for plain in ["7f3c9a52-9cbd-4cbd-8cbd-5f0a4d1be2c1", "00000000-0000-4000-8000-000000000000", random] {
            let (left, told) = looked_at(&policy, &at(place, plain));
            assert!(left && told.signals().is_empty(), "{what} {plain}: {:?}", signals(&told));
        }
        for telling in
            ["7f3c9a52-1b2e-4f7d-9c66-78616e617820", &format!("{metformin}{}", random.split_at(metformin.len()).1)]
        {
            assert!(!looked_at(&policy, &at(place, telling)).0, "{what} {telling}");
        }
    }
}

#[test]
fn addresses_are_looked_through_whole_but_for_the_sites_own_host() {
    let policy = pharmacy();
    for url in [
        "https://www.shop.example/p/metformin",
        "https://www.shop.example/p?drug=metformin",
        "https://www.shop.example/p?q=%6detformin",
        "https://www.shop.example/p#metformin",
        "https://www.shop.example/p;drug=metformin",
        "https://metformin@www.shop.example/p",
        "https://metformin.shop.example/p",
        "https://www.shop.example.metformin.example/",
        "metformin",
    ] {
        assert_eq!(dropped(&policy, &view(url)), "health health_signal", "{url}");
    }
    forwarded(&policy, &view("https://www.shop.example/p/lampshade?utm_source=mail&gclid=Cj0KCQiA1"));
    let clinic = |url: &str| {
        let text = pharmacy().replace("\"context\"", "\"always\"");
        run_with(&common::policy_for(&text, &["oncology.shop.example"]), &view(url))
    };
    assert!(
        matches!(clinic("https://oncology.shop.example/p/1"), Outcome::Forward(..)),
        "its own host is told by every event"
    );
    assert!(matches!(clinic("https://oncology.shop.example/p/oncology"), Outcome::Drop(..)));
    assert!(matches!(clinic("https://oncology.other.example/p/1"), Outcome::Drop(..)));
}

#[test]
fn what_says_no_is_no_signal() {
    for value in ["false", "null", "\"\"", "0"] {
        let raw = event(&format!(r#""hasDiabetes":{value}"#));
        let (left, told) = looked_at(&pharmacy(), &raw);
        assert!(left, "{value}: {:?}", signals(&told));
    }
    assert!(!looked_at(&pharmacy(), &event(r#""hasDiabetes":true"#)).0);
    assert!(!looked_at(&pharmacy(), &event(r#""hasDiabetes":{"since":2019}"#)).0);
    assert!(looked_at(&pharmacy(), &event(r#""hasDiabetes":[]"#)).0);
}

#[test]
fn names_of_the_policy_and_of_the_table_are_none() {
    // Each of these is a word that could mean something else.
    let lists = pharmacy().replace("\"context\"", "\"always\"");
    for name in ["Lead", "PageView", "Purchase"] {
        let raw = with(
            name,
            FBP,
            r#""value":1,"currency":"EUR","delivery_category":"in_store","content_type":"product","availability":"in_stock""#,
        );
        assert!(looked_at(&lists, &raw).0, "{name}");
    }
}

#[test]
fn only_the_fields_that_leave_are_looked_through_where_the_policy_says_so() {
    let kept = pharmacy().replace("whole_event", "kept_fields");
    for (what, place, path) in PLACES {
        let leaves = *path == "event_id"
            || policy(&kept)
                .explain()
                .leaves()
                .any(|line| line.path == *path || path.starts_with(&format!("{}[]", line.path)));
        // What has no slot is not kept, whatever the field is for which it came.
        let stray = what.contains("is wanted") || what.contains("is none");
        let (left, _) = looked_at(&kept, &at(place, "metformin"));
        assert_eq!(left, !leaves || stray, "{what}");
    }
}

const PURCHASE: &str = r#""value":30,"currency":"EUR","num_items":3,"content_type":"product","order_id":"o-7","tier":"gold","contents":[{"id":"lamp","quantity":1},{"id":"metformin-30","quantity":2}],"content_ids":["lamp","metformin-30"]"#;

fn purchase(custom_data: &str) -> String {
    with("Purchase", &format!(r#"{FBP},"em":"jane@example.com""#), custom_data)
        .replace("https://www.shop.example/", "https://www.shop.example/p/1")
}

#[test]
fn a_digest_of_a_term_is_a_signal_and_never_leaves() {
    let sha256 = "5f4dcc3b"; // Not a digest: nothing.
    assert!(looked_at(&pharmacy(), &event(&format!(r#""note":"{sha256}""#))).0);
    let of = |term: &str| {
        use sha2::Digest as _;
        common::hex(&sha2::Sha256::digest(term.as_bytes()))
    };
    for (what, place, path) in PLACES.iter().filter(|(what, ..)| !what.contains("user agent") && !what.contains("name")) {
        let (left, told) = looked_at(&pharmacy(), &at(place, &of("metformin")));
        assert!(!left, "{what}");
        assert!(signals(&told).iter().any(|told| told.starts_with(path)), "{what}: {:?}", signals(&told));
        // That of anything else says nothing.
        let (left, _) = looked_at(&pharmacy(), &at(place, &of("jane@example.com")));
        assert!(left, "{what}");
    }
}

#[test]
fn an_added_term_counts_and_an_ignored_one_does_not() {
    let own = pharmacy().replace("\"context\"", "\"context\"\nadd_terms = [\"winter tonic\"]\nignore_terms = [{ term = \"metformin\", because = \"the name of our lamp\" }]");
    let (left, told) = looked_at(&own, &event(r#""note":"your Winter-Tonic order""#));
    assert!(!left);
    assert_eq!(signals(&told), ["unknown added_term"]);
    assert!(looked_at(&own, &event(r#""note":"metformin""#)).0);
    assert!(!looked_at(&own, &event(r#""note":"insulin""#)).0);
}

#[test]
fn what_is_wrapped_too_deeply_or_too_long_to_look_through_does_not_leave() {
    let deep = (0..7).fold("lamp%73hade".to_owned(), |text, _| text.replace('%', "%25"));
    assert_eq!(dropped(&pharmacy(), &event(&format!(r#""note":"{deep}""#))), "health work_limit");
    let many = vec!["\"a\""; 8193].join(",");
    assert_eq!(dropped(&pharmacy(), &event(&format!(r#""note":[{many}]"#))), "health work_limit");
}

fn readmitted(then: &str, now: &str, raw: &str) -> Result<(String, Vec<String>), String> {
    let (then, now) = (policy(then), policy(now));
    let Outcome::Forward(stored, _) = run_with(&then, raw) else { panic!("not stored: {raw}") };
    let known = StoredPolicy::read(then.digest(), Some(then.canonical()));
    match readmit(&now, &known, common::DATASET, stored.as_str()) {
        Readmission::Forward(event, report) => Ok((event.as_str().to_owned(), common::lines(&report))),
        Readmission::Withdraw(reason) => Err(reason.as_str().to_owned()),
    }
}

#[test]
fn a_stored_event_is_withdrawn_once_it_speaks_of_health() {
    let raw = purchase(r#""value":30,"currency":"EUR","contents":[{"id":"wintertonic"},{"id":"lamp"}]"#);
    let today = shop().replace("\"context\"", "\"context\"\nadd_terms = [\"wintertonic\"]");
    assert_eq!(readmitted(&shop(), &today, &raw), Err("health_signal".to_owned()));
    // Whatever was bought besides: what the event was without its goods is not decided again.
    let harmless = raw.replace("wintertonic", "shade");
    let (event, removed) = readmitted(&shop(), &today, &harmless).unwrap();
    assert!(event.contains("\"id\":\"shade\"") && removed.is_empty(), "{event} {removed:?}");
    // What lost its goods stays as it is under any policy of the same fields.
    let spared = purchase(PURCHASE);
    for now in [shop().replace("version = 1", "version = 2"), today, pharmacy()] {
        let (event, removed) = readmitted(&shop(), &now, &spared).unwrap();
        assert_eq!(event, forwarded(&shop(), &spared));
        assert!(removed.is_empty(), "{removed:?}");
    }
}

#[test]
fn a_rule_about_a_page_reaches_an_event_that_left_as_the_origin_because_of_its_goods() {
    let rule = "[[narrow]]\nwhen = { page = \"store\" }\nremove = [\"user_data.em\"]\n";
    let now = shop().replace("[health]", &format!("{rule}[health]"));
    let (event, removed) = readmitted(&shop(), &now, &purchase(PURCHASE)).unwrap();
    assert!(!event.contains("\"em\""), "{event}");
    assert_eq!(removed, ["guard user_data.em hash narrowed 1"]);
}

#[test]
fn what_becomes_a_term_when_it_is_normalised_is_not_hashed() {
    // No term as it came; Meta's rule for cities takes the space out, and whoever hashes the list of terms finds the digest.
    let policy = with_fields("user_data.ct = \"hash\"");
    let city = |city: &str| with("PageView", &format!(r#"{FBP},"ct":["{city}","Boston"]"#), "");
    let told = report(&policy, &city("met formin"));
    assert!(told.contains(&"identity user_data.ct hash health_digest 1".to_owned()), "{told:?}");
    assert_eq!(json(&policy, &city("met formin"))["user_data"]["ct"].as_array().map(Vec::len), Some(1));
    assert_eq!(json(&policy, &city("Chicago"))["user_data"]["ct"].as_array().map(Vec::len), Some(2));
}

#[test]
fn signals_are_told_by_place_and_kind_and_never_by_their_words() {
    let raw = event(r#""metformin":"canary insulin","custom_data":{"content_name":"canary diabetes"}"#);
    let Outcome::Drop(_, _, report) = run(&pharmacy(), &raw) else { panic!("not dropped") };
    assert!(report.signals().len() >= 2, "{:?}", signals(&report));
    let told = format!("{report:?}").to_lowercase();
    for word in ["canary", "metformin", "insulin", "diabetes"] {
        assert!(!told.contains(word), "{told}");
    }
}

/// Every path of an event that leaves, with its value.
fn paths(event: &serde_json::Value) -> BTreeMap<String, String> {
    fn walk(at: &str, value: &serde_json::Value, paths: &mut BTreeMap<String, String>) {
        match value {
            serde_json::Value::Object(members) => {
                members.iter().for_each(|(key, value)| walk(&format!("{at}/{key}"), value, paths));
            }
            value => {
                paths.insert(at.to_owned(), value.to_string());
            }
        }
    }
    let mut paths = BTreeMap::new();
    walk("", event, &mut paths);
    paths
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_stricter_table_lets_less_out(
        name in prop::sample::select(vec!["lamp", "metformin", "vitamin c serum", "cold brew", "doctor", "prenatal vitamins", "stroke width", "E11.9"]),
        id in prop::sample::select(vec!["lamp", "4111111111111111", "metformin-5", "415-555-2671", "amFuZS5kb2VAZXhhbXBsZS5jb20"]),
        note in prop::sample::select(vec!["lamp", "no", "depression", "depression glass", "dr smith", "rx 1234567"]),
        key in prop::sample::select(vec!["note", "drugName", "visits", "hasDiabetes", "condition"]),
    ) {
        let goods = format!(r#""value":3,"currency":"EUR","content_name":"{name}","content_ids":["{id}","lamp"],"contents":[{{"id":"{id}"}},{{"id":"lamp"}}],"num_items":2"#);
        let raw = purchase(&goods).replacen("\"user_data\"", &format!("\"{key}\":\"{note}\",\"user_data\""), 1);
        let clinic = pharmacy().replace("\"context\"", "\"always\"");
        let mut wider: Option<BTreeMap<String, String>> = None;
        // From the strictest on: what one lets out the next does too.
        for text in [clinic, pharmacy(), shop()] {
            let left = match run(&text, &raw) {
                Outcome::Forward(event, _) => Some(paths(&serde_json::from_str(event.as_str()).unwrap())),
                Outcome::Drop(..) => None,
                Outcome::Refuse(refusal) => panic!("{refusal}"),
            };
            if let Some(less) = &wider {
                prop_assert!(left.is_some(), "{}", raw);
                let more = left.as_ref().unwrap();
                for (path, value) in less {
                    // Lists get shorter.
                    let is_part = |value: &str, of: &str| value == of || of.starts_with('[') && value.starts_with('[') && value.len() < of.len();
                    prop_assert!(more.get(path).is_some_and(|of| is_part(value, of)), "{} is new: {}", path, raw);
                }
            }
            wider = left.or(wider);
        }
    }
}
