//! Looks into the store while events are filtered: a few connections of their own, which only read.
//!
//! A look costs some microseconds, as the pages that it needs are in the memory of the operating system. It does not wait for a
//! change: with a write-ahead log readers see what was committed last.

use std::num::NonZero;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

use super::error::SuppressionError;
use super::mark::Mark;
use super::{open, schema};

/// Most connections; as many events are looked up at once.
const MOST: usize = 8;

/// The connections.
#[derive(Debug)]
pub(super) struct Readers(Vec<Mutex<Connection>>);

impl Readers {
    /// As many as there are cores, within a bound.
    pub(super) fn open(path: &Path) -> Result<Self, SuppressionError> {
        let count = std::thread::available_parallelism().map_or(1, NonZero::get).min(MOST);
        let connections = (0..count).map(|_| open::connect_to_look(path).map(Mutex::new));
        Ok(Self(connections.collect::<Result<_, _>>()?))
    }

    /// Whether a mark is held.
    pub(super) fn hold(&self, mark: Mark) -> rusqlite::Result<bool> {
        if let Some(connection) = self.0.iter().find_map(|connection| connection.try_lock().ok()) {
            return look(&connection, mark);
        }
        // All are taken, for a look each: whichever the mark says, so that those who wait spread.
        let count = self.0.len().max(1) as u64;
        let at = usize::try_from(mark.halves().1 % count).unwrap_or(0);
        let connection = self.0.get(at).ok_or(rusqlite::Error::InvalidQuery)?;
        look(&connection.lock().unwrap_or_else(PoisonError::into_inner), mark)
    }
}

fn look(connection: &Connection, mark: Mark) -> rusqlite::Result<bool> {
    connection.prepare_cached(schema::HOLDS)?.exists([mark.bytes()])
}
