//! A leased group in hand: what has become of each of its events, and how that is counted.
//!
//! Nothing is counted before the outbox has settled it, and only what the outbox says it settled: a lease that had ended
//! changes nothing, so it counts nothing.

use std::collections::BTreeMap;

use portcullis_filters::report::Report;

use crate::outbox::{Lease, Settled, Settlement};
use crate::telemetry::metrics::Metrics;

/// A leased group.
#[derive(Debug)]
pub(crate) struct Group {
    lease: Lease,
    settlements: Vec<Option<Settlement>>,
    reports: Vec<(usize, Report)>,
}

impl Group {
    /// A group of which nothing has been decided.
    pub(crate) fn new(lease: Lease) -> Self {
        Self { settlements: vec![None; lease.count()], lease, reports: Vec::new() }
    }

    /// What the outbox keeps of it.
    pub(crate) fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Decides one event. The first decision holds.
    pub(crate) fn decide(&mut self, event: usize, settlement: Settlement) {
        if let Some(open @ None) = self.settlements.get_mut(event) {
            *open = Some(settlement);
        }
    }

    /// Decides every event that is still open.
    pub(crate) fn decide_rest(&mut self, settlement: &Settlement) {
        for open in self.settlements.iter_mut().filter(|open| open.is_none()) {
            *open = Some(settlement.clone());
        }
    }

    /// Keeps what readmission took from an event, to be counted once the event is delivered: a group that is tried again is
    /// readmitted again.
    pub(crate) fn keep_report(&mut self, event: usize, report: Report) {
        if !report.removals().is_empty() || !report.changes().is_empty() {
            self.reports.push((event, report));
        }
    }

    /// Whether every event is decided.
    pub(crate) fn is_decided(&self) -> bool {
        self.settlements.iter().all(Option::is_some)
    }

    /// Whether no event is decided.
    pub(crate) fn is_untouched(&self) -> bool {
        self.settlements.iter().all(Option::is_none)
    }

    /// The lease, to be given back.
    pub(crate) fn into_lease(self) -> Lease {
        self.lease
    }

    /// The lease, one settlement an event, and what to count once they hold. An open event is to be tried again at
    /// `now_ms`: an event is never given up because nobody decided it.
    pub(crate) fn into_settlements(self, now_ms: u64) -> (Lease, Vec<Settlement>, Counts) {
        let kept = Settlement::Retry { not_before_ms: now_ms, attempted: false };
        let settlements: Vec<_> =
            self.settlements.into_iter().map(|settlement| settlement.unwrap_or_else(|| kept.clone())).collect();
        let mut counts = Counts { site: self.lease.site.to_string(), ..Counts::default() };
        for settlement in &settlements {
            match settlement {
                Settlement::Quarantine(reason) => *counts.quarantined.entry(reason.as_str()).or_default() += 1,
                Settlement::Withdrawn(reason) => *counts.withdrawn.entry(reason.as_str()).or_default() += 1,
                Settlement::Delivered | Settlement::Retry { .. } | Settlement::Expired => {}
            }
        }
        let is_delivered = |event: usize| matches!(settlements.get(event), Some(Settlement::Delivered));
        counts.reports =
            self.reports.into_iter().filter(|(event, _)| is_delivered(*event)).map(|(_, report)| report).collect();
        (self.lease, settlements, counts)
    }
}

/// What is counted once a settling holds: the parts that the outbox does not tell apart.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    site: String,
    quarantined: BTreeMap<&'static str, u64>,
    withdrawn: BTreeMap<&'static str, u64>,
    reports: Vec<Report>,
}

