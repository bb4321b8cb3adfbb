//! Deletes what is older than it may be, in steps, so that deliveries are not held up. What is deleted is overwritten in the file,
//! and the log that held it is emptied.

use std::path::PathBuf;

use rusqlite::params;

use super::count::signed;
use super::{Index, schema};
use crate::disk::with_suffix;

/// Rows that one step deletes.
const STEP_ROWS: u64 = 10_000;
/// Free pages that one sweep gives back to the file system.
const SHRINK_PAGES: u32 = 4_096;

impl Index {
    /// Deletes some of what is from before this day. Says whether it was all.
    pub(in crate::subject) fn sweep(&mut self, before: i64) -> rusqlite::Result<bool> {
        let is_done = self.transaction(|index| {
            let deleted = index.delete_before(before, STEP_ROWS)?;
            if deleted == STEP_ROWS {
                return Ok::<_, rusqlite::Error>(false);
            }
            for statement in schema::TIDY {
                index.connection.execute(statement, [before])?;
            }
            index.connection.execute_batch(schema::TIDY_WORDS)?;
            index.move_since(before)?;
            // Their numbers may be given anew.
            index.kinds.clear();
            Ok(true)
        })?;
        if is_done {
            self.shrink()?;
            self.truncate_log()?;
        }
        Ok(is_done)
    }

    /// Deletes that many rows from before a day, the oldest first; how many there were.
    pub(super) fn delete_before(&mut self, day: i64, most: u64) -> rusqlite::Result<u64> {
        let deleted = self.connection.prepare_cached(schema::DELETE_BEFORE)?.execute(params![day, signed(most)])? as u64;
        self.rows = self.rows.saturating_sub(deleted);
        Ok(deleted)
    }

    /// Notes that nothing is whole from before this day. A day that is still to come is none that the index can promise.
    pub(super) fn move_since(&mut self, day: i64) -> rusqlite::Result<()> {
        if day < i64::MAX {
            self.connection.prepare_cached(schema::MOVE_SINCE)?.execute([day])?;
            self.since_day = self.since_day.max(day);
        }
        Ok(())
    }

    fn shrink(&self) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare(&format!("PRAGMA incremental_vacuum({SHRINK_PAGES})"))?;
        let mut rows = statement.query([])?;
        // Each step frees one page.
        while rows.next()?.is_some() {}
        Ok(())
    }

    /// Deletes the file, once nothing is in it.
    pub(in crate::subject) fn remove(self) -> std::io::Result<()> {
        let path: PathBuf = self.path;
        drop(self.connection);
        for suffix in ["-wal", "-shm", ""] {
            match std::fs::remove_file(with_suffix(&path, suffix)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}
