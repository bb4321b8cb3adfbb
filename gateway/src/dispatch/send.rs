//! One round: readmit, then batch after batch: deliver, classify, settle.
//!
//! Every event of a round ends in exactly one settlement, also when the stop comes or the lease runs out: what was not
//! decided goes back. A group is settled as soon as all its events are decided, and in part where a batch was cut (`bisect`): what
//! Meta took is settled before the rest is sent. A single event that is refused is set aside, unless too many were refused alike
//! (`refusals`, `witness`).

use std::sync::Arc;

use super::Sink;
use super::attempt::Attempt;
use super::batch::Parcel;
use super::gate::Cause;
use super::lane::Lane;
use super::readmit::{Readmitted, readmit_all};
use super::refusals::{Kind, Ruling};
use super::witness::Heard;
use super::work::{Looked, Work};
use super::worker::Round;
use crate::clock::millis;
use crate::outbox::{Lease, QuarantineReason, Settlement};

/// As what an event is refused that is too large even alone.
pub(crate) const TOO_LARGE: Kind = Kind { code: 413, subcode: 0 };

/// What comes after a batch.
enum Next {
    /// The next parcel.
    GoOn,
    /// Nothing more of this round; the rest may be tried again at this time in milliseconds since 1970.
    EndUntil(u64),
}

impl<S: Sink> Lane<S> {
    /// Sends what was leased, and settles all of it.
    pub(crate) async fn send(&self, mut round: Round<S>) {
        let leases = std::mem::take(&mut round.leases);
        let mut work = self.readmit(leases, &round).await;
        let not_before_ms =
            if round.is_alone { self.send_one(&mut work, &round).await } else { self.send_all(&mut work, &round).await };
        self.give_back(work, not_before_ms).await;
    }

    /// What may be sent of these leases by the policies of now, which a reload may have brought after the round began. The rest is
    /// settled, purged or put back.
    pub(crate) async fn readmit(&self, leases: Vec<Lease>, round: &Round<S>) -> Work {
        let now_ms = self.clock.unix_ms();
        let sites = self.settings().sites.clone();
        // Before the look: who is added during it is looked for again.
        let looked = Looked { suppressions: self.suppressions.clone(), generation: self.suppressions.generation() };
        let readmitted = readmit_all(&sites, &self.suppressions, leases, round.limits, now_ms).await;
        let Readmitted { groups, parcels, purge, parked } = readmitted;
        if parked > 0 {
            tracing::warn!(dataset = &*self.dataset, groups = parked, "groups of sites that are not configured are kept");
        }
        self.purge(purge).await;
        let mut work = Work::new(groups, parcels, looked);
        self.settle_decided(&mut work).await;
        work
    }

    /// Sends parcel after parcel. Says when the rest may be tried again, if not at once.
    async fn send_all(&self, work: &mut Work, round: &Round<S>) -> Option<u64> {
        while let Some(parcel) = work.next(self.clock.unix_secs()) {
            let held_until_ms = self.gate.held_since(round.ticket);
            if held_until_ms.is_some() || self.stop.is_cancelled() || !self.covers_a_request(round) {
                self.remember(&parcel);
                return held_until_ms;
            }
            let is_part = parcel.part.is_some();
            let next = self.send_parcel(parcel, work, round).await;
            self.settle_decided(work).await;
            if is_part {
                self.settle_parts(work, round.until_ms).await;
            }
            if let Next::EndUntil(until_ms) = next {
                return Some(until_ms);
            }
        }
        None
    }

    async fn send_parcel(&self, parcel: Parcel, work: &mut Work, round: &Round<S>) -> Next {
        match self.attempt(parcel, round).await {
            Attempt::Delivered(parcel) => {
                self.record(&parcel, work).await;
                work.taken(&parcel);
                Next::GoOn
            }
            Attempt::Refused { parcel, kind, message } => match work.refused(parcel) {
                Ok(()) => Next::GoOn,
                Err(single) => self.judge(&single, kind, message, work, round).await,
            },
            Attempt::TooLarge(parcel) => match work.too_large(parcel) {
                Ok(()) => Next::GoOn,
                Err(single) => self.judge(&single, TOO_LARGE, None, work, round).await,
            },
            Attempt::Held { parcel, not_before_ms, attempted } => {
                self.remember(&parcel);
                work.decide(parcel.places(), &Settlement::Retry { not_before_ms, attempted });
                Next::EndUntil(not_before_ms)
            }
            Attempt::Defect { not_before_ms } => Next::EndUntil(not_before_ms),
        }
    }

