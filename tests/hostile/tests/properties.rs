//! What holds of every event that leaves, over hostile ones: nothing leaves at a path that the policy does not name; readmission
//! changes nothing while the policy stays and only takes away when it gets narrower; a stricter policy lets out no more.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a helper of a test may panic as the test may")]

use std::collections::BTreeSet;

use portcullis_filters::pipeline::{Outcome, Readmission, readmit};
use portcullis_filters::policy::{Policy, StoredPolicy};
use portcullis_hostile::{DATASET, Filter, Generator, Site};
use serde_json::Value;

const EVENTS: u64 = 900;

/// Handled without a line in a policy.
const ALWAYS: &[&str] = &[
    "event_name",
    "event_time",
    "event_id",
    "action_source",
    "opt_out",
    "data_processing_options",
    "data_processing_options_country",
    "data_processing_options_state",
    "advertiser_tracking_enabled",
    "app_data.advertiser_tracking_enabled",
    "app_data.application_tracking_enabled",
];
/// What `contents = "keep"` means.
const OF_GOODS: &[&str] = &["id", "quantity", "item_price", "delivery_category"];

fn text(site: Site) -> &'static str {
    Policy::builtin(site.policy()).unwrap().1
}

/// Every value that leaves, as `path=value`; elements of a list have one path.
fn leaves(body: &str) -> BTreeSet<String> {
    fn walk(path: &str, value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                for (key, value) in members {
                    walk(&if path.is_empty() { key.clone() } else { format!("{path}.{key}") }, value, found);
                }
            }
            Value::Array(list) => list.iter().for_each(|value| walk(path, value, found)),
            scalar => {
                found.insert(format!("{path}={scalar}"));
            }
        }
    }
    let mut found = BTreeSet::new();
    walk("", &serde_json::from_str(body).unwrap(), &mut found);
    found
}

/// The paths that a policy's text names, read by no code of the product.
fn named(text: &str) -> BTreeSet<String> {
    fn walk(path: &str, table: &toml::Table, found: &mut BTreeSet<String>) {
        for (key, value) in table {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            match value {
                toml::Value::Table(table) => walk(&path, table, found),
                _ if path == "custom_data.contents" => {
                    found.extend(OF_GOODS.iter().map(|member| format!("{path}.{member}")));
                }
                _ => {
                    found.insert(path);
                }
            }
        }
    }
    let policy: toml::Table = text.parse().unwrap();
    let mut found = ALWAYS.iter().map(ToString::to_string).collect();
    walk("", policy["fields"].as_table().unwrap(), &mut found);
    found
}

