//! The file's write-ahead log: copied into the file from time to time, and emptied where something was deleted.

use std::time::Duration;

use super::Index;
use super::open::BUSY_TIMEOUT;

/// How long emptying the log waits for readers.
const TRUNCATE_PATIENCE: Duration = Duration::from_millis(250);

impl Index {
    /// Copies what can be copied, without waiting for anybody.
    pub(in crate::subject) fn checkpoint(&self) -> rusqlite::Result<()> {
        self.checkpoint_with("PRAGMA wal_checkpoint(PASSIVE)")
    }

    /// Also empties it, unless a reader holds it for longer than a moment.
    pub(in crate::subject) fn truncate_log(&self) -> rusqlite::Result<()> {
        self.connection.busy_timeout(TRUNCATE_PATIENCE)?;
        let done = self.checkpoint_with("PRAGMA wal_checkpoint(TRUNCATE)");
        self.connection.busy_timeout(BUSY_TIMEOUT)?;
        done
    }

    fn checkpoint_with(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.query_row([], |_| Ok(()))
    }
}
