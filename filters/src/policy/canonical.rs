//! The text that a policy's digest covers, and what can be read from one that was stored.

mod persons;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

pub(super) use self::persons::PersonsText;
use super::document::Unknown;
use super::document::{self, Document, EventId, EventIdFrom, Health, Narrow, PageAction, Pii};
use super::property::Property;
use super::written::WrittenForm;
use super::{FieldAction, Policy, PolicyDigest};
use crate::catalog::Catalog;
use crate::detect::lexicon;
use crate::normalize::hex;
use crate::schema::{FIELD_COUNT, Field, ROWS};

/// Everything that decides. The owner does not, so a new owner is no new policy.
#[derive(Serialize)]
struct Canonical<'a> {
    /// Version of this crate: other code may decide otherwise.
    filters: &'a str,
    hosts: &'a [Box<str>],
    name: &'a str,
    version: u32,
    allow: Vec<&'a str>,
    sources: &'a [&'static str],
    rename: &'a BTreeMap<String, String>,
    event_id: EventId,
    event_id_from: EventIdFrom,
    prefixes: &'a [String],
    pages: Pages<'a>,
    fields: BTreeMap<&'a str, String>,
    /// Words and ranges of the fields and properties for which the policy writes them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    written: BTreeMap<&'a str, &'a WrittenForm>,
    narrow: &'a [Narrow],
    #[serde(skip_serializing_if = "Option::is_none")]
    catalog: Option<Goods>,
    health: &'a Health,
    /// SHA-256 of the terms that count where the policy does not say otherwise.
    lexicon: String,
    pii: &'a Pii,
    #[serde(skip_serializing_if = "Option::is_none")]
    persons: Option<&'a PersonsText>,
}

#[derive(Serialize)]
struct Pages<'a> {
    default: PageAction,
    no_url: PageAction,
    /// Their order decides.
    classes: Vec<Class<'a>>,
}

#[derive(Serialize)]
struct Class<'a> {
    name: &'a str,
    patterns: &'a [String],
    action: Option<PageAction>,
    send_as: Option<&'a str>,
}

/// Where the file lies decides nothing; what stands in it does.
#[derive(Serialize)]
struct Goods {
    sha256: String,
    unknown: Unknown,
}

/// Writes the canonical text.
pub(super) fn write(
    document: &Document,
    hosts: &[Box<str>],
    sources: &[&'static str],
    fields: &[FieldAction; FIELD_COUNT],
    catalog: Option<&Catalog>,
    persons: Option<&PersonsText>,
) -> String {
    let mut allow: Vec<&str> = document.events.allow.iter().map(String::as_str).collect();
    allow.sort_unstable();
    let actions = ROWS.iter().zip(fields).filter(|(_, action)| **action != FieldAction::None);
    let actions = actions.map(|(row, action)| (row.path, action_text(*action)));
    let written: BTreeMap<&str, &WrittenForm> = document
        .fields
        .0
        .iter()
        .filter_map(|(path, action)| match action {
            document::FieldAction::Written(form) => Some((path.as_str(), form)),
            _ => None,
        })
        .collect();
    let canonical = Canonical {
        filters: env!("CARGO_PKG_VERSION"),
        hosts,
        name: &document.name,
        version: document.version,
        allow,
        sources,
        rename: &document.events.rename,
        event_id: document.events.event_id,
        event_id_from: document.events.event_id_from,
        prefixes: &document.events.prefixes,
        pages: Pages {
            default: document.pages.default,
            no_url: document.pages.no_url,
            classes: document
                .pages
                .class
                .iter()
                .map(|class| Class {
                    name: &class.name,
                    patterns: &class.patterns,
                    action: class.action,
                    send_as: class.send_as.as_deref(),
                })
                .collect(),
        },
        fields: actions.chain(written.iter().map(|(path, form)| (*path, form.word().as_str().to_owned()))).collect(),
        written,
        narrow: &document.narrow,
        catalog: catalog
            .zip(document.catalog.as_ref())
            .map(|(catalog, written)| Goods { sha256: catalog.sha256(), unknown: written.unknown }),
        health: &document.health,
        lexicon: String::from_utf8_lossy(&hex(&lexicon::digest())).into_owned(),
        pii: &document.pii,
        persons,
    };
    // Strings, numbers and lists of them: nothing here can fail to be written. A text that could not be read again would
    // withdraw the events stored under it, never let them out.
    serde_json::to_string(&canonical).unwrap_or_default()
}

/// The digest of a canonical text.
pub(super) fn digest(canonical: &str) -> [u8; 32] {
    Sha256::digest(canonical.as_bytes()).into()
}

fn action_text(action: FieldAction) -> String {
    match action {
        FieldAction::RoundTo(step) => format!("round_to {step}"),
        other => other.word().as_str().to_owned(),
    }
}

/// What decides on pages, each part as it stands in a canonical text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PageTexts {
    /// Other code may read a page otherwise.
    filters: String,
    pages: Box<str>,
    narrow: Box<str>,
}

