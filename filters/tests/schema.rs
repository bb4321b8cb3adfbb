//! The one table: every field once, and every field that policies and SDKs name.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

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
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
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
    let hashed: Vec<&str> = ROWS.iter().filter(|row| row.hash == HashRule::Must).map(|row| row.name).collect();
    assert_eq!(hashed, ["em", "ph", "fn", "ln", "db", "ge", "ct", "st", "zp", "country"]);
}

#[test]
fn every_field_of_the_policies_is_in_the_table() {
    let mut named = BTreeSet::new();
    for (_, text) in BUILTINS {
        let policy: toml::Table = text.parse().unwrap();
        for (name, action) in policy["fields"].as_table().unwrap() {
            match action.as_table() {
                Some(section) => named.extend(section.keys().map(|key| format!("{name}.{key}"))),
                None => assert!(named.insert(name.clone()) || named.contains(name)),
            }
        }
    }
    assert!(named.len() >= 21, "{named:?}");
    // The example of the design, and what is always handled.
    for path in
        ["custom_data.content_ids", "event_name", "event_time", "event_id", "action_source", "opt_out", "referrer_url"]
    {
        named.insert(path.to_owned());
    }
    for path in [
        "data_processing_options",
        "data_processing_options_country",
        "data_processing_options_state",
        "advertiser_tracking_enabled",
    ] {
        named.insert(path.to_owned());
    }
    for path in named {
        assert!(Field::from_path(&path).is_some(), "{path}");
    }
}

/// What Meta's SDKs send and the table leaves out on purpose: other worlds than websites, and the caller's own properties.
const NOT_KNOWN: &[&str] = &[
    "app_data",
    "attribution_data",
    "custom_data.coupon",
    "custom_data.event_source",
    "custom_data.lead_event_source",
    "original_event_data",
    "user_data.anon_id",
    "user_data.madid",
];

#[test]
fn every_field_of_the_sdks_is_known_or_left_out_on_purpose() {
    let events: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(include_str!("fixtures/sdk_events.json")).unwrap();
    let mut unknown = BTreeSet::new();
    let mut known = 0;
    for event in events.values() {
        for (path, section, name) in keys(event) {
            match Field::find(section, &name) {
                Some(_) => known += 1,
                None => assert!(unknown.insert(path.clone()) || unknown.contains(&path)),
            }
        }
    }
    assert_eq!(unknown.into_iter().collect::<Vec<_>>(), NOT_KNOWN);
    assert!(known > 150, "{known}");
}

/// Path, section and name of every key that the parser looks at.
fn keys(event: &serde_json::Value) -> Vec<(String, Section, String)> {
    let mut keys = Vec::new();
    for (name, value) in event.as_object().unwrap() {
        keys.push((name.clone(), Section::Event, name.clone()));
        let section = match name.as_str() {
            "user_data" => Section::UserData,
            "custom_data" => Section::CustomData,
            _ => continue,
        };
        for (member, value) in value.as_object().unwrap() {
            keys.push((format!("{name}.{member}"), section, member.clone()));
            for item in value.as_array().filter(|_| member == "contents").into_iter().flatten() {
                let members = item.as_object().unwrap().keys();
                keys.extend(members.map(|key| (format!("{name}.{member}[].{key}"), Section::Contents, key.clone())));
            }
        }
    }
    keys
}
