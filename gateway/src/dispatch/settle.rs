//! Settling what a round decided. Only what the outbox says it settled is counted.

use std::collections::HashSet;

use super::Sink;
use super::group::{Counts, Group};
use super::lane::Lane;
use super::work::Work;
use super::worker::POLL;
use crate::outbox::{Lease, OutboxError, Parted, PurgeSelector, Settled, Settlement};

impl<S: Sink> Lane<S> {
    /// Settles the groups of which every event is decided.
    pub(crate) async fn settle_decided(&self, work: &mut Work) {
        self.settle(work.take_decided()).await;
    }

    /// Settles what is decided of groups of which other events are still to be sent. A group whose lease is lost is not in hand any
    /// more: its events come again by themselves.
    pub(crate) async fn settle_parts(&self, work: &mut Work, until_ms: u64) {
        for (number, group) in work.take_parts() {
            let (lease, decided, counts, rest) = group.into_part();
            let parted = self.outbox.settle_part(lease, decided, until_ms).await;
            let (settled, lease) = match parted {
                Ok(Parted { settled, rest }) => (Ok(settled), rest),
                Err(error) => (Err(error), None),
            };
            self.count(settled, &counts);
            if let Some(lease) = lease {
                work.put_back(number, rest.under(lease));
            }
        }
    }

    /// Puts back what was not decided.
    pub(crate) async fn give_back(&self, work: Work, not_before_ms: Option<u64>) {
        let mut decided = Vec::new();
        for mut group in work.into_groups() {
            match not_before_ms {
                None if group.is_untouched() => self.release(group.into_lease()).await,
                _ => {
                    let not_before_ms = not_before_ms.unwrap_or_else(|| self.clock.unix_ms());
                    group.decide_rest(&Settlement::Retry { not_before_ms, attempted: false });
                    decided.push(group);
                }
            }
        }
        self.settle(decided).await;
    }

    /// Settles groups, all with one question.
    async fn settle(&self, groups: Vec<Group>) {
        let now_ms = self.clock.unix_ms();
        let (leases, counts): (Vec<_>, Vec<_>) = groups
            .into_iter()
            .map(|group| {
                let (lease, settlements, counts) = group.into_settlements(now_ms);
                ((lease, settlements), counts)
            })
            .unzip();
        for (settled, counts) in self.outbox.settle_all(leases).await.into_iter().zip(counts) {
            self.count(settled, &counts);
        }
    }

    fn count(&self, settled: Result<Settled, OutboxError>, counts: &Counts) {
        match settled {
            Ok(settled) => {
                if settled == Settled::default()
                    && let Some(left_out) = self.complaints.ended.may_be_said(self.clock.unix_ms())
                {
                    tracing::warn!(
                        dataset = &*self.dataset,
                        left_out,
                        "a lease ended before it was settled; its events come again"
                    );
                }
                self.observe_age(counts.received_ms(), settled.delivered);
                counts.count(&self.metrics, &self.dataset, settled);
            }
            Err(error) => {
                if let Some(left_out) = self.complaints.unsettled.may_be_said(self.clock.unix_ms()) {
                    tracing::error!(dataset = &*self.dataset, %error, left_out, "a lease cannot be settled; its events come again");
                }
            }
        }
    }

    /// Purges what was stored under another policy than today's. A purge leaves leased groups alone, so they go back first.
    pub(crate) async fn purge(&self, groups: Vec<Lease>) {
        let mut sites = HashSet::new();
        for lease in groups {
            sites.insert(lease.site.clone());
            self.release(lease).await;
        }
        for site in sites {
            // Looked up now: what a reload brought in between must not be taken for the other policy.
            let Some(keep) = self.settings().sites.kept_alone(&site, &self.dataset) else { continue };
            let selector = PurgeSelector::OtherPolicies { site: site.clone(), dataset: self.dataset.clone(), keep };
            let broke_off = match self.outbox.purge(selector).await {
                Ok(purged) => {
                    let events = purged.waiting_events();
                    self.metrics.events_purged.with_label_values(&[&*self.dataset]).inc_by(events);
                    tracing::warn!(
                        dataset = &*self.dataset,
                        site = &*site,
                        events,
                        "events of an earlier policy were purged"
                    );
                    purged.broke_off
                }
                Err(error) => Some(error.to_string()),
            };
            if let Some(error) = broke_off {
                tracing::error!(dataset = &*self.dataset, error, "events of an earlier policy are not purged");
                // They are due at once again: the failure must not become a loop.
                self.or_retired(tokio::time::sleep(POLL)).await;
            }
        }
    }
}
