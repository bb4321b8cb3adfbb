//! What was sent about a person: a keyed index of what was delivered, for those who ask.
//!
//! A row says that on a day so many events of a name went to a dataset, with which fields and under which policy, about somebody
//! who stands there as a mark: a digest under a key of its own. No value, no id and no time finer than a day is kept. What Meta
//! took is on the disk before it is settled, so that counts may be too high after a crash and never too low; what could not be
//! recorded is counted and told. Off by default. Left to others: who a mark stands for (`portcullis_filters`), and what is asked
//! (`cli`). Absent on purpose: a list of persons.

mod record;

mod writer;

mod index;

mod question;

mod alone;

mod error;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

pub use alone::{Alone, marker};
pub use error::SubjectError;
pub use index::{Gap, KindTold, Page, PolicyTold};
pub use question::{MOST_MARKS, SubjectCommand, SubjectDone, SubjectTask};
pub use record::{Batch, Record};

use self::index::Index;
use self::writer::{Ask, Shared, Writer};
use crate::chance::Chance;
use crate::clock::Clock;
use crate::config::kept_key::{self, KeyUse, OwnKeySource};
use crate::config::{SubjectAccess, SubjectIndex};
use crate::suppression::Marker;
use crate::telemetry::metrics::Metrics;

/// Batches that may wait for the thread. With what is in them, 64 take about 40 MB at most.
const MAX_WAITING: usize = 64;

/// How long a delivery waits for the disk. A lease has a second to spare for settling; what comes later is recorded all the same.
const PATIENCE: Duration = Duration::from_secs(1);

/// The key of marks.
const KEY: KeyUse = KeyUse {
    name: "the key of the index of subject access",
    guards: "an index",
    configured_as: "subject_access.key",
    loss: "under a new key nobody in it would be found again; to begin anew, move the index away",
};

/// The index. Cheap to clone; all clones are the same. Its default records nothing.
#[derive(Debug, Clone, Default)]
pub struct Subjects(Option<Arc<Handle>>);

#[derive(Debug)]
struct Handle {
    asks: SyncSender<Ask>,
    shared: Arc<Shared>,
    /// Whether it records, and not only deletes what is left of an earlier time.
    is_on: bool,
    marker: Option<Marker>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Subjects {
    /// Opens or makes the index, if there is to be one. What an earlier configuration left is deleted. Blocks while the file is
    /// read; the caller holds the lock of the outbox.
    pub fn open(config: &SubjectAccess, metrics: &Metrics, clock: &Clock, chance: &Chance) -> Result<Self, SubjectError> {
        let Some(SubjectIndex { path, key }) = &config.index else { return Ok(Self::default()) };
        let is_on = config.retention_days > 0;
        if !is_on && !path.exists() {
            return Ok(Self::default());
        }
        let mut index = Index::open(path, config.max_rows, clock.unix_days())?;
        let marker = if is_on { Some(take_key(&mut index, path, key, chance)?) } else { None };
        let shared = Arc::new(Shared::new(metrics.clone()));
        let (asks, asked) = sync_channel(MAX_WAITING);
        let keep_days = is_on.then_some(config.retention_days);
        let writer = Writer::new(index, marker.clone(), keep_days, asked, Arc::clone(&shared), clock.clone());
        let thread = std::thread::Builder::new().name("subject-index".to_owned()).spawn(move || writer.run());
        let thread = thread.map_err(|reason| SubjectError::Thread { reason })?;
        Ok(Self(Some(Arc::new(Handle { asks, shared, is_on, marker, thread: Mutex::new(Some(thread)) }))))
    }

    /// Whether anything is recorded.
    pub fn is_on(&self) -> bool {
        self.0.as_ref().is_some_and(|handle| handle.is_on)
    }

    /// Records what Meta took. It is on the disk when this returns, or that it is not was counted and told: sending goes on.
    pub async fn record(&self, batch: Batch) {
        let Some(handle) = self.0.as_deref().filter(|handle| handle.is_on) else { return };
        let (done, is_done) = oneshot::channel();
        let events = batch.events();
        match handle.asks.try_send(Ask::Record(batch, done)) {
            Ok(()) => match tokio::time::timeout(PATIENCE, is_done).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => handle.shared.lost(events),
                Err(_) => handle.shared.late(events),
            },
            Err(TrySendError::Full(Ask::Record(batch, _)) | TrySendError::Disconnected(Ask::Record(batch, _))) => {
                handle.shared.missed(&batch);
            }
            Err(_) => {}
        }
    }

    /// Does what was asked.
    pub async fn obey(&self, command: SubjectCommand) -> Result<SubjectDone, SubjectError> {
        let handle = self.0.as_deref().filter(|handle| handle.is_on).ok_or(SubjectError::Off)?;
        command.is_for(handle.marker.as_ref())?;
        let (answer, answered) = oneshot::channel();
        handle.asks.try_send(Ask::Command(command, answer)).map_err(|_| SubjectError::Busy)?;
        answered.await.unwrap_or(Err(SubjectError::Busy))
    }

    /// What is wrong, if anything is.
    pub fn trouble(&self) -> Option<String> {
        self.0.as_ref().and_then(|handle| handle.shared.trouble())
    }

    /// Ends the thread, once what was handed to it is recorded.
    pub async fn close(&self) {
        let Some(handle) = self.0.clone() else { return };
        let join = tokio::task::spawn_blocking(move || {
            // It may have ended by itself; then nobody listens.
            drop(handle.asks.send(Ask::Close));
            let thread = handle.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
            thread.is_none_or(|thread| thread.join().is_ok())
        });
        if !join.await.unwrap_or(false) {
            tracing::error!("the index of subject access ended by a panic");
        }
    }
}

/// The key of an index; one that holds nobody takes the key that it is given.
fn take_key(index: &mut Index, path: &Path, source: &OwnKeySource, chance: &Chance) -> Result<Marker, SubjectError> {
    let is_needed = index.rows() > 0;
    let marker = Marker::new(&*kept_key::load_or_make(source, KEY, is_needed, chance)?);
    if is_needed {
        index.is_of(&marker)?;
    } else {
        index.take_key(&marker).map_err(|error| SubjectError::engine(path, &error))?;
    }
    Ok(marker)
}
