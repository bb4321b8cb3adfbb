//! The tables against the list of what Meta documents, and against what Meta's own libraries send.

use std::collections::BTreeSet;

use super::*;
use crate::simulator::fields::{EVENT, Shape};

/// Members that the list does not have: parts of objects that it names whole, and one that stands at two places.
const BESIDE: &[&str] = &[
    "envelope platforms.name",
    "envelope platforms.type",
    "envelope platforms.version",
    "envelope progress.start_inclusive",
    "envelope progress.end_exclusive",
    "event attribution_data.attribution_setting.inactivity_window_hours",
    "event attribution_data.attribution_setting.reattribution_window_hours",
    "event custom_data.store_data.store_page_id",
    "event custom_data.store_data.brand_page_id",
    "event custom_data.store_data.store_code",
    "event custom_data.mileage",
    "event custom_data.customer_segmentation",
];

/// On the list, and not valid at that place.
const NOT_VALID: &[&str] = &["event extinfo"];

fn paths(of: &str, shape: &'static Shape, into: &mut BTreeSet<String>) {
    for member in shape.members {
        let path = format!("{of}{}", member.key);
        match member.form {
            Form::Objects(inner) if member.key == "contents" => paths(&format!("{path}[]."), inner, into),
            Form::Object(inner) | Form::Objects(inner) => paths(&format!("{path}."), inner, into),
            _ => {}
        }
        into.insert(path);
    }
}

#[test]
fn the_tables_have_what_meta_documents_and_nothing_else() {
    let documented: BTreeSet<String> = include_str!("../../fields/documented.txt")
        .lines()
        .filter(|line| !line.starts_with('#') && !NOT_VALID.contains(line))
        .chain(BESIDE.iter().copied())
        .map(str::to_owned)
        .collect();
    let mut known = BTreeSet::new();
    paths("envelope ", &ENVELOPE, &mut known);
    paths("event ", &EVENT, &mut known);
    assert!(documented.len() > 200, "the list was not read");
    assert_eq!(known.difference(&documented).collect::<Vec<_>>(), Vec::<&String>::new(), "not documented");
    assert_eq!(documented.difference(&known).collect::<Vec<_>>(), Vec::<&String>::new(), "missing");
}

#[test]
fn no_member_stands_twice() {
    fn check(shape: &'static Shape) {
        let mut seen = BTreeSet::new();
        for member in shape.members {
            assert!(seen.insert(member.key), "{} stands twice", member.key);
            if let Form::Object(inner) | Form::Objects(inner) = member.form {
                check(inner);
            }
        }
    }
    check(&ENVELOPE);
    check(&EVENT);
}

#[test]
fn what_metas_own_libraries_send_is_taken() {
    let all: Value = serde_json::from_str(include_str!("../../../../../filters/tests/fixtures/sdk_events.json")).unwrap();
    let all = all.as_object().unwrap();
    // Stricter than Meta on purpose: its documentation's example for curl writes a number as a string, which no gateway should.
    let refused = ["curl_purchase"];
    for (name, event) in all {
        let checked = checked(std::slice::from_ref(event));
        assert_eq!(checked.is_err(), refused.contains(&name.as_str()), "{name}: {checked:?}");
    }
    assert!(all.len() > refused.len());
}
