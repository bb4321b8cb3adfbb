//! Settling a part of a leased group while the rest stays in hand: the two halves of a batch that is bisected.
//!
//! One transaction: what is decided leaves the row, the row is rewritten to the rest, and the rest is leased anew to the same
//! hand. A crash afterwards repeats the rest alone.

use super::condemned::Condemned;
use super::memory::Memory;
use super::settlement::Division;
use super::{AnyOutbox, Lease, OutboxError, Settled, Settlement, is_whole};

/// What became of a lease that was settled in part.
#[derive(Debug, Default)]
#[must_use]
pub struct Parted {
    /// What was settled. Nothing at all if the lease had ended.
    pub settled: Settled,
    /// The lease of the events that stay, in their order; none if nothing stays or the lease had ended.
    pub rest: Option<Lease>,
}

/// A lease, what is decided of it, and until when the rest stays leased.
#[derive(Debug)]
pub(super) struct PartRequest {
    pub(super) lease: Lease,
    /// One an event; what is open stays.
    pub(super) settlements: Vec<Settlement>,
    pub(super) until_ms: u64,
}

impl AnyOutbox {
    /// Says what became of some events of a lease, and keeps the others leased until `until_ms`, in milliseconds since 1970. An
    /// event that is to be tried again stays too.
    pub async fn settle_part(
        &self,
        lease: Lease,
        settlements: Vec<Option<Settlement>>,
        until_ms: u64,
    ) -> Result<Parted, OutboxError> {
        // Whatever stays went to the socket with the rest of its batch.
        let stays = |settlement: Option<Settlement>| match settlement {
            None | Some(Settlement::Retry { .. }) => Settlement::Retry { not_before_ms: 0, attempted: true },
            Some(decided) => decided,
        };
        let settlements: Vec<Settlement> = settlements.into_iter().map(stays).collect();
        is_whole(&lease, &settlements)?;
        let request = PartRequest { lease, settlements, until_ms };
        match self {
            Self::Memory(memory) => memory.settle_part(&request),
            Self::Embedded(embedded) => embedded.settle_part(request).await,
            Self::Redis(redis) => redis.settle_part(request).await,
            Self::Spilling(spilling) => spilling.settle_part(request).await,
        }
    }
}

impl Memory {
    fn settle_part(&self, request: &PartRequest) -> Result<Parted, OutboxError> {
        let mut state = self.open_state()?;
        let settled = state.settle(&request.lease, &request.settlements, true);
        let rest = (settled.retried > 0).then(|| state.lease_again(&request.lease, request.until_ms)).flatten();
        drop(state);
        if request.lease.suspect {
            self.wake();
        }
        Ok(Parted { settled, rest: rest.map(|serial| request.rest(serial)) })
    }
}

impl PartRequest {
    /// The lease of what stays, under the serial that the row has now.
    pub(super) fn rest(&self, serial: i64) -> Lease {
        let division = Division::new(self.lease.events(), &self.settlements, &Condemned::Nothing, true);
        self.lease.narrowed(serial, division.survivors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbox::QuarantineReason;
    use crate::outbox::bench::{Bench, ROOMY, contract};
    use crate::outbox::samples::ids;

    fn refused() -> Settlement {
        Settlement::Quarantine(QuarantineReason::Refused { code: 100, subcode: 1, message: None })
    }

    contract! {
        async fn o4_what_is_decided_of_a_lease_leaves_and_the_rest_stays_in_hand(bench: &mut Bench, cap ROOMY) {
            bench.append("1", &["a", "b", "c", "d"]).await;
            let lease = bench.lease_one("1", 2_000, 3_000).await;
            let copy = lease.forged_copy();
            let part = vec![Some(Settlement::Delivered), None, Some(refused()), None];
            let parted = bench.outbox.settle_part(lease, part, 4_000).await.unwrap();
            assert_eq!(parted.settled, Settled { delivered: 1, quarantined: 1, retried: 2, ..Settled::default() });
            let rest = parted.rest.unwrap();
            assert_eq!((ids(&rest), rest.count(), rest.received_ms), (vec!["b".to_owned(), "d".to_owned()], 2, 1_000));
            let depth = bench.depth().await;
            assert_eq!((depth.pending_events, depth.quarantined_events), (2, 1));
            // In hand until the new time, and the old lease is worth nothing.
            assert!(bench.lease("1", 10, 3_999, 5_000).await.is_empty());
            assert_eq!(bench.settle(copy, Settlement::Delivered).await, Settled::default());
            assert_eq!(bench.settle(rest, Settlement::Delivered).await.delivered, 2);
            assert_eq!(bench.depth().await.pending_events, 0);
        }

        async fn o3_a_crash_after_a_part_was_settled_repeats_the_rest_alone(bench: &mut Bench, cap ROOMY) {
            bench.append("1", &["a", "b", "c"]).await;
            let lease = bench.lease_one("1", 2_000, 3_000).await;
            let part = vec![None, Some(Settlement::Delivered), None];
            drop(bench.outbox.settle_part(lease, part, 3_000).await.unwrap());
            bench.crash().await;
            let again = bench.lease_one("1", 2_000, 3_000).await;
            assert_eq!((ids(&again), again.attempts), (vec!["a".to_owned(), "c".to_owned()], 1));
        }

        async fn o4_a_lease_that_ended_is_parted_into_nothing(bench: &mut Bench, cap ROOMY) {
            bench.append("1", &["a", "b"]).await;
            let lease = bench.lease_one("1", 2_000, 3_000).await;
            let copy = lease.forged_copy();
            assert!(bench.lease("2", 1, 3_000, 4_000).await.is_empty());
            let parted = bench.outbox.settle_part(lease, vec![Some(Settlement::Delivered), None], 9_000).await.unwrap();
            assert_eq!((parted.settled, parted.rest.is_none()), (Settled::default(), true));
            assert!(matches!(bench.outbox.settle_part(copy, vec![None], 9_000).await, Err(OutboxError::Unfit(_))));
            assert_eq!(bench.depth().await.pending_events, 2);
            let whole = bench.lease_one("1", 3_000, 4_000).await;
            let parted = bench.outbox.settle_part(whole, vec![Some(Settlement::Delivered), Some(refused())], 9_000).await.unwrap();
            assert_eq!((parted.settled.delivered, parted.rest.is_none(), bench.depth().await.pending_events), (1, true, 0));
        }
    }
}
