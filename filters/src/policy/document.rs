//! A policy as it is written. Unknown keys are refused at every level; where a key takes several forms, a visitor says which.
//!
//! The comments of tables and keys are what an editor shows to who writes a policy: `json_schema` takes them from here.

mod fields;
mod persons;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) use self::persons::{Consent, Jurisdiction, Purpose, Residence, ResidenceSource};
use super::written::WrittenForm;

/// What may leave of a site's events. What no line names is removed and counted. `portcullis policy explain FILE` says in plain
/// words what a policy comes to.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Policy of Portcullis")]
pub(super) struct Document {
    /// Its name in metrics and reports: lower case letters, digits and dashes.
    pub(super) name: String,
    /// Its version, from 1. Raise it with every change, so that reports say which text was in force.
    #[schemars(range(min = 1))]
    pub(super) version: u32,
    /// Who answers for it. Shown by `policy explain`.
    #[serde(default)]
    #[schemars(with = "String")]
    pub(super) owner: Option<String>,
    #[serde(default)]
    #[schemars(with = "Consent")]
    pub(super) consent: Option<Consent>,
    #[serde(default)]
    #[schemars(with = "Residence")]
    pub(super) residence: Option<Residence>,
    #[serde(default)]
    pub(super) jurisdiction: Vec<Jurisdiction>,
    pub(super) events: Events,
    pub(super) pages: Pages,
    pub(super) fields: Fields,
    #[serde(default)]
    pub(super) narrow: Vec<Narrow>,
    #[serde(default)]
    #[schemars(with = "Catalog")]
    pub(super) catalog: Option<Catalog>,
    pub(super) health: Health,
    pub(super) pii: Pii,
}

/// Which events leave, and what becomes of their ids.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Events {
    /// The names of the events that may leave. Every other event is dropped whole.
    #[schemars(length(min = 1))]
    pub(super) allow: Vec<String>,
    /// Where it may have happened: Meta's action sources whose events may leave. An event of another is dropped whole. Without
    /// this line only those of websites leave: `[pages]` can judge no event that came without an address.
    #[serde(default = "websites")]
    #[schemars(schema_with = "super::json_schema::sources")]
    pub(super) sources: Vec<String>,
    /// A site's own names and the allowed ones that they become: `OrderPlaced = "Purchase"`.
    #[serde(default)]
    pub(super) rename: BTreeMap<String, String>,
    /// The form in which an `event_id` leaves as it is. One of another form is replaced by a keyed digest; Meta can then not match
    /// the event with the same one from a browser pixel.
    pub(super) event_id: EventId,
    /// What may stand before an opaque id, such as `order-`: 1 to 20 letters, digits and . _ - each.
    #[serde(default)]
    pub(super) prefixes: Vec<String>,
    /// Where the id of an event without one comes from.
    #[serde(default)]
    pub(super) event_id_from: EventIdFrom,
}

/// What may leave where a policy does not say.
fn websites() -> Vec<String> {
    vec!["website".to_owned()]
}

/// The form of ids that leave as they are.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum EventId {
    /// UUIDs and ULIDs only, which say nothing about a person or an order.
    Opaque,
    /// Up to 80 letters, digits and . _ : - too, such as an order's number.
    Token,
}

/// Where the id of an event without one comes from.
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum EventIdFrom {
    /// A random UUID: an event that a caller repeats counts twice.
    #[default]
    Random,
    /// A keyed digest of the event: an event that a caller repeats counts once.
    Content,
}

/// Which pages events may come from, and what of their addresses leaves. Port, query and fragment never leave.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Pages {
    /// What an event of a page that no class matches comes to.
    pub(super) default: PageAction,
    /// What an event of a website without a usable address comes to.
    pub(super) no_url: PageAction,
    #[serde(default)]
    pub(super) class: Vec<PageClass>,
}

/// What a page does with its event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PageAction {
    /// The event is dropped whole.
    DropEvent,
    /// The event goes on; of the address only scheme and host leave.
    Origin,
}

