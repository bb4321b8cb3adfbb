//! What became of the events of one request: one record, from which both the answer and the counters of events are made, so that
//! they cannot disagree. What was taken out of events is counted by whoever adds them: a thousand reports need not be kept.

use std::collections::BTreeMap;

use portcullis_filters::event::SanitizedEvent;
use portcullis_filters::pipeline::Outcome;
use portcullis_filters::refusal::Refusal;
use portcullis_filters::report::{DropReason, Report, StageName};

use super::respond::Summary;
use crate::outbox::Receipt;
use crate::telemetry::site::{Fates, SiteCounters, Source};

/// What callers are told of every event that was dropped because of its person.
const POLICY: &str = "policy";

/// Outcomes of the filter, kept together.
#[derive(Default)]
pub(super) struct Outcomes {
    survivors: Vec<SanitizedEvent>,
    bytes: usize,
    forwarded: usize,
    dropped: BTreeMap<(StageName, DropReason), usize>,
    refused: Vec<(usize, Refusal)>,
}

impl Outcomes {
    /// For so many events.
    pub(super) fn of(events: usize) -> Self {
        Self { survivors: Vec::with_capacity(events), ..Self::default() }
    }

    /// Notes the outcome of the event at this position. Gives the report of what was taken out of it.
    pub(super) fn add(&mut self, index: usize, outcome: Outcome) -> Option<Report> {
        match outcome {
            Outcome::Forward(event, report) => {
                self.bytes += event.as_str().len();
                self.survivors.push(event);
                self.forwarded += 1;
                Some(report)
            }
            Outcome::Drop(stage, reason, report) => {
                *self.dropped.entry((stage, reason)).or_default() += 1;
                Some(report)
            }
            Outcome::Refuse(refusal) => {
                self.refused.push((index, refusal));
                None
            }
        }
    }

    /// How many events may leave.
    pub(super) fn forwarded(&self) -> usize {
        self.forwarded
    }

    /// How many bytes the events have that may leave.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Hands over the events that may leave, once; how many they were stays known.
    pub(super) fn take_survivors(&mut self) -> Vec<SanitizedEvent> {
        std::mem::take(&mut self.survivors)
    }

    /// Counts the events in one go, when it is known whether the survivors are durable, which a receipt proves. How many events
    /// were received is said by whoever decoded them: were it summed up here, the accounts of promise P5 could not fail.
    pub(super) fn count(&self, counters: &SiteCounters, source: Source, received: usize, receipt: Option<&Receipt>) {
        let (forwarded, refused) = (self.forwarded as u64, self.refused.len() as u64);
        let duplicate = receipt.map_or(0, |receipt| receipt.duplicates() as u64);
        let (accepted, turned_away) =
            if receipt.is_some() { (forwarded.saturating_sub(duplicate), 0) } else { (0, forwarded) };
        counters.count(source, Fates { received: received as u64, refused, turned_away, duplicate, accepted });
        for ((stage, reason), events) in &self.dropped {
            counters.count_dropped(stage.as_str(), reason.as_str(), *events as u64);
        }
    }

    /// What the caller is told. Of a person nothing is told: not whether one is suppressed, nor what was made of a consent.
    pub(super) fn summary(self) -> Summary {
        let mut dropped = BTreeMap::new();
        for ((stage, reason), events) in self.dropped {
            let told = if stage == StageName::Consent { POLICY } else { reason.as_str() };
            *dropped.entry(told).or_default() += events;
        }
        Summary { forwarded: self.forwarded, dropped, refused: self.refused }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_person_a_caller_is_told_nothing_but_policy() {
        let mut outcomes = Outcomes::of(4);
        let dropped = [
            (StageName::Consent, DropReason::Suppressed),
            (StageName::Consent, DropReason::NoConsent),
            (StageName::Consent, DropReason::GlobalPrivacyControl),
            (StageName::Pages, DropReason::Page),
        ];
        for (index, (stage, reason)) in dropped.into_iter().enumerate() {
            outcomes.add(index, Outcome::Drop(stage, reason, Report::default()));
        }
        assert_eq!(outcomes.summary().dropped, BTreeMap::from([("policy", 3), ("page", 1)]));
    }
}
