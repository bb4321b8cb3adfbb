//! Running totals, so that depth is exact and costs no scan.
//!
//! Changes are noted while a transaction runs and count only once it is committed, or the gauge would drift from the disk
//! (failure case A8). An outbox recounts when it is opened.

use std::collections::HashMap;
use std::sync::Arc;

use portcullis_filters::policy::PolicyDigest;

use super::PendingByDataset;
use super::group::ROW_OVERHEAD;

/// To what a row belongs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Owner {
    pub(super) site: Arc<str>,
    pub(super) dataset: Arc<str>,
    pub(super) policy: PolicyDigest,
}

/// Whether a row waits or is set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Shelf {
    Pending,
    Quarantine,
}

/// Rows, events and bytes; also as a difference.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Amount {
    pub(super) rows: i64,
    pub(super) events: i64,
    pub(super) bytes: i64,
}

impl Amount {
    /// One row of this size.
    pub(super) fn row(events: i64, bytes: i64) -> Self {
        Self { rows: 1, events, bytes }
    }

    /// The same, taken away.
    pub(super) fn negated(self) -> Self {
        Self { rows: -self.rows, events: -self.events, bytes: -self.bytes }
    }

    fn add(&mut self, other: Self) {
        self.rows = self.rows.saturating_add(other.rows);
        self.events = self.events.saturating_add(other.events);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }

    fn cost(self) -> u64 {
        unsigned(self.bytes).saturating_add(unsigned(self.rows).saturating_mul(ROW_OVERHEAD))
    }
}

/// The totals of one outbox. Its size goes with the number of sites, datasets and policies, not with depth.
#[derive(Debug, Default)]
pub(super) struct Tally {
    counted: HashMap<(Shelf, Owner), Amount>,
    pending: Amount,
    quarantined: Amount,
    noted: Vec<(Shelf, Owner, Amount)>,
}

impl Tally {
    /// Notes a change that the running transaction makes.
    pub(super) fn note(&mut self, on: Shelf, owner: Owner, change: Amount) {
        self.noted.push((on, owner, change));
    }

    /// Where the notes stand now, to come back to it.
    pub(super) fn mark(&self) -> usize {
        self.noted.len()
    }

    /// Forgets the notes made since then.
    pub(super) fn forget_since(&mut self, mark: usize) {
        self.noted.truncate(mark);
    }

    /// The transaction is committed: its notes count.
    pub(super) fn commit(&mut self) {
        for (shelf, owner, change) in std::mem::take(&mut self.noted) {
            self.total_mut(shelf).add(change);
            let key = (shelf, owner);
            let amount = self.counted.entry(key.clone()).or_default();
            amount.add(change);
            if amount.rows <= 0 {
                self.counted.remove(&key);
            }
        }
    }

    /// What counts against the cap.
    pub(super) fn cost(&self) -> u64 {
        self.pending.cost().saturating_add(self.quarantined.cost())
    }

    /// Events on a shelf.
    pub(super) fn events(&self, on: Shelf) -> u64 {
        unsigned(match on {
            Shelf::Pending => self.pending.events,
            Shelf::Quarantine => self.quarantined.events,
        })
    }

    /// Pending events by site and dataset, in their order.
    pub(super) fn pending_by_dataset(&self) -> PendingByDataset {
        let mut sums: HashMap<(&Arc<str>, &Arc<str>), u64> = HashMap::new();
        for ((shelf, owner), amount) in &self.counted {
            if *shelf == Shelf::Pending {
                let sum = sums.entry((&owner.site, &owner.dataset)).or_default();
                *sum = sum.saturating_add(unsigned(amount.events));
            }
        }
        let mut list: Vec<_> =
            sums.into_iter().map(|((site, dataset), events)| (Arc::clone(site), Arc::clone(dataset), events)).collect();
        list.sort();
        list
    }

    /// Whether a row, waiting or set aside, refers to this policy.
    pub(super) fn refers_to(&self, policy: &PolicyDigest) -> bool {
        self.counted.keys().any(|(_, owner)| owner.policy == *policy)
    }

    fn total_mut(&mut self, on: Shelf) -> &mut Amount {
        match on {
            Shelf::Pending => &mut self.pending,
            Shelf::Quarantine => &mut self.quarantined,
        }
    }
}

/// Counts are never negative unless somebody changed the file by hand.
fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}
