//! The one thread that has the file: it records, answers, and deletes what is too old, in that order of urgency.
//!
//! Everything that waits is recorded in one transaction, so that one sync of the disk serves many requests to Meta. What could not
//! be recorded is remembered and written with the next success. After a failed write or sync nothing is written until a restart,
//! as what the disk holds is not known any more.

use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::ErrorCode;
use tokio::sync::oneshot;

use super::index::{CountError, Gaps, Index};
use super::{Batch, SubjectCommand, SubjectDone, SubjectError, SubjectTask};
use crate::clock::Clock;
use crate::disk::describe;
use crate::failpoint::{self, Order};
use crate::suppression::Marker;
use crate::telemetry::declared;
use crate::telemetry::metrics::Metrics;

/// Batches that are recorded together.
const MOST_TOGETHER: usize = 32;
/// Commits between two looks at the log.
const CHECKPOINT_EVERY: u32 = 64;
/// How often what is too old is deleted.
const SWEEP_EVERY_SECS: u64 = 3_600;
/// The longest sleep between two looks at the clock.
const NAP: Duration = Duration::from_secs(30);

/// What the thread is told.
#[derive(Debug)]
pub(super) enum Ask {
    Record(Batch, oneshot::Sender<()>),
    Command(SubjectCommand, oneshot::Sender<Result<SubjectDone, SubjectError>>),
    Close,
}

/// What others see and say without the thread.
#[derive(Debug)]
pub(super) struct Shared {
    metrics: Metrics,
    gaps: Mutex<Gaps>,
    trouble: Mutex<Option<String>>,
}

impl Shared {
    pub(super) fn new(metrics: Metrics) -> Self {
        for reason in declared::words("portcullis_subject_index_failures_total", "reason") {
            metrics.subject_index_failures.with_label_values(&[reason]);
        }
        Self { metrics, gaps: Mutex::default(), trouble: Mutex::default() }
    }

    pub(super) fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A batch did not even come to the thread.
    pub(super) fn missed(&self, batch: &Batch) {
        self.fail("queue_full", batch.events(), "its thread does not keep up with what is delivered");
        self.note_gap(batch);
    }

    /// A batch was not on the disk in time. It is still being recorded.
    pub(super) fn late(&self, events: u64) {
        self.fail("late", events, "the disk is slow; a crash now could leave deliveries out");
    }

    /// The thread ended with a batch in hand.
    pub(super) fn lost(&self, events: u64) {
        self.fail("write", events, "its thread has ended; restart the gateway");
    }

    fn note_gap(&self, batch: &Batch) {
        self.add_gap(batch.day, &batch.dataset, batch.events());
    }

    fn add_gap(&self, day: i64, dataset: &Arc<str>, events: u64) {
        let mut gaps = self.gaps.lock().unwrap_or_else(PoisonError::into_inner);
        *gaps.entry((day, Arc::clone(dataset))).or_default() += events;
    }

