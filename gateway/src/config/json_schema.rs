//! JSON Schema of the configuration, for editors: they complete keys, show what each does, and mark what is unknown.
//!
//! Tables, keys and forms come from the types that read the file, so that both refuse the same keys. What a key does and its
//! default come from `config.example.toml`. The schema knows no relation between keys: `portcullis check` has the last word.

use std::collections::BTreeMap;

use portcullis_filters::document::{self, DocumentError};
use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RestrictFormats;
use serde_json::Value;

use super::default::EXAMPLE;
use super::document::Document;

/// The schema, draft 2020-12.
pub fn json_schema() -> Result<Schema, DocumentError> {
    let settings = SchemaSettings::draft2020_12().with_transform(RestrictFormats::default());
    // Some editors do not follow references between parts of a schema.
    let mut schema =
        settings.with(|settings| settings.inline_subschemas = true).into_generator().into_root_schema_for::<Document>();
    // Of a single table each key may be left out: a layer below has it.
    let tables = schema.get_mut("properties").and_then(Value::as_object_mut);
    for table in tables.into_iter().flat_map(|tables| tables.values_mut()).filter_map(Value::as_object_mut) {
        table.remove("required");
    }
    let defaults: BTreeMap<String, Value> = document::read(EXAMPLE, "config.example.toml")?;
    for key in Key::all(EXAMPLE) {
        // A list of tables describes its elements.
        let places = [format!("/properties/{}", key.table), format!("/properties/{}/items", key.table)];
        for place in places {
            let Some(property) =
                schema.pointer_mut(&format!("{place}/properties/{}", key.name)).and_then(Value::as_object_mut)
            else {
                continue;
            };
            let expected = property.get("description").and_then(Value::as_str).filter(|text| text.starts_with("Expected: "));
            let about = expected.map_or_else(|| key.about.clone(), |expected| format!("{}\n\n{expected}", key.about));
            property.insert("description".to_owned(), about.into());
            // Of a list of tables the example shows no defaults.
            if let Some(default) = defaults.get(key.table).and_then(|table| table.get(key.name)) {
                property.insert("default".to_owned(), default.clone());
            }
        }
    }
    Ok(schema)
}

/// A key of the example, and what the comment above it says.
#[derive(Debug)]
struct Key<'example> {
    table: &'example str,
    name: &'example str,
    about: String,
}

impl<'example> Key<'example> {
    fn all(example: &'example str) -> Vec<Self> {
        let (mut table, mut about, mut keys) = ("", String::new(), Vec::new());
        for line in example.lines() {
            if let Some(header) = line.strip_prefix('[') {
                table = header.trim_matches(['[', ']']);
                // What stands above a table of a list explains its first key.
                if !line.starts_with("[[") {
                    about.clear();
                }
            } else if let Some((name, _)) = key_line(line) {
                keys.push(Self { table, name, about: std::mem::take(&mut about) });
            } else if let Some(comment) = line.strip_prefix('#') {
                // A comment runs on over lines; what is set in is shown as it stands.
                let is_set_in = comment.starts_with("  ");
                about.push_str(if about.is_empty() {
                    ""
                } else if is_set_in {
                    "\n"
                } else {
                    " "
                });
                about.push_str(if is_set_in { comment } else { comment.trim() });
            } else {
                about.clear();
            }
        }
        keys
    }
}

/// Key and value of a line, also of one that is commented out because the key has no default.
pub(super) fn key_line(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.strip_prefix("# ").unwrap_or(line).split_once(" = ")?;
    (!key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')).then_some((key, value))
}
