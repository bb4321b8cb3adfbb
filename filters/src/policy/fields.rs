//! `[fields]`, compiled: what the policy does with each field, and which actions a kind of field can take.

use super::compile::{Checked, wrong};
use super::property::{self, MAX_PROPERTIES, Properties};
use super::written::WrittenForm;
use super::{FieldAction, FieldRules, document};
use crate::document::nearest;
use crate::schema::{FIELD_COUNT, Field, HashRule, Kind, ROWS, Section};

pub(super) fn compile_fields(fields: &document::Fields) -> Checked<FieldRules> {
    let mut actions = [FieldAction::None; FIELD_COUNT];
    let mut words = Vec::new();
    let mut properties = Vec::new();
    for row in ROWS {
        if is_always_handled(row.field) {
            set(&mut actions, row.field, FieldAction::Always);
        }
    }
    for (path, action) in &fields.0 {
        let key = format!("fields.{path}");
        let Some(field) = Field::from_path(path) else {
            properties.push(compile_property(path, action).map_err(|reason| (key, reason))?);
            continue;
        };
        if let Kind::Object(_) = field.row().kind {
            return wrong(key.clone(), format!("is an object: name its fields in [{key}]"));
        }
        if is_always_handled(field) {
            return wrong(key, "is always handled and can only become stricter; remove this line");
        }
        if field.row().section == Section::Contents {
            return wrong(key, "is decided by fields.custom_data.contents; remove this line");
        }
        set(&mut actions, field, field_action(field, action).map_err(|reason| (key, reason))?);
        if let document::FieldAction::Written(WrittenForm::OneOf(list)) = action {
            words.push((field, list.clone()));
        }
    }
    if properties.len() > MAX_PROPERTIES {
        let reason = format!("has {} properties of the site's own; {MAX_PROPERTIES} is the most", properties.len());
        return wrong("fields.custom_data", reason);
    }
    // The document's map is in the order of the paths.
    Ok(FieldRules { actions, words, properties: Properties::new(properties) })
}

/// A path that is none of the table, with a closed form that the policy writes.
fn compile_property(path: &str, action: &document::FieldAction) -> Result<(String, WrittenForm), String> {
    // Behind a dot it would be a member of an object in custom_data.
    match (path.strip_prefix(property::SECTION).filter(|name| !name.contains('.')), action) {
        (Some(name), document::FieldAction::Written(form)) => {
            property::check_name(name)?;
            Ok((path.to_owned(), form.clone()))
        }
        (Some(_), _) => Err(unknown_field(
            path,
            "; a property of the site's own leaves only in a form that you write: { one_of = [\"gold\", \"silver\"] } or \
             { integer = [0, 100] }",
        )),
        (None, document::FieldAction::Written(_)) => {
            Err(unknown_field(path, "; properties of the site's own stand in [fields.custom_data]"))
        }
        (None, _) => Err(unknown_field(path, "")),
    }
}

fn set(actions: &mut [FieldAction; FIELD_COUNT], field: Field, action: FieldAction) {
    if let Some(slot) = actions.get_mut(field as usize) {
        *slot = action;
    }
}

pub(super) fn is_always_handled(field: Field) -> bool {
    matches!(field, Field::EventName | Field::EventTime | Field::EventId | Field::ActionSource)
        || matches!(field.row().kind, Kind::Restriction(_) | Kind::Object(_))
}

/// What a path that is no field may have meant: one of the same object, or one of this name in another.
pub(super) fn unknown_field(path: &str, advice: &str) -> String {
    let (object, name) = path.rsplit_once('.').unwrap_or(("", path));
    let neighbours = ROWS.iter().filter(|row| row.section.holder().map_or("", Field::path) == object);
    let names: Vec<&str> = neighbours.map(|row| row.name).collect();
    let dot = if object.is_empty() { "" } else { "." };
    let near = nearest(name, &names).map(|near| format!("{object}{dot}{near}"));
    let elsewhere = || ROWS.iter().find(|row| row.name == name).map(|row| row.field.path().to_owned());
    let meant = near.or_else(elsewhere).map_or_else(String::new, |meant| format!("; did you mean \"{meant}\"?"));
    format!("is no field of the Conversions API{advice}{meant}")
}

