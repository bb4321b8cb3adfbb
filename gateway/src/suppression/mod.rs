//! Who must not be sent, kept durably: a store on the disk, a filter of it in memory, and the look-up that the filters are given.
//!
//! An addition is in force when it returns, and survives the process. A store that is damaged, or whose key is gone, refuses the
//! start; a look that fails says "suppressed": nobody is sent because something broke. Gateways that share Redis share the set, by
//! a `log` of its changes. Left to others: which identifiers an event carries (`portcullis_filters::suppression`), and what waits
//! when somebody is added (`dispatch`, `outbox`), for which it is remembered which additions were swept. Absent on purpose: a list
//! of who is in it.

mod changes;
mod command;
mod error;
mod filter;
mod lines;
mod log;
mod look;
mod mark;
mod open;
mod readers;
mod schema;
mod spool;
mod store;
mod stored;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use portcullis_filters::suppression::{Identifier, Suppressed};

pub use changes::Changes;
pub use command::{PIECE, SuppressCommand, SuppressDone, SuppressTask};
pub use error::SuppressionError;
pub use lines::{Line, Lines, digest, export_head, person};
pub use log::Log;
pub use look::Look;
pub use mark::{Fingerprint, Mark, Marker};
pub use spool::{Sorted, Spool};
pub use stored::Standing;

use self::filter::Filter;
use self::log::Position;
use self::readers::Readers;
use self::store::Store;
use crate::chance::Chance;
use crate::clock::Clock;
use crate::config::kept_key::{self, KeyUse};
use crate::config::{self, OwnKeySource, SuppressionStore};
use crate::disk;
use crate::telemetry::declared;
use crate::telemetry::metrics::Metrics;

/// What the key is for, in the words of errors.
const KEY: KeyUse = KeyUse {
    name: "the key of suppressed persons",
    guards: "a store of them",
    configured_as: "suppression.key",
    loss: "with a new key nobody in the store would be known again",
};

/// Who must not be sent. Cheap to clone; the store is closed when the last clone is gone.
#[derive(Debug, Clone, Default)]
pub struct Suppressions(Option<Arc<Set>>);

#[derive(Debug)]
struct Set {
    path: PathBuf,
    marker: Marker,
    filter: ArcSwap<Filter>,
    readers: Readers,
    /// Changed by one at a time.
    store: Mutex<Store>,
    /// Up to where the log of all gateways is in the store.
    position: Mutex<Position>,
    marks: AtomicU64,
    generation: AtomicU64,
    swept: AtomicU64,
    failed_looks: AtomicU64,
    /// Whether the last look failed.
    is_failing: AtomicBool,
    /// Whether nothing can be changed until a restart.
    is_broken: AtomicBool,
    /// Whether the log of all gateways tells something that cannot be read.
    is_blind: AtomicBool,
    metrics: Metrics,
    clock: Clock,
}

impl Suppressions {
    /// Nobody is suppressed, and nobody can be: there is no store.
    pub fn without_store() -> Self {
        Self(None)
    }

    /// Opens or makes the store, if one is configured, and reads it whole. Blocks meanwhile.
    pub fn open(
        config: &config::Suppression,
        metrics: &Metrics,
        clock: &Clock,
        chance: &Chance,
    ) -> Result<Self, SuppressionError> {
        let Some(SuppressionStore { path, key }) = &config.store else { return Ok(Self(None)) };
        let lock = disk::lock(path)?;
        is_not_lost(path, key)?;
        let mut store = Store::open(path, lock)?;
        let marker = marker(&mut store, key, chance)?;
        let filter = fill(&store)?;
        store.migrate()?;
        let set = Set {
            path: path.clone(),
            marker,
            filter: ArcSwap::from_pointee(filter),
            readers: Readers::open(path)?,
            marks: AtomicU64::default(),
            generation: AtomicU64::default(),
            swept: AtomicU64::default(),
            failed_looks: AtomicU64::default(),
            is_failing: AtomicBool::default(),
            is_broken: AtomicBool::default(),
            is_blind: AtomicBool::default(),
            position: Mutex::new(store.position()),
            metrics: metrics.clone(),
            clock: clock.clone(),
            store: Mutex::new(store),
        };
        set.publish(&set.store());
        for result in declared::words("portcullis_suppression_looks_total", "result") {
            metrics.suppression_looks.with_label_values(&[result]);
        }
        Ok(Self(Some(Arc::new(set))))
    }