impl PageTexts {
    /// Takes them out of a canonical text that we wrote.
    pub(super) fn of(canonical: &str) -> Option<Self> {
        serde_json::from_str::<Stored<'_>>(canonical).ok().map(|stored| stored.page_texts())
    }
}

/// The policy under which stored events were sanitized, as far as readmission has to know it.
#[derive(Debug)]
pub struct StoredPolicy {
    digest: PolicyDigest,
    known: Option<Known>,
}

#[derive(Debug)]
struct Known {
    actions: BTreeMap<String, String>,
    page_texts: PageTexts,
    persons: PersonsText,
}

#[derive(Deserialize)]
struct Stored<'a> {
    filters: String,
    fields: BTreeMap<String, String>,
    #[serde(borrow)]
    pages: &'a RawValue,
    #[serde(borrow)]
    narrow: &'a RawValue,
    #[serde(default)]
    persons: PersonsText,
}

impl Stored<'_> {
    fn page_texts(&self) -> PageTexts {
        PageTexts { filters: self.filters.clone(), pages: self.pages.get().into(), narrow: self.narrow.get().into() }
    }
}

/// What a stored event can tell of the page that it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PageKnowledge {
    /// Today's rules about pages have seen the page itself.
    Judged,
    /// Classes are the same, so the path with which the URL left says which it could be.
    ByPath,
    /// Nothing: the path was given by other classes.
    Nothing,
}

impl StoredPolicy {
    /// Reads what the outbox keeps beside the events. A text that is missing, or is not the one that the digest covers, leaves a
    /// policy that cannot be read: its events are withdrawn unless the policy of today is the same.
    pub fn read(digest: PolicyDigest, canonical: Option<&str>) -> Self {
        let genuine = canonical.filter(|text| self::digest(text) == *digest.as_bytes());
        let known = genuine.and_then(|text| serde_json::from_str::<Stored<'_>>(text).ok()).map(|stored| {
            let page_texts = stored.page_texts();
            Known { actions: stored.fields, page_texts, persons: stored.persons }
        });
        Self { digest, known }
    }

    /// The digest under which events were stored.
    pub fn digest(&self) -> PolicyDigest {
        self.digest
    }

    pub(crate) fn is_readable(&self) -> bool {
        self.known.is_some()
    }

    /// Whether it handled a field as the policy of today does. Of words and ranges only that there were some counts: the value
    /// itself is compared with those of today.
    pub(crate) fn handled_as(&self, field: Field, today: FieldAction) -> bool {
        self.handled(field.path(), &action_text(today))
    }

    /// The same of a property.
    pub(crate) fn handled_property_as(&self, today: &Property) -> bool {
        self.handled(today.path(), today.form().word().as_str())
    }

    fn handled(&self, path: &str, today: &str) -> bool {
        self.known.as_ref().and_then(|known| known.actions.get(path)).is_some_and(|stored| stored == today)
    }

    /// Whether every event that passed what it asked because of the person would pass what the policy of today asks.
    pub fn asked_as_much(&self, today: &Policy) -> bool {
        let Some(asked) = &today.persons_text else { return true };
        let Some(Known { persons, actions, .. }) = &self.known else { return false };
        persons.asked_as_much(asked, |path| actions.contains_key(path))
    }

    /// What is known today of the pages of its events.
    pub(crate) fn page_knowledge(&self, today: &Policy) -> PageKnowledge {
        match (&self.known, &today.page_texts) {
            (Some(Known { page_texts: then, .. }), Some(now)) if then == now => PageKnowledge::Judged,
            (Some(Known { page_texts: then, .. }), Some(now)) if then.pages == now.pages && then.filters == now.filters => {
                PageKnowledge::ByPath
            }
            _ => PageKnowledge::Nothing,
        }
    }
}
