//! Groups in hand, and which of the due ones are handed out.

use std::sync::Arc;

use portcullis_filters::policy::{PolicyDigest, StoredPolicy};

use super::group::count_lines;

/// No retry time is set so far ahead: the longest wait is a day. One that is was set by a clock that was ahead, and its group is due
/// at once.
pub(super) const FAR_MS: u64 = 2 * 86_400_000;

/// Which groups to lease.
#[derive(Debug, Clone)]
pub struct LeaseRequest {
    /// Groups of this dataset, oldest first.
    pub dataset: Arc<str>,
    /// As many groups as fit in this number of events; at least one group if there is one.
    pub max_events: usize,
    /// As many groups as fit in this number of bytes; at least one group if there is one.
    pub max_bytes: usize,
    /// Milliseconds since 1970. Groups whose retry time is later stay where they are.
    pub now_ms: u64,
    /// When the lease ends by itself, in milliseconds since 1970.
    pub until_ms: u64,
}

/// What a look for work found.
#[derive(Debug, Default)]
#[must_use]
pub struct Leased {
    /// The groups, oldest first.
    pub leases: Vec<Lease>,
    /// Whether another one is due that did not fit.
    pub more: bool,
    /// Events that could not be read and went to quarantine during this look.
    pub quarantined: u64,
    /// Events that a purge found in hand, and that are gone now that nobody has them.
    pub purged: u64,
}

/// A group in the hand of one dispatcher until it is settled or its time is over. Dropping it settles nothing: the group
/// comes back when the lease ends.
#[derive(Debug)]
#[must_use]
pub struct Lease {
    /// Names the row and this lease of it.
    pub(crate) id: LeaseId,
    /// Id of the site.
    pub site: Arc<str>,
    /// Id of the dataset.
    pub dataset: Arc<str>,
    /// The envelope's stored JSON; to be checked again with its reader before it is sent.
    pub envelope: String,
    /// The policy under which the events were sanitized.
    pub policy: Arc<StoredPolicy>,
    /// Digest of that policy.
    pub policy_digest: PolicyDigest,
    /// One stored event a line.
    pub bodies: String,
    /// How many lines these are.
    pub(super) count: usize,
    /// When the oldest of its events came in, in milliseconds since 1970.
    pub received_ms: u64,
    /// Not later than the oldest event time among them, in seconds since 1970.
    pub oldest_event_secs: u64,
    /// How often its bytes were sent.
    pub attempts: u32,
    /// Whether it may have killed the process. Others of its kind wait until it is settled, so settling it gives work.
    pub(crate) suspect: bool,
}

impl Lease {
    /// The stored events, in the order in which they are to be settled.
    pub fn events(&self) -> impl Iterator<Item = &str> {
        self.bodies.split('\n')
    }

    /// How many stored events there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The lease of what stays of the group, under the serial that its row has now.
    pub(super) fn narrowed(&self, serial: i64, bodies: String) -> Self {
        Self {
            id: LeaseId { serial, ..self.id },
            site: Arc::clone(&self.site),
            dataset: Arc::clone(&self.dataset),
            envelope: self.envelope.clone(),
            policy: Arc::clone(&self.policy),
            policy_digest: self.policy_digest,
            count: count_lines(&bodies),
            bodies,
            received_ms: self.received_ms,
            oldest_event_secs: self.oldest_event_secs,
            attempts: self.attempts.saturating_add(1),
            suspect: self.suspect,
        }
    }

    /// A second copy, which only a defect could make: for tests of what the outbox does then.
    #[cfg(test)]
    pub(crate) fn forged_copy(&self) -> Self {
        Self {
            id: self.id,
            site: Arc::clone(&self.site),
            dataset: Arc::clone(&self.dataset),
            envelope: self.envelope.clone(),
            policy: Arc::clone(&self.policy),
            policy_digest: self.policy_digest,
            bodies: self.bodies.clone(),
            count: self.count,
            received_ms: self.received_ms,
            oldest_event_secs: self.oldest_event_secs,
            attempts: self.attempts,
            suspect: self.suspect,
        }
    }
}

/// Names a leased row. The serial tells a lease from an earlier one of the same row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct LeaseId {
    /// Which back end has the row, where there are two.
    pub(crate) keeper: Keeper,
    /// The row.
    pub(crate) row: i64,
    /// The lease.
    pub(crate) serial: i64,
}

/// The back end that has a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Keeper {
    /// The memory or the file of this process.
    Here,
    /// Redis, with the groups of all gateways.
    Redis,
}

/// Decides, group by group, what one lease request gets. The same for every back end.
#[derive(Debug)]
pub(super) struct Selection {
    events_left: usize,
    bytes_left: usize,
    taken: bool,
    suspect_in_hand: bool,
    suspect_taken: bool,
}

/// What to do with the next due group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// It belongs to the lease.
    Take,
    /// It has to wait; a younger one may go first.
    Skip,
    /// The lease has enough.
    Stop,
}

impl Selection {
    /// `suspect_in_hand`: whether a group that may have killed the process is leased already. There is never a second one,
    /// so that the next crash has one culprit.
    pub(super) fn new(request: &LeaseRequest, suspect_in_hand: bool) -> Self {
        Self {
            events_left: request.max_events,
            bytes_left: request.max_bytes,
            taken: false,
            suspect_in_hand,
            suspect_taken: false,
        }
    }

    /// Whether the next group, oldest first, is taken.
    pub(super) fn offer(&mut self, events: usize, bytes: usize, suspect: bool) -> Choice {
        if suspect && self.suspect_in_hand {
            return Choice::Skip;
        }
        let fits = events <= self.events_left && bytes <= self.bytes_left;
        if self.suspect_taken || (self.taken && (suspect || !fits)) {
            return Choice::Stop;
        }
        self.taken = true;
        self.suspect_taken = suspect;
        self.events_left = self.events_left.saturating_sub(events);
        self.bytes_left = self.bytes_left.saturating_sub(bytes);
        Choice::Take
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(max_events: usize, suspect_in_hand: bool) -> Selection {
        let request = LeaseRequest { dataset: "1".into(), max_events, max_bytes: 100, now_ms: 0, until_ms: 1 };
        Selection::new(&request, suspect_in_hand)
    }

    #[test]
    fn the_first_group_is_taken_whatever_its_size() {
        let mut selection = selection(10, false);
        assert_eq!(selection.offer(50, 5000, false), Choice::Take);
        assert_eq!(selection.offer(1, 1, false), Choice::Stop);
    }

    #[test]
    fn a_suspect_goes_alone() {
        let mut first = selection(10, false);
        assert_eq!(first.offer(1, 1, true), Choice::Take);
        assert_eq!(first.offer(1, 1, false), Choice::Stop);
        let mut second = selection(10, false);
        assert_eq!(second.offer(1, 1, false), Choice::Take);
        assert_eq!(second.offer(1, 1, true), Choice::Stop);
    }

    #[test]
    fn a_second_suspect_waits_and_lets_others_pass() {
        let mut selection = selection(10, true);
        assert_eq!(selection.offer(1, 1, true), Choice::Skip);
        assert_eq!(selection.offer(1, 1, false), Choice::Take);
    }
}
