//! What may leave: a document that auditors review, compiled to an immutable [`Policy`].
//!
//! `document` is what was written; `compile` checks it and turns it into what the stages use; `canonical` is the text that the
//! digest covers. Everything is denied that a line does not allow, and a line that contradicts another or that is not in force
//! yet is an error, never silently inert.

mod builtin;
mod canonical;
mod compile;
mod document;
mod explain;
mod fields;
mod json_schema;
mod literals;
mod narrow;
mod packs;
mod pages;
mod persons;
mod property;
mod written;

use std::fmt;
use std::sync::Arc;

pub use builtin::BUILTINS;
pub(crate) use canonical::PageKnowledge;
pub use canonical::StoredPolicy;
pub use compile::PolicyError;
pub use explain::{Channel, Explanation, Goods, Line, Object, Persons, Protection, Standing};
pub use json_schema::json_schema;

pub(crate) use document::{OnSignal, PageAction, Unknown};
pub(crate) use narrow::{Moment, Narrow, Narrowed, removed};
pub(crate) use packs::limited_data_use_code;
pub(crate) use pages::{PageRules, Verdict};
pub(crate) use property::{Properties, Property};
pub(crate) use written::WordList;

use crate::catalog::{Catalog, Class};
use crate::consent::rules::Rules;
use crate::detect::Setting;
use crate::detect::health::HealthRules;
use crate::report::Action;
use crate::schema::{FIELD_COUNT, Field};

/// A policy, compiled for the hosts of one site. It never changes.
pub struct Policy {
    name: Box<str>,
    version: u32,
    digest: PolicyDigest,
    canonical: Box<str>,
    page_texts: Option<canonical::PageTexts>,
    document: document::Document,
    pub(crate) hosts: Vec<Box<str>>,
    persons: Rules,
    persons_text: Option<canonical::PersonsText>,
    pub(crate) events: EventRules,
    pub(crate) pages: PageRules,
    fields: FieldRules,
    pub(crate) narrow: Vec<Narrow>,
    catalog: Option<Arc<Catalog>>,
    setting: Setting,
    health_rules: HealthRules,
}

/// `[fields]`, compiled.
struct FieldRules {
    actions: [FieldAction; FIELD_COUNT],
    /// Words of the free texts that have some.
    words: Vec<(Field, WordList)>,
    properties: Properties,
}

/// `[events]`, compiled.
pub(crate) struct EventRules {
    /// Allowed names, in order.
    pub(crate) allow: Vec<Box<str>>,
    /// Action sources whose events may leave, in order.
    pub(crate) sources: Vec<&'static str>,
    /// A site's own names and what they become, in order.
    pub(crate) rename: Vec<(Box<str>, Box<str>)>,
    /// The form of an event id.
    pub(crate) event_id: EventIdForm,
    /// What may stand before an opaque id.
    pub(crate) prefixes: Vec<Box<str>>,
    /// Where the id of an event without one comes from.
    pub(crate) missing_id: MissingId,
}

/// The form of an event id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventIdForm {
    Opaque,
    Token,
}

/// Where the id of an event without one comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MissingId {
    Random,
    Content,
}

/// What the policy does with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldAction {
    /// No line names it: it never leaves.
    None,
    /// Handled without a line.
    Always,
    Keep,
    Hash,
    Pseudonymize,
    Page,
    Catalog,
    /// One of the words that the policy lists.
    OneOf,
    /// Free text, as it came.
    KeepText,
    /// To a multiple of this many ten-thousandths.
    RoundTo(i64),
}

impl FieldAction {
    /// Its word in reports.
    pub(crate) fn word(self) -> Action {
        match self {
            Self::None => Action::None,
            Self::Always => Action::Always,
            Self::Keep => Action::Keep,
            Self::Hash => Action::Hash,
            Self::Pseudonymize => Action::Pseudonymize,
            Self::Page => Action::Page,
            Self::Catalog => Action::Catalog,
            Self::OneOf => Action::OneOf,
            Self::KeepText => Action::KeepText,
            Self::RoundTo(_) => Action::RoundTo,
        }
    }
}

impl Policy {
    /// Compiles the text of a policy for a site with these hosts. `file` is named in errors. The policy can have no catalogue.
    pub fn compile(text: &str, file: &str, hosts: &[String]) -> Result<Self, PolicyError> {
        Self::compile_with(text, file, hosts, &mut |_| Err("no catalogue can be read here; remove [catalog]".to_owned()))
    }

