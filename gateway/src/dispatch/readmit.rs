//! From leases to parcels: what is stored is checked against the policy of today before it may be sent.
//!
//! Events of persons who must not be sent are withdrawn, those past Meta's age let go. Groups of a site that left the
//! configuration, or that may no longer send to this dataset, are put back for an hour at a time: kept, shown, never sent, and
//! never in the way of others.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use portcullis_filters::event::SanitizedEnvelope;
use portcullis_filters::pipeline::{Readmission, readmit};
use portcullis_filters::policy::{Policy, PolicyDigest};
use portcullis_filters::report::WithdrawReason;

use super::batch::{Entry, Limits, Parcel, Place};
use super::expiry;
use super::group::Group;
use crate::config::{OnPolicyChange, Site};
use crate::outbox::{Lease, QuarantineReason, Settlement};
use crate::suppression::{Standing, Suppressions};

/// How long a group of a site that is not configured stays out of the way.
pub(crate) const PARKED_MS: u64 = 3600 * 1000;

/// How long an event waits of which nobody can tell whether its person may be sent.
pub(crate) const UNKNOWN_MS: u64 = 60 * 1000;

/// How long before a group could hold an old event each of its events is given its own time: longer than any round lasts.
const NEAR_SECS: u64 = 2 * 86_400;

/// After so many events, of however many groups, the task lets others run: a caller waits for its answer meanwhile.
const YIELD_EVERY: usize = 64;

/// The sites of today: who may send to what, and under which policy.
#[derive(Debug)]
pub(crate) struct Sites {
    senders: HashMap<Arc<str>, Sender>,
    on_policy_change: OnPolicyChange,
}

/// What a site may do.
#[derive(Debug)]
struct Sender {
    policy: Arc<Policy>,
    datasets: Vec<Arc<str>>,
}

impl Sites {
    /// As configured.
    pub(crate) fn new(sites: &[Site], on_policy_change: OnPolicyChange) -> Self {
        let sender = |site: &Site| Sender { policy: site.policy.clone(), datasets: site.datasets.clone() };
        let senders = sites.iter().map(|site| (site.id.clone(), sender(site))).collect();
        Self { senders, on_policy_change }
    }

    /// The policy under which a site sends to a dataset; `None` if it does not.
    fn policy(&self, site: &str, dataset: &str) -> Option<&Arc<Policy>> {
        let sender = self.senders.get(site)?;
        sender.datasets.iter().any(|listed| &**listed == dataset).then_some(&sender.policy)
    }

    /// The one policy of which a site's events for a dataset stay, where those of others are purged.
    pub(crate) fn kept_alone(&self, site: &str, dataset: &str) -> Option<PolicyDigest> {
        let policy = self.policy(site, dataset)?;
        (self.on_policy_change == OnPolicyChange::Purge).then(|| policy.digest())
    }

    /// What is to be done with a group.
    fn fate(&self, lease: &Lease) -> Fate<'_> {
        match self.policy(&lease.site, &lease.dataset) {
            None => Fate::Park,
            Some(policy) if policy.digest() == lease.policy_digest => Fate::Send(policy),
            Some(policy) => match self.on_policy_change {
                OnPolicyChange::Readmit => Fate::Send(policy),
                OnPolicyChange::Purge => Fate::Purge,
            },
        }
    }
}

enum Fate<'a> {
    Send(&'a Arc<Policy>),
    Park,
    Purge,
}

/// What was made of some leases.
#[derive(Debug, Default)]
pub(crate) struct Readmitted {
    /// The groups in hand; some are wholly decided already.
    pub(crate) groups: Vec<Group>,
    /// What is to be sent of them.
    pub(crate) parcels: Vec<Parcel>,
    /// Groups that are to be purged.
    pub(crate) purge: Vec<Lease>,
    /// How many groups were put back because their site is not configured.
    pub(crate) parked: usize,
}

/// Readmits every event of these leases and shares those that may leave out into parcels, one envelope each.
pub(crate) async fn readmit_all(
    sites: &Sites,
    suppressions: &Suppressions,
    leases: Vec<Lease>,
    limits: Limits,
    now_ms: u64,
) -> Readmitted {
    let mut readmitted = Readmitted::default();
    let mut by_envelope: BTreeMap<SanitizedEnvelope, Vec<Entry>> = BTreeMap::new();
    let mut seen = 0;
    for lease in leases {
        let policy = match sites.fate(&lease) {
            Fate::Send(policy) => policy,
            Fate::Park => {
                readmitted.parked += 1;
                let mut group = Group::new(lease);
                group.decide_rest(&Settlement::Retry { not_before_ms: now_ms.saturating_add(PARKED_MS), attempted: false });
                readmitted.groups.push(group);
                continue;
            }
            Fate::Purge => {
                readmitted.purge.push(lease);
                continue;
            }
        };
        let mut group = Group::under(lease, policy);
        match SanitizedEnvelope::from_stored(&group.lease().envelope) {
            Some(envelope) => {
                let number = readmitted.groups.len();
                let entries = readmit_group(policy, suppressions, number, &mut group, &mut seen, now_ms).await;
                by_envelope.entry(envelope).or_default().extend(entries);
            }
            None => group.decide_rest(&Settlement::Quarantine(QuarantineReason::Unreadable)),
        }
        readmitted.groups.push(group);
    }
    for (envelope, entries) in by_envelope {
        readmitted.parcels.extend(Parcel::cut(&envelope, entries, limits));
    }
    readmitted
}