/// The actions that a kind of field can take, in the words of the policy.
pub(super) fn actions_of(field: Field) -> &'static [&'static str] {
    match field.row().kind {
        Kind::Hashed(_) if field.row().hash == HashRule::Must => &["hash"],
        Kind::Hashed(_) => &["hash", "pseudonymize"],
        Kind::Token | Kind::ContentId => &["keep", "pseudonymize", "catalog"],
        Kind::Contents => &["keep", "catalog"],
        Kind::Url => &["page"],
        Kind::Decimal { .. } => &["keep", "{ round_to = N }"],
        Kind::FreeText => &["{ one_of = [...] }", "{ keep_text = true, because = ... }"],
        Kind::Denied(_) | Kind::Object(_) | Kind::UnixSeconds | Kind::Restriction(_) => &[],
        // Names and ids of another event; those of this one are handled without a line.
        Kind::EventName
        | Kind::EventId
        | Kind::SecondsNear { .. }
        | Kind::Digits { .. }
        | Kind::Uuid
        | Kind::Word(_)
        | Kind::Bool
        | Kind::Integer { .. }
        | Kind::Range { .. }
        | Kind::Currency
        | Kind::Price { .. }
        | Kind::Country
        | Kind::Airport
        | Kind::Date
        | Kind::DateTime
        | Kind::IpAddress
        | Kind::UserAgent
        | Kind::Fbp
        | Kind::Fbc
        | Kind::ClickId
        | Kind::ExtInfo => &["keep"],
    }
}

fn field_action(field: Field, action: &document::FieldAction) -> Result<FieldAction, String> {
    let row = field.row();
    let allowed = actions_of(field);
    if let Kind::Denied(reason) = row.kind {
        return Err(format!("never leaves: {reason}; remove this line"));
    }
    match action {
        document::FieldAction::KeepText { .. } if row.kind == Kind::FreeText => Ok(FieldAction::KeepText),
        document::FieldAction::KeepText { .. } => {
            Err(format!("{{ keep_text = … }} is for free text; this field takes {}", one_of(allowed)))
        }
        document::FieldAction::Written(WrittenForm::OneOf(_)) if row.kind == Kind::FreeText => Ok(FieldAction::OneOf),
        _ if row.kind == Kind::FreeText => {
            Err("is free text, which has no closed form; list the words that may leave, such as \
             { one_of = [\"a word\", \"another\"] }, or remove this line, so that nothing of it leaves; whoever answers for \
             letting it out writes { keep_text = true, because = \"why\" }"
                .to_owned())
        }
        document::FieldAction::Written(form) => Err(format!(
            "{{ {} = … }} is for properties of the site's own{}; this field takes {}",
            form.word(),
            if matches!(form, WrittenForm::OneOf(_)) { " and for free text" } else { "" },
            one_of(allowed)
        )),
        document::FieldAction::RoundTo(step) => {
            if !matches!(row.kind, Kind::Decimal { .. }) {
                return Err(format!("is no amount that could be rounded; it takes {}", one_of(allowed)));
            }
            let scaled = step * 10_000.0;
            if !(1.0..=1e10).contains(&scaled) || (scaled - scaled.round()).abs() > 1e-6 {
                return Err("round_to must be from 0.0001 to 1000000, with four fraction digits at most".to_owned());
            }
            #[expect(clippy::cast_possible_truncation, reason = "from 1 to 1e10, checked above")]
            Ok(FieldAction::RoundTo(scaled.round() as i64))
        }
        document::FieldAction::Word(word) if !allowed.contains(&word.as_str()) => Err(match word.as_str() {
            "keep" if row.hash == HashRule::Must => {
                "must never leave in clear: write \"hash\", or remove the line".to_owned()
            }
            "keep" if row.hash == HashRule::Advised => {
                "names a person: write \"pseudonymize\" or \"hash\", or remove the line".to_owned()
            }
            "keep_text" => format!("keep_text is for free text only; this field takes {}", one_of(allowed)),
            _ => match nearest(word, allowed) {
                Some(near) => format!("unknown action \"{word}\"; did you mean \"{near}\"?"),
                None => format!("takes {}", one_of(allowed)),
            },
        }),
        document::FieldAction::Word(word) => Ok(match word.as_str() {
            "hash" => FieldAction::Hash,
            "pseudonymize" => FieldAction::Pseudonymize,
            "catalog" => FieldAction::Catalog,
            "page" => FieldAction::Page,
            _ => FieldAction::Keep,
        }),
    }
}

fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> =
        words.iter().map(|word| if word.starts_with('{') { (*word).to_owned() } else { format!("\"{word}\"") }).collect();
    quoted.join(" or ")
}
