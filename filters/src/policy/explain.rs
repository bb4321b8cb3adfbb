//! What a policy lets leave, in words for an auditor.

mod channels;

use super::document::PageAction;
use super::pages::Outcome;
use super::{EventIdForm, FieldAction, Policy};
use crate::schema::{Field, Kind, ROWS, Section};

/// What leaves under a policy, how, and which channels are open.
#[derive(Debug)]
pub struct Explanation {
    /// Who answers for the policy.
    pub owner: Option<String>,
    /// Names of the events that leave.
    pub events: Vec<String>,
    /// A site's own names and what they become.
    pub renames: Vec<(String, String)>,
    /// Every path with which a URL can leave, each with the pages that leave so; then those that drop their event.
    pub pages: Vec<(String, String)>,
    /// Fields that leave.
    pub leaves: Vec<Line>,
    /// Fields of the table that never leave.
    pub stays: Vec<&'static str>,
    /// Ways by which something could leave that a reader might not expect.
    pub channels: Vec<Channel>,
}

/// A field that leaves.
#[derive(Debug)]
pub struct Line {
    /// Its path.
    pub path: &'static str,
    /// The policy's action.
    pub action: &'static str,
    /// The exact form in which it leaves.
    pub form: String,
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
    /// A check that the policy asks for is not in force: the gateway logs it as an error at start.
    NotInForce,
    /// A likely misunderstanding: `check` and the gateway's start warn of it.
    Warned,
    /// Part of what the policy is for: explained, and no more.
    Known,
}

pub(super) fn explain(policy: &Policy) -> Explanation {
    let leaving =
        |row: &&crate::schema::Row| policy.action(row.field) != FieldAction::None && !matches!(row.kind, Kind::Object(_));
    Explanation {
        owner: policy.document.owner.clone(),
        events: policy.events.allow.iter().map(ToString::to_string).collect(),
        renames: policy.events.rename.iter().map(|(own, name)| (own.to_string(), name.to_string())).collect(),
        pages: pages(policy),
        leaves: ROWS
            .iter()
            .filter(leaving)
            .map(|row| Line {
                path: row.path,
                action: policy.action(row.field).word().as_str(),
                form: form(policy, row.field),
            })
            .collect(),
        stays: ROWS
            .iter()
            .filter(|row| policy.action(row.field) == FieldAction::None && row.section != Section::Contents)
            .map(|row| row.path)
            .collect(),
        channels: channels::of(policy),
    }
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
    lines.push(("a website event without a usable URL".to_owned(), outcome(policy.pages.no_url).to_owned()));
    lines
}

fn form(policy: &Policy, field: Field) -> String {
    let action = policy.action(field);
    match (field.row().kind, action) {
        (_, FieldAction::Catalog) => "removed: there is no catalogue".to_owned(),
        (_, FieldAction::Pseudonymize) => "64 hex digits, HMAC-SHA-256 under this installation's key".to_owned(),
        (_, FieldAction::RoundTo(step)) => {
            format!("a number, rounded to a multiple of {}.{:04}", step / 10_000, step % 10_000)
        }
        (Kind::EventName, _) => "one of the names above".to_owned(),
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
