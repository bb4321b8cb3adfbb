//! Hears witnesses before one more event is set aside, when many in a row were refused alike.
//!
//! A witness is one event from elsewhere in the backlog, sent alone: first from what is in hand, then from groups leased all over
//! the outbox, of which the other events go back untouched. If Meta takes one, the fault lies in the events and bisection goes
//! on. If it refuses them all, the fault is the dataset's or its sender's, and the caller closes the gate.

use super::Sink;
use super::attempt::Attempt;
use super::batch::Parcel;
use super::lane::Lane;
use super::work::Work;
use super::worker::Round;
use crate::clock::millis;
use crate::outbox::{Settlement, SpreadRequest};

/// So many are heard at most.
const WITNESSES: u64 = 8;

/// What the witnesses say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Meta took one.
    Taken,
    /// Meta refused each.
    Refused,
    /// There was none.
    Nobody,
    /// The round has to end; the rest may be tried again at this time in milliseconds since 1970.
    EndedUntil(u64),
}

impl<S: Sink> Lane<S> {
    /// Tries up to eight others, until one is taken.
    pub(crate) async fn hear_witnesses(&self, work: &mut Work, round: &Round<S>) -> Heard {
        let mut away = Vec::new();
        let heard = self.hear(work, &mut away, round).await;
        for elsewhere in away {
            self.give_back(elsewhere, None).await;
        }
        heard
    }

    async fn hear(&self, work: &mut Work, away: &mut Vec<Work>, round: &Round<S>) -> Heard {
        let mut heard = Heard::Nobody;
        for turn in 0..WITNESSES {
            let now_ms = self.clock.unix_ms();
            if let Some(until_ms) = self.gate.held_since(round.ticket) {
                return Heard::EndedUntil(until_ms);
            }
            if self.stop.is_cancelled() || !self.covers_a_request(round) {
                return Heard::EndedUntil(now_ms);
            }
            // The middle of each eighth.
            let at_permille = (2 * turn + 1) * 1000 / (2 * WITNESSES);
            let in_hand_first = turn < WITNESSES / 2;
            let mut witness = if in_hand_first { work.take_one(at_permille, now_ms / 1000) } else { None };
            let mut is_from_away = false;
            if witness.is_none() {
                witness = self.lease_witness(at_permille, away, round).await;
                is_from_away = witness.is_some();
            }
            let Some(witness) = witness.or_else(|| work.take_one(at_permille, now_ms / 1000)) else { break };
            let attempt = self.attempt(witness, round).await;
            let home = match away.last_mut() {
                Some(elsewhere) if is_from_away => elsewhere,
                _ => &mut *work,
            };
            match attempt {
                Attempt::Delivered(witness) => {
                    self.record(&witness, home).await;
                    home.decide(witness.places(), &Settlement::Delivered);
                    return Heard::Taken;
                }
                Attempt::Refused { parcel: witness, .. } | Attempt::TooLarge(witness) => {
                    heard = Heard::Refused;
                    if is_from_away {
                        home.decide(witness.places(), &Settlement::Retry { not_before_ms: now_ms, attempted: true });
                    } else {
                        home.put_last(witness);
                    }
                }
                Attempt::Held { parcel: witness, not_before_ms, attempted } => {
                    home.decide(witness.places(), &Settlement::Retry { not_before_ms, attempted });
                    return Heard::EndedUntil(not_before_ms);
                }
                Attempt::Defect { not_before_ms } => return Heard::EndedUntil(not_before_ms),
            }
        }
        heard
    }

    /// Leases a group from there in the outbox and takes one event of it that may be sent.
    async fn lease_witness(&self, at_permille: u64, away: &mut Vec<Work>, round: &Round<S>) -> Option<Parcel> {
        let now_ms = self.clock.unix_ms();
        let until_ms = now_ms.saturating_add(millis(round.settings.tuning.lease));
        let dataset = self.dataset.clone();
        let request = SpreadRequest { dataset, at_permille, max_events: 1, max_bytes: 1, now_ms, until_ms };
        let leased = match self.outbox.lease_at(request).await {
            Ok(leased) => leased,
            Err(error) => {
                // A closed outbox ends the lane elsewhere.
                let _ended = self.outbox_failed("lease_at", &error);
                return None;
            }
        };
        self.count_found(&leased);
        if leased.leases.is_empty() {
            return None;
        }
        let mut elsewhere = self.readmit(leased.leases, round).await;
        let witness = elsewhere.take_one(self.chance.below(1001), now_ms / 1000);
        away.push(elsewhere);
        witness
    }
}
