//! The one thread that touches the file.
//!
//! It takes everything that waits and commits it at once, so that one sync of the disk serves many requests; where several ask at a
//! time it waits a little for more (`linger`). Only settlings beyond a few wait for the next commit where events are to be kept, as
//! callers wait for that. Answers go out after the commit, all in one go. What it does for the file itself is in `upkeep`.

mod linger;
mod upkeep;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{mpsc, oneshot, watch};

use self::linger::Linger;
use super::ask::{Ask, Asked, Read, Write};
use super::failure::{Failure, Health};
use super::open::OwnerLock;
use super::reseal::ResealStep;
use super::reserve::Reserve;
use super::store::Store;
use crate::failpoint;
use crate::outbox::tally::{Shelf, Tally};
use crate::outbox::{Append, Lease, OutboxError, Receipt, Trouble};

/// Bounds of one transaction.
const MAX_APPENDS: usize = 1024;
const MAX_APPEND_BYTES: u64 = 4 * 1024 * 1024;
const MAX_WRITES: usize = 256;

/// So many settlings hold up no append for long: one takes some 50 µs, and after a batch a hundred come at once.
const SETTLINGS_BESIDE_APPENDS: usize = 16;

/// How long emptying the log waits for readers, where somebody waits for it to be empty.
const TRUNCATE_PATIENCE: Duration = Duration::from_millis(250);

/// What a commit writes beside its events, roughly.
const COMMIT_BYTES: u64 = 32 * 1024;

/// While the disk is full, how often it is looked whether there is room again.
const RESERVE_RETRY_MS: u64 = 1000;

const MISPLACED: &str =
    "the outbox's file, its log or its lock was deleted, moved or replaced while it is open; put it back or restart";
const LOG_IS_HELD: &str = "a reader of the file, such as an open sqlite3, holds back its write-ahead log";

/// The thread's own state.
#[derive(Debug)]
pub(super) struct Writer {
    store: Store,
    inbox: mpsc::Receiver<Ask>,
    changed: watch::Sender<u64>,
    shared: Arc<Shared>,
    reserve: Reserve,
    /// When it was last tried to set the reserve aside, in the time that looks for work tell.
    reserve_tried_ms: u64,
    lock: OwnerLock,
    /// Set once a write or a sync has failed; nothing is written from then on.
    poison: Option<Failure>,
    last_appends: usize,
    /// Written to the log since the last checkpoint, roughly.
    written_bytes: u64,
    log_is_held: bool,
    /// Set while something that was purged may be in the log.
    must_truncate: bool,
    shrinking: bool,
    /// Where sealing of what rests plain goes on; nothing if all is sealed.
    sealing: Option<ResealStep>,
}

/// What others may see without asking.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) health: Health,
    /// What counts against the cap.
    pub(super) cost: AtomicU64,
    /// Events accepted and not settled.
    pub(super) pending_events: AtomicU64,
}

impl Shared {
    /// Shows what was committed. Before the wake-up of the same commit, so that whoever it wakes sees it.
    pub(super) fn show(&self, tally: &Tally) {
        self.cost.store(tally.cost(), Ordering::Relaxed);
        self.pending_events.store(tally.events(Shelf::Pending), Ordering::Release);
    }
}

/// What waited in the inbox and is done in one go.
#[derive(Debug, Default)]
struct Intake {
    appends: Vec<Asked<Append, Receipt>>,
    append_bytes: u64,
    writes: Vec<Write>,
    reads: Vec<Read>,
    closes: Vec<oneshot::Sender<()>>,
}

/// However the thread ends, nobody is told that it is well.
struct Ended(Arc<Shared>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.health.set(Some(Trouble::Broken(OutboxError::Closed.to_string())));
    }
}

impl Writer {
    /// For a store that is open and owned.
    pub(super) fn new(
        store: Store,
        inbox: mpsc::Receiver<Ask>,
        changed: watch::Sender<u64>,
        shared: Arc<Shared>,
        reserve: Reserve,
        lock: OwnerLock,
    ) -> Self {
        let must_truncate = store.swept_at_open;
        let sealing = (store.plain_rows > 0).then(|| ResealStep::first(true));
        Self {
            store,
            inbox,
            changed,
            shared,
            reserve,
            reserve_tried_ms: 0,
            lock,
            poison: None,
            last_appends: 0,
            written_bytes: 0,
            log_is_held: false,
            must_truncate,
            shrinking: false,
            sealing,
        }
    }

