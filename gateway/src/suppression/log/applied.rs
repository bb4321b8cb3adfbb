//! What the log means for the set of this gateway: entries are applied in their order, each page in one transaction together with
//! how far it goes, so that a crash neither skips one nor takes one twice.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use super::Position;
use super::entry::Entry;
use crate::suppression::mark::{Fingerprint, Mark, Marker};
use crate::suppression::{SuppressTask, SuppressionError, Suppressions, fill};

impl Suppressions {
    /// Up to which entry the log is in the set.
    pub(super) fn position(&self) -> Result<Position, SuppressionError> {
        Ok(*self.set()?.position.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What makes marks and seals.
    pub(super) fn marker(&self) -> Result<Marker, SuppressionError> {
        Ok(self.set()?.marker.clone())
    }

    /// The day of an addition.
    pub(super) fn today(&self) -> Result<i64, SuppressionError> {
        Ok(self.set()?.clock.unix_days())
    }

    /// Refuses marks that were made under another key.
    pub(in crate::suppression) fn check_key(&self, given: &Fingerprint) -> Result<(), SuppressionError> {
        let own = self.set()?.marker.fingerprint();
        if own == given {
            return Ok(());
        }
        Err(SuppressionError::ForeignMarks { given: given.to_string(), own: own.to_string() })
    }

    /// Those of these marks for which there is something to do, sorted and each once. Waits for the disk.
    pub(super) fn lacking(&self, task: SuppressTask, mut marks: Vec<Mark>) -> Result<Vec<Mark>, SuppressionError> {
        let set = self.set()?;
        marks.sort_unstable();
        marks.dedup();
        let mut lacking = Vec::with_capacity(marks.len());
        for mark in marks {
            let is_held = set.filter.load().may_hold(mark)
                && set.readers.hold(mark).map_err(|error| SuppressionError::engine(&set.path, &error))?;
            if is_held == (task == SuppressTask::Remove) {
                lacking.push(mark);
            }
        }
        Ok(lacking)
    }

    /// So many marks of the store, in its order, after this one. Waits for the disk.
    pub(super) fn marks_after(&self, last: Option<Mark>, most: usize) -> Result<Vec<Mark>, SuppressionError> {
        self.set()?.store().marks_after(last, most)
    }

    /// Refuses a store of which another number of marks was read than it says that it holds.
    pub(super) fn must_hold(&self, read: u64) -> Result<(), SuppressionError> {
        let (set, held) = (self.set()?, self.count());
        if read == held {
            return Ok(());
        }
        let detail = format!("it says that it holds {held} entries, and {read} were found");
        Err(SuppressionError::Damaged { path: set.path.clone(), detail })
    }

    /// Takes what follows in the log: durable and in force when this returns. Waits for the disk.
    pub(super) fn apply(&self, entries: &[Entry]) -> Result<(), SuppressionError> {
        let set = self.set()?;
        let mut store = set.store();
        // Looks go through the filter first, so whoever is in the store is in the filter by then.
        let filter = set.filter.load();
        for entry in entries.iter().filter(|entry| entry.task == SuppressTask::Add) {
            entry.marks.iter().for_each(|mark| filter.insert(*mark));
        }
        let applied = store.apply(entries);
        set.publish(&store);
        applied?;
        if !filter.has_room_for(store.state().marks) {
            match fill(&store) {
                Ok(larger) => set.filter.store(Arc::new(larger)),
                Err(error) => tracing::error!(%error, "the filter of suppressed persons could not be made larger"),
            }
        }
        Ok(())
    }

    /// Says whether the log tells something that cannot be read, or that is not read to its end yet. Until it is, nobody knows who
    /// must not be sent: nothing is taken and nothing is sent.
    pub(crate) fn set_blind(&self, is_blind: bool) {
        if let Some(set) = &self.0 {
            set.is_blind.store(is_blind, Ordering::Release);
        }
    }

    /// Whether nobody knows who must not be sent.
    pub fn is_blind(&self) -> bool {
        self.0.as_ref().is_some_and(|set| set.is_blind.load(Ordering::Acquire))
    }
}