/// A class of pages. One that drops wins over every other; then the first that matches. Say either `action` or `send_as`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PageClass {
    /// Its name in `narrow` and in reports: 1 to 40 lower case letters, digits, _ and -.
    pub(super) name: String,
    /// Paths: `*` is one segment, and `/rx/**` matches `/rx` and all below it. Case and a language in front do not matter.
    #[serde(rename = "match")]
    #[schemars(length(min = 1))]
    pub(super) patterns: Vec<String>,
    /// What events of these pages come to.
    #[serde(default)]
    #[schemars(with = "PageAction")]
    pub(super) action: Option<PageAction>,
    /// The path that leaves in place of the real one, such as `/store`.
    #[serde(default)]
    #[schemars(with = "String")]
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
    /// `{ keep_text = true, because = "..." }`
    KeepText {
        /// Why, for who reviews the policy.
        because: String,
    },
}

/// A rule that takes fields away from some events. It can never add one.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Narrow {
    pub(super) when: When,
    /// The fields that it takes away, as paths such as `user_data.ph`. Each must be one that `[fields]` lets leave.
    #[schemars(length(min = 1))]
    pub(super) remove: Vec<String>,
}

/// For which events the rule holds: all that is named here must be true.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct When {
    /// The event has this name, one of `events.allow`.
    #[serde(default)]
    #[schemars(with = "String")]
    pub(super) event: Option<String>,
    /// Its page is of this class of `[pages]`.
    #[serde(default)]
    #[schemars(with = "String")]
    pub(super) page: Option<String>,
    /// It happened here, one of `events.sources`: `website`, `app` and so on.
    #[serde(default)]
    #[schemars(with = "String")]
    pub(super) action_source: Option<String>,
    /// It goes to the dataset with this id.
    #[serde(default)]
    #[schemars(with = "String")]
    pub(super) dataset: Option<String>,
}

/// The goods of the site, each with its class: neutral, sensitive or prescription. Ids of sensitive goods and of prescriptions never
/// leave, and each is a sign that its event speaks of health. Fields with the action `catalog` let ids of neutral goods leave.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Catalog {
    /// A CSV file that begins with the line `id,class`, by a path relative to this policy's folder. Ids are compared as they
    /// are, with their case.
    #[schemars(length(min = 1))]
    pub(super) file: String,
    /// What becomes of goods that the file does not list.
    #[serde(default)]
    pub(super) unknown: Unknown,
}

/// What becomes of goods that the catalogue does not list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unknown {
    /// Their ids are removed from fields with the action `catalog`.
    #[default]
    Remove,
    /// Their ids leave as those of neutral goods do.
    Neutral,
    /// The event that names one is dropped whole.
    DropEvent,
}

/// What becomes of an event that speaks of health, so that it never leaves together with who it was.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Health {
    /// What of an event is looked at.
    pub(super) scan: Scan,
    /// What a signal does.
    pub(super) on_signal: OnSignal,
    /// When a term counts that also has another meaning.
    pub(super) ambiguous: Ambiguous,
    /// Terms that count besides those of the lexicon.
    #[serde(default)]
    pub(super) add_terms: Vec<String>,
    /// Terms of the lexicon that do not count here, each with the reason.
    #[serde(default)]
    pub(super) ignore_terms: Vec<IgnoreTerm>,
}

/// What of an event is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Scan {
    /// All of it, also what does not leave.
    WholeEvent,
    /// What would leave.
    KeptFields,
}

/// What a signal of health does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OnSignal {
    /// The event is dropped whole.
    DropEvent,
    /// All of `custom_data` but value and currency goes, and the page; the rest leaves if some of the goods were harmless. A signal
    /// in the page, in an id of an event or under an unknown key drops the event all the same.
    DropGoods,
}

/// When a term counts that also has another meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Ambiguous {
    /// Beside another term of health.
    Context,
    /// Wherever it stands.
    Always,
}

/// A term of the lexicon that does not count here.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct IgnoreTerm {
    /// The term, as it stands in the lexicon.
    pub(super) term: String,
    /// Why it does not count, for who reviews the policy.
    pub(super) because: String,
}

/// What becomes of tokens and ids in which a detector finds a person. The id of an event is replaced by a keyed digest instead.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Pii {
    /// What a match does.
    pub(super) on_match: OnMatch,
}

/// What a match does.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum OnMatch {
    /// The field is removed.
    DropField,
}
