//! A look into the store without owning it: for commands, while a gateway runs and while none does.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension as _};

use super::error::SuppressionError;
use super::mark::{Fingerprint, Mark, Marker};
use super::store::{self, State};
use super::{is_not_lost, open, other_key, schema};
use crate::config::{OwnKeySource, SuppressionStore};

/// A store as it is now. Changes nothing in it.
#[derive(Debug)]
pub struct Look {
    /// Nothing if there never was a store.
    seen: Option<(Connection, State)>,
    path: PathBuf,
}

impl Look {
    /// Into the store that is configured.
    pub fn into(store: &SuppressionStore) -> Result<Self, SuppressionError> {
        Self::at(&store.path, &store.key)
    }

    fn at(path: &Path, key: &OwnKeySource) -> Result<Self, SuppressionError> {
        is_not_lost(path, key)?;
        let engine = |error| SuppressionError::engine(path, &error);
        if !path.exists() {
            return Ok(Self { seen: None, path: path.to_owned() });
        }
        let connection = open::connect_to_look(path)?;
        // One instant of it, whatever is added meanwhile.
        connection.execute_batch("BEGIN").map_err(engine)?;
        let state = store::read_state(&connection, path)?;
        Ok(Self { seen: Some((connection, state)), path: path.to_owned() })
    }

    /// How many marks are held.
    pub fn count(&self) -> u64 {
        self.seen.as_ref().map_or(0, |(_, state)| state.marks)
    }

    /// That of the key under which they are held, if anybody ever was.
    pub fn fingerprint(&self) -> Option<&Fingerprint> {
        self.seen.as_ref()?.1.fingerprint.as_ref()
    }

    /// Whether any of these marks is held; an error if they were made under another key.
    pub fn holds_any(&self, marker: &Marker, marks: impl IntoIterator<Item = Mark>) -> Result<bool, SuppressionError> {
        let Some((connection, state)) = &self.seen else { return Ok(false) };
        if let Some(found) = state.fingerprint.as_ref().filter(|found| *found != marker.fingerprint() && state.marks > 0) {
            return Err(other_key(&self.path, found, marker));
        }
        let engine = |error| SuppressionError::engine(&self.path, &error);
        for mark in marks {
            let found = connection.query_row(schema::HOLDS, [mark.bytes()], |_| Ok(())).optional().map_err(engine)?;
            if found.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Hands out every mark, and checks that they are what was kept.
    pub fn each(&self, take: impl FnMut(Mark)) -> Result<(), SuppressionError> {
        let Some((connection, state)) = &self.seen else { return Ok(()) };
        store::each(connection, &self.path, state, take)
    }
}
