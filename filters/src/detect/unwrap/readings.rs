//! The readings of one text that are still to be shown, each once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;

use super::{At, Changed, MAX_DEPTH};
use crate::detect::WorkLimit;

/// A reading that is set aside.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pub(super) key: String,
    pub(super) text: String,
    pub(super) depth: u8,
    pub(super) repeated: bool,
    pub(super) changed: Changed,
}

/// Readings in the order in which they were found, shown ones too, so that none is shown twice.
#[derive(Debug, Default)]
pub(super) struct Readings {
    found: Vec<Waiting>,
    shown: usize,
    /// Where a reading of this hash was found first. Two that share a hash by chance are compared, and both are shown.
    places: HashMap<u64, usize, FixedState>,
}

impl Readings {
    pub(super) fn clear(&mut self) {
        self.found.clear();
        self.places.clear();
        self.shown = 0;
    }

    /// Sets a reading aside, unless it was found before. One of too many layers is an error: what it says is not known.
    pub(super) fn add(&mut self, at: At<'_>, text: &str) -> Result<(), WorkLimit> {
        let At { key, depth, repeated, changed } = at;
        let place = self.found.len();
        match self.places.entry(self.places.hasher().hash_one((key, text))) {
            Entry::Occupied(known) => {
                if self.found.get(*known.get()).is_some_and(|known| known.key == key && known.text == text) {
                    return Ok(());
                }
            }
            Entry::Vacant(free) => {
                free.insert(place);
            }
        }
        if depth > MAX_DEPTH {
            return Err(WorkLimit);
        }
        self.found.push(Waiting { key: key.to_owned(), text: text.to_owned(), depth, repeated, changed });
        Ok(())
    }

    /// The next reading to show; give it back with [`Readings::keep`].
    pub(super) fn next(&mut self) -> Option<Waiting> {
        self.found.get_mut(self.shown).map(std::mem::take)
    }

    pub(super) fn keep(&mut self, shown: Waiting) {
        if let Some(place) = self.found.get_mut(self.shown) {
            *place = shown;
        }
        self.shown += 1;
    }
}
