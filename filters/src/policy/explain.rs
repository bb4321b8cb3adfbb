//! What a policy lets leave, in words for an auditor.

mod channels;
mod detectors;
mod persons;

use channels::kept;
pub use persons::{Persons, Protection};

use super::document::{self, PageAction};
use super::pages::Outcome;
use super::{EventIdForm, FieldAction, Policy, Unknown, WordList};
use crate::catalog::Counts;
use crate::schema::{Field, Kind, ROWS, Row, Section};

/// What leaves under a policy, how, and which channels are open.
#[derive(Debug)]
pub struct Explanation {
    /// Who answers for the policy.
    pub owner: Option<String>,
    /// Whose events leave.
    pub persons: Persons,
    /// Names of the events that leave.
    pub events: Vec<String>,
    /// Action sources whose events leave.
    pub sources: Vec<&'static str>,
    /// A site's own names and what they become.
    pub renames: Vec<(String, String)>,
    /// Every path with which a URL can leave, each with the pages that leave so; then those that drop their event.
    pub pages: Vec<(String, String)>,
    /// The objects of an event, each with what leaves of it.
    pub objects: Vec<Object>,
    /// The rules that take away: when, and which fields.
    pub narrow: Vec<(String, Vec<String>)>,
    /// What looks for health and for persons, and what it does.
    pub detectors: Vec<String>,
    /// The goods, if the policy names a catalogue.
    pub catalog: Option<Goods>,
    /// Ways by which something could leave that a reader might not expect.
    pub channels: Vec<Channel>,
}

/// An object of an event: the event itself, `user_data`, `app_data` and so on.
#[derive(Debug)]
pub struct Object {
    /// Its path; `event` for the event itself.
    pub path: &'static str,
    /// One line on what it is.
    pub doc: &'static str,
    /// Its fields that leave, and the properties of the site's own.
    pub leaves: Vec<Line>,
    /// Its fields that never leave.
    pub stays: Vec<&'static str>,
}

/// A field or property that leaves.
#[derive(Debug)]
pub struct Line {
    /// Its path.
    pub path: String,
    /// The policy's action.
    pub action: &'static str,
    /// The exact form in which it leaves.
    pub form: String,
}

/// What is known of the goods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goods {
    /// The catalogue's file, as the policy names it.
    pub file: String,
    /// How many it lists of each class.
    pub counts: Counts,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Bytes of memory that it takes.
    pub memory_bytes: usize,
    /// What becomes of goods that it does not list.
    pub unknown: &'static str,
}

/// A way out that deserves a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// How loudly it is said.
    pub standing: Standing,
    /// What is open, and why.
    pub text: String,
}

/// How loudly an open channel is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// A likely misunderstanding: `check` and the gateway's start warn of it.
    Warned,
    /// Part of what the policy is for: explained, and no more.
    Known,
}

impl Explanation {
    /// Every field and property that leaves, object by object.
    pub fn leaves(&self) -> impl Iterator<Item = &Line> {
        self.objects.iter().flat_map(|object| &object.leaves)
    }

    /// Every field of the table that never leaves, object by object.
    pub fn stays(&self) -> impl Iterator<Item = &str> {
        self.objects.iter().flat_map(|object| object.stays.iter().copied())
    }
}

pub(super) fn explain(policy: &Policy) -> Explanation {
    // The goods are explained by the form of custom_data.contents.
    let sections = Section::ALL.iter().filter(|section| **section != Section::Contents);
    Explanation {
        owner: policy.document.owner.clone(),
        persons: persons::persons(policy),
        events: policy.events.allow.iter().map(ToString::to_string).collect(),
        sources: policy.events.sources.clone(),
        renames: policy.events.rename.iter().map(|(own, name)| (own.to_string(), name.to_string())).collect(),
        pages: pages(policy),
        objects: sections.map(|section| object(policy, *section)).collect(),
        narrow: policy.document.narrow.iter().map(rule).collect(),
        detectors: detectors::lines(policy),
        catalog: goods(policy),
        channels: channels::of(policy),
    }
}