    /// The same for a policy that may have a catalogue, which `read_catalog` reads: from the path that the policy gives, relative
    /// to its folder. What it says where it cannot becomes part of the error.
    pub fn compile_with(
        text: &str,
        file: &str,
        hosts: &[String],
        read_catalog: &mut dyn FnMut(&str) -> Result<Arc<Catalog>, String>,
    ) -> Result<Self, PolicyError> {
        compile::compile(text, file, hosts, read_catalog)
    }

    /// The full name and the text of a built-in policy. `retail@1` is that version, a bare `retail` the newest.
    pub fn builtin(name: &str) -> Option<(&'static str, &'static str)> {
        builtin::find(name)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its version, which its owner raises with every change.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// SHA-256 of [`Policy::canonical`].
    pub fn digest(&self) -> PolicyDigest {
        self.digest
    }

    /// Everything that decides, as one text: the compiled policy, the site's hosts and the version of the filters. The outbox
    /// keeps it as long as events that were stored under it.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The site's goods, if the policy names a catalogue.
    pub fn catalog(&self) -> Option<&Catalog> {
        self.catalog.as_deref()
    }

    /// What the catalogue says of an article; `None` if it does not list it, or if there is no catalogue.
    pub(crate) fn classify(&self, id: &str) -> Option<Class> {
        self.catalog()?.classify(id)
    }

    /// What becomes of goods that the catalogue does not list; without a catalogue, of all.
    pub(crate) fn unknown_goods(&self) -> Unknown {
        self.document.catalog.as_ref().map_or(Unknown::Remove, |catalog| catalog.unknown)
    }

    /// What leaves, how, and which channels are open.
    pub fn explain(&self) -> Explanation {
        explain::explain(self)
    }

    /// What it asks of an event because of the person.
    pub(crate) fn consent_rules(&self) -> &Rules {
        &self.persons
    }

    /// What the policy does with a field.
    pub(crate) fn action(&self, field: Field) -> FieldAction {
        self.fields.actions.get(field as usize).copied().unwrap_or(FieldAction::None)
    }

    /// The words of a free text that has some.
    pub(crate) fn words(&self, field: Field) -> Option<&WordList> {
        self.fields.words.iter().find(|(listed, _)| *listed == field).map(|(_, words)| words)
    }

    /// The properties of the site's own.
    pub(crate) fn properties(&self) -> &Properties {
        &self.fields.properties
    }

    /// The names of the laws that the policy lists, in its order; they are labels of metrics.
    pub fn jurisdictions(&self) -> impl Iterator<Item = &str> {
        self.persons.jurisdictions.iter().map(|jurisdiction| jurisdiction.id.as_ref())
    }

    /// The paths of the properties of the site's own, such as `custom_data.loyalty_tier`; they are labels of metrics.
    pub fn property_paths(&self) -> impl Iterator<Item = &Arc<str>> {
        self.fields.properties.iter().map(Property::path)
    }

    /// The name that an event leaves under, and whether it was renamed; `None` for one that is not allowed.
    pub(crate) fn outgoing_name(&self, name: &str) -> Option<(&str, bool)> {
        let position = |names: &[Box<str>]| names.binary_search_by(|allowed| allowed.as_ref().cmp(name)).ok();
        if let Some(allowed) = position(&self.events.allow).and_then(|at| self.events.allow.get(at)) {
            return Some((allowed, false));
        }
        let (_, renamed) = self.events.rename.iter().find(|(own, _)| own.as_ref() == name)?;
        Some((renamed, true))
    }

    /// Whether what does not leave is looked through for signals of health too.
    pub(crate) fn scans_whole_events(&self) -> bool {
        self.document.health.scan == document::Scan::WholeEvent
    }

    /// What becomes of an event that speaks of health.
    pub(crate) fn on_signal(&self) -> OnSignal {
        self.document.health.on_signal
    }

    /// What counts as a signal of health.
    pub(crate) fn health_rules(&self) -> &HealthRules {
        &self.health_rules
    }

    /// How ready detectors are to see health and persons in what is ambiguous.
    pub(crate) fn setting(&self) -> Setting {
        self.setting
    }

    /// Whether events of this action source may leave.
    pub(crate) fn lists_source(&self, source: &str) -> bool {
        self.events.sources.contains(&source)
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Policy({}@{} {})", self.name, self.version, self.digest)
    }
}

/// SHA-256 of a policy's canonical text. Prints as 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PolicyDigest([u8; 32]);

impl PolicyDigest {
    /// From bytes that were stored.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for PolicyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&crate::normalize::hex(&self.0)).unwrap_or_default())
    }
}

impl fmt::Debug for PolicyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PolicyDigest({self})")
    }
}
