//! How `[fields]` is read: a table for each object of an event, and in it the action of each field, which takes several forms.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::super::written::WrittenForm;
use super::{FieldAction, Fields};
use crate::document::nearest;
use crate::schema::{Field, Kind, ROWS, Section};

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
            let action = map.next_value_seed(ActionOf { section, key: &key })?;
            fields.insert(path, action);
        }
        Ok(())
    }
}

/// The action of the field, or of the property, with this key.
struct ActionOf<'k> {
    section: Section,
    key: &'k str,
}

impl<'de> DeserializeSeed<'de> for ActionOf<'_> {
    type Value = FieldAction;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<FieldAction, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl ActionOf<'_> {
    /// What to say of a table that is no action, if its key was to name an object.
    fn meant_object(&self) -> Option<String> {
        if Field::find(self.section, self.key).is_some() {
            return None;
        }
        let objects: Vec<_> = ROWS.iter().filter(|row| matches!(row.kind, Kind::Object(_))).collect();
        let names: Vec<&str> = objects.iter().map(|row| row.name).collect();
        let table = |field: Field| format!("[fields.{}]", field.path());
        if let Some(near) = nearest(self.key, &names) {
            let meant = objects.iter().find(|row| row.name == near)?;
            return Some(format!("is no object of an event; did you mean {}?", table(meant.field)));
        }
        // Elsewhere it can be a property of the site's own.
        (self.section == Section::Event).then(|| {
            let tables: Vec<String> = objects.iter().map(|row| table(row.field)).collect();
            format!("is no object of an event; the objects are {}", tables.join(", "))
        })
    }
}

impl<'de> Visitor<'de> for ActionOf<'_> {
    type Value = FieldAction;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an action such as \"keep\" or { round_to = 1 }")
    }

    fn visit_str<E>(self, word: &str) -> Result<FieldAction, E> {
        Ok(FieldAction::Word(word.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<FieldAction, A::Error> {
        const KEYS: &[&str] = &["round_to", "one_of", "integer", "keep_text", "because"];
        let Some(key) = map.next_key::<String>()? else {
            let reason = self.meant_object().unwrap_or_else(|| "an action is missing, such as { round_to = 1 }".to_owned());
            return Err(A::Error::custom(reason));
        };
        let action = match key.as_str() {
            "round_to" => FieldAction::RoundTo(map.next_value::<Number>()?.0),
            "one_of" => FieldAction::Written(WrittenForm::OneOf(map.next_value()?)),
            "integer" => FieldAction::Written(WrittenForm::Integer(map.next_value()?)),
            "keep_text" | "because" => return keep_text(&key, map),
            unknown => {
                return Err(self.meant_object().map_or_else(|| A::Error::unknown_field(unknown, KEYS), A::Error::custom));
            }
        };
        if let Some(second) = map.next_key::<String>()? {
            return Err(A::Error::unknown_field(&second, &[]));
        }
        Ok(action)
    }
}

/// Reads the action whose first key is this one of its two.
fn keep_text<'de, A: MapAccess<'de>>(first: &str, mut map: A) -> Result<FieldAction, A::Error> {
    let (mut keeps, mut because) = (None, None);
    let mut key = Some(first.to_owned());
    while let Some(name) = key {
        match name.as_str() {
            "keep_text" => keeps = Some(map.next_value::<bool>()?),
            "because" => because = Some(map.next_value::<String>()?),
            unknown => return Err(A::Error::unknown_field(unknown, &["keep_text", "because"])),
        }
        key = map.next_key()?;
    }
    match (keeps, because) {
        (Some(true), Some(because)) if !because.trim().is_empty() => Ok(FieldAction::KeepText { because }),
        _ => Err(A::Error::custom("free text leaves only with its reason: { keep_text = true, because = \"why\" }")),
    }
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