fn goods(policy: &Policy) -> Option<Goods> {
    let catalog = policy.catalog()?;
    Some(Goods {
        file: policy.document.catalog.as_ref()?.file.clone(),
        counts: catalog.counts(),
        sha256: catalog.sha256(),
        memory_bytes: catalog.memory_bytes(),
        unknown: match policy.unknown_goods() {
            Unknown::Remove => "are removed from fields with the action catalog",
            Unknown::Neutral => "count as neutral",
            Unknown::DropEvent => "drop their event",
        },
    })
}

fn object(policy: &Policy, section: Section) -> Object {
    let holder = section.holder().map(Field::row);
    let mut object = Object {
        path: holder.map_or("event", |row| row.path),
        doc: holder.map_or("the event itself", |row| row.doc),
        leaves: Vec::new(),
        stays: Vec::new(),
    };
    let is_value = |row: &&Row| row.section == section && !matches!(row.kind, Kind::Object(_));
    for row in ROWS.iter().filter(is_value) {
        match policy.action(row.field) {
            FieldAction::None => object.stays.push(row.path),
            action => object.leaves.push(Line {
                path: row.path.to_owned(),
                action: action.word().as_str(),
                form: form(policy, row.field),
            }),
        }
    }
    if section == Section::CustomData {
        object.leaves.extend(policy.properties().iter().map(|property| Line {
            path: property.path().to_string(),
            action: property.form().word().as_str(),
            form: property.form().explain(),
        }));
    }
    object
}

fn rule(rule: &document::Narrow) -> (String, Vec<String>) {
    let document::When { event, page, action_source, dataset } = &rule.when;
    let conditions: Vec<String> = [("event", event), ("page", page), ("action_source", action_source), ("dataset", dataset)]
        .into_iter()
        .filter_map(|(name, wanted)| wanted.as_ref().map(|wanted| format!("{name} {wanted}")))
        .collect();
    let when = if conditions.is_empty() { "always".to_owned() } else { conditions.join(", ") };
    (when, rule.remove.clone())
}

fn pages(policy: &Policy) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for class in &policy.document.pages.class {
        let compiled = policy.pages.classes.iter().find(|compiled| compiled.name.as_ref() == class.name);
        let leaves = match compiled.map(|compiled| &compiled.outcome) {
            Some(Outcome::SendAs(path)) => format!("leaves as {path}"),
            Some(Outcome::Origin) => "leaves as /".to_owned(),
            Some(Outcome::Drop) | None => "drops its event".to_owned(),
        };
        lines.push((format!("{}: {}", class.name, class.patterns.join(" ")), leaves));
    }
    let outcome = |on: PageAction| if on == PageAction::Origin { "leaves as /" } else { "drops its event" };
    lines.push(("any other page".to_owned(), outcome(policy.pages.default).to_owned()));
    if policy.lists_source("website") {
        lines.push(("a website event without a usable URL".to_owned(), outcome(policy.pages.no_url).to_owned()));
    }
    if policy.events.sources.iter().any(|source| *source != "website") {
        lines.push(("an event of another source without one".to_owned(), "goes on without".to_owned()));
    }
    lines
}

fn form(policy: &Policy, field: Field) -> String {
    let kind = field.row().kind;
    let form = form_of_kind(policy, field);
    match (policy.action(field), policy.catalog()) {
        (FieldAction::Catalog, None) => "removed: there is no catalogue".to_owned(),
        (FieldAction::Catalog, Some(_)) if policy.unknown_goods() == Unknown::Neutral => {
            format!("{form}, where the catalogue calls it neutral or does not list it")
        }
        (FieldAction::Catalog, Some(_)) => format!("{form}, where the catalogue calls it neutral"),
        (FieldAction::Keep, Some(_)) if matches!(kind, Kind::ContentId | Kind::Contents) => {
            format!("{form}, where the catalogue does not call it sensitive or a prescription")
        }
        _ => form,
    }
}

