//! The outbox in memory: the contract without the disk.
//!
//! It is the model that the embedded back end is tested against, so it is written to be obviously right. Absent on purpose:
//! durability.

pub(super) mod aside;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portcullis_filters::policy::{PolicyDigest, StoredPolicy};
use tokio::sync::watch;

use self::aside::Aside;
use super::condemned::Condemned;
use super::crash::SUSPECT_CRASHES;
use super::group::gather;
use super::lease::{Choice, FAR_MS, Keeper, LeaseId, Selection};
use super::settlement::Division;
use super::tally::{Amount, Owner, Shelf, Tally};
use super::{
    Append, Depth, Lease, LeaseRequest, Leased, OutboxError, PendingByDataset, Receipt, Settled, Settlement, SpreadRequest,
    Trouble, is_nearly_full,
};

/// An outbox that is gone with the process.
#[derive(Debug, Clone)]
pub struct Memory(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: watch::Sender<u64>,
}

#[derive(Debug)]
pub(super) struct State {
    max_bytes: u64,
    /// The groups of each dataset, oldest first.
    pub(super) datasets: BTreeMap<Arc<str>, BTreeMap<Position, Group>>,
    policies: Policies,
    /// What is set aside, in the order in which it was.
    pub(super) quarantine: Vec<Aside>,
    pub(super) tally: Tally,
    pub(super) last_row: i64,
    last_serial: i64,
    /// The time that the last look for work told.
    pub(super) now_ms: u64,
    /// Whether a group can be a suspect at all: only a test can make a crash that memory survives.
    pub(super) crashed: bool,
    closed: bool,
}

/// Stored policies by their digests.
type Policies = HashMap<PolicyDigest, Arc<StoredPolicy>>;

/// Receipt time and row: the order in which groups are leased.
pub(super) type Position = (u64, i64);

/// A kept group.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) owner: Owner,
    pub(super) envelope: String,
    pub(super) bodies: String,
    pub(super) events: usize,
    pub(super) oldest_event_secs: u64,
    /// Not to be leased before: the retry time, or the end of the lease.
    pub(super) due_ms: u64,
    /// The lease, 0 if there is none.
    pub(super) serial: i64,
    attempts: u32,
    pub(super) crashes: u32,
    pub(super) condemned: Condemned,
}

impl Memory {
    /// An empty outbox with this cap.
    pub(super) fn new(max_bytes: u64) -> Self {
        let state = State {
            max_bytes,
            datasets: BTreeMap::new(),
            policies: HashMap::new(),
            quarantine: Vec::new(),
            tally: Tally::default(),
            last_row: 0,
            last_serial: 0,
            now_ms: 0,
            crashed: false,
            closed: false,
        };
        Self(Arc::new(Shared { state: Mutex::new(state), changed: watch::Sender::new(0) }))
    }

    pub(super) fn append(&self, append: &Append) -> Result<Receipt, OutboxError> {
        let receipt = self.open_state()?.append(append)?;
        self.wake();
        Ok(receipt)
    }

    pub(super) fn lease(&self, request: &LeaseRequest) -> Result<Leased, OutboxError> {
        Ok(self.open_state()?.lease(request))
    }

    pub(super) fn settle(&self, lease: &Lease, settlements: &[Settlement]) -> Result<Settled, OutboxError> {
        let settled = self.open_state()?.settle(lease, settlements, false);
        if settled.retried > 0 || lease.suspect {
            self.wake();
        }
        Ok(settled)
    }

    pub(super) fn release(&self, lease: &Lease) -> Result<(), OutboxError> {
        if let Some(group) = self.open_state()?.leased_mut(lease) {
            group.serial = 0;
            group.due_ms = 0;
        }
        self.wake();
        Ok(())
    }

    pub(super) fn depth(&self) -> Result<Depth, OutboxError> {
        let state = self.open_state()?;
        Ok(Depth {
            pending_events: state.tally.events(Shelf::Pending),
            bytes: state.tally.cost(),
            oldest_received_ms: state.datasets.values().filter_map(BTreeMap::first_key_value).map(|(key, _)| key.0).min(),
            quarantined_events: state.tally.events(Shelf::Quarantine),
        })
    }

    pub(super) fn pending_by_dataset(&self) -> Result<PendingByDataset, OutboxError> {
        Ok(self.open_state()?.tally.pending_by_dataset())
    }

    pub(super) fn next_due_ms(&self, dataset: &str, now_ms: u64) -> Result<Option<u64>, OutboxError> {
        let mut state = self.open_state()?;
        state.now_ms = now_ms;
        Ok(state.next_due_ms(dataset))
    }

    pub(super) fn changed(&self) -> watch::Receiver<u64> {
        self.0.changed.subscribe()
    }

