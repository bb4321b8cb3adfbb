//! What may be remembered of an event that Meta has: its name, the paths of what left, and who it is about. Never a value.
//!
//! Who it is about are digests of the identifiers by which somebody can ask: an event without any cannot be found again.
//! Names, places, dates of birth and addresses of networks are left out on purpose, as they stand for many people, and so are ids
//! of clicks and orders, which nobody knows as theirs.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::event::{RawEvent, SanitizedEvent, Value};
use crate::normalize::parse_hex;
use crate::policy::Policy;
use crate::schema::{Field, FieldSet, Kind};
use crate::suppression::Identifier;

/// The fields that hold an id of a person's own.
const PERSONS: FieldSet = FieldSet::of(&[
    Field::Email,
    Field::EmailAlias,
    Field::Phone,
    Field::PhoneAlias,
    Field::ExternalId,
    Field::Fbp,
    Field::SubscriptionId,
    Field::AppUserId,
    Field::AnonId,
    Field::Madid,
    Field::LeadId,
    Field::FbLoginId,
    Field::PageScopedUserId,
    Field::IgSid,
]);

/// What may be remembered of an event.
#[derive(Debug, PartialEq, Eq)]
pub struct Delivered {
    /// Its name, which is one of those that its policy lists.
    pub event_name: String,
    /// What left of it.
    pub fields: LeftFields,
    /// Who it is about, each once.
    pub persons: Vec<Identifier>,
}

/// Which fields and properties left.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LeftFields {
    fields: FieldSet,
    /// Paths of the site's own properties, in their order.
    properties: Vec<Arc<str>>,
}

impl LeftFields {
    /// Their paths, in the order of the table; properties come last.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| -> &str { field.path() }).chain(self.properties.iter().map(|path| &**path))
    }
}

/// What may be remembered of an event that left under this policy. `None` if it cannot be read, which the guard rules out.
pub fn delivered(policy: &Policy, event: &SanitizedEvent) -> Option<Delivered> {
    let event = RawEvent::parse_with(event.as_str(), policy.properties(), false).ok()?;
    let mut fields = FieldSet::EMPTY;
    let mut persons = Vec::new();
    for (field, value) in event.iter() {
        match value {
            Value::Items(items) => {
                items.iter().flatten().flatten().for_each(|(member, _)| fields.insert(*member));
            }
            // Its members stand for it.
            _ if matches!(field.row().kind, Kind::Object(_)) => {}
            _ => fields.insert(field),
        }
        if PERSONS.contains(field) {
            for text in value.elements().iter().filter_map(Value::id_text) {
                let person = person(&text);
                if !persons.contains(&person) {
                    persons.push(person);
                }
            }
        }
    }
    let mut properties: Vec<_> = event.properties().map(|(property, _)| property).collect();
    properties.sort_unstable_by_key(|property| property.position());
    Some(Delivered {
        event_name: event.get(Field::EventName)?.text()?.to_owned(),
        fields: LeftFields { fields, properties: properties.into_iter().map(|property| property.path().clone()).collect() },
        persons,
    })
}

/// A digest stands for itself, as a sender's library gave it; any other id leaves as it is, which is one of the forms in which it is
/// asked for.
fn person(text: &str) -> Identifier {
    Identifier::from_digest(parse_hex(text).unwrap_or_else(|| Sha256::digest(text.as_bytes()).into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{Context, Outcome, sanitize};
    use crate::pseudonym::PseudonymKey;
    use crate::suppression::{Kind, Nobody, forms, pseudonyms};

    const KEY: [u8; 32] = [7; 32];

    fn told(raw: &str, custom: &str) -> Delivered {
        let text = Policy::builtin("retail").unwrap().1.replace("\"retail\"", "\"shop\"");
        let text = text.replace("external_id = \"hash\"", "external_id = \"pseudonymize\"");
        let text = text.replace("[fields.custom_data]\n", &format!("[fields.custom_data]\n{custom}\n"));
        let policy = Policy::compile(&text, "shop.toml", &["www.shop.example".to_owned()]).unwrap();
        let pseudonyms = PseudonymKey::new(KEY);
        let context = Context {
            dataset: "1",
            now_secs: 1_790_000_000,
            fresh_id: [1; 16],
            pseudonyms: &pseudonyms,
            suppressed: &Nobody,
        };
        match sanitize(&policy, &context, raw) {
            Outcome::Forward(event, _) => delivered(&policy, &event).unwrap(),
            other => panic!("it does not leave: {other:?}"),
        }
    }

    const EVENT: &str = r#"{"event_name":"Purchase","event_time":1790000000,"event_id":"order-1","action_source":"website",
        "event_source_url":"https://www.shop.example/","user_data":{"em":["Jane@Example.com"],"ph":"+1 (202) 555-0147",
        "fn":"jane","ct":"seattle","zp":"98101","external_id":"member-17","fbp":"fb.1.1558571054389.1098115397",
        "client_user_agent":"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"},
        "custom_data":{"value":19.5,"currency":"EUR","tier":"gold","contents":[{"id":"sku-1","quantity":2}]}}"#;

    #[test]
    fn what_left_is_told_by_its_paths_and_never_by_a_value() {
        let told = told(EVENT, "tier = { one_of = [\"gold\"] }");
        assert_eq!(told.event_name, "Purchase");
        let paths: Vec<&str> = told.fields.paths().collect();
        assert_eq!(
            paths,
            [
                "event_name",
                "event_time",
                "event_id",
                "action_source",
                "event_source_url",
                "user_data.em",
                "user_data.ph",
                "user_data.fn",
                "user_data.ct",
                "user_data.zp",
                "user_data.external_id",
                "user_data.client_user_agent",
                "user_data.fbp",
                "custom_data.value",
                "custom_data.currency",
                "custom_data.contents[].id",
                "custom_data.contents[].quantity",
                "custom_data.tier",
            ]
        );
    }

    #[test]
    fn whoever_asks_by_any_id_of_theirs_is_found_and_by_what_stands_for_many_nobody_is() {
        let told = told(EVENT, "");
        let key = PseudonymKey::new(KEY);
        let is_found = |kind, text| {
            let mut all = forms(kind, text);
            all.extend(pseudonyms(&key, &all));
            all.iter().any(|form| told.persons.contains(form))
        };
        for (kind, text) in [
            (Kind::Email, "jane@example.com"),
            (Kind::Email, " JANE@example.com"),
            (Kind::Phone, "+12025550147"),
            (Kind::Phone, "1 202 555 0147"),
            (Kind::ExternalId, "member-17"),
            (Kind::Fbp, "fb.1.1558571054389.1098115397"),
        ] {
            assert!(is_found(kind, text), "{text}");
        }
        assert_eq!(told.persons.len(), 4, "one for each id");
        for text in ["jane", "seattle", "98101", "order-1", "sku-1"] {
            assert!(!is_found(Kind::ExternalId, text), "{text}");
        }
    }
}
