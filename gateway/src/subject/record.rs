//! What is handed to the index of events that Meta took.

use std::collections::HashMap;
use std::sync::Arc;

use portcullis_filters::delivered::{Delivered, LeftFields, delivered};
use portcullis_filters::event::SanitizedEvent;
use portcullis_filters::policy::Policy;

use crate::suppression::{Mark, Marker};

/// Events of one request.
#[derive(Debug)]
pub struct Batch {
    /// When Meta took them, in days since 1970.
    pub day: i64,
    /// To which dataset they went.
    pub dataset: Arc<str>,
    /// What may be remembered of them.
    pub records: Vec<Record>,
    /// How many could not be read again, which the guard rules out.
    pub unread: u64,
}

impl Batch {
    /// How many events it is about.
    pub fn events(&self) -> u64 {
        (self.records.len() as u64).saturating_add(self.unread)
    }
}

/// One event.
#[derive(Debug)]
pub struct Record {
    site: Arc<str>,
    policy: Arc<Policy>,
    delivered: Delivered,
}

impl Record {
    /// Of an event that left under this policy.
    pub fn of(site: &Arc<str>, policy: &Arc<Policy>, event: &SanitizedEvent) -> Option<Self> {
        Some(Self { site: Arc::clone(site), policy: Arc::clone(policy), delivered: delivered(policy, event)? })
    }
}

/// What events have in common that the index does not tell apart but by their day and person.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Kind {
    pub(super) site: Arc<str>,
    pub(super) dataset: Arc<str>,
    pub(super) event: String,
    pub(super) fields: LeftFields,
    pub(super) policy: PolicyName,
}

/// Names a policy.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct PolicyName {
    pub(super) name: String,
    pub(super) version: u32,
    pub(super) digest: [u8; 32],
}

/// How often each kind went to Meta about each person, on one day.
#[derive(Debug, Default)]
pub(super) struct Counted {
    pub(super) by_kind: HashMap<Kind, HashMap<Mark, u64>>,
}

impl Counted {
    /// Of one batch.
    pub(super) fn of(batch: Batch, marker: &Marker) -> Self {
        let mut counted = Self::default();
        for Record { site, policy, delivered } in batch.records {
            // Nobody can ask for an event that carries none of their ids.
            if delivered.persons.is_empty() {
                continue;
            }
            let kind = Kind {
                site,
                dataset: Arc::clone(&batch.dataset),
                event: delivered.event_name,
                fields: delivered.fields,
                policy: PolicyName {
                    name: policy.name().to_owned(),
                    version: policy.version(),
                    digest: *policy.digest().as_bytes(),
                },
            };
            let marks = counted.by_kind.entry(kind).or_default();
            for person in &delivered.persons {
                *marks.entry(marker.mark(person)).or_default() += 1;
            }
        }
        counted
    }

    /// How many rows it needs at most.
    pub(super) fn rows(&self) -> u64 {
        self.by_kind.values().map(|marks| marks.len() as u64).sum()
    }
}