    pub(super) fn health(&self) -> Result<(), Trouble> {
        let state = self.open_state().map_err(|closed| Trouble::Broken(closed.to_string()))?;
        if is_nearly_full(state.tally.cost(), state.max_bytes) { Err(Trouble::Full) } else { Ok(()) }
    }

    pub(super) fn close(&self) {
        self.state().closed = true;
    }

    /// The state, whatever it is. A panic cannot leave it half-way in a manner that matters: nothing here is durable.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn open_state(&self) -> Result<MutexGuard<'_, State>, OutboxError> {
        let state = self.state();
        if state.closed { Err(OutboxError::Closed) } else { Ok(state) }
    }

    pub(super) fn wake(&self) {
        self.0.changed.send_modify(|commits| *commits = commits.wrapping_add(1));
    }
}

impl State {
    fn append(&mut self, append: &Append) -> Result<Receipt, OutboxError> {
        if self.tally.cost().saturating_add(append.cost()) > self.max_bytes {
            return Err(OutboxError::Full);
        }
        let digest = append.policy.digest();
        if !self.policies.contains_key(&digest) {
            self.policies.retain(|policy, _| self.tally.refers_to(policy));
            self.policies.insert(digest, Arc::new(StoredPolicy::read(digest, Some(append.policy.canonical()))));
        }
        for group in gather(std::iter::once(append)) {
            self.last_row += 1;
            let kept = Group {
                owner: Owner { site: Arc::clone(group.site), dataset: Arc::clone(group.dataset), policy: digest },
                envelope: group.envelope.as_str().to_owned(),
                bodies: group.bodies,
                events: group.events,
                oldest_event_secs: group.oldest_event_secs,
                due_ms: 0,
                serial: 0,
                attempts: 0,
                crashes: 0,
                condemned: Condemned::Nothing,
            };
            self.tally.note(Shelf::Pending, kept.owner.clone(), kept.amount());
            let position = (group.received_ms, self.last_row);
            self.datasets.entry(Arc::clone(group.dataset)).or_default().insert(position, kept);
        }
        self.tally.commit();
        Ok(Receipt::new(append.events.len()))
    }

    fn lease(&mut self, request: &LeaseRequest) -> Leased {
        self.now_ms = request.now_ms;
        self.end_far_waits(&request.dataset);
        let mut leased = Leased { purged: self.sweep(&request.dataset), ..Leased::default() };
        let mut selection = Selection::new(request, self.suspect_in_hand_until().is_some());
        for (position, group) in self.datasets.get_mut(&request.dataset).into_iter().flatten() {
            if group.due_ms > request.now_ms {
                continue;
            }
            match selection.offer(group.events, group.bodies.len(), group.is_suspect()) {
                Choice::Skip => continue,
                Choice::Stop => {
                    leased.more = true;
                    break;
                }
                Choice::Take => {}
            }
            self.last_serial += 1;
            leased.leases.push(group.lease(*position, self.last_serial, request.until_ms, &self.policies));
        }
        leased
    }

    pub(super) fn lease_at(&mut self, request: &SpreadRequest) -> Leased {
        self.now_ms = request.now_ms;
        self.end_far_waits(&request.dataset);
        let purged = self.sweep(&request.dataset);
        let nothing = Leased { purged, ..Leased::default() };
        let Some(groups) = self.datasets.get_mut(&request.dataset) else { return nothing };
        let due = groups.iter_mut().filter(|(_, group)| group.due_ms <= request.now_ms && !group.is_suspect());
        let (ready, later): (Vec<_>, Vec<_>) = due.partition(|(_, group)| group.due_ms == 0);
        let are_ready = !ready.is_empty();
        let mut from = if are_ready { ready } else { later };
        let place = request.place_among(from.len());
        let mut selection = Selection::new(&request.as_lease_request(), true);
        let mut leases = Vec::new();
        for (position, group) in from.iter_mut().take(place + 1).rev() {
            if selection.offer(group.events, group.bodies.len(), false) != Choice::Take || (!are_ready && !leases.is_empty())
            {
                break;
            }
            self.last_serial += 1;
            leases.push(group.lease(**position, self.last_serial, request.until_ms, &self.policies));
        }
        leases.reverse();
        Leased { leases, ..nothing }
    }

    /// Leases to the same hand what is left of a lease that was just settled in part. Gives the new serial.
    pub(super) fn lease_again(&mut self, lease: &Lease, until_ms: u64) -> Option<i64> {
        let group = self.datasets.get_mut(&lease.dataset)?.get_mut(&(lease.received_ms, lease.id.row))?;
        self.last_serial += 1;
        (group.serial, group.due_ms) = (self.last_serial, until_ms);
        Some(self.last_serial)
    }