    /// Suppresses everybody for whom these marks stand. They are durable and in force when this returns; how many are new.
    pub fn add(&self, marks: &[Mark]) -> Result<u64, SuppressionError> {
        let set = self.set()?;
        let mut store = set.store();
        let day = set.clock.unix_days();
        let mut marks = marks.to_vec();
        // In the order of the file, so that a large piece touches few pages.
        marks.sort_unstable();
        let added = store.add(&marks, day);
        if added.is_ok() {
            let filter = set.filter.load();
            for mark in &marks {
                filter.insert(*mark);
            }
        }
        set.publish(&store);
        let added = added?;
        if !set.filter.load().has_room_for(store.state().marks) {
            match fill(&store) {
                Ok(filter) => set.filter.store(Arc::new(filter)),
                // The one before holds everybody, too; it only sends more looks to the store.
                Err(error) => tracing::error!(%error, "the filter of suppressed persons could not be made larger"),
            }
        }
        Ok(added)
    }

    /// Lets those be sent again for whom these marks stand; how many there were.
    pub fn remove(&self, marks: &[Mark]) -> Result<u64, SuppressionError> {
        let set = self.set()?;
        let mut store = set.store();
        let removed = store.remove(marks);
        set.publish(&store);
        removed
    }

    /// Whether somebody is suppressed. The error says that nobody knows; [`Suppressed::holds`] says "yes" then.
    pub fn look(&self, identifier: &Identifier) -> Result<bool, SuppressionError> {
        self.0.as_ref().map_or(Ok(false), |set| set.look(identifier))
    }

    /// How many marks are held: several for each person.
    pub fn count(&self) -> u64 {
        self.0.as_ref().map_or(0, |set| set.marks.load(Ordering::Acquire))
    }

    /// Grows with every addition, also over restarts.
    pub fn generation(&self) -> u64 {
        self.0.as_ref().map_or(0, |set| set.generation.load(Ordering::Acquire))
    }

    /// Whether there are additions for which what waits was not looked through yet.
    pub fn sweep_is_due(&self) -> bool {
        self.0.as_ref().is_some_and(|set| set.swept.load(Ordering::Acquire) < set.generation.load(Ordering::Acquire))
    }

    /// Notes, durably, that what waits was looked through for every addition up to this generation.
    pub fn swept(&self, generation: u64) -> Result<(), SuppressionError> {
        let set = self.set()?;
        let mut store = set.store();
        let noted = store.swept(generation);
        set.publish(&store);
        noted
    }

    /// How many looks have failed, since the start.
    pub fn failed_looks(&self) -> u64 {
        self.0.as_ref().map_or(0, |set| set.failed_looks.load(Ordering::Acquire))
    }

    /// What is wrong, if anything is.
    pub fn trouble(&self) -> Option<&'static str> {
        let set = self.0.as_ref()?;
        if self.is_blind() {
            return Some(
                "the log of suppressed persons in Redis cannot be read, or not yet to its end, so no event is taken and none is sent",
            );
        }
        if set.is_failing.load(Ordering::Relaxed) {
            return Some("the store of suppressed persons cannot be read, so events are dropped that might be theirs");
        }
        let broken = "a write to the store of suppressed persons failed: nobody can be added or removed until a restart";
        set.is_broken.load(Ordering::Relaxed).then_some(broken)
    }

    fn set(&self) -> Result<&Set, SuppressionError> {
        self.0.as_deref().ok_or(SuppressionError::NoStore)
    }
}

impl Suppressed for Suppressions {
    fn is_empty(&self) -> bool {
        self.count() == 0
    }

