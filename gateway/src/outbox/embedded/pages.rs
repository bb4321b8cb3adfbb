//! What the file itself needs: its write-ahead log copied and emptied, its free pages given back. When, says the writer.

use std::time::Duration;

use rusqlite::Row;

use super::store::Store;
use crate::failpoint;

/// What a checkpoint left behind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Checkpoint {
    /// Pages in the log.
    pub(super) log_pages: i64,
    /// Pages of it that are in the file.
    pub(super) done_pages: i64,
}

impl Store {
    /// Copies what can be copied from the log into the file, without waiting for anybody.
    pub(super) fn checkpoint(&self) -> rusqlite::Result<Checkpoint> {
        failpoint::pass("before_checkpoint");
        let done = self.checkpoint_with("PRAGMA wal_checkpoint(PASSIVE)");
        failpoint::pass("after_checkpoint");
        done
    }

    /// Also empties the log, unless a reader holds it for longer than this.
    pub(super) fn truncate_log(&self, patience: Duration) -> rusqlite::Result<Checkpoint> {
        self.connection.busy_timeout(patience)?;
        failpoint::pass("before_truncating_log");
        let done = self.checkpoint_with("PRAGMA wal_checkpoint(TRUNCATE)");
        failpoint::pass("after_truncating_log");
        self.connection.busy_timeout(super::open::BUSY_TIMEOUT)?;
        done
    }

    fn checkpoint_with(&self, sql: &str) -> rusqlite::Result<Checkpoint> {
        let read = |row: &Row<'_>| Ok(Checkpoint { log_pages: row.get(1)?, done_pages: row.get(2)? });
        self.connection.prepare_cached(sql)?.query_row([], read)
    }

    /// Free pages in the file, and all pages.
    pub(super) fn pages(&self) -> rusqlite::Result<(i64, i64)> {
        let pragma = |name: &str| self.connection.pragma_query_value(None, name, |row| row.get(0));
        Ok((pragma("freelist_count")?, pragma("page_count")?))
    }

    /// Gives free pages back to the file system.
    pub(super) fn shrink(&self, pages: u32) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare(&format!("PRAGMA incremental_vacuum({pages})"))?;
        let mut rows = statement.query([])?;
        // Each step frees one page.
        while rows.next()?.is_some() {}
        Ok(())
    }
}
