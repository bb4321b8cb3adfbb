//! A policy as it is written. Unknown keys are refused at every level; where a key takes several forms, a visitor says which.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::written::WrittenForm;
use crate::schema::{Field, Kind, Section};

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    pub(super) name: String,
    pub(super) version: u32,
    pub(super) owner: Option<String>,
    pub(super) events: Events,
    pub(super) pages: Pages,
    pub(super) fields: Fields,
    #[serde(default)]
    pub(super) narrow: Vec<Narrow>,
    /// Accepted so that the error can say that it is not in force yet.
    pub(super) catalog: Option<IgnoredAny>,
    pub(super) health: Health,
    pub(super) pii: Pii,
}

/// `[events]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Events {
    pub(super) allow: Vec<String>,
    #[serde(default)]
    pub(super) rename: BTreeMap<String, String>,
    pub(super) event_id: EventId,
    #[serde(default)]
    pub(super) prefixes: Vec<String>,
    #[serde(default)]
    pub(super) event_id_from: EventIdFrom,
}

/// `events.event_id`
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum EventId {
    Opaque,
    Token,
}

/// `events.event_id_from`
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum EventIdFrom {
    #[default]
    Random,
    Content,
}

/// `[pages]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pages {
    pub(super) default: PageAction,
    pub(super) no_url: PageAction,
    #[serde(default)]
    pub(super) class: Vec<PageClass>,
}

/// What a page does with its event: one of a class, one that is not listed, or none at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PageAction {
    DropEvent,
    Origin,
}

/// `[[pages.class]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PageClass {
    pub(super) name: String,
    #[serde(rename = "match")]
    pub(super) patterns: Vec<String>,
    pub(super) action: Option<PageAction>,
    pub(super) send_as: Option<String>,
}

/// `[fields]`: the fields of the event, and a table for each object in it, by path.
#[derive(Debug, Default)]
pub(super) struct Fields(pub(super) BTreeMap<String, FieldAction>);

/// The action on a field.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum FieldAction {
    /// A word: `keep`, `hash`, ...
    Word(String),
    /// `{ round_to = 5 }`
    RoundTo(f64),
    /// `{ one_of = [...] }` or `{ integer = [0, 100] }`
    Written(WrittenForm),
    /// `{ keep_text = ... }`: comes with a later version.
    Later(&'static str),
}

/// `[[narrow]]`
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Narrow {
    pub(super) when: When,
    pub(super) remove: Vec<String>,
}

/// `when` of a rule: all that is named must hold.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct When {
    pub(super) event: Option<String>,
    pub(super) page: Option<String>,
    pub(super) action_source: Option<String>,
    pub(super) dataset: Option<String>,
}

/// `[health]`
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Health {
    pub(super) scan: Scan,
    pub(super) on_signal: OnSignal,
    pub(super) ambiguous: Ambiguous,
    #[serde(default)]
    pub(super) add_terms: Vec<String>,
    #[serde(default)]
    pub(super) ignore_terms: Vec<IgnoreTerm>,
}

/// `health.scan`
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Scan {
    WholeEvent,
    KeptFields,
}

/// `health.on_signal`
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum OnSignal {
    DropEvent,
    DropGoods,
}

/// `health.ambiguous`
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Ambiguous {
    Context,
    Always,
}

/// An element of `health.ignore_terms`.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IgnoreTerm {
    pub(super) term: String,
    pub(super) because: String,
}

/// `[pii]`
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pii {
    pub(super) on_match: OnMatch,
}

/// `pii.on_match`
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum OnMatch {
    DropField,
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = BTreeMap::new();
        SectionTable { section: Section::Event, fields: &mut fields }.deserialize(deserializer)?;
        Ok(Self(fields))
    }
}

/// The table of a section. A key that names an object of the table of fields is a table in it.
struct SectionTable<'f> {
    section: Section,
    fields: &'f mut BTreeMap<String, FieldAction>,
}

impl<'de> DeserializeSeed<'de> for SectionTable<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for SectionTable<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of fields")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { section, fields } = self;
        while let Some(key) = map.next_key::<String>()? {
            if let Some(Kind::Object(section)) = Field::find(section, &key).map(|field| field.row().kind) {
                map.next_value_seed(SectionTable { section, fields })?;
                continue;
            }
            // `"user_data.em"` in quotes and `em` in `[fields.user_data]` would be one field with two actions.
            if key.contains('.') && !key.starts_with("contents[].") {
                return Err(A::Error::custom(
                    "a path in quotes is no field; write it in the table of its object, such as [fields.user_data]",
                ));
            }
            let path = section.holder().map_or_else(|| key.clone(), |holder| format!("{}.{key}", holder.path()));
            let action = map.next_value()?;
            fields.insert(path, action);
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for FieldAction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldActionVisitor)
    }
}

struct FieldActionVisitor;

impl<'de> Visitor<'de> for FieldActionVisitor {
    type Value = FieldAction;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an action such as \"keep\" or { round_to = 1 }")
    }

    fn visit_str<E>(self, word: &str) -> Result<FieldAction, E> {
        Ok(FieldAction::Word(word.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<FieldAction, A::Error> {
        const KEYS: &[&str] = &["round_to", "one_of", "integer", "keep_text"];
        let Some(key) = map.next_key::<String>()? else {
            return Err(A::Error::custom("an action is missing, such as { round_to = 1 }"));
        };
        let action = match key.as_str() {
            "round_to" => FieldAction::RoundTo(map.next_value::<Number>()?.0),
            "one_of" => FieldAction::Written(WrittenForm::OneOf(map.next_value()?)),
            "integer" => FieldAction::Written(WrittenForm::Integer(map.next_value()?)),
            "keep_text" => later(&mut map, "keep_text")?,
            unknown => return Err(A::Error::unknown_field(unknown, KEYS)),
        };
        if let Some(second) = map.next_key::<String>()? {
            return Err(A::Error::unknown_field(&second, &[]));
        }
        Ok(action)
    }
}

fn later<'de, A: MapAccess<'de>>(map: &mut A, form: &'static str) -> Result<FieldAction, A::Error> {
    map.next_value::<IgnoredAny>()?;
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(FieldAction::Later(form))
}

/// TOML tells whole numbers and floats apart; here both are meant.
struct Number(f64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberVisitor;
        impl Visitor<'_> for NumberVisitor {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }

            fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Number, E> {
                i32::try_from(value).map(|value| Number(f64::from(value))).map_err(|_| E::custom("the number is too large"))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Number, E> {
                Ok(Number(value))
            }
        }
        deserializer.deserialize_any(NumberVisitor)
    }
}