fn form_of_kind(policy: &Policy, field: Field) -> String {
    match (field.row().kind, policy.action(field)) {
        (_, FieldAction::KeepText) => "1 to 200 characters as they came, unless a detector finds a person".to_owned(),
        (_, FieldAction::OneOf) => policy.words(field).map_or_else(|| "nothing".to_owned(), WordList::explain),
        (_, FieldAction::Pseudonymize) => "64 hex digits, HMAC-SHA-256 under this installation's key".to_owned(),
        (_, FieldAction::RoundTo(step)) => {
            format!("a number, rounded to a multiple of {}.{:04}", step / 10_000, step % 10_000)
        }
        (Kind::EventName, _) => "one of the names above".to_owned(),
        (Kind::Word(_), _) if field == Field::ActionSource => "one of the sources above".to_owned(),
        (Kind::EventId, _) if policy.events.event_id == EventIdForm::Opaque => {
            let prefixes = policy.events.prefixes.join(" ");
            let also = if prefixes.is_empty() { prefixes } else { format!(", also after {prefixes}") };
            format!("a UUID or ULID{also}; any other id is replaced by its HMAC")
        }
        (Kind::EventId, _) => "1 to 80 of A-Z a-z 0-9 . _ : - ; any other id is replaced by its HMAC".to_owned(),
        (Kind::UnixSeconds, _) => "seconds since 1970, exact".to_owned(),
        (Kind::SecondsNear { days }, _) => format!("seconds since 1970, at most {days} days before the event"),
        (Kind::Token, _) => "1 to 80 of A-Z a-z 0-9 . _ : -".to_owned(),
        (Kind::ContentId, _) => "1 to 64 of A-Z a-z 0-9 . _ -".to_owned(),
        (Kind::Digits { min, max }, _) => format!("{min} to {max} digits"),
        (Kind::Uuid, _) => "a UUID".to_owned(),
        (Kind::Bool, _) => "true or false".to_owned(),
        (Kind::Range { most, max }, _) => format!("up to {most} numbers from 0 to {max} in rising order, all or none"),
        (Kind::Price { max }, _) => format!("a number from 0 to {max} and an ISO 4217 code"),
        (Kind::Country, _) => "a country's two letters, ISO 3166".to_owned(),
        (Kind::Airport, _) => "three letters".to_owned(),
        (Kind::Date, _) => "a day from 2000 to 2099".to_owned(),
        (Kind::DateTime, _) => "a day from 2000 to 2099, with or without a time".to_owned(),
        (Kind::ClickId, _) => "a click id: 20 to 500 of A-Z a-z 0-9 _ -".to_owned(),
        (Kind::ExtInfo, _) => "sixteen texts, each of the form of its place or empty; never the carrier".to_owned(),
        (Kind::Url, _) => "https://, one of the site's hosts, and a path from the list above".to_owned(),
        (Kind::Word(words), _) => format!("one of {}", words.join(" ")),
        (Kind::Restriction(_), _) => "as it came; one that cannot be read becomes its strictest value".to_owned(),
        (Kind::Integer { min, max }, _) => format!("a whole number from {min} to {max}"),
        (Kind::Decimal { max }, _) => format!("a number from 0 to {max}, four fraction digits at most"),
        (Kind::Currency, _) => "an ISO 4217 code".to_owned(),
        (Kind::Hashed(_), _) => "64 hex digits, SHA-256 of the normalised value".to_owned(),
        (Kind::IpAddress, _) => "a whole IPv4 or IPv6 address".to_owned(),
        (Kind::UserAgent, _) => "a user agent of known parts, else its browser family's".to_owned(),
        (Kind::Fbp, _) => "fb.N.milliseconds.digits".to_owned(),
        (Kind::Fbc, _) => "fb.N.milliseconds.click id; made of the page's fbclid where there is none".to_owned(),
        (Kind::Contents, _) => "a list of id, quantity, item_price and delivery_category".to_owned(),
        (Kind::FreeText | Kind::Denied(_) | Kind::Object(_), _) => "nothing".to_owned(),
    }
}