impl Counts {
    /// Counts what the outbox settled.
    pub(crate) fn count(&self, metrics: &Metrics, dataset: &str, settled: Settled) {
        metrics.events_delivered.with_label_values(&[dataset]).inc_by(settled.delivered);
        metrics.events_expired.with_label_values(&[dataset]).inc_by(settled.expired);
        metrics.events_purged.with_label_values(&[dataset]).inc_by(settled.purged);
        if settled.quarantined > 0 {
            for (reason, events) in &self.quarantined {
                metrics.events_quarantined.with_label_values(&[dataset, reason]).inc_by(*events);
            }
        }
        if settled.withdrawn > 0 {
            for (reason, events) in &self.withdrawn {
                metrics.events_withdrawn.with_label_values(&[dataset, reason]).inc_by(*events);
            }
        }
        if settled.delivered > 0 {
            for report in &self.reports {
                metrics.count_report(&self.site, report);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use portcullis_filters::event::SanitizedEnvelope;
    use portcullis_filters::report::WithdrawReason;

    use super::*;
    use crate::dispatch::testing::{policy, sanitized};
    use crate::outbox::{AnyOutbox, Append, LeaseRequest, QuarantineReason};

    async fn group(events: usize) -> Group {
        let outbox = AnyOutbox::memory(1 << 20);
        let append = Append {
            site: "shop".into(),
            dataset: "d".into(),
            envelope: SanitizedEnvelope::default(),
            policy: policy(),
            events: (0..events).map(sanitized).collect(),
            received_ms: 0,
        };
        assert_eq!(outbox.append(append).await.unwrap().events(), events);
        let request = LeaseRequest { dataset: "d".into(), max_events: 100, max_bytes: 1 << 20, now_ms: 0, until_ms: 1 };
        Group::new(outbox.lease(request).await.unwrap().leases.remove(0))
    }

    #[tokio::test]
    async fn p4_every_event_of_a_group_has_one_settlement_and_an_open_one_is_kept() {
        let mut group = group(4).await;
        assert!(group.is_untouched());
        group.decide(0, Settlement::Delivered);
        group.decide(0, Settlement::Expired);
        group.decide(2, Settlement::Withdrawn(WithdrawReason::GuardFailed));
        group.decide(9, Settlement::Expired);
        assert!(!group.is_untouched() && !group.is_decided());
        let kept = Settlement::Retry { not_before_ms: 77, attempted: false };
        let (_lease, settlements, _counts) = group.into_settlements(77);
        assert_eq!(
            settlements,
            [Settlement::Delivered, kept.clone(), Settlement::Withdrawn(WithdrawReason::GuardFailed), kept]
        );
    }

    #[tokio::test]
    async fn p5_only_what_the_outbox_settled_is_counted() {
        let refused = || Settlement::Quarantine(QuarantineReason::Refused { code: 100, subcode: 1, message: None });
        let mut group = group(6).await;
        group.decide(0, refused());
        group.decide(1, refused());
        group.decide(2, Settlement::Quarantine(QuarantineReason::Unreadable));
        group.decide(3, Settlement::Withdrawn(WithdrawReason::EventNotAllowed));
        group.decide(4, Settlement::Withdrawn(WithdrawReason::GuardFailed));
        group.decide(5, Settlement::Delivered);
        let (_lease, _settlements, counts) = group.into_settlements(0);
        let metrics = Metrics::new().unwrap();
        let counted = || {
            let quarantined = |reason| metrics.events_quarantined.with_label_values(&["d", reason]).get();
            let withdrawn = |reason| metrics.events_withdrawn.with_label_values(&["d", reason]).get();
            let delivered = metrics.events_delivered.with_label_values(&["d"]).get();
            [
                quarantined("refused"),
                quarantined("unreadable"),
                withdrawn("event_not_allowed"),
                withdrawn("guard_failed"),
                delivered,
            ]
        };
        counts.count(&metrics, "d", Settled::default());
        assert_eq!(counted(), [0; 5]);
        counts.count(&metrics, "d", Settled { delivered: 1, quarantined: 3, withdrawn: 2, ..Settled::default() });
        assert_eq!(counted(), [2, 1, 1, 1, 1]);
    }
}
