//! Opens the file, or makes it: folders, owner lock, checks, and what the last owner left in hand.
//!
//! Nothing is written before the file is known to be ours and of a format that we know; what is not ours is never deleted
//! (O10). Nothing waits without limit: locks of other programs have a time-out, the log that SQLite replays is bounded by
//! its checkpoints, and voiding leases touches leased rows alone.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::{migrate, schema};
use crate::disk::{self, FileError, LockError, Place, describe, folder_of, in_file, with_suffix};

/// How long a lock of another program, such as a backup, may hold us up.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Prepared statements kept at hand; more than there are in `schema.rs`.
const STATEMENTS: usize = 64;

/// Why the outbox was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A folder or file could not be made or reached.
    #[error("{path}")]
    File {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process owns the outbox.
    #[error(
        "{lock}: another process holds this lock, so it owns the outbox; stop it first, or give this one a path of its own"
    )]
    Owned {
        /// The lock file.
        lock: PathBuf,
    },
    /// The file is of something else.
    #[error("{path}: this file is not an outbox of Portcullis; it was left as it is")]
    NotAnOutbox {
        /// The file.
        path: PathBuf,
    },
    /// The file was made by a newer version.
    #[error("{path}: this outbox has format {found}, and this version knows formats up to {known}; it was left as it is")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i32,
        /// The newest format that we know.
        known: i32,
    },
    /// The file was made by an older version, and a look changes nothing.
    #[error(
        "{path}: this outbox has format {found}; the next start of the gateway brings it to format {known}, and then it can be looked \
         into"
    )]
    Older {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i32,
        /// The format that we read.
        known: i32,
    },
    /// It holds events that a key has sealed which is not configured.
    #[error(
        "{path}: events in it are encrypted under the key {key_id}, which is not configured; give it as outbox.encryption_key, or \
         among outbox.previous_encryption_keys if another took its place; nothing was changed"
    )]
    KeyMissing {
        /// The file.
        path: PathBuf,
        /// What names the key; `portcullis check` shows those that are configured.
        key_id: String,
    },
    /// The engine could not open it.
    #[error("{path}: {detail}")]
    Engine {
        /// The file.
        path: PathBuf,
        /// The engine's word for it.
        detail: String,
    },
}

impl From<FileError> for OpenError {
    fn from(FileError { path, source }: FileError) -> Self {
        Self::File { path, source }
    }
}

impl OpenError {
    pub(super) fn engine(path: &Path, error: &rusqlite::Error) -> Self {
        if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) {
            return Self::NotAnOutbox { path: path.to_owned() };
        }
        Self::Engine { path: path.to_owned(), detail: describe(error) }
    }
}

/// Proof that no other process has this outbox; gone when dropped, also by a crash.
#[derive(Debug)]
pub(super) struct OwnerLock {
    #[expect(dead_code, reason = "held, not read: the lock ends with the file")]
    file: File,
    place: Place,
}

impl OwnerLock {
    /// Whether what we own is what the next start will find.
    pub(super) fn is_in_place(&mut self) -> bool {
        self.place.is_intact()
    }
}

/// Makes the folders and the file where they are missing, and takes the owner lock.
pub(super) fn take_ownership(path: &Path) -> Result<OwnerLock, OpenError> {
    let lock = take_lock(path)?;
    let file = disk::open_or_make(path)?;
    let kind = file.metadata().map_err(in_file(path))?;
    if !kind.is_file() {
        return Err(OpenError::NotAnOutbox { path: path.to_owned() });
    }
    file.sync_all().map_err(in_file(path))?;
    // Or the file could be gone after a power cut although everything in it was synced (failure case A3).
    disk::sync_folder(folder_of(path))?;
    Ok(OwnerLock { file: lock, place: Place::of(path) })
}

/// Makes the folders where they are missing, and takes the owner lock. It ends when this is dropped.
pub(super) fn take_lock(path: &Path) -> Result<File, OpenError> {
    disk::lock(path).map_err(|error| match error {
        LockError::Held { lock } => OpenError::Owned { lock },
        LockError::File(error) => error.into(),
    })
}

/// The file that holds room for the day the disk is full.
pub(super) fn reserve_file(path: &Path) -> Result<File, OpenError> {
    Ok(disk::private_file(&with_suffix(path, ".reserve"))?)
}

/// Opens a file that we own, checks whose it is, and creates the tables in an empty one.
pub(super) fn connect(path: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let engine = |error| OpenError::engine(path, &error);
    let connection = Connection::open_with_flags(path, flags).map_err(engine)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(engine)?;
    let recognised = recognise(&connection, path)?;
    // Not before it is known to be ours: the mode of something else is not ours to change.
    disk::close_all_to_others(path)?;
    if recognised == Recognised::Empty {
        create(&connection).map_err(engine)?;
    }
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0)).map_err(engine)?;
    if mode != "wal" {
        let detail = "the file system cannot hold a write-ahead log; use a local disk".to_owned();
        return Err(OpenError::Engine { path: path.to_owned(), detail });
    }
    set_up(&connection).map_err(engine)?;
    if let Recognised::Outbox(version @ ..schema::VERSION) = recognised {
        migrate::from(&connection, version).map_err(engine)?;
        tracing::info!(from = version, to = schema::VERSION, "the outbox was brought to a newer format");
    }
    Ok(connection)
}

/// Opens a file for looking alone, also while its owner runs.
pub(super) fn connect_to_look(path: &Path) -> Result<Connection, OpenError> {
    match connect_to_read(path)? {
        (connection, schema::VERSION) => Ok(connection),
        (_, found) => Err(OpenError::Older { path: path.to_owned(), found, known: schema::VERSION }),
    }
}

/// The same for a file of any format that we know, with its format.
pub(super) fn connect_to_read(path: &Path) -> Result<(Connection, i32), OpenError> {
    let engine = |error| OpenError::engine(path, &error);
    std::fs::metadata(path).map_err(in_file(path))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(engine)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(engine)?;
    match recognise(&connection, path)? {
        Recognised::Outbox(version) => Ok((connection, version)),
        Recognised::Empty => Err(OpenError::NotAnOutbox { path: path.to_owned() }),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Recognised {
    Empty,
    /// Ours, with its format.
    Outbox(i32),
}

fn recognise(connection: &Connection, path: &Path) -> Result<Recognised, OpenError> {
    let engine = |error| OpenError::engine(path, &error);
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let application = pragma("application_id").map_err(engine)?;
    let version = pragma("user_version").map_err(engine)?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(engine)?;
    match (application, version, tables) {
        (schema::APPLICATION_ID, version @ 1..=schema::VERSION, 1..) => Ok(Recognised::Outbox(version)),
        (schema::APPLICATION_ID, found, _) if found > schema::VERSION => {
            Err(OpenError::Newer { path: path.to_owned(), found, known: schema::VERSION })
        }
        (0, 0, 0) => Ok(Recognised::Empty),
        _ => Err(OpenError::NotAnOutbox { path: path.to_owned() }),
    }
}

/// A crash in here leaves a file without tables, which the next opening takes for an empty one.
fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    connection.execute_batch("BEGIN IMMEDIATE")?;
    connection.execute_batch(schema::CREATE)?;
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
    // The writer checkpoints by itself: errors of SQLite's automatic checkpoints, failed syncs among them, are seen by nobody.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // Otherwise a statement is planned anew whenever a parameter has changed, which ours do each time.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(())
}
