//! Leasing from somewhere in a backlog and not from its oldest end: a witness for the dispatcher when many events were refused
//! alike, or the newest events, so that they need not wait until a long backlog is gone.

use std::sync::Arc;

use super::memory::Memory;
use super::{AnyOutbox, LeaseRequest, Leased, OutboxError};

/// Which groups to lease.
#[derive(Debug, Clone)]
pub struct SpreadRequest {
    /// Groups of this dataset.
    pub dataset: Arc<str>,
    /// How far from the oldest receipt to the newest, in thousandths: 0 is the oldest group, 1000 the newest.
    pub at_permille: u64,
    /// As many groups as fit in this number of events, from that place on towards older ones; at least one if there is one.
    pub max_events: usize,
    /// As many groups as fit in this number of bytes.
    pub max_bytes: usize,
    /// Milliseconds since 1970. Groups whose retry time is later stay where they are.
    pub now_ms: u64,
    /// When the lease ends by itself, in milliseconds since 1970.
    pub until_ms: u64,
}

impl SpreadRequest {
    /// The same request for the oldest end, where the rules of sizes are.
    pub(super) fn as_lease_request(&self) -> LeaseRequest {
        LeaseRequest {
            dataset: Arc::clone(&self.dataset),
            max_events: self.max_events,
            max_bytes: self.max_bytes,
            now_ms: self.now_ms,
            until_ms: self.until_ms,
        }
    }

    /// A place among so many, the first being 0.
    pub(super) fn place_among(&self, count: usize) -> usize {
        let last = count.saturating_sub(1);
        usize::try_from(self.at_permille.min(1000)).unwrap_or(0) * last / 1000
    }
}

impl AnyOutbox {
    /// Leases due groups, of those that were never tried; if there is none, one of the others. A group that may have killed the
    /// process is never chosen.
    pub async fn lease_at(&self, request: SpreadRequest) -> Result<Leased, OutboxError> {
        match self {
            Self::Memory(memory) => memory.lease_at(&request),
            Self::Embedded(embedded) => embedded.lease_at(request).await,
            Self::Redis(redis) => redis.lease_at(request).await,
            Self::Spilling(spilling) => spilling.lease_at(request).await,
        }
    }
}

impl Memory {
    fn lease_at(&self, request: &SpreadRequest) -> Result<Leased, OutboxError> {
        Ok(self.open_state()?.lease_at(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbox::Settlement;
    use crate::outbox::bench::{Bench, ROOMY, contract};
    use crate::outbox::samples::{append, ids};

    async fn lease_at(bench: &Bench, dataset: &str, at_permille: u64) -> Vec<String> {
        let leased = lease_many_at(bench, dataset, at_permille, 1).await;
        assert!(leased.len() <= 1);
        leased
    }

    async fn lease_many_at(bench: &Bench, dataset: &str, at_permille: u64, max_events: usize) -> Vec<String> {
        let dataset = dataset.into();
        let (max_bytes, now_ms, until_ms) = (1_000_000, 50_000, 60_000);
        let request = SpreadRequest { dataset, at_permille, max_events, max_bytes, now_ms, until_ms };
        bench.outbox.lease_at(request).await.unwrap().leases.iter().flat_map(ids).collect()
    }

    contract! {
        async fn the_newest_groups_can_be_leased_as_many_as_fit(bench: &mut Bench, cap ROOMY) {
            for number in 0..10 {
                let at = append("shop", "1", &[&format!("e{number}"), "second"], 1_000 + number * 10);
                assert_eq!(bench.outbox.append(at).await.unwrap().events(), 2);
            }
            assert_eq!(lease_many_at(bench, "1", 1000, 5).await, ["e8", "second", "e9", "second"]);
            assert_eq!(lease_many_at(bench, "1", 1000, 2).await, ["e7", "second"]);
            assert_eq!(lease_many_at(bench, "1", 1000, 1000).await.len(), 14);
            assert!(lease_many_at(bench, "1", 1000, 1000).await.is_empty());
        }

        async fn groups_can_be_leased_from_all_over_the_backlog(bench: &mut Bench, cap ROOMY) {
            for number in 0..100 {
                let at = append("shop", "1", &[&format!("e{number}")], 1_000 + number * 10);
                assert_eq!(bench.outbox.append(at).await.unwrap().events(), 1);
            }
            bench.append("2", &["other"]).await;
            assert_eq!(lease_at(bench, "1", 0).await, ["e0"]);
            assert_eq!(lease_at(bench, "1", 1000).await, ["e99"]);
            let middle = lease_at(bench, "1", 500).await;
            let middle: u64 = middle[0].trim_start_matches('e').parse().unwrap();
            assert!((45..55).contains(&middle), "{middle}");
            // In hand, so a younger or older one is next, and none twice.
            let mut seen = std::collections::HashSet::new();
            for place in 0..97 {
                assert!(seen.insert(lease_at(bench, "1", place * 10).await));
            }
            assert!(lease_at(bench, "1", 500).await.is_empty());
            assert_eq!(lease_at(bench, "3", 500).await, Vec::<String>::new());
        }

        async fn o2_what_waits_for_its_retry_is_left_alone(bench: &mut Bench, cap ROOMY) {
            for (id, not_before_ms) in [("a", 40_000), ("b", 50_001)] {
                bench.append("1", &[id]).await;
                let lease = bench.lease_one("1", 2_000, 3_000).await;
                bench.settle(lease, Settlement::Retry { not_before_ms, attempted: true }).await;
            }
            assert_eq!(lease_at(bench, "1", 1000).await, ["a"]);
            assert!(lease_at(bench, "1", 1000).await.is_empty());
        }

        async fn b14_suspects_are_never_chosen(bench: &mut Bench, cap ROOMY) {
            bench.append("1", &["a", "b"]).await;
            bench.append("1", &["c", "d"]).await;
            for _ in 0..3 {
                assert_eq!(bench.lease("1", 10, 2_000, 3_000).await.len(), 2);
                bench.crash().await;
            }
            bench.append("1", &["e"]).await;
            assert_eq!(lease_at(bench, "1", 0).await, ["e"]);
            assert!(lease_at(bench, "1", 0).await.is_empty());
        }
    }
}
