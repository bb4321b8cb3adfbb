//! What is told of events, for the table and for machines alike.

use portcullis_filters::pipeline::{ConsentTrace, FieldTrace, Trace, Verdict};
use portcullis_filters::report::{Place, SignalKind};
use portcullis_filters::schema::Field;
use serde::Serialize;

use super::values::{Raw, Values};
use super::{Arguments, Telling};

/// An explanation of events.
#[derive(Debug, Serialize)]
pub(super) struct Told<'a> {
    pub(super) policy: String,
    pub(super) digest: String,
    pub(super) hosts: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) dataset: Option<&'a str>,
    /// Whether pseudonyms were made with a key that was forgotten.
    pub(super) throw_away_key: bool,
    pub(super) events: Vec<Event>,
}

/// One event.
#[derive(Debug, Serialize)]
pub(super) struct Event {
    /// Its place in the input, from 1.
    pub(super) number: usize,
    pub(super) outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stage: Option<&'static str>,
    /// Why it was dropped; or which rule it breaks, after the place where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) missing: Option<&'static str>,
    /// One of the policy's names; nothing if it lists none for this event.
    #[serde(rename = "event_name", skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) page_class: Option<String>,
    /// What was decided because of the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) consent: Option<ConsentTrace>,
    pub(super) signals: Vec<Signal>,
    pub(super) fields: Vec<Row>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) values: Vec<Values>,
}

#[derive(Debug, Serialize)]
pub(super) struct Signal {
    pub(super) field: String,
    pub(super) kind: &'static str,
}

/// What became of values of one field.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) field: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) class: Option<&'static str>,
    pub(super) stage: &'static str,
    pub(super) action: &'static str,
    pub(super) became: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<&'static str>,
    pub(super) count: u32,
}

impl<'a> Told<'a> {
    pub(super) fn of(arguments: &'a Arguments, telling: &Telling<'a>, traces: &[(&str, Trace)]) -> Self {
        let event = |(at, (raw, trace)): (usize, &(&str, Trace))| {
            let values = if arguments.show_values { Raw::read(raw).values(trace) } else { Vec::new() };
            Event::of(at + 1, trace, values)
        };
        Self {
            policy: format!("{}@{}", telling.policy.name(), telling.policy.version()),
            digest: telling.policy.digest().to_string(),
            hosts: telling.hosts,
            dataset: Some(arguments.dataset.as_str()).filter(|id| !id.is_empty()),
            throw_away_key: arguments.pseudonym_key.is_none(),
            events: traces.iter().enumerate().map(event).collect(),
        }
    }
}

impl Event {
    fn of(number: usize, trace: &Trace, values: Vec<Values>) -> Self {
        let (outcome, stage, reason) = match trace.verdict {
            Verdict::Forward => ("forwarded", None, None),
            Verdict::Drop(stage, reason) => ("dropped", Some(stage.as_str()), Some(reason.as_str().to_owned())),
            Verdict::Refuse(refusal) => ("refused", None, Some(refusal.to_string())),
        };
        let signal = |(place, kind): &(Place, SignalKind)| Signal { field: place.as_str().to_owned(), kind: kind.as_str() };
        Self {
            number,
            outcome,
            stage,
            reason,
            missing: trace.missing.map(Field::path),
            name: trace.event_name.clone(),
            page_class: trace.page_class.clone(),
            consent: trace.consent.clone(),
            signals: trace.signals.iter().map(signal).collect(),
            fields: trace.fields.iter().map(Row::of).collect(),
            values,
        }
    }
}

impl Row {
    fn of(field: &FieldTrace) -> Self {
        Self {
            field: field.place.as_str().to_owned(),
            class: field.class.map(portcullis_filters::schema::Risk::as_str),
            stage: field.stage.as_str(),
            action: field.action.as_str(),
            became: field.fate.as_str(),
            reason: field.fate.reason().map(portcullis_filters::report::Reason::as_str),
            count: field.count,
        }
    }
}
