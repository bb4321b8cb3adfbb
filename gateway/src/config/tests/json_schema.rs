//! The schema for editors has every key that the parser knows, and says of each what it does.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::{EXAMPLE, json_schema};
use super::example::key_line;

fn schema() -> Value {
    json_schema().unwrap().to_value()
}

/// The tables of the schema, each as its header in a file.
fn tables() -> Vec<(String, Value)> {
    let schema = schema();
    let named = schema["properties"].as_object().unwrap().iter();
    named
        .map(|(name, table)| match table.get("items") {
            Some(items) => (format!("[[{name}]]"), items.clone()),
            None => (format!("[{name}]"), table.clone()),
        })
        .collect()
}

#[test]
fn it_has_the_keys_of_the_example_and_no_others() {
    let mut of_schema = BTreeSet::new();
    for (table, content) in tables() {
        of_schema.extend(content["properties"].as_object().unwrap().keys().map(|key| format!("{table} {key}")));
    }
    let mut of_example = BTreeSet::new();
    let mut table = "";
    for line in EXAMPLE.lines() {
        if line.starts_with('[') {
            table = line;
        } else if let Some(line) = key_line(line) {
            of_example.insert(format!("{table} {}", line.split(' ').next().unwrap()));
        }
    }
    assert_eq!(of_schema, of_example);
}

#[test]
fn everything_in_it_is_described() {
    fn silent(at: &str, schema: &Value, found: &mut Vec<String>) {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let at = format!("{at}/{name}");
            let about = property["description"].as_str().or(property["items"]["description"].as_str()).unwrap_or_default();
            if about.len() < 10 || about.starts_with("Expected") {
                found.push(at.clone());
            }
            silent(&at, property, found);
            silent(&at, &property["items"], found);
            for form in property["oneOf"].as_array().into_iter().flatten() {
                silent(&at, form, found);
            }
        }
    }
    let mut found = Vec::new();
    silent("", &schema(), &mut found);
    assert_eq!(found, Vec::<String>::new(), "without a description");
    assert!(schema()["description"].as_str().is_some_and(|about| !about.is_empty()));
}

#[test]
fn it_has_the_defaults_of_the_example_and_knows_which_keys_are_needed() {
    let mut table = String::new();
    let tables = tables();
    let mut compared = 0;
    for line in EXAMPLE.lines() {
        if line.starts_with('[') {
            line.clone_into(&mut table);
        } else if let Some((name, value)) = key_line(line).and_then(|line| line.split_once(" = ")) {
            let (_, content) = tables.iter().find(|(header, _)| *header == table).unwrap();
            let property = &content["properties"][name];
            let is_needed = content["required"].as_array().is_some_and(|needed| needed.contains(&name.into()));
            let is_optional = line.starts_with("# ");
            assert_eq!(is_needed, table.starts_with("[[") && !is_optional, "{table} {name}");
            if !is_optional && !table.starts_with("[[") {
                assert_eq!(property["default"].to_string().replace('_', ""), value.replace('_', ""), "{table} {name}");
                compared += 1;
            }
        }
    }
    assert!(compared > 30, "{compared}");
}

#[test]
fn a_description_runs_over_the_lines_of_its_comment_and_says_which_form_a_text_has() {
    let schema = schema();
    let about = schema["properties"]["server"]["properties"]["max_unauthenticated_bytes"]["description"].as_str().unwrap();
    assert!(about.contains("cannot use up all of it. At least max_body_bytes, at most"), "{about}");
    let host = &schema["properties"]["site"]["items"]["properties"]["hosts"];
    assert!(host["description"].as_str().unwrap().starts_with("The only hosts"), "{host}");
    assert!(host["items"]["description"].as_str().unwrap().starts_with("Expected: a host name"), "{host}");
    let backend = schema["properties"]["outbox"]["properties"]["backend"].to_string();
    assert!(backend.contains("embedded") && backend.contains("redis"), "{backend}");
}