async fn readmit_group(
    policy: &Policy,
    suppressions: &Suppressions,
    number: usize,
    group: &mut Group,
    seen: &mut usize,
    now_ms: u64,
) -> Vec<Entry> {
    let lease = group.lease();
    let now_secs = now_ms / 1000;
    let group_expires = expiry::group_expires_secs(lease.oldest_event_secs, lease.received_ms);
    let mut entries = Vec::new();
    let mut decided = Vec::new();
    let mut reports = Vec::new();
    for (event, body) in lease.events().enumerate() {
        *seen += 1;
        if seen.is_multiple_of(YIELD_EVERY) {
            tokio::task::yield_now().await;
        }
        if let Some(settlement) = withheld(suppressions, body, now_ms) {
            decided.push((event, settlement));
            continue;
        }
        // Only a group that may hold an old event, or will before the round is over, is read for its times.
        let expires_secs = if group_expires > now_secs + NEAR_SECS {
            group_expires
        } else {
            match expiry::expires_secs(body, lease.received_ms) {
                Some(expires) if expires > now_secs => expires,
                Some(_) => {
                    decided.push((event, Settlement::Expired));
                    continue;
                }
                None => {
                    decided.push((event, Settlement::Quarantine(QuarantineReason::Unreadable)));
                    continue;
                }
            }
        };
        match readmit(policy, &lease.policy, &lease.dataset, body) {
            Readmission::Forward(sanitized, report) => {
                reports.push((event, report));
                entries.push(Entry { event: sanitized, place: Place { group: number, event }, expires_secs });
            }
            Readmission::Withdraw(reason) => decided.push((event, Settlement::Withdrawn(reason))),
        }
    }
    for (event, settlement) in decided {
        group.decide(event, settlement);
    }
    for (event, report) in reports {
        group.keep_report(event, report);
    }
    entries
}

/// What becomes of an event that may not be sent because of whose it is; nothing if it may.
pub(crate) fn withheld(suppressions: &Suppressions, body: &str, now_ms: u64) -> Option<Settlement> {
    match suppressions.standing(body) {
        Standing::Free => None,
        Standing::Suppressed => Some(Settlement::Withdrawn(WithdrawReason::Suppressed)),
        Standing::Unknown => Some(Settlement::Retry { not_before_ms: now_ms.saturating_add(UNKNOWN_MS), attempted: false }),
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::dispatch::testing::{NOW_SECS, policy, sanitized};
    use crate::outbox::{AnyOutbox, Append, LeaseRequest};

    /// Readmits so many groups of so many events, and tells how many events may be sent and how often others could run meanwhile.
    async fn readmitted(groups: usize, events: usize) -> (usize, usize) {
        let now_ms = NOW_SECS * 1000;
        let outbox = AnyOutbox::memory(1 << 20);
        for group in 0..groups {
            let (site, dataset) = ("shop".into(), "d".into());
            let envelope = SanitizedEnvelope::default();
            let sanitized: Vec<_> = (0..events).map(|event| sanitized(group * events + event)).collect();
            let append = Append { site, dataset, envelope, policy: policy(), events: sanitized, received_ms: now_ms };
            assert_eq!(outbox.append(append).await.unwrap().events(), events);
        }
        let request =
            LeaseRequest { dataset: "d".into(), max_events: 1000, max_bytes: 1 << 20, now_ms, until_ms: now_ms + 1 };
        let leases = outbox.lease(request).await.unwrap().leases;
        assert_eq!(leases.len(), groups);
        let sender = Sender { policy: policy(), datasets: vec!["d".into()] };
        let sites = Sites { senders: HashMap::from([("shop".into(), sender)]), on_policy_change: OnPolicyChange::Readmit };
        let suppressions = Suppressions::without_store();
        let limits = Limits::new(1000, 1 << 20);
        let mut readmitting = pin!(readmit_all(&sites, &suppressions, leases, limits, now_ms));
        let mut pauses = 0;
        let readmitted = loop {
            match readmitting.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(readmitted) => break readmitted,
                Poll::Pending => pauses += 1,
            }
        };
        (readmitted.parcels.iter().map(|parcel| parcel.entries.len()).sum(), pauses)
    }

    #[tokio::test]
    async fn many_small_groups_let_others_run_as_one_large_group_does() {
        for (groups, events) in [(200, 1), (1, 200), (8, 25)] {
            assert_eq!(readmitted(groups, events).await, (200, 200 / YIELD_EVERY), "{groups} groups of {events}");
        }
    }
}
