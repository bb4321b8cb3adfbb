//! Opens the file, or makes it. What is not ours, or of another format, is refused and left as it is.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::schema;
use crate::disk::{self, folder_of};
use crate::subject::SubjectError;

/// How long a lock of another program, such as a backup, may hold us up.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// What the engine keeps of the file in memory, in KiB: the pages of today.
const CACHE_KIB: i64 = 16_384;

/// The file, for its owner alone.
pub(super) fn connect(path: &Path, today: i64) -> Result<Connection, SubjectError> {
    let engine = |error| SubjectError::engine(path, &error);
    let is_new = !path.exists();
    let file = disk::open_or_make(path)?;
    if is_new {
        file.sync_all().map_err(disk::in_file(path))?;
        disk::sync_folder(folder_of(path))?;
    }
    drop(file);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(engine)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(engine)?;
    let is_empty = is_empty(&connection, path)?;
    // Not before it is known to be ours.
    disk::close_all_to_others(path)?;
    if is_empty {
        create(&connection, today).map_err(engine)?;
    }
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0)).map_err(engine)?;
    if mode != "wal" {
        let detail = "the file system cannot hold a write-ahead log; use a local disk".to_owned();
        return Err(SubjectError::Engine { path: path.to_owned(), detail });
    }
    set_up(&connection).map_err(engine)?;
    Ok(connection)
}

/// Whether nothing is in it yet; an error if it is not ours.
fn is_empty(connection: &Connection, path: &Path) -> Result<bool, SubjectError> {
    let engine = |error| SubjectError::engine(path, &error);
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let application = pragma("application_id").map_err(engine)?;
    let version = pragma("user_version").map_err(engine)?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(engine)?;
    match (application, version, tables) {
        (schema::APPLICATION_ID, schema::VERSION, 1..) => Ok(false),
        // The engine would take a file too short for a header for an empty one.
        (0, 0, 0) if std::fs::metadata(path).map_err(disk::in_file(path))?.len() == 0 => Ok(true),
        (schema::APPLICATION_ID, found, _) => {
            Err(SubjectError::OtherFormat { path: path.to_owned(), found, known: schema::VERSION })
        }
        _ => Err(SubjectError::NotAnIndex { path: path.to_owned() }),
    }
}

/// A crash in here leaves a file without tables, which the next opening takes for an empty one.
fn create(connection: &Connection, today: i64) -> rusqlite::Result<()> {
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    connection.execute_batch("BEGIN IMMEDIATE")?;
    connection.execute_batch(schema::CREATE)?;
    connection.execute(schema::INSERT_STATE, [today])?;
    connection.pragma_update(None, "application_id", schema::APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", schema::VERSION)?;
    connection.execute_batch("COMMIT")
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "secure_delete", "ON")?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "trusted_schema", "OFF")?;
    connection.pragma_update(None, "cell_size_check", "ON")?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    // The index checkpoints by itself: errors of SQLite's automatic checkpoints, failed syncs among them, are seen by nobody.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(())
}
