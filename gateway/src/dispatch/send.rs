//! One round: readmit, then batch after batch: deliver, classify, settle.
//!
//! Every event of a round ends in exactly one settlement, also when the stop comes or the lease runs out: what was not
//! decided goes back. A group is settled as soon as all its events are decided. A parcel that is to be sent in another way
//! goes back onto the stack; that is how 413 halves a batch, and where bisection of refused ones will stand.

use std::collections::HashSet;
use std::time::Duration;

use portcullis_filters::policy::PolicyDigest;

use super::Sink;
use super::batch::{Batch, Parcel, Place};
use super::bisect;
use super::classify::{Delivery, Verdict, classify};
use super::gate::Cause;
use super::group::Group;
use super::readmit::{Readmitted, readmit_all};
use super::remark::Remark;
use super::worker::{Lane, POLL, Round};
use crate::clock::millis;
use crate::outbox::{Lease, PurgeSelector, QuarantineReason, Settled, Settlement};

/// What an event is set aside as that is too large even alone.
const TOO_LARGE: QuarantineReason = QuarantineReason::Refused { code: 413, subcode: 0, message: None };

/// How long events wait that made no batch, which would be a defect of ours: it must not become a loop.
const DEFECT_PAUSE_MS: u64 = 60_000;

/// What is left of a round.
struct Work {
    /// Groups that are not settled yet, by their number.
    groups: Vec<Option<Group>>,
    /// What is to be sent; the next one is the last.
    parcels: Vec<Parcel>,
}

/// What comes after a batch.
enum Next {
    /// The next parcel.
    GoOn,
    /// Nothing more of this round; the rest may be tried again at this time in milliseconds since 1970.
    EndUntil(u64),
}

impl<S: Sink> Lane<S> {
    /// Sends what was leased, and settles all of it.
    pub(crate) async fn send(&self, mut round: Round) {
        let leases = std::mem::take(&mut round.leases);
        let now_ms = self.clock.unix_ms();
        let Readmitted { groups, mut parcels, purge, parked } =
            readmit_all(&self.sites, leases, self.tuning.limits, now_ms).await;
        if parked > 0 {
            tracing::warn!(dataset = &*self.dataset, groups = parked, "groups of sites that are not configured are kept");
        }
        self.purge(purge).await;
        parcels.reverse();
        let mut work = Work { groups: groups.into_iter().map(Some).collect(), parcels };
        self.settle_decided(&mut work.groups).await;
        let mut not_before_ms = None;
        while let Some(parcel) = work.parcels.pop() {
            not_before_ms = self.gate.held_since(round.ticket);
            if not_before_ms.is_some() || self.stop.is_cancelled() || !self.covers_a_request(&round) {
                break;
            }
            let next = self.send_parcel(parcel, &mut work, &round).await;
            self.settle_decided(&mut work.groups).await;
            if let Next::EndUntil(until_ms) = next {
                not_before_ms = Some(until_ms);
                break;
            }
        }
        self.give_back(work.groups, not_before_ms).await;
    }

    async fn send_parcel(&self, mut parcel: Parcel, work: &mut Work, round: &Round) -> Next {
        let started_ms = self.clock.unix_ms();
        for entry in parcel.take_expired(started_ms / 1000) {
            decide(&mut work.groups, [entry.place], &Settlement::Expired);
        }
        if parcel.entries.is_empty() {
            return Next::GoOn;
        }
        let batch = match Batch::new(self.dataset.clone(), parcel, self.tuning.limits, started_ms / 1000) {
            Ok(batch) => batch,
            Err(error) => {
                tracing::error!(dataset = &*self.dataset, %error, "events made no batch: a defect");
                return Next::EndUntil(started_ms.saturating_add(DEFECT_PAUSE_MS));
            }
        };
        let Some((delivery, attempted)) = self.deliver(&batch, round).await else {
            let now_ms = self.clock.unix_ms();
            decide(&mut work.groups, batch.places(), &Settlement::Retry { not_before_ms: now_ms, attempted: true });
            return Next::EndUntil(now_ms);
        };
        let verdict = classify(&delivery);
        let now_ms = self.clock.unix_ms();
        self.note(&batch, verdict, now_ms.saturating_sub(started_ms));
        match verdict {
            Verdict::Delivered => {
                self.tell_opened(self.gate.passed(round.ticket));
                decide(&mut work.groups, batch.places(), &Settlement::Delivered);
                Next::GoOn
            }
            Verdict::RefusedContent { code, subcode } => {
                self.tell_opened(self.gate.passed(round.ticket));
                // A refused batch of several goes aside whole for now. Bisection halves it here, as below, and judges by the
                // answers to the halves.
                let message = delivery.into_remark().map(Remark::into_text);
                let reason = QuarantineReason::Refused { code, subcode, message };
                tracing::warn!(
                    dataset = &*self.dataset,
                    events = batch.len(),
                    code,
                    subcode,
                    "events were refused and set aside"
                );
                decide(&mut work.groups, batch.places(), &Settlement::Quarantine(reason));
                Next::GoOn
            }
            Verdict::TooLarge => {
                self.tell_opened(self.gate.passed(round.ticket));
                match bisect::cut(batch.into_parcel(), 0) {
                    Ok([first, second]) => work.parcels.extend([second, first]),
                    Err(single) => {
                        tracing::warn!(dataset = &*self.dataset, "an event is too large even alone and was set aside");
                        decide(&mut work.groups, single.places(), &Settlement::Quarantine(TOO_LARGE));
                    }
                }
                Next::GoOn
            }
            Verdict::Retry { cause, after } | Verdict::HoldGate { cause, after } => {
                let until_ms = self.gate.failed(round.ticket, cause, after, now_ms);
                self.tell_closed(&delivery, verdict, cause, until_ms.saturating_sub(now_ms));
                decide(&mut work.groups, batch.places(), &Settlement::Retry { not_before_ms: until_ms, attempted });
                Next::EndUntil(until_ms)
            }
        }
    }

