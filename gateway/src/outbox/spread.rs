//! Leasing one group from somewhere in a backlog: a witness for the dispatcher, when many events were refused alike.

use std::sync::Arc;

use super::memory::Memory;
use super::{AnyOutbox, Leased, OutboxError};

/// Which group to lease.
#[derive(Debug, Clone)]
pub struct SpreadRequest {
    /// A group of this dataset.
    pub dataset: Arc<str>,
    /// How far from the oldest receipt to the newest, in thousandths: 0 is the oldest group, 1000 the newest.
    pub at_permille: u64,
    /// Milliseconds since 1970. Groups whose retry time is later stay where they are.
    pub now_ms: u64,
    /// When the lease ends by itself, in milliseconds since 1970.
    pub until_ms: u64,
}

impl SpreadRequest {
    /// A place among so many, the first being 0.
    pub(super) fn place_among(&self, count: usize) -> usize {
        let last = count.saturating_sub(1);
        usize::try_from(self.at_permille.min(1000)).unwrap_or(0) * last / 1000
    }
}

impl AnyOutbox {
    /// Leases at most one due group, of those that were never tried if there is one. A group that may have killed the process is
    /// never chosen.
    pub async fn lease_at(&self, request: SpreadRequest) -> Result<Leased, OutboxError> {
        match self {
            Self::Memory(memory) => memory.lease_at(&request),
            Self::Embedded(embedded) => embedded.lease_at(request).await,
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
    use crate::outbox::bench::{Bench, ROOMY};
    use crate::outbox::samples::{append, ids};

    async fn lease_at(bench: &Bench, dataset: &str, at_permille: u64) -> Vec<String> {
        let request = SpreadRequest { dataset: dataset.into(), at_permille, now_ms: 50_000, until_ms: 60_000 };
        let leased = bench.outbox.lease_at(request).await.unwrap();
        assert!(leased.leases.len() <= 1);
        leased.leases.iter().flat_map(ids).collect()
    }

    async fn groups_are_leased_from_all_over_the_backlog(bench: &mut Bench) {
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

    async fn what_waits_for_its_retry_is_left_alone(bench: &mut Bench) {
        for (id, not_before_ms) in [("a", 40_000), ("b", 50_001)] {
            bench.append("1", &[id]).await;
            let lease = bench.lease_one("1", 2_000, 3_000).await;
            bench.settle(lease, Settlement::Retry { not_before_ms, attempted: true }).await;
        }
        assert_eq!(lease_at(bench, "1", 1000).await, ["a"]);
        assert!(lease_at(bench, "1", 1000).await.is_empty());
    }

    async fn suspects_are_never_chosen(bench: &mut Bench) {
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

    #[tokio::test]
    async fn groups_can_be_leased_from_all_over_the_backlog() {
        groups_are_leased_from_all_over_the_backlog(&mut Bench::memory(ROOMY)).await;
        groups_are_leased_from_all_over_the_backlog(&mut Bench::embedded(ROOMY)).await;
    }

    #[tokio::test]
    async fn o2_what_waits_for_its_retry_is_left_alone() {
        what_waits_for_its_retry_is_left_alone(&mut Bench::memory(ROOMY)).await;
        what_waits_for_its_retry_is_left_alone(&mut Bench::embedded(ROOMY)).await;
    }

    #[tokio::test]
    async fn b14_suspects_are_never_chosen() {
        suspects_are_never_chosen(&mut Bench::memory(ROOMY)).await;
        suspects_are_never_chosen(&mut Bench::embedded(ROOMY)).await;
    }
}
