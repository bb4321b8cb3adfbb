//! The outbox in a file of this machine: SQLite, with one writer thread.
//!
//! Durable on return: an answer leaves after the commit that holds it was synced. One owner at a time, held by a file lock.
//! Left to others: when to try again, and what a stored event means. Absent on purpose: a way to lose events, such as dropping
//! the oldest when full or starting afresh when the file is damaged.

mod ask;
mod backup;
mod bodies;
mod failure;
mod hand;
mod inspect;
mod migrate;
mod open;
mod pages;
mod part;
mod policies;
mod purge;
mod redrive;
mod reseal;
mod reserve;
mod schema;
mod seen;
mod store;
mod void;
mod writer;

#[cfg(test)]
mod tests;

pub use backup::{BackedUp, BackupError, Restored, backup, restore};
pub use inspect::{has_held_events, inspect, show};
pub use open::OpenError;

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot, watch};

use self::ask::{Ask, Asked, Read, Reply, Write};
use self::failure::Failure;
use self::purge::PurgeStep;
use self::redrive::RedriveStep;
use self::reseal::ResealStep;
use self::reserve::{RESERVE_BYTES, Reserve};
use self::store::Store;
use self::writer::{Shared, Writer};
use super::{
    Append, Depth, EventsByDataset, Lease, LeaseRequest, Leased, OutboxError, OutboxPlace, PendingByDataset, PurgeSelector,
    Purged, Receipt, RedriveSelector, Redriven, Settings, Settled, Settlement, Trouble, is_nearly_full, is_whole,
};
use crate::failpoint;

/// Questions that may wait for the writer; whoever comes then waits to ask.
const MAX_WAITING: usize = 1024;

/// An outbox in a file. Cheap to clone. The writer ends when the last clone is gone or one was closed.
#[derive(Debug, Clone)]
pub struct Embedded(Arc<Handle>);