    /// Works until all askers are gone or one of them closes.
    pub(super) fn run(mut self) {
        let _ended = Ended(Arc::clone(&self.shared));
        let mut closes = Vec::new();
        let mut put_off = Vec::new();
        loop {
            let mut intake = Intake { writes: std::mem::take(&mut put_off), ..Intake::default() };
            if intake.writes.is_empty() {
                let Some(ask) = self.next() else { break };
                intake.add(ask);
            }
            self.fill(&mut intake);
            // Also what changes something else waits for the appends to come, or it would cost a sync of its own.
            if intake.changes() {
                if let Some(linger) = Linger::of(intake.appends.len() + self.last_appends) {
                    self.linger(linger, &mut intake);
                }
                self.last_appends = intake.appends.len();
                put_off = intake.put_off();
            }
            if !intake.closes.is_empty() {
                // What was sent before is still received; who sends from now on is told that it is closed.
                self.inbox.close();
                closes.append(&mut intake.closes);
            }
            let reads = std::mem::take(&mut intake.reads);
            self.commit(intake);
            for read in reads {
                self.read(read);
            }
            self.tend_log();
        }
        self.finish(closes);
    }

    /// The next question. While nobody asks, what rests plain is sealed, and free pages are given back.
    fn next(&mut self) -> Option<Ask> {
        loop {
            match self.inbox.try_recv() {
                Ok(ask) => return Some(ask),
                Err(TryRecvError::Disconnected) => return None,
                Err(TryRecvError::Empty) if self.sealing.is_some() => self.seal_some(),
                Err(TryRecvError::Empty) if self.wants_to_shrink() => self.shrink(),
                Err(TryRecvError::Empty) => return self.inbox.blocking_recv(),
            }
        }
    }

    fn fill(&mut self, intake: &mut Intake) {
        while !intake.is_full() {
            match self.inbox.try_recv() {
                Ok(ask) => intake.add(ask),
                Err(_) => return,
            }
        }
    }

    /// Commits all that the intake changes, then answers.
    fn commit(&mut self, mut intake: Intake) {
        if !intake.changes() {
            return;
        }
        if self.store.now_ms.abs_diff(self.reserve_tried_ms) >= RESERVE_RETRY_MS {
            self.regain_reserve();
        }
        let mut unmovable = self.store.unmovable.len();
        let mut failure = match &self.poison {
            Some(poison) => Some(poison.clone()),
            None => self.transact(&mut intake.appends, &mut intake.writes).err(),
        };
        let mut write_failure = failure.clone();
        // A damaged row was met, and is passed over now. There may be another. Events that came in the same moment are turned away:
        // what was taken out of them as seen before may not have been kept.
        while matches!(write_failure, Some(Failure::Passing(_))) && self.store.unmovable.len() > unmovable {
            unmovable = self.store.unmovable.len();
            write_failure = self.transact(&mut [], &mut intake.writes).err();
        }
        if intake.appends.is_empty() {
            failure.clone_from(&write_failure);
        } else if !matches!(write_failure, Some(Failure::Passing(_))) {
            self.note(write_failure.as_ref(), false);
        }
        let appended = failure.is_none() && intake.appends.iter().any(|asked| matches!(asked.result, Some(Ok(_))));
        self.note(failure.as_ref(), appended);
        if matches!(failure, Some(Failure::DiskFull)) && !intake.writes.is_empty() {
            // Settling needs little room, and without it Meta would get again what it has. The reserve is free now, and a checkpoint
            // lets the log start over.
            write_failure = self.store.checkpoint().err().map(|error| Failure::of(&error));
            if write_failure.is_none() {
                write_failure = self.transact(&mut [], &mut intake.writes).err();
            }
            self.note(write_failure.as_ref(), false);
        }
        let works = intake.writes.iter().any(Write::gives_work) && write_failure.is_none();
        self.must_truncate |= write_failure.is_none() && intake.writes.iter().any(Write::purges);
        if appended || works {
            self.changed.send_modify(|commits| *commits = commits.wrapping_add(1));
        }
        if appended {
            failpoint::pass("after_fsync_before_reply");
        }
        for asked in intake.appends {
            asked.answer(failure.as_ref());
        }
        if write_failure.is_none() {
            intake.writes.iter().for_each(|write| failpoint::pass(write.failpoint()));
        }
        let orphans: Vec<_> = intake.writes.into_iter().flat_map(|write| write.answer(write_failure.as_ref())).collect();
        self.give_back(&orphans);
    }

    fn transact(&mut self, appends: &mut [Asked<Append, Receipt>], writes: &mut [Write]) -> Result<(), Failure> {
        let obstacle = if appends.is_empty() { None } else { self.obstacle() };
        self.store.transaction(|store| {
            // Before the appends: what is settled leaves pages that they can use, and room under the cap.
            writes.iter_mut().try_for_each(|write| write.execute(store))?;
            match &obstacle {
                Some(obstacle) => {
                    for asked in appends.iter_mut() {
                        asked.result = Some(Err(obstacle.error()));
                    }
                }
                None => store.append(appends)?,
            }
            Ok(())
        })?;
        let bytes: u64 = appends.iter().map(|asked| asked.input.cost()).chain(writes.iter().map(Write::log_bytes)).sum();
        self.written_bytes = self.written_bytes.saturating_add(bytes + COMMIT_BYTES);
        self.shared.show(&self.store.tally);
        Ok(())
    }

