//! JSON Schema of a policy, for editors: they complete keys and fields, show what each is, and mark what is unknown.
//!
//! Tables, keys and words come from the types that read a policy; the fields, what each is and the actions that it takes come
//! from the one table of fields. The schema knows no relation between keys: compiling the policy has the last word.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::transform::RestrictFormats;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::document::{Document, Fields};
use super::fields::{actions_of, is_always_handled};
use super::property::SECTION;
use super::written::{MAX_NUMBER, MAX_WORD, MAX_WORDS};
use crate::schema::{ACTION_SOURCES, Field, ROWS, Row, Section};

/// The schema, draft 2020-12.
pub fn json_schema() -> Schema {
    let settings = SchemaSettings::draft2020_12().with_transform(RestrictFormats::default());
    // Some editors do not follow references between parts of a schema.
    settings.with(|settings| settings.inline_subschemas = true).into_generator().into_root_schema_for::<Document>()
}

impl JsonSchema for Fields {
    fn schema_name() -> Cow<'static, str> {
        "Fields".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        table("", "The fields that leave, each with the form in which it does. A field that is not here never leaves.")
    }
}

/// Meta's action sources, each at most once.
pub(super) fn sources(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array", "items": { "type": "string", "enum": ACTION_SOURCES }, "minItems": 1, "uniqueItems": true
    })
}

/// The packs.
pub(super) fn packs(_: &mut SchemaGenerator) -> Schema {
    let names: Vec<&str> = super::packs::all().iter().map(|pack| pack.written.name.as_str()).collect();
    json_schema!({ "type": "string", "enum": names })
}

/// The fields whose paths begin so; what is set deeper stands in tables of its own.
fn table(prefix: &str, about: &str) -> Schema {
    let mut properties: BTreeMap<&str, Schema> = BTreeMap::new();
    for (row, rest) in
        ROWS.iter().filter(|row| has_a_line(row)).filter_map(|row| Some((row, row.path.strip_prefix(prefix)?)))
    {
        match rest.split_once('.') {
            None => {
                properties.insert(rest, field(row));
            }
            Some((inner, _)) if !properties.contains_key(inner) => {
                let path = format!("{prefix}{inner}");
                let about = Field::from_path(&path).map_or("", |object| object.row().doc);
                properties.insert(inner, table(&format!("{path}."), &sentence(about)));
            }
            Some(_) => {}
        }
    }
    let others = if prefix == SECTION { property() } else { false.into() };
    json_schema!({ "type": "object", "description": about, "properties": properties, "additionalProperties": others })
}

/// A property of the site's own.
fn property() -> Schema {
    let about = "A property of the site's own: it leaves only in a form that stands here.";
    json_schema!({ "description": about, "oneOf": [one_of(), integer()] })
}

/// Whether a policy may have a line for the field.
fn has_a_line(row: &Row) -> bool {
    row.section != Section::Contents && !is_always_handled(row.field) && !actions_of(row.field).is_empty()
}

fn field(row: &Row) -> Schema {
    let forms: Vec<Schema> = actions_of(row.field).iter().map(|action| form(action)).collect();
    json_schema!({ "description": sentence(row.doc), "oneOf": forms })
}

/// How an action is written, and what it does.
fn form(action: &str) -> Schema {
    let about = match action {
        "keep" => "It leaves in the closed form of its kind; a value of another form is removed.",
        "hash" => "It leaves as the SHA-256 of its normalised form, by which Meta recognises the person.",
        "pseudonymize" => "It leaves as a digest with the key of this installation, which nobody else can make.",
        "catalog" => "It leaves if the catalogue calls it neutral. Without a catalogue it is removed.",
        "page" => "Of the address leaves what [pages] says.",
        "{ round_to = N }" => return round_to(),
        "{ one_of = [...] }" => return one_of(),
        "{ keep_text = true, because = ... }" => return keep_text(),
        _ => "",
    };
    json_schema!({ "const": action, "description": about })
}