#[derive(Debug)]
struct Handle {
    inbox: mpsc::Sender<Ask>,
    changed: watch::Sender<u64>,
    shared: Arc<Shared>,
    max_bytes: u64,
    set_aside_at_open: EventsByDataset,
    has_held_events: bool,
    is_sealed: bool,
    /// Held by what takes many steps and would miss what another one moves behind its back.
    long_work: tokio::sync::Mutex<()>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Embedded {
    /// Opens or makes the file and starts the writer. Blocks while the file is read.
    pub(super) fn open(path: &Path, settings: Settings) -> Result<Self, OpenError> {
        Self::open_with(path, settings, RESERVE_BYTES, |_| {})
    }

    /// The same, for tests that open many.
    #[cfg(test)]
    pub(super) fn open_with_small_reserve(path: &Path, settings: Settings) -> Result<Self, OpenError> {
        Self::open_with(path, settings, 4_096, |_| {})
    }

    /// The same with another reserve and a change to the store before it is used, for tests.
    fn open_with(
        path: &Path,
        settings: Settings,
        reserve_bytes: u64,
        prepare: impl FnOnce(&mut Store),
    ) -> Result<Self, OpenError> {
        let lock = open::take_ownership(path)?;
        let mut reserve = Reserve::new(open::reserve_file(path)?, reserve_bytes);
        let (max_bytes, is_sealed) = (settings.max_bytes, settings.keys.is_some());
        let (mut store, set_aside_at_open) = Store::open(path, settings)?;
        let has_held_events = store.has_held_events().map_err(|error| OpenError::engine(path, &error))?;
        prepare(&mut store);
        let shared = Arc::new(Shared::default());
        if !reserve.hold() {
            shared.health.failed(&Failure::DiskFull);
        }
        shared.show(&store.tally);
        let (sender, inbox) = mpsc::channel(MAX_WAITING);
        let changed = watch::Sender::new(0);
        let writer = Writer::new(store, inbox, changed.clone(), Arc::clone(&shared), reserve, lock);
        let thread = std::thread::Builder::new().name("outbox-writer".to_owned()).spawn(move || writer.run());
        let thread = thread.map_err(|source| OpenError::File { path: path.to_owned(), source })?;
        let thread = Mutex::new(Some(thread));
        Ok(Self(Arc::new(Handle {
            inbox: sender,
            changed,
            shared,
            max_bytes,
            set_aside_at_open,
            has_held_events,
            is_sealed,
            long_work: tokio::sync::Mutex::new(()),
            thread,
        })))
    }

    pub(super) async fn append(&self, append: Append) -> Result<Receipt, OutboxError> {
        self.ask(|reply| Ask::Append(Asked::new(append, reply))).await
    }

    pub(super) async fn lease(&self, request: LeaseRequest) -> Result<Leased, OutboxError> {
        self.ask(|reply| Ask::Write(Write::Lease(Asked::new(request, reply)))).await
    }

    /// All are asked before the first answer is waited for, so that the writer finds them together.
    pub(super) async fn settle_all(&self, leases: Vec<(Lease, Vec<Settlement>)>) -> Vec<Result<Settled, OutboxError>> {
        let mut answers = Vec::with_capacity(leases.len());
        for (lease, settlements) in leases {
            answers.push(match is_whole(&lease, &settlements) {
                Ok(()) => self.put(|reply| Ask::Write(Write::Settle(Asked::new((lease, settlements), reply)))).await,
                Err(error) => Err(error),
            });
        }
        let mut settled = Vec::with_capacity(answers.len());
        for answer in answers {
            settled.push(match answer {
                Ok(answer) => answer.await.unwrap_or(Err(OutboxError::Closed)),
                Err(error) => Err(error),
            });
        }
        settled
    }

    pub(super) async fn release(&self, lease: Lease) -> Result<(), OutboxError> {
        self.ask(|reply| Ask::Write(Write::Release(Asked::new(lease, reply)))).await
    }

    /// In steps, so that appends are not held up; then nothing of what was purged is left in the log either. `dry`: it only counts.
    pub(super) async fn purge(&self, selector: PurgeSelector, dry: bool) -> Result<Purged, OutboxError> {
        // A redrive in between would bring back what the purge has not come to.
        let _alone = self.0.long_work.lock().await;
        let mut purged = Purged::default();
        // One that is asked for again may have died before it emptied the log.
        let may_be_in_log = selector.is_everywhere();
        let must_leave_log = matches!(selector, PurgeSelector::Suppressed(_));
        let mut step = Some(PurgeStep::first(selector, dry));
        while let Some(next) = step {
            match self.ask(|reply| Ask::Write(Write::Purge(Box::new(Asked::new(next, reply))))).await {
                Ok(done) => {
                    purged.add(done.purged);
                    step = done.next;
                }
                Err(error) if dry || purged == Purged::default() => return Err(error),
                // What is gone is gone, and is to be counted.
                Err(error) => {
                    purged.broke_off = Some(error.to_string());
                    break;
                }
            }
        }
        failpoint::pass("after_purge_before_truncating");
        if !dry
            && (may_be_in_log || purged.waiting_events() + purged.quarantined > 0)
            && let Err(error) = self.ask(|reply| Ask::Read(Read::Truncate(reply))).await
        {
            // They are gone from the outbox, and the writer goes on trying.
            tracing::warn!(%error, "what was purged may still be in the outbox's write-ahead log");
            if must_leave_log && purged.broke_off.is_none() {
                purged.broke_off = Some(error.to_string());
            }
        }
        Ok(purged)
    }

    /// In steps as well.
    pub(super) async fn redrive(&self, selector: RedriveSelector) -> Result<Redriven, OutboxError> {
        if selector.place == Some(OutboxPlace::Redis) {
            return Ok(Redriven::default());
        }
        let _alone = self.0.long_work.lock().await;
        let mut redriven = Redriven::default();
        let mut step = Some(RedriveStep::first(selector));
        while let Some(next) = step {
            match self.ask(|reply| Ask::Write(Write::Redrive(Box::new(Asked::new(next, reply))))).await {
                Ok(done) => {
                    redriven.add(done.redriven);
                    step = done.next;
                }
                Err(error) if redriven == Redriven::default() => return Err(error),
                Err(error) => {
                    redriven.broke_off = Some(error.to_string());
                    break;
                }
            }
        }
        Ok(redriven)
    }

    /// Seals every row under the key of today that is not, in steps. Returns how many events these held.
    pub(super) async fn rekey(&self) -> Result<u64, OutboxError> {
        if !self.0.is_sealed {
            return Err(OutboxError::Unfit("there is no outbox.encryption_key to encrypt it under"));
        }
        let mut events = 0;
        let mut step = Some(ResealStep::first(false));
        while let Some(next) = step {
            let done = self.ask(|reply| Ask::Write(Write::Reseal(Asked::new(next, reply)))).await?;
            events += done.events;
            step = done.next;
        }
        if let Err(error) = self.ask(|reply| Ask::Read(Read::Truncate(reply))).await {
            // The rows are sealed, and the writer goes on trying.
            tracing::warn!(%error, "what was encrypted anew may still be in the outbox's write-ahead log as it was");
        }
        Ok(events)
    }

    pub(super) async fn depth(&self) -> Result<Depth, OutboxError> {
        self.ask(|reply| Ask::Read(Read::Depth(reply))).await
    }

    pub(super) async fn pending_by_dataset(&self) -> Result<PendingByDataset, OutboxError> {
        self.ask(|reply| Ask::Read(Read::PendingByDataset(reply))).await
    }

    pub(super) async fn next_due_ms(&self, dataset: &str, now_ms: u64) -> Result<Option<u64>, OutboxError> {
        self.ask(|reply| Ask::Read(Read::NextDue { dataset: dataset.into(), now_ms, reply })).await
    }

    pub(super) fn changed(&self) -> watch::Receiver<u64> {
        self.0.changed.subscribe()
    }

    /// What rings at a change, for an outbox that stands beside this one: those who look for work listen to both at once.
    pub(super) fn changes(&self) -> watch::Sender<u64> {
        self.0.changed.clone()
    }

    /// Pending events at the last commit, without a question to the writer.
    pub(super) fn pending_events(&self) -> u64 {
        self.0.shared.pending_events.load(Ordering::Acquire)
    }

    pub(super) fn set_aside_at_open(&self) -> &[(Arc<str>, u64)] {
        &self.0.set_aside_at_open
    }

    pub(super) fn has_held_events(&self) -> bool {
        self.0.has_held_events
    }

    pub(super) fn health(&self) -> Result<(), Trouble> {
        if let Some(trouble) = self.0.shared.health.trouble() {
            // While nothing can be kept, nobody sends, so no write would find out that there is room again. If the inbox is full,
            // the writes in it will.
            drop(self.0.inbox.try_send(Ask::Read(Read::Probe)));
            return Err(trouble);
        }
        if is_nearly_full(self.0.shared.cost.load(Ordering::Relaxed), self.0.max_bytes) {
            return Err(Trouble::Full);
        }
        Ok(())
    }

    pub(super) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.0.inbox.send(Ask::Close(done)).await.is_err() || closed.await.is_err() {
            return;
        }
        let thread = self.0.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the outbox's writer ended in a panic");
        }
    }

    /// Asks the writer. It answers after its commit; it is gone only if the outbox was closed.
    async fn ask<T>(&self, question: impl FnOnce(Reply<T>) -> Ask) -> Result<T, OutboxError> {
        self.put(question).await?.await.map_err(|_| OutboxError::Closed)?
    }

    /// Puts a question; its answer is still to be waited for.
    async fn put<T>(
        &self,
        question: impl FnOnce(Reply<T>) -> Ask,
    ) -> Result<oneshot::Receiver<Result<T, OutboxError>>, OutboxError> {
        let (reply, answer) = oneshot::channel();
        self.0.inbox.send(question(reply)).await.map_err(|_| OutboxError::Closed)?;
        Ok(answer)
    }
}
