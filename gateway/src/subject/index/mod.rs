//! The file of the index: opened, written to, asked, and swept. One thread has it at a time.

mod open;
mod schema;

mod count;

mod tell;

mod sweep;

mod log;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

pub use tell::{Gap, KindTold, Page, PolicyTold};

pub(super) use count::{CountError, Gaps};

use super::SubjectError;
use super::record::Kind;
use crate::suppression::Marker;

/// The connection, and what is known of its file.
#[derive(Debug)]
pub(super) struct Index {
    connection: Connection,
    path: PathBuf,
    /// Cap of what is kept.
    max_rows: u64,
    rows: u64,
    /// The key under which persons are kept, once there is one.
    fingerprint: Option<String>,
    /// The first day of which all is there that could be recorded.
    since_day: i64,
    /// Numbers of kinds, and the last day that is noted of each; empty after a transaction that failed.
    kinds: HashMap<Kind, (i64, i64)>,
}

impl Index {
    /// Opens or makes the file.
    pub(super) fn open(path: &Path, max_rows: u64, today: i64) -> Result<Self, SubjectError> {
        let connection = open::connect(path, today)?;
        let engine = |error| SubjectError::engine(path, &error);
        let read_state = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let (fingerprint, since_day) = connection.query_row(schema::READ_STATE, [], read_state).map_err(engine)?;
        let rows = connection.query_row(schema::COUNT_ROWS, [], |row| Ok(count::unsigned(row.get(0)?))).map_err(engine)?;
        Ok(Self { connection, path: path.to_owned(), max_rows, rows, fingerprint, since_day, kinds: HashMap::new() })
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// An error if its persons are kept under another key.
    pub(super) fn is_of(&self, marker: &Marker) -> Result<(), SubjectError> {
        if self.fingerprint.as_deref() == Some(marker.fingerprint().to_string().as_str()) {
            return Ok(());
        }
        Err(SubjectError::OtherKey { path: self.path.clone() })
    }

    /// Keeps persons under this key from now on, which nobody was under another one.
    pub(super) fn take_key(&mut self, marker: &Marker) -> rusqlite::Result<()> {
        let fingerprint = marker.fingerprint().to_string();
        self.connection.execute(schema::TAKE_KEY, [&fingerprint])?;
        self.fingerprint = Some(fingerprint);
        Ok(())
    }

    /// Does all of it, or nothing.
    fn transaction<T, E: From<rusqlite::Error>>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let (rows, since_day) = (self.rows, self.since_day);
        let done = work(self).and_then(|done| Ok(self.connection.execute_batch("COMMIT").map(|()| done)?));
        if done.is_err() {
            // What failed first is the error to tell; the engine may have rolled back by itself.
            drop(self.connection.execute_batch("ROLLBACK"));
            self.kinds.clear();
            (self.rows, self.since_day) = (rows, since_day);
        }
        done
    }

    fn engine(&self, error: &rusqlite::Error) -> SubjectError {
        SubjectError::engine(&self.path, error)
    }
}