/// Whether it is the id of an event, replaced by 64 hexadecimal digits.
fn is_pseudonym_of_an_event(leaf: &str) -> bool {
    let id = leaf.strip_prefix("event_id=\"").and_then(|id| id.strip_suffix('"'));
    id.is_some_and(|id| id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn forwarded(filter: &Filter, raw: &str) -> Option<String> {
    match filter.sanitize(raw) {
        Outcome::Forward(event, _) => Some(event.as_str().to_owned()),
        Outcome::Drop(..) | Outcome::Refuse(_) => None,
    }
}

/// Policies that let out less than a built-in one: each a change to its text.
fn narrower(site: Site) -> Vec<Filter> {
    let text = text(site).replacen(&format!("name    = \"{}\"", name(site)), "name = \"own\"", 1);
    assert_ne!(text, self::text(site));
    let without = |start: &str| {
        let lines = text.lines().filter(|line| !line.starts_with(start));
        lines.collect::<Vec<_>>().join("\n")
    };
    let with = |old: &str, new: &str| text.replace(old, new);
    let changed = [
        text.clone(),
        without("fbc "),
        without("em "),
        without("client_user_agent"),
        without("value "),
        without("content_ids"),
        // With the goods goes their count, which one of them that is removed takes along.
        without("contents ").lines().filter(|line| !line.starts_with("num_items")).collect::<Vec<_>>().join("\n"),
        without("order_id"),
        with("on_signal = \"drop_goods\"", "on_signal = \"drop_event\""),
        with("ambiguous = \"context\"", "ambiguous = \"always\""),
        with("ambiguous = \"context\"", "ambiguous = \"context\"\nadd_terms = [\"garden hose\", \"sku\"]"),
        with("default = \"origin\"", "default = \"drop_event\""),
        with("\"Purchase\", ", ""),
    ];
    changed.iter().map(|text| Filter::with("own.toml", text)).collect()
}

fn name(site: Site) -> &'static str {
    site.policy().split('@').next().unwrap()
}

#[test]
fn nothing_leaves_at_a_path_that_the_policy_does_not_name() {
    for site in Site::ALL {
        let (filter, generator, named) = (Filter::of(*site), Generator::new(*site, 11), named(text(*site)));
        for number in 0..EVENTS {
            let event = generator.event(number);
            let Some(body) = forwarded(&filter, &event.raw) else { continue };
            for leaf in leaves(&body) {
                let path = leaf.split('=').next().unwrap();
                assert!(named.contains(path), "{}: {path} left\n{}\n{body}", site.policy(), event.raw);
            }
        }
    }
}

#[test]
fn readmission_changes_nothing_while_the_policy_stays() {
    for site in Site::ALL {
        let (filter, generator) = (Filter::of(*site), Generator::new(*site, 12));
        let stored = StoredPolicy::read(filter.policy().digest(), Some(filter.policy().canonical()));
        for number in 0..EVENTS {
            let Some(body) = forwarded(&filter, &generator.event(number).raw) else { continue };
            match readmit(filter.policy(), &stored, DATASET, &body) {
                Readmission::Forward(event, _) => assert_eq!(event.as_str(), body),
                Readmission::Withdraw(reason) => panic!("{}: {reason}: {body}", site.policy()),
            }
        }
    }
}

#[test]
fn readmission_under_a_narrower_policy_only_takes_away_and_does_so_once() {
    for site in Site::ALL {
        let (filter, generator) = (Filter::of(*site), Generator::new(*site, 13));
        let stored = StoredPolicy::read(filter.policy().digest(), Some(filter.policy().canonical()));
        let narrower = narrower(*site);
        for number in 0..EVENTS / 5 {
            let Some(body) = forwarded(&filter, &generator.event(number).raw) else { continue };
            for narrow in &narrower {
                let Readmission::Forward(first, _) = readmit(narrow.policy(), &stored, DATASET, &body) else { continue };
                let (before, after) = (leaves(&body), leaves(first.as_str()));
                assert!(after.is_subset(&before), "{:?}\n{body}", after.difference(&before).collect::<Vec<_>>());
                let again = StoredPolicy::read(narrow.policy().digest(), Some(narrow.policy().canonical()));
                match readmit(narrow.policy(), &again, DATASET, first.as_str()) {
                    Readmission::Forward(second, _) => assert_eq!(second.as_str(), first.as_str()),
                    Readmission::Withdraw(reason) => panic!("{reason}: {}", first.as_str()),
                }
            }
        }
    }
}

#[test]
fn a_stricter_policy_lets_out_no_more() {
    for site in Site::ALL {
        let (filter, generator, narrower) = (Filter::of(*site), Generator::new(*site, 14), narrower(*site));
        for number in 0..EVENTS / 5 {
            let raw = generator.event(number).raw;
            let wide = forwarded(&filter, &raw).map(|body| leaves(&body));
            for narrow in &narrower {
                let Some(body) = forwarded(narrow, &raw) else { continue };
                let Some(wide) = &wide else { panic!("only the stricter policy lets it out: {raw}\n{body}") };
                let mut narrow = leaves(&body);
                // A stricter look replaces an id by its keyed digest.
                narrow.retain(|leaf| !is_pseudonym_of_an_event(leaf));
                assert!(narrow.is_subset(wide), "{:?}\n{raw}\n{body}", narrow.difference(wide).collect::<Vec<_>>());
            }
        }
    }
}