    /// Sends one event alone while refusals are held back. Nothing is set aside: if Meta refuses it, another one is tried later.
    async fn send_one(&self, work: &mut Work, round: &Round<S>) -> Option<u64> {
        let parcel = work.take_one(self.chance.below(1001), self.clock.unix_secs())?;
        let now_ms = self.clock.unix_ms();
        match self.attempt(parcel, round).await {
            Attempt::Delivered(parcel) => {
                self.record(&parcel, work).await;
                work.taken(&parcel);
                None
            }
            Attempt::Refused { parcel, .. } | Attempt::TooLarge(parcel) => {
                self.hold_refusals(round);
                work.decide(parcel.places(), &Settlement::Retry { not_before_ms: now_ms, attempted: true });
                Some(now_ms)
            }
            Attempt::Held { parcel, not_before_ms, attempted } => {
                work.decide(parcel.places(), &Settlement::Retry { not_before_ms, attempted });
                Some(not_before_ms)
            }
            Attempt::Defect { not_before_ms } => Some(not_before_ms),
        }
    }

    /// Decides about a single event that was refused.
    async fn judge(
        &self,
        single: &Parcel,
        kind: Kind,
        message: Option<Arc<str>>,
        work: &mut Work,
        round: &Round<S>,
    ) -> Next {
        let may_be_set_aside = match self.refusals.rule(kind) {
            Ruling::SetAside => true,
            Ruling::Held => false,
            Ruling::Doubtful => match self.hear_witnesses(work, round).await {
                Heard::Taken => self.refusals.rule(kind) == Ruling::SetAside,
                // What Meta took of the same batch speaks for the dataset.
                Heard::Nobody => work.sibling_was_taken(single),
                Heard::Refused => false,
                Heard::EndedUntil(not_before_ms) => {
                    work.decide(single.places(), &Settlement::Retry { not_before_ms, attempted: true });
                    return Next::EndUntil(not_before_ms);
                }
            },
        };
        if may_be_set_aside {
            let Kind { code, subcode } = kind;
            if let Some(left_out) = self.complaints.set_aside.may_be_said(self.clock.unix_ms()) {
                tracing::warn!(dataset = &*self.dataset, code, subcode, left_out, "an event was refused and set aside");
            }
            let reason = QuarantineReason::Refused { code, subcode, message };
            work.decide(single.places(), &Settlement::Quarantine(reason));
            return Next::GoOn;
        }
        self.hold_refusals(round);
        // The gate holds it. After a restart it may be tried at once.
        let not_before_ms = self.clock.unix_ms();
        work.decide(single.places(), &Settlement::Retry { not_before_ms, attempted: true });
        Next::EndUntil(not_before_ms)
    }

    /// Closes the gate for refusals alike.
    fn hold_refusals(&self, round: &Round<S>) {
        self.refusals.hold();
        let now_ms = self.clock.unix_ms();
        let cause = Cause::RefusedAlike;
        let until_ms = self.gate.failed(round.ticket, cause, None, now_ms);
        tracing::error!(
            dataset = &*self.dataset,
            cause = cause.as_str(),
            wait_ms = until_ms.saturating_sub(now_ms),
            "sending is held: event after event is refused alike, so the fault is not theirs; events are kept"
        );
    }

    /// A bisection that is interrupted goes on with parts of this size.
    fn remember(&self, parcel: &Parcel) {
        if parcel.part.is_some() {
            self.portion.interrupted(parcel.entries.len());
        }
    }

    /// Whether the leases last until a request that starts now is over: otherwise others could send the same events.
    pub(crate) fn covers_a_request(&self, round: &Round<S>) -> bool {
        let needed_ms = millis(round.settings.tuning.time_for_a_request());
        self.clock.unix_ms().saturating_add(needed_ms) <= round.until_ms
    }
}