    /// `stays_in_hand`: what is to be retried is leased again, so a purge of it still waits.
    pub(super) fn settle(&mut self, lease: &Lease, settlements: &[Settlement], stays_in_hand: bool) -> Settled {
        let Some(group) = self.leased_mut(lease) else { return Settled::default() };
        let division = Division::new(lease.events(), settlements, &group.condemned, stays_in_hand);
        let before = group.amount();
        let owner = group.owner.clone();
        let aside: Vec<_> =
            division.aside.iter().map(|(body, reason)| Aside::event(group, lease.received_ms, body, reason)).collect();
        if division.settled.retried > 0 {
            group.retry(&division);
            if !stays_in_hand {
                group.condemned = Condemned::Nothing;
            }
            let after = group.amount();
            self.tally.note(Shelf::Pending, owner.clone(), after);
        } else {
            self.remove(lease);
        }
        self.tally.note(Shelf::Pending, owner.clone(), before.negated());
        for entry in &aside {
            self.tally.note(Shelf::Quarantine, owner.clone(), entry.group.amount());
        }
        self.quarantine.extend(aside);
        self.tally.commit();
        division.settled
    }

    fn next_due_ms(&self, dataset: &str) -> Option<u64> {
        let suspects_wait_until = self.suspect_in_hand_until().unwrap_or(0);
        let mut earliest = None;
        for group in self.datasets.get(dataset).into_iter().flat_map(BTreeMap::values) {
            let due_ms = if group.is_suspect() { group.due_ms.max(suspects_wait_until) } else { group.due_ms };
            if due_ms <= self.now_ms || due_ms > self.now_ms.saturating_add(FAR_MS) {
                return Some(self.now_ms);
            }
            earliest = Some(earliest.map_or(due_ms, |earliest: u64| earliest.min(due_ms)));
        }
        earliest
    }

    /// Makes what waits for a time that only a clock that was ahead can have set due at once.
    fn end_far_waits(&mut self, dataset: &str) {
        let far_ms = self.now_ms.saturating_add(FAR_MS);
        let groups = self.datasets.get_mut(dataset).into_iter().flat_map(BTreeMap::values_mut);
        groups.filter(|group| group.serial == 0 && group.due_ms > far_ms).for_each(|group| group.due_ms = 0);
    }

    fn suspect_in_hand_until(&self) -> Option<u64> {
        if !self.crashed {
            return None;
        }
        let groups = self.datasets.values().flat_map(BTreeMap::values);
        let in_hand = groups.filter(|group| group.is_suspect() && group.serial != 0 && group.due_ms > self.now_ms);
        in_hand.map(|group| group.due_ms).max()
    }

    /// The group of a lease, if that lease still holds.
    fn leased_mut(&mut self, lease: &Lease) -> Option<&mut Group> {
        let now_ms = self.now_ms;
        let group = self.datasets.get_mut(&lease.dataset)?.get_mut(&(lease.received_ms, lease.id.row))?;
        (group.serial == lease.id.serial && group.due_ms > now_ms).then_some(group)
    }

    fn remove(&mut self, lease: &Lease) {
        if let Some(groups) = self.datasets.get_mut(&lease.dataset) {
            groups.remove(&(lease.received_ms, lease.id.row));
            if groups.is_empty() {
                self.datasets.remove(&lease.dataset);
            }
        }
    }
}

impl Group {
    pub(super) fn amount(&self) -> Amount {
        Amount::row(self.events.try_into().unwrap_or(i64::MAX), self.bodies.len().try_into().unwrap_or(i64::MAX))
    }

    fn is_suspect(&self) -> bool {
        self.crashes >= SUSPECT_CRASHES
    }

    fn lease(&mut self, position: Position, serial: i64, until_ms: u64, policies: &Policies) -> Lease {
        (self.serial, self.due_ms) = (serial, until_ms);
        let digest = self.owner.policy;
        Lease {
            id: LeaseId { keeper: Keeper::Here, row: position.1, serial },
            site: Arc::clone(&self.owner.site),
            dataset: Arc::clone(&self.owner.dataset),
            envelope: self.envelope.clone(),
            policy: policies.get(&digest).map_or_else(|| Arc::new(StoredPolicy::read(digest, None)), Arc::clone),
            policy_digest: digest,
            bodies: self.bodies.clone(),
            count: self.events,
            received_ms: position.0,
            oldest_event_secs: self.oldest_event_secs,
            attempts: self.attempts,
            suspect: self.is_suspect(),
        }
    }

    /// Back on the shelf with what survived. A group whose bytes were sent without harm is no suspect any more.
    fn retry(&mut self, division: &Division<'_>) {
        self.bodies.clone_from(&division.survivors);
        self.events = division.survivors.split('\n').count();
        self.due_ms = division.due_ms;
        self.serial = 0;
        if division.attempted {
            self.attempts = self.attempts.saturating_add(1);
            self.crashes = 0;
        }
    }
}
