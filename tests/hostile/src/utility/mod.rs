//! What ordinary events lose: nothing of what they are worth, in more than 199 of 200 cases.
//!
//! Many products that nobody thought of, made of departments, adjectives and nouns; ids of the shapes that shops use; and what looks like
//! something that it is not. What counts as lost, and to what cause, is judged on the bytes that leave.

mod events;
mod shapes;
mod vocabulary;

use std::collections::BTreeMap;

use portcullis_filters::pipeline::Outcome;
use portcullis_filters::report::Report;
use serde_json::Value;

use crate::chance::Chance;
use crate::ordinary::Site;
use crate::run::Filter;

/// What of an event is worth something.
const OF_RETAIL: &[&str] = &[
    "/event_name",
    "/event_time",
    "/event_id",
    "/custom_data/value",
    "/custom_data/currency",
    "/custom_data/content_ids",
    "/custom_data/contents",
];
/// The same where nothing leaves that names an article.
const OF_PHARMACY: &[&str] = &["/event_name", "/event_time", "/custom_data/value", "/custom_data/currency"];
/// Losses of each sort that are kept with their story.
const MOST_STORIES: usize = 60;

/// What ordinary events lost.
#[derive(Debug, Default)]
pub struct Losses {
    pub events: u64,
    /// Events that were dropped or lost something of worth.
    pub losing: u64,
    /// By what was lost and why.
    pub causes: BTreeMap<String, u64>,
    /// The first losses: the event as it came.
    pub stories: Vec<String>,
}

/// Sends so many ordinary events through the policy of a site.
pub fn losses(site: Site, seed: u64, events: u64) -> Losses {
    let filter = Filter::of(site);
    let mut losses = Losses { events, ..Losses::default() };
    for number in 0..events {
        let mut chance = Chance::of_event(seed, number);
        let (event, worth) = match site {
            Site::Retail => (events::retail(&mut chance), OF_RETAIL),
            Site::Pharmacy | Site::Hospital => (events::front_store(&mut chance), OF_PHARMACY),
        };
        let raw = event.to_string();
        let causes = causes(&event, worth, &filter.sanitize(&raw));
        if !causes.is_empty() {
            losses.losing += 1;
            if losses.stories.len() < MOST_STORIES {
                losses.stories.push(format!("{}: {}", causes.join(", "), culprits(&filter, &event, worth)));
            }
        }
        for cause in causes {
            *losses.causes.entry(cause).or_default() += 1;
        }
    }
    losses
}

/// What an event lost, and why.
fn causes(event: &Value, worth: &[&str], outcome: &Outcome) -> Vec<String> {
    match outcome {
        Outcome::Refuse(refusal) => vec![format!("refused: {refusal}")],
        Outcome::Drop(stage, reason, _) => vec![format!("dropped: {stage} {reason}")],
        Outcome::Forward(left, report) => {
            let left: Value = serde_json::from_str(left.as_str()).unwrap_or_default();
            let lost = worth.iter().filter(|path| !is_same(event.pointer(path), left.pointer(path)));
            lost.map(|path| format!("lost {path}: {}", reasons(report))).collect()
        }
    }
}

/// The values without any one of which nothing would have been lost.
fn culprits(filter: &Filter, event: &Value, worth: &[&str]) -> String {
    let mut paths = Vec::new();
    leaves("", event, &mut paths);
    let cures = |path: &&String| {
        let mut without = event.clone();
        if let Some(value) = without.pointer_mut(path) {
            *value = Value::from("x");
        }
        let worth: Vec<&str> = worth.iter().copied().filter(|worth| !path.starts_with(worth)).collect();
        causes(&without, &worth, &filter.sanitize(&without.to_string())).is_empty()
    };
    let found: Vec<String> =
        paths.iter().filter(cures).map(|path| format!("{path} = {}", event.pointer(path).unwrap_or(&Value::Null))).collect();
    if found.is_empty() { event.to_string() } else { found.join(", ") }
}

/// The pointers to all texts and numbers of an event.
fn leaves(path: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| leaves(&format!("{path}/{key}"), value, found)),
        Value::Array(list) => list.iter().enumerate().for_each(|(at, value)| leaves(&format!("{path}/{at}"), value, found)),
        _ => found.push(path.to_owned()),
    }
}

/// Numbers may be written in another way, `12.50` and `12.5`.
fn is_same(came: Option<&Value>, left: Option<&Value>) -> bool {
    match (came, left) {
        (Some(Value::Number(came)), Some(Value::Number(left))) => came.as_f64() == left.as_f64(),
        (Some(Value::Array(came)), Some(Value::Array(left))) => {
            came.len() == left.len() && came.iter().zip(left).all(|(came, left)| is_same(Some(came), Some(left)))
        }
        (Some(Value::Object(came)), Some(Value::Object(left))) => {
            came.len() == left.len() && came.iter().all(|(key, value)| is_same(Some(value), left.get(key)))
        }
        (came, left) => came == left,
    }
}

/// The reasons of a report that take an ordinary value away; what the policy never keeps says nothing.
fn reasons(report: &Report) -> String {
    let telling = |reason: &str| !matches!(reason, "not_allowed" | "unknown_key" | "foreign_host");
    let mut reasons: Vec<String> = report
        .removals()
        .iter()
        .filter(|removal| telling(removal.reason.as_str()))
        .map(|removal| format!("{} {}", removal.place.as_str(), removal.reason))
        .collect();
    reasons.extend(
        report
            .changes()
            .iter()
            .filter(|(field, _)| field.path() == "event_id")
            .map(|(field, change)| format!("{} {change}", field.path())),
    );
    reasons.sort_unstable();
    reasons.dedup();
    reasons.join("; ")
}

impl std::fmt::Display for Losses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{} ordinary events, {} lost something", self.events, self.losing)?;
        self.causes.iter().try_for_each(|(cause, count)| writeln!(f, "  {count}: {cause}"))
    }
}