    /// Delivers, with one retry in hand for a connection that broke: a pooled one may have been closing just then. Says also
    /// whether bytes may have been sent. `None` if the stop cut it off.
    async fn deliver(&self, batch: &Batch, round: &Round) -> Option<(Delivery, bool)> {
        let first = self.request(batch).await?;
        let attempted = first.attempted();
        if !first.connection_fault() || self.stop.is_cancelled() || !self.covers_a_request(round) {
            return Some((first, attempted));
        }
        let second = self.request(batch).await?;
        let attempted = attempted || second.attempted();
        Some((second, attempted))
    }

    /// One request; it may go on for the grace after the stop.
    async fn request(&self, batch: &Batch) -> Option<Delivery> {
        let cut_off = async {
            self.stop.cancelled().await;
            tokio::time::sleep(self.tuning.stop_grace).await;
        };
        tokio::select! {
            biased;
            delivery = self.sink.deliver(batch) => Some(delivery),
            () = cut_off => None,
        }
    }

    /// Whether the leases last until a request that starts now is over: otherwise others could send the same events.
    fn covers_a_request(&self, round: &Round) -> bool {
        let needed_ms = millis(self.tuning.time_for_a_request());
        self.clock.unix_ms().saturating_add(needed_ms) <= round.until_ms
    }

    async fn settle_decided(&self, groups: &mut [Option<Group>]) {
        let decided = groups.iter_mut().filter_map(|slot| slot.take_if(|group| group.is_decided()));
        self.settle(decided.collect()).await;
    }

    /// Puts back what was not decided.
    async fn give_back(&self, groups: Vec<Option<Group>>, not_before_ms: Option<u64>) {
        let mut decided = Vec::new();
        for mut group in groups.into_iter().flatten() {
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

    /// Settles groups, all with one question. Only what the outbox says it settled is counted.
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
            match settled {
                Ok(settled) => {
                    if settled == Settled::default() {
                        tracing::warn!(
                            dataset = &*self.dataset,
                            "a lease ended before it was settled; its events come again"
                        );
                    }
                    counts.count(&self.metrics, &self.dataset, settled);
                }
                Err(error) => {
                    tracing::error!(dataset = &*self.dataset, %error, "a lease cannot be settled; its events come again");
                }
            }
        }
    }

    /// Purges what was stored under another policy than today's. A purge leaves leased groups alone, so they go back first.
    async fn purge(&self, groups: Vec<(Lease, PolicyDigest)>) {
        let mut sites = HashSet::new();
        for (lease, keep) in groups {
            sites.insert((lease.site.clone(), keep));
            self.release(lease).await;
        }
        for (site, keep) in sites {
            let selector = PurgeSelector::OtherPolicies { site: site.clone(), dataset: self.dataset.clone(), keep };
            match self.outbox.purge(selector).await {
                Ok(purged) => {
                    let events = purged.waiting_events();
                    self.metrics.events_purged.with_label_values(&[&*self.dataset]).inc_by(events);
                    tracing::warn!(
                        dataset = &*self.dataset,
                        site = &*site,
                        events,
                        "events of an earlier policy were purged"
                    );
                }
                Err(error) => {
                    tracing::error!(dataset = &*self.dataset, %error, "events of an earlier policy are not purged");
                    // They are due at once again: the failure must not become a loop.
                    self.or_stop(tokio::time::sleep(POLL)).await;
                }
            }
        }
    }

    fn note(&self, batch: &Batch, verdict: Verdict, took_ms: u64) {
        let seconds = Duration::from_millis(took_ms).as_secs_f64();
        self.metrics.deliver_seconds.with_label_values(&[&*self.dataset, verdict.as_str()]).observe(seconds);
        tracing::debug!(
            dataset = &*self.dataset,
            events = batch.len(),
            bytes = batch.bytes(),
            outcome = verdict.as_str(),
            took_ms,
            "batch"
        );
    }

    fn tell_opened(&self, opened: bool) {
        if opened {
            tracing::info!(dataset = &*self.dataset, "sending goes on");
        }
    }

    /// An error is what somebody has to mend; a warning is what passes by itself.
    fn tell_closed(&self, delivery: &Delivery, verdict: Verdict, cause: Cause, wait_ms: u64) {
        let (dataset, cause, detail) = (&*self.dataset, cause.as_str(), delivery.detail());
        if matches!(verdict, Verdict::HoldGate { .. }) {
            tracing::error!(dataset, cause, wait_ms, detail, "sending is held until somebody mends this; events are kept");
        } else {
            tracing::warn!(dataset, cause, wait_ms, detail, "sending is held; events are kept");
        }
    }
}

fn decide(groups: &mut [Option<Group>], places: impl IntoIterator<Item = Place>, settlement: &Settlement) {
    for place in places {
        if let Some(Some(group)) = groups.get_mut(place.group) {
            group.decide(place.event, settlement.clone());
        }
    }
}