    fn holds(&self, identifier: &Identifier) -> bool {
        self.look(identifier).unwrap_or(true)
    }
}

impl Set {
    fn look(&self, identifier: &Identifier) -> Result<bool, SuppressionError> {
        let mark = self.marker.mark(identifier);
        if !self.filter.load().may_hold(mark) {
            return Ok(false);
        }
        let found = self.readers.hold(mark);
        let was_failing = self.is_failing.swap(found.is_err(), Ordering::Relaxed);
        let result = match &found {
            Ok(true) => "held",
            Ok(false) => "not_held",
            Err(_) => "failed",
        };
        self.metrics.suppression_looks.with_label_values(&[result]).inc();
        found.map_err(|error| {
            self.failed_looks.fetch_add(1, Ordering::AcqRel);
            let error = SuppressionError::engine(&self.path, &error);
            // Said once, not for every event of a flood; the metric counts them.
            if !was_failing {
                tracing::error!(%error, "who is suppressed cannot be looked up, so events are dropped that might be theirs");
            }
            error
        })
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows what was committed.
    fn publish(&self, store: &Store) {
        let state = store.state();
        self.marks.store(state.marks, Ordering::Release);
        self.generation.store(state.generation, Ordering::Release);
        self.swept.store(state.swept, Ordering::Release);
        self.is_broken.store(store.is_broken(), Ordering::Relaxed);
        *self.position.lock().unwrap_or_else(PoisonError::into_inner) = store.position();
        let gauge = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        self.metrics.suppression_marks.set(gauge(state.marks));
        self.metrics.suppression_sweep_due.set(i64::from(state.swept < state.generation));
    }
}

/// What makes marks for a store, for commands: nothing if its key was not made yet. Whether it is the key of what is in the store
/// shows when they are used.
pub fn marker_of(store: &SuppressionStore) -> Result<Option<Marker>, SuppressionError> {
    match &store.key {
        OwnKeySource::Given(key) => Ok(Some(Marker::new(key))),
        OwnKeySource::Kept(path) if path.exists() => Ok(Some(Marker::new(&*kept_key::read(path, KEY)?))),
        OwnKeySource::Kept(_) | OwnKeySource::Forgotten => Ok(None),
    }
}

/// A store that is not there yet has left no key and no log. The engine would take the log for that of a new file.
fn is_not_lost(path: &Path, key: &OwnKeySource) -> Result<(), SuppressionError> {
    if path.exists() {
        return Ok(());
    }
    let log = disk::with_suffix(path, "-wal");
    let left = match key {
        OwnKeySource::Kept(key) if key.exists() => Some(key.clone()),
        OwnKeySource::Kept(_) | OwnKeySource::Given(_) | OwnKeySource::Forgotten => log.exists().then_some(log),
    };
    left.map_or(Ok(()), |beside| Err(SuppressionError::StoreMissing { path: path.to_owned(), beside }))
}

/// A filter with everybody in the store.
fn fill(store: &Store) -> Result<Filter, SuppressionError> {
    let filter = Filter::for_marks(store.state().marks);
    store.each(|mark| filter.insert(mark))?;
    Ok(filter)
}

/// What makes marks with the key of a store; a store that holds nobody takes the key that it is given.
fn marker(store: &mut Store, source: &OwnKeySource, chance: &Chance) -> Result<Marker, SuppressionError> {
    let is_empty = store.state().marks == 0;
    let marker = Marker::new(&*kept_key::load_or_make(source, KEY, !is_empty, chance)?);
    match &store.state().fingerprint {
        Some(found) if found == marker.fingerprint() => {}
        Some(found) if !is_empty => return Err(other_key(store.path(), found, &marker)),
        Some(_) | None => store.take_key(marker.fingerprint())?,
    }
    Ok(marker)
}

fn other_key(path: &Path, found: &Fingerprint, marker: &Marker) -> SuppressionError {
    let (found, configured) = (found.to_string(), marker.fingerprint().to_string());
    SuppressionError::OtherKey { path: path.to_owned(), found, configured }
}
