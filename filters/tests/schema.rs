//! The one table: every field once, and every field that policies and SDKs name.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::collections::{BTreeMap, BTreeSet};

use portcullis_filters::policy::BUILTINS;
use portcullis_filters::schema::{Field, HashRule, Kind, ROWS, Section};

#[test]
fn every_path_stands_once() {
    let paths: BTreeSet<&str> = ROWS.iter().map(|row| row.path).collect();
    assert_eq!(paths.len(), ROWS.len());
    for (at, row) in ROWS.iter().enumerate() {
        assert_eq!(row.field as usize, at, "{}", row.path);
        assert_eq!(Field::find(row.section, row.name), Some(row.field));
        assert_eq!(Field::from_path(row.path), Some(row.field));
        assert_eq!(row.field.path(), row.path);
        assert!(row.path.ends_with(row.name) && !row.doc.is_empty() && !row.doc.ends_with('.'), "{}", row.path);
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        assert!(row.name.bytes().all(plain), "a name that needs no escapes: {}", row.name);
    }
}

#[test]
fn what_meta_wants_hashed_can_only_be_hashed() {
    for row in ROWS {
        assert_eq!(
            matches!(row.kind, Kind::Hashed(_)),
            matches!(row.hash, HashRule::Must | HashRule::Advised),
            "{}",
            row.path
        );
    }
}

#[test]
fn every_built_in_says_of_each_section_what_leaves() {
    for (name, text) in BUILTINS {
        let policy: toml::Table = text.parse().unwrap();
        for section in Section::ALL.iter().filter(|section| **section != Section::Contents) {
            let path = section.holder().map(|holder| format!(".{}", holder.path())).unwrap_or_default();
            let pointer = path.split('.').skip(1).try_fold(&policy["fields"], |table, key| table.get(key));
            assert!(pointer.is_some_and(toml::Value::is_table), "{name} has no [fields{path}]");
            assert!(text.contains(&format!("\n[fields{path}]\n")), "{name}: [fields{path}] stands on a line of its own");
        }
    }
}

/// What Meta's SDKs send and the table leaves out on purpose: a caller's own property.
const NOT_KNOWN: &[&str] = &["custom_data.coupon"];

#[test]
fn every_field_of_the_sdks_is_known_or_left_out_on_purpose() {
    let events: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(include_str!("fixtures/sdk_events.json")).unwrap();
    let mut keys = Vec::new();
    for event in events.values() {
        add_keys(Section::Event, event, &mut keys);
    }
    let unknown: BTreeSet<&str> = keys.iter().filter(|(_, field)| field.is_none()).map(|(path, _)| path.as_str()).collect();
    assert_eq!(unknown.into_iter().collect::<Vec<_>>(), NOT_KNOWN);
    assert!(keys.len() > 150, "{}", keys.len());
}

/// Adds path and field of every key that the parser looks at.
fn add_keys(section: Section, object: &serde_json::Value, keys: &mut Vec<(String, Option<Field>)>) {
    for (name, value) in object.as_object().unwrap() {
        let field = Field::find(section, name);
        let path = section.holder().map_or(name.clone(), |holder| format!("{}.{name}", holder.path()));
        keys.push((path, field));
        match field.map(|field| field.row().kind) {
            Some(Kind::Object(section)) => add_keys(section, value, keys),
            Some(Kind::Contents) => {
                value.as_array().into_iter().flatten().for_each(|item| add_keys(Section::Contents, item, keys));
            }
            _ => {}
        }
    }
}