    /// What stands in the way of keeping anything new. Settling goes on.
    pub(super) fn obstacle(&mut self) -> Option<Failure> {
        if !self.reserve.is_held() {
            return Some(Failure::DiskFull);
        }
        if self.log_is_held {
            return Some(Failure::Passing(LOG_IS_HELD.to_owned()));
        }
        if !self.lock.is_in_place() {
            let misplaced = Failure::Passing(MISPLACED.to_owned());
            self.shared.health.failed(&misplaced);
            return Some(misplaced);
        }
        None
    }

    /// Leases for those who did not wait: nobody will settle them, so they come back now and not at the end of their time.
    fn give_back(&mut self, orphans: &[Lease]) {
        if orphans.is_empty() {
            return;
        }
        let done = self.store.transaction(|store| orphans.iter().try_for_each(|lease| store.release(lease)));
        self.note(done.as_ref().err(), false);
        self.changed.send_modify(|commits| *commits = commits.wrapping_add(1));
    }

    fn read(&mut self, read: Read) {
        let failed = |error: rusqlite::Error| Failure::of(&error).error();
        // Nobody waits for an answer whose asker has gone; there is nothing to do about that.
        match read {
            Read::Depth(reply) => drop(reply.send(self.store.depth().map_err(failed))),
            Read::PendingByDataset(reply) => drop(reply.send(Ok(self.store.tally.pending_by_dataset()))),
            Read::NextDue { dataset, now_ms, reply } => {
                drop(reply.send(self.store.next_due_ms(&dataset, now_ms).map_err(failed)));
            }
            Read::Truncate(reply) => drop(reply.send(self.truncate_log())),
            Read::Probe => self.probe(),
        }
    }

    /// Remembers how a write went, for readiness and for what may be written from now on.
    fn note(&mut self, failure: Option<&Failure>, kept: bool) {
        match failure {
            None if kept => self.shared.health.well(),
            None => {}
            Some(failure) => {
                self.shared.health.failed(failure);
                if matches!(failure, Failure::DiskFull) {
                    self.reserve.spend();
                }
                if self.poison.is_none() && matches!(failure, Failure::Poisoned(_)) {
                    tracing::error!(error = %failure.error(), "the outbox writes nothing any more");
                    self.poison = Some(failure.clone());
                    self.shrinking = false;
                    self.sealing = None;
                }
            }
        }
    }

    fn finish(self, closes: Vec<oneshot::Sender<()>>) {
        if self.poison.is_none()
            && let Err(error) = self.store.truncate_log(TRUNCATE_PATIENCE)
        {
            tracing::warn!(error = %Failure::of(&error).error(), "the outbox was closed without a checkpoint; opening will do it");
        }
        drop(self.store);
        drop(self.lock);
        self.shared.health.set(Some(Trouble::Broken(OutboxError::Closed.to_string())));
        for close in closes {
            // Whoever closed may have stopped waiting, which changes nothing.
            close.send(()).unwrap_or_default();
        }
    }
}

impl Intake {
    fn add(&mut self, ask: Ask) {
        match ask {
            Ask::Append(asked) => {
                self.append_bytes = self.append_bytes.saturating_add(asked.input.cost());
                self.appends.push(asked);
            }
            Ask::Write(write) => self.writes.push(write),
            Ask::Read(read) => self.reads.push(read),
            Ask::Close(close) => self.closes.push(close),
        }
    }

    /// Takes out the settlings that can wait for the next commit. As many stay as there are appends, so that no more groups come than
    /// go; and whatever else was asked is done in its order.
    fn put_off(&mut self) -> Vec<Write> {
        if self.appends.is_empty() {
            return Vec::new();
        }
        let in_order = self.writes.iter().rposition(|write| !matches!(write, Write::Settle(_))).map_or(0, |last| last + 1);
        let now = in_order.max(self.appends.len()).max(SETTLINGS_BESIDE_APPENDS);
        self.writes.split_off(now.min(self.writes.len()))
    }

    /// Whether there is something to commit.
    fn changes(&self) -> bool {
        !self.appends.is_empty() || !self.writes.is_empty()
    }

    fn is_full(&self) -> bool {
        self.appends.len() >= MAX_APPENDS
            || self.append_bytes >= MAX_APPEND_BYTES
            || self.writes.len() + self.reads.len() >= MAX_WRITES
    }
}

#[cfg(test)]
mod tests;
