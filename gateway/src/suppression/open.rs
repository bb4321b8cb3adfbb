//! Opens the file of the store, or makes it: for its owner, who changes it, and for looks.
//!
//! A new file gets its name once it is whole, so one without tables is damage and never a store without anybody. What is not ours,
//! torn or of another format is refused and left as it is.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::error::SuppressionError;
use super::schema;
use crate::disk::{self, folder_of, in_file, with_suffix};

/// How long a lock of another program, such as a backup, may hold us up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Pages that a connection for looks keeps, in KiB.
const LOOK_CACHE_KIB: i64 = 1_024;
/// The same for the one that writes: a sorted piece touches neighbours.
const WRITE_CACHE_KIB: i64 = 8_192;

/// Opens the file for its owner.
pub(super) fn connect(path: &Path) -> Result<Connection, SuppressionError> {
    if !path.exists() {
        make(path)?;
    }
    let engine = |error| SuppressionError::engine(path, &error);
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    disk::close_all_to_others(path)?;
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0)).map_err(engine)?;
    if mode != "wal" {
        let detail = "the file system cannot hold a write-ahead log; use a local disk".to_owned();
        return Err(SuppressionError::Engine { path: path.to_owned(), detail });
    }
    set_up(&connection).map_err(engine)?;
    Ok(connection)
}

/// Opens the file for looks, also while its owner runs.
pub(super) fn connect_to_look(path: &Path) -> Result<Connection, SuppressionError> {
    std::fs::metadata(path).map_err(in_file(path))?;
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.pragma_update(None, "cache_size", -LOOK_CACHE_KIB).map_err(|error| SuppressionError::engine(path, &error))?;
    Ok(connection)
}

fn open(path: &Path, access: OpenFlags) -> Result<Connection, SuppressionError> {
    let engine = |error| SuppressionError::engine(path, &error);
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(engine)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(engine)?;
    recognise(&connection, path)?;
    connection.pragma_update(None, "cell_size_check", "ON").map_err(engine)?;
    connection.pragma_update(None, "trusted_schema", "OFF").map_err(engine)?;
    Ok(connection)
}

fn recognise(connection: &Connection, path: &Path) -> Result<(), SuppressionError> {
    let engine = |error| SuppressionError::engine(path, &error);
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let application = pragma("application_id").map_err(engine)?;
    let version = pragma("user_version").map_err(engine)?;
    match (application, version) {
        // Looks need nothing that format 1 has not.
        (schema::APPLICATION_ID, 1..=schema::VERSION) => Ok(()),
        (schema::APPLICATION_ID, found) => {
            Err(SuppressionError::OtherFormat { path: path.to_owned(), found, known: schema::VERSION })
        }
        _ => Err(SuppressionError::NotAStore { path: path.to_owned() }),
    }
}

/// Whether a file has the format of today. Else it has format 1.
pub(super) fn is_of_today(connection: &Connection) -> rusqlite::Result<bool> {
    connection.pragma_query_value(None, "user_version", |row| Ok(row.get::<_, i32>(0)? == schema::VERSION))
}

/// Brings a file to the format of today, in one step.
pub(super) fn migrate(connection: &Connection) -> rusqlite::Result<()> {
    if is_of_today(connection)? {
        return Ok(());
    }
    let transaction = connection.unchecked_transaction()?;
    transaction.execute_batch(schema::TO_2)?;
    transaction.pragma_update(None, "user_version", schema::VERSION)?;
    transaction.commit()
}

/// Made aside, synced, then renamed and the folder synced: after a crash there is the whole file or none.
fn make(path: &Path) -> Result<(), SuppressionError> {
    let aside = with_suffix(path, ".new");
    match std::fs::remove_file(&aside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(in_file(&aside)(error).into()),
        _ => {}
    }
    let file = disk::private_file(&aside)?;
    create(&aside).map_err(|error| SuppressionError::engine(&aside, &error))?;
    file.sync_all().map_err(in_file(&aside))?;
    std::fs::rename(&aside, path).map_err(in_file(path))?;
    Ok(disk::sync_folder(folder_of(path))?)
}

fn create(path: &Path) -> rusqlite::Result<()> {
    let connection = Connection::open(path)?;
    connection.execute_batch("BEGIN IMMEDIATE")?;
    connection.execute_batch(schema::CREATE)?;
    connection.execute_batch(schema::TO_2)?;
    connection.pragma_update(None, "application_id", schema::APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", schema::VERSION)?;
    connection.execute_batch("COMMIT")?;
    connection.close().map_err(|(_, error)| error)
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "secure_delete", "ON")?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -WRITE_CACHE_KIB)?;
    // The store checkpoints by itself: errors of SQLite's automatic checkpoints, failed syncs among them, are seen by nobody.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(())
}