    fn take_gaps(&self) -> Gaps {
        std::mem::take(&mut *self.gaps.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Counts events that are not recorded, and says so once until something is.
    fn fail(&self, reason: &'static str, events: u64, detail: &str) {
        self.metrics.subject_index_failures.with_label_values(&[reason]).inc_by(events);
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if trouble.is_none() {
            tracing::error!(reason, detail, "what is delivered is not recorded for subject access; sending goes on");
            *trouble = Some(format!("what is delivered is not recorded: {detail}"));
        }
    }

    fn well(&self) {
        if self.trouble.lock().unwrap_or_else(PoisonError::into_inner).take().is_some() {
            tracing::info!("what is delivered is recorded for subject access again");
        }
    }
}

/// The thread's own state.
#[derive(Debug)]
pub(super) struct Writer {
    index: Index,
    /// Nothing where the index is only emptied.
    marker: Option<Marker>,
    /// How many days a row stays.
    keep_days: Option<u32>,
    asked: Receiver<Ask>,
    shared: Arc<Shared>,
    clock: Clock,
    commits: u32,
    /// When a sweep begins next, in seconds since 1970.
    sweep_at_secs: u64,
    is_sweeping: bool,
    /// Set once a write or a sync has failed.
    is_broken: bool,
}

impl Writer {
    /// With an index that nobody else has open.
    pub(super) fn new(
        index: Index,
        marker: Option<Marker>,
        keep_days: Option<u32>,
        asked: Receiver<Ask>,
        shared: Arc<Shared>,
        clock: Clock,
    ) -> Self {
        Self {
            index,
            marker,
            keep_days,
            asked,
            shared,
            clock,
            commits: 0,
            sweep_at_secs: 0,
            is_sweeping: false,
            is_broken: false,
        }
    }

    /// Works until it is closed, or until all is deleted where nothing is to be kept.
    pub(super) fn run(mut self) {
        self.show();
        loop {
            self.look_at_the_clock();
            match self.next() {
                Ok(Some(Ask::Record(batch, done))) => {
                    if self.record(batch, done) == Next::Close {
                        break;
                    }
                }
                Ok(Some(Ask::Command(command, answer))) => self.obey(&command, answer),
                Ok(None) => {}
                Ok(Some(Ask::Close)) | Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => continue,
            }
            if self.is_sweeping && self.sweep() == Next::Close {
                return self.remove();
            }
        }
        if !self.is_broken
            && let Err(error) = self.index.truncate_log()
        {
            tracing::warn!(error = describe(&error), "the index of subject access was closed without a checkpoint");
        }
    }

    /// What is to be done, or nothing while there is something to sweep.
    fn next(&self) -> Result<Option<Ask>, RecvTimeoutError> {
        if !self.is_sweeping {
            return self.asked.recv_timeout(NAP).map(Some);
        }
        match self.asked.try_recv() {
            Ok(ask) => Ok(Some(ask)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(RecvTimeoutError::Disconnected),
        }
    }

    /// Records this and what waits behind it.
    fn record(&mut self, batch: Batch, done: oneshot::Sender<()>) -> Next {
        let (mut batches, mut waiting, mut next) = (vec![batch], vec![done], Next::GoOn);
        let mut command = None;
        while batches.len() < MOST_TOGETHER {
            match self.asked.try_recv() {
                Ok(Ask::Record(batch, done)) => {
                    batches.push(batch);
                    waiting.push(done);
                }
                Ok(Ask::Command(asked, answer)) => {
                    command = Some((asked, answer));
                    break;
                }
                Ok(Ask::Close) | Err(TryRecvError::Disconnected) => {
                    next = Next::Close;
                    break;
                }
                Err(TryRecvError::Empty) => break,
            }
        }
        self.count(batches);
        for done in waiting {
            // Whoever waited may have gone on.
            done.send(()).unwrap_or_default();
        }
        if let Some((asked, answer)) = command {
            self.obey(&asked, answer);
        }
        next
    }

    fn count(&mut self, batches: Vec<Batch>) {
        let Some(marker) = &self.marker else { return };
        let of: Vec<(i64, Arc<str>, u64)> =
            batches.iter().map(|batch| (batch.day, Arc::clone(&batch.dataset), batch.records.len() as u64)).collect();
        let events = of.iter().map(|(.., events)| *events).sum();
        for batch in batches.iter().filter(|batch| batch.unread > 0) {
            self.shared.fail("unreadable", batch.unread, "a delivered event cannot be read again: a defect");
            self.shared.add_gap(batch.day, &batch.dataset, batch.unread);
        }
        let gaps = self.shared.take_gaps();
        let counted = match failpoint::hit("before_recording") {
            _ if self.is_broken => Err(("write", "an earlier write failed; restart the gateway".to_owned())),
            Order::IoError | Order::DiskFull => Err(("write", "a failpoint".to_owned())),
            Order::GoOn => self.index.count(batches, &gaps, marker).map_err(|error| self.judge(&error)),
        };
        match counted {
            Ok(()) => {
                self.shared.well();
                self.tend_log();
            }
            Err((reason, detail)) => {
                self.shared.fail(reason, events, &detail);
                for ((day, dataset), events) in gaps {
                    self.shared.add_gap(day, &dataset, events);
                }
                for (day, dataset, events) in of {
                    self.shared.add_gap(day, &dataset, events);
                }
            }
        }
        self.show();
    }

    fn judge(&mut self, error: &CountError) -> (&'static str, String) {
        match error {
            CountError::Full => ("rows_full", "subject_access.max_rows is reached within a day; raise it".to_owned()),
            CountError::Engine(error) => {
                self.note(error);
                ("write", describe(error))
            }
        }
    }

    fn note(&mut self, error: &rusqlite::Error) {
        if matches!(error.sqlite_error_code(), Some(ErrorCode::SystemIoFailure | ErrorCode::NotADatabase)) {
            self.is_broken = true;
            self.is_sweeping = false;
        }
    }

    fn obey(&mut self, command: &SubjectCommand, answer: oneshot::Sender<Result<SubjectDone, SubjectError>>) {
        let done = if self.is_broken && command.task == SubjectTask::Forget {
            Err(SubjectError::Broken)
        } else {
            command.run(&mut self.index)
        };
        self.show();
        // Whoever asked may have gone.
        drop(answer.send(done));
    }

    fn tend_log(&mut self) {
        self.commits += 1;
        if self.commits >= CHECKPOINT_EVERY {
            self.commits = 0;
            if let Err(error) = self.index.checkpoint() {
                self.note(&error);
                self.shared.fail("write", 0, &describe(&error));
            }
        }
    }

    fn look_at_the_clock(&mut self) {
        let now = self.clock.unix_secs();
        // A clock that was set back does not put a sweep off for ever.
        if now >= self.sweep_at_secs || self.sweep_at_secs > now + SWEEP_EVERY_SECS {
            self.sweep_at_secs = now + SWEEP_EVERY_SECS;
            self.is_sweeping = !self.is_broken;
        }
    }

    fn sweep(&mut self) -> Next {
        let before = self.keep_days.map_or(i64::MAX, |days| self.clock.unix_days().saturating_sub(i64::from(days)));
        match self.index.sweep(before) {
            Ok(false) => {}
            Ok(true) => {
                self.is_sweeping = false;
                self.show();
                if self.keep_days.is_none() {
                    return Next::Close;
                }
            }
            Err(error) => {
                self.note(&error);
                self.is_sweeping = false;
                self.shared.fail("write", 0, &describe(&error));
                tracing::error!(
                    error = describe(&error),
                    "what is too old cannot be deleted from the index of subject access"
                );
            }
        }
        Next::GoOn
    }

    fn remove(self) {
        match self.index.remove() {
            Ok(()) => tracing::info!("the index of subject access was deleted, as subject_access.retention_days is 0"),
            Err(error) => tracing::error!(%error, "the index of subject access is empty, but its file cannot be deleted"),
        }
    }

    fn show(&self) {
        self.shared.metrics.subject_index_rows.set(i64::try_from(self.index.rows()).unwrap_or(i64::MAX));
    }
}

/// Whether the thread goes on.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    GoOn,
    Close,
}