fn round_to() -> Schema {
    let about = "Rounded to a multiple of this, from 0.0001 to 1000000.";
    written("round_to", about, json_schema!({ "type": "number", "minimum": 0.0001, "maximum": 1_000_000 }))
}

fn one_of() -> Schema {
    let about = "The words that may leave, compared without case and sent as they stand here. Anything else is removed.";
    let word = json_schema!({
        "type": "string",
        "minLength": 1,
        "maxLength": MAX_WORD,
        "pattern": "^[A-Za-z0-9_.-]([A-Za-z0-9 _.-]*[A-Za-z0-9_.-])?$",
    });
    written("one_of", about, json_schema!({ "type": "array", "items": word, "minItems": 1, "maxItems": MAX_WORDS }))
}

fn keep_text() -> Schema {
    json_schema!({
        "type": "object",
        "properties": {
            "keep_text": { "const": true, "description": "Free text leaves as it came, if no detector finds a person or health in it." },
            "because": { "type": "string", "minLength": 1, "description": "Why, for who reviews the policy." },
        },
        "required": ["keep_text", "because"],
        "additionalProperties": false,
    })
}

fn integer() -> Schema {
    let about = "The smallest and the largest whole number that may leave, such as [0, 100]. Any other is removed.";
    let number = json_schema!({ "type": "integer", "minimum": 0, "maximum": MAX_NUMBER });
    written("integer", about, json_schema!({ "type": "array", "items": number, "minItems": 2, "maxItems": 2 }))
}

/// An action that is a table of one key.
fn written(key: &str, about: &str, mut value: Schema) -> Schema {
    value.insert("description".to_owned(), about.into());
    json_schema!({ "type": "object", "properties": { (key): value }, "required": [key], "additionalProperties": false })
}

/// The table's texts begin in lower case and end without a stop.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| format!("{}{}.", first.to_uppercase(), characters.as_str())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The schema of what stands at this path of `[fields]`.
    fn at(path: &str) -> Option<Schema> {
        let pointer = path.replace('.', "/properties/");
        json_schema()
            .pointer(&format!("/properties/fields/properties/{pointer}"))
            .cloned()
            .and_then(|found| found.try_into().ok())
    }

    #[test]
    fn every_field_that_takes_a_line_is_there_with_its_actions_and_no_other_is() {
        for row in ROWS.iter().filter(|row| row.section != Section::Contents) {
            let forms = at(row.path).and_then(|schema| schema.get("oneOf").cloned());
            let Some(forms) = forms else {
                assert!(actions_of(row.field).is_empty() || is_always_handled(row.field), "{} is missing", row.path);
                continue;
            };
            assert!(has_a_line(row), "{} takes no line", row.path);
            let forms = forms.to_string();
            for action in actions_of(row.field) {
                let key = action.trim_start_matches("{ ").split(' ').next().unwrap();
                assert!(forms.contains(&format!("\"{key}\"")), "{} cannot be {action}: {forms}", row.path);
            }
            assert!(!forms.contains("\"description\":\"\""), "{}: an action says nothing: {forms}", row.path);
        }
    }

    #[test]
    fn everything_in_it_is_described() {
        fn silent(at: &str, schema: &Schema, found: &mut Vec<String>) {
            for (name, property) in schema.get("properties").and_then(|all| all.as_object()).into_iter().flatten() {
                let property: Schema = property.clone().try_into().unwrap();
                let items = property.get("items").cloned().and_then(|items| Schema::try_from(items).ok());
                let about = property.get("description").or(items.as_ref().and_then(|items| items.get("description")));
                if about.and_then(|text| text.as_str()).is_none_or(|text| text.len() < 5) {
                    found.push(format!("{at}/{name}"));
                }
                silent(&format!("{at}/{name}"), &property, found);
                if let Some(items) = items {
                    silent(&format!("{at}/{name}"), &items, found);
                }
            }
        }
        let mut found = Vec::new();
        silent("", &json_schema(), &mut found);
        assert_eq!(found, Vec::<String>::new(), "without a description");
    }
}
