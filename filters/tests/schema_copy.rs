//! The table of fields beside a copy of what was gathered of Meta's documentation and SDKs: a field that one of the two has and
//! the other has not, or has otherwise, is found here.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::collections::{BTreeMap, BTreeSet};

use portcullis_filters::schema::{Field, HashRule, Kind, ROWS, Section};
use serde::Deserialize;

#[derive(Deserialize)]
struct Gathered {
    surface: String,
    path: String,
    r#type: String,
    hash: String,
    note: String,
}

/// What an event can hold. Parameters of the request are the envelope's, and answers are not fields at all.
fn gathered() -> Vec<Gathered> {
    let all: Vec<Gathered> = serde_json::from_str(include_str!("fixtures/fields.json")).unwrap();
    let of_events = ["capi_event", "capi_user_data", "capi_custom_data", "capi_app_data"];
    all.into_iter().filter(|field| of_events.contains(&field.surface.as_str())).collect()
}

/// What stands for many names: a site's own properties, and the names of apps. A name of theirs without a row is an unknown key.
const PATTERNS: [&str; 2] = ["custom_data.*", "custom_data.fb_*"];

#[test]
fn the_table_has_every_field_and_no_other() {
    let mut paths = BTreeSet::new();
    for field in gathered().iter().filter(|field| !PATTERNS.contains(&field.path.as_str())) {
        // `object {a,b}` names the fields of an object, `a.b` the object too.
        let members = field.r#type.strip_prefix("object {").and_then(|rest| rest.strip_suffix('}'));
        paths.extend(members.into_iter().flat_map(|list| list.split(',')).map(|member| format!("{}.{member}", field.path)));
        paths.extend(field.path.match_indices('.').map(|(at, _)| field.path.split_at(at).0.to_owned()));
        paths.insert(field.path.clone());
    }
    paths.remove("custom_data.contents[]");
    let table: BTreeSet<String> =
        ROWS.iter().filter(|row| !row.path.starts_with("custom_data.fb_")).map(|row| row.path.to_owned()).collect();
    let apps = |paths: &BTreeSet<String>| paths.iter().filter(|path| path.starts_with("custom_data.fb_")).cloned().collect();
    let of_apps: BTreeSet<String> = apps(&paths);
    let websites: BTreeSet<String> = paths.difference(&of_apps).cloned().collect();
    // Of the objects that are only named by their fields, `user_data` and the like have a row as well.
    assert_eq!(table.difference(&websites).collect::<Vec<_>>(), Vec::<&String>::new(), "only in the table");
    assert_eq!(websites.difference(&table).collect::<Vec<_>>(), Vec::<&String>::new(), "not in the table");
    for path in of_apps {
        assert!(Field::from_path(&path).is_some(), "{path} is not in the table");
    }
}

#[test]
fn names_of_apps_are_of_the_kind_of_their_base() {
    let documented: BTreeSet<String> = gathered().into_iter().map(|field| field.path).collect();
    let of_apps = ROWS.iter().filter(|row| row.name.starts_with("fb_") && row.section == Section::CustomData);
    for row in of_apps.filter(|row| !documented.contains(row.path)) {
        let base = Field::find(Section::CustomData, row.name.trim_start_matches("fb_")).unwrap().row();
        assert_eq!((row.kind, row.many, row.hash, row.risk), (base.kind, base.many, base.hash, base.risk), "{}", row.path);
    }
}

#[test]
fn hashing_is_as_documented() {
    for field in gathered() {
        let Some(row) = Field::from_path(&field.path).map(Field::row) else { continue };
        let rule = match field.hash.as_str() {
            "none" => HashRule::None,
            "must_hash" => HashRule::Must,
            "recommended_hash" => HashRule::Advised,
            "must_not_hash" => HashRule::Never,
            other => panic!("{other}"),
        };
        assert_eq!(row.hash, rule, "{}", field.path);
    }
}

#[test]
fn lists_are_taken_where_they_are_documented() {
    for field in gathered() {
        let Some(row) = Field::from_path(&field.path).map(Field::row) else { continue };
        assert_eq!(row.many, field.r#type.contains("array"), "{}: {}", field.path, field.r#type);
        let is_object = field.r#type.starts_with("object");
        assert_eq!(matches!(row.kind, Kind::Object(_)), is_object, "{}: {}", field.path, field.r#type);
    }
}

#[test]
fn words_are_those_that_are_documented() {
    let mut documented: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for field in gathered().into_iter().filter(|field| field.r#type.starts_with("enum")) {
        let kind = Field::from_path(&field.path).unwrap().row().kind;
        assert!(matches!(kind, Kind::Word(_)), "{}: {kind:?}", field.path);
        // `enum a|b|c`, or `enum` with the words in the note, `a, b, c`; of some no source has the words.
        let words = field.r#type.strip_prefix("enum ").map(|words| words.split('|').map(str::to_owned).collect::<Vec<_>>());
        let words = words.or_else(|| Some(field.note.split(", ").map(str::to_owned).collect()));
        if let Some(words) = words.filter(|words| {
            words.iter().all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
        }) {
            documented.insert(field.path, words);
        }
    }
    let enums: BTreeMap<String, serde_json::Value> = serde_json::from_str(include_str!("fixtures/enums.json")).unwrap();
    for (list, path) in [
        ("action_source", "action_source"),
        ("messaging_channel", "messaging_channel"),
        ("content_type", "custom_data.content_type"),
        ("delivery_category", "custom_data.delivery_category"),
        ("delivery_category", "custom_data.contents[].delivery_category"),
    ] {
        documented.insert(path.to_owned(), serde_json::from_value(enums[list].clone()).unwrap());
    }
    assert!(documented.len() >= 10, "{:?}", documented.keys());
    for (path, words) in documented {
        let Kind::Word(known) = Field::from_path(&path).unwrap().row().kind else { panic!("{path} has no words") };
        assert_eq!(known, words, "{path}");
    }
}
