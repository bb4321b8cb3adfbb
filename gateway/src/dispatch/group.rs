//! A leased group in hand: what has become of each of its events, and how that is counted.
//!
//! Nothing is counted before the outbox has settled it, and only what the outbox says it settled: a lease that had ended
//! changes nothing, so it counts nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use portcullis_filters::policy::Policy;
use portcullis_filters::report::Report;

use crate::outbox::{Lease, Settled, Settlement};
use crate::telemetry::metrics::Metrics;

/// A leased group. Its events keep their numbers, also once some of them were settled and are gone from the lease.
#[derive(Debug)]
pub(crate) struct Group {
    lease: Lease,
    /// The number of each event that is still in the lease.
    lines: Vec<usize>,
    settlements: Vec<Option<Settlement>>,
    reports: Vec<(usize, Report)>,
    /// The policy of today, under which its events leave; none if none do.
    policy: Option<Arc<Policy>>,
}

impl Group {
    /// A group of which nothing has been decided.
    pub(crate) fn new(lease: Lease) -> Self {
        let count = lease.count();
        Self { lease, lines: (0..count).collect(), settlements: vec![None; count], reports: Vec::new(), policy: None }
    }

    /// The same, of which events leave under this policy.
    pub(crate) fn under(lease: Lease, policy: &Arc<Policy>) -> Self {
        Self { policy: Some(Arc::clone(policy)), ..Self::new(lease) }
    }

    /// The policy under which its events leave.
    pub(crate) fn policy(&self) -> Option<&Arc<Policy>> {
        self.policy.as_ref()
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
        self.open_lines().next().is_none()
    }

    /// Whether some events are decided for good while others are open, so that settling them apart is worth a transaction.
    pub(crate) fn has_part(&self) -> bool {
        let decided = self.lines.iter().filter_map(|event| self.settlements.get(*event)?.as_ref());
        !self.is_decided() && decided.into_iter().any(|settlement| !matches!(settlement, Settlement::Retry { .. }))
    }

    /// Whether no event that is still in the lease is decided.
    pub(crate) fn is_untouched(&self) -> bool {
        self.open_lines().count() == self.lines.len()
    }

    /// Whether an event is in the lease and not decided.
    pub(crate) fn is_open(&self, event: usize) -> bool {
        matches!(self.settlements.get(event), Some(None))
    }

    /// The events that are not decided, as they are stored.
    pub(crate) fn open_events(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines.iter().copied().zip(self.lease.events()).filter(|(event, _)| self.is_open(*event))
    }

    fn open_lines(&self) -> impl Iterator<Item = usize> + '_ {
        self.lines.iter().copied().filter(|event| self.is_open(*event))
    }

    /// The lease, to be given back.
    pub(crate) fn into_lease(self) -> Lease {
        self.lease
    }

    /// The lease, one settlement an event, and what to count once they hold. An open event is to be tried again at
    /// `now_ms`: an event is never given up because nobody decided it.
    pub(crate) fn into_settlements(mut self, now_ms: u64) -> (Lease, Vec<Settlement>, Counts) {
        let kept = Settlement::Retry { not_before_ms: now_ms, attempted: false };
        let decided = self.lines.iter().map(|event| self.settlements.get(*event).cloned().flatten());
        let settlements: Vec<_> = decided.map(|settlement| settlement.unwrap_or_else(|| kept.clone())).collect();
        let mut counts = Counts::of(&self.lease);
        counts.take(&self.lines, settlements.iter().map(Some), &mut self.reports);
        (self.lease, settlements, counts)
    }

    /// The same for what is decided so far, and what is needed to go on with the rest.
    pub(crate) fn into_part(mut self) -> (Lease, Vec<Option<Settlement>>, Counts, Rest) {
        let decided = self.lines.iter().map(|event| self.settlements.get(*event).cloned().flatten());
        let decided: Vec<Option<Settlement>> = decided.collect();
        let mut counts = Counts::of(&self.lease);
        counts.take(&self.lines, decided.iter().map(Option::as_ref), &mut self.reports);
        let stays = |settlement: &Option<Settlement>| matches!(settlement, None | Some(Settlement::Retry { .. }));
        let lines = self.lines.iter().zip(&decided).filter(|(_, settlement)| stays(settlement)).map(|(event, _)| *event);
        let rest =
            Rest { lines: lines.collect(), settlements: self.settlements, reports: self.reports, policy: self.policy };
        (self.lease, decided, counts, rest)
    }
}

/// What is known of the events of a group that was settled in part.
#[derive(Debug)]
pub(crate) struct Rest {
    lines: Vec<usize>,
    settlements: Vec<Option<Settlement>>,
    reports: Vec<(usize, Report)>,
    policy: Option<Arc<Policy>>,
}

impl Rest {
    /// The group again, under the lease of what stayed.
    pub(crate) fn under(self, lease: Lease) -> Group {
        Group { lease, lines: self.lines, settlements: self.settlements, reports: self.reports, policy: self.policy }
    }
}

/// What is counted once a settling holds: the parts that the outbox does not tell apart.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    site: String,
    received_ms: u64,
    quarantined: BTreeMap<&'static str, u64>,
    withdrawn: BTreeMap<&'static str, u64>,
    reports: Vec<Report>,
}

impl Counts {
    fn of(lease: &Lease) -> Self {
        Self { site: lease.site.to_string(), received_ms: lease.received_ms, ..Self::default() }
    }

    /// When the oldest of the events came in, in milliseconds since 1970.
    pub(crate) fn received_ms(&self) -> u64 {
        self.received_ms
    }

    /// Takes what is to be counted of the events of a lease, and the reports of those that were delivered.
    fn take<'a>(
        &mut self,
        lines: &[usize],
        settlements: impl Iterator<Item = Option<&'a Settlement>>,
        reports: &mut Vec<(usize, Report)>,
    ) {
        for (event, settlement) in lines.iter().zip(settlements) {
            match settlement {
                Some(Settlement::Quarantine(reason)) => *self.quarantined.entry(reason.as_str()).or_default() += 1,
                Some(Settlement::Withdrawn(reason)) => *self.withdrawn.entry(reason.as_str()).or_default() += 1,
                Some(Settlement::Delivered) => {
                    self.reports.extend(reports.extract_if(.., |(of, _)| of == event).map(|(_, report)| report));
                }
                Some(Settlement::Retry { .. } | Settlement::Expired) | None => {}
            }
        }
    }

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
    async fn p5_a_part_is_settled_and_the_rest_keeps_its_numbers() {
        let mut group = group(4).await;
        group.decide(1, Settlement::Delivered);
        group.decide(2, Settlement::Retry { not_before_ms: 5, attempted: true });
        let (lease, part, counts, rest) = group.into_part();
        let retry = Settlement::Retry { not_before_ms: 5, attempted: true };
        assert_eq!(part, [None, Some(Settlement::Delivered), Some(retry.clone()), None]);
        let metrics = Metrics::new().unwrap();
        counts.count(&metrics, "d", Settled { delivered: 1, ..Settled::default() });
        let mut group = rest.under(lease);
        group.decide(1, Settlement::Expired);
        group.decide(3, Settlement::Expired);
        assert!(!group.is_decided());
        let (_lease, settlements, _counts) = group.into_settlements(77);
        assert_eq!(settlements, [Settlement::Retry { not_before_ms: 77, attempted: false }, retry, Settlement::Expired]);
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
