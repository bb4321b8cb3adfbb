//! A copy of an outbox while a gateway owns it, and the way back.
//!
//! The copy is one instant of the outbox, made by SQLite from a reader's view, so it holds up under load; what is sealed stays
//! sealed. It is checked before it gets its name. Events of a restored copy may have been sent since: they are sent again, with the same
//! ids. Absent on purpose: overwriting or deleting anything.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::open::{OpenError, connect_to_read, take_lock};
use super::schema;
use crate::disk::{FileError, folder_of, hand_over, sync_folder, with_suffix};

/// What a copy holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackedUp {
    /// Events that wait.
    pub pending_events: u64,
    /// Events in quarantine.
    pub quarantined_events: u64,
    /// Its size.
    pub bytes: u64,
}

/// What a restore did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What waits now.
    pub held: BackedUp,
    /// Where the outbox went that was there before.
    pub moved_to: Option<PathBuf>,
}

/// Why there is no copy, or it was not put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The outbox or the copy cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A file could not be made or reached.
    #[error("{path}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The copy is not whole.
    #[error("{path}: the copy is damaged: {detail}")]
    Damaged {
        /// The copy.
        path: PathBuf,
        /// The engine's word for it.
        detail: String,
    },
    /// There are events that would be pushed aside.
    #[error(
        "{path}: this outbox holds {events} events; --replace moves it aside and puts the copy in its place, and what waits in \
         the one that is moved is not sent"
    )]
    HoldsEvents {
        /// The outbox.
        path: PathBuf,
        /// Waiting, or in quarantine.
        events: u64,
    },
}

impl From<FileError> for BackupError {
    fn from(error: FileError) -> Self {
        Self::Open(error.into())
    }
}

/// Copies the outbox in a file to another one, which must not be there yet.
pub fn backup(path: &Path, to: &Path) -> Result<BackedUp, BackupError> {
    let (source, _) = connect_to_read(path)?;
    // Ours from here on: whoever comes between finds a file of this name.
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to).map_err(of_file(to))?;
    let copied = copy_and_check(&source, path, &with_suffix(to, ".part"), to);
    drop(made);
    if copied.is_err() {
        // Nothing but our own empty file has this name.
        std::fs::remove_file(to).ok();
    }
    copied
}

fn copy_and_check(source: &Connection, path: &Path, part: &Path, to: &Path) -> Result<BackedUp, BackupError> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(part).map_err(of_file(part))?;
    let copied = (|| {
        copy_into(source, path, part)?;
        let held = check(part)?;
        // The engine does not sync what it copies into.
        file.sync_all().map_err(of_file(part))?;
        std::fs::rename(part, to).map_err(of_file(to))?;
        sync_folder(folder_of(to))?;
        Ok(held)
    })();
    if copied.is_err() {
        std::fs::remove_file(part).ok();
    }
    copied
}

/// Puts a copy in the place of an outbox that no gateway owns. What is there is moved aside under its name and `aside`; if it holds
/// events, only where `replace` says so.
pub fn restore(from: &Path, path: &Path, aside: &str, replace: bool) -> Result<Restored, BackupError> {
    check(from)?;
    let _lock = take_lock(path)?;
    let before = held_before(path)?;
    if !replace
        && let Some(events) = before
        && events > 0
    {
        return Err(BackupError::HoldsEvents { path: path.to_owned(), events });
    }
    let moved_to = with_suffix(path, aside);
    if before.is_some() && moved_to.exists() {
        return Err(of_file(&moved_to)(io::ErrorKind::AlreadyExists.into()));
    }
    let fresh = with_suffix(path, ".restored");
    let put_back = copy(from, &fresh, path).and_then(|()| check(&fresh)).and_then(|held| {
        exchange(&fresh, path, &moved_to)?;
        Ok(held)
    });
    if put_back.is_err() {
        // Half a copy takes room, and no purge reaches it.
        std::fs::remove_file(&fresh).ok();
    }
    Ok(Restored { held: put_back?, moved_to: before.map(|_| moved_to) })
}

/// Moves the outbox aside and the copy in its place.
fn exchange(fresh: &Path, path: &Path, moved_to: &Path) -> Result<(), BackupError> {
    empty_log(path);
    // With what is left of its log, which the engine would take for that of the copy.
    for suffix in ["", "-wal", "-shm"] {
        let (from, to) = (with_suffix(path, suffix), with_suffix(moved_to, suffix));
        if from.exists() {
            std::fs::rename(&from, &to).map_err(of_file(&to))?;
        }
    }
    std::fs::rename(fresh, path).map_err(of_file(path))?;
    Ok(sync_folder(folder_of(path))?)
}

/// How many events the outbox holds that is there, if there is one.
fn held_before(path: &Path) -> Result<Option<u64>, BackupError> {
    if !path.exists() {
        return Ok(None);
    }
    let held = count(&connect_to_read(path)?.0, path)?;
    Ok(Some(held.pending_events + held.quarantined_events))
}

/// Copies an outbox, with what is in a log beside it, to a file that is closed to others and synced. What an attempt that was
/// killed left there goes.
fn copy(from: &Path, to: &Path, outbox: &Path) -> Result<(), BackupError> {
    let (source, _) = connect_to_read(from)?;
    if to.exists() {
        std::fs::remove_file(to).map_err(of_file(to))?;
    }
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to).map_err(of_file(to))?;
    let file = hand_over(file, if outbox.exists() { outbox } else { folder_of(outbox) })?;
    copy_into(&source, from, to)?;
    file.sync_all().map_err(of_file(to))
}

/// Copies what a reader sees into an empty file.
fn copy_into(source: &Connection, from: &Path, to: &Path) -> Result<(), BackupError> {
    let Some(name) = to.to_str() else {
        return Err(of_file(to)(io::Error::new(io::ErrorKind::InvalidFilename, "not UTF-8")));
    };
    source.execute("VACUUM INTO ?1", [name]).map(drop).map_err(|error| OpenError::engine(from, &error).into())
}

/// Moves what a dead owner left in the log into the file, so that a crash between two renames cannot part them. Where the outbox is
/// damaged it stays as it is.
fn empty_log(path: &Path) {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    // The last connection that is closed empties the log and deletes it.
    if let Ok(connection) = Connection::open_with_flags(path, flags) {
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).ok();
    }
}

/// Whether a copy is whole, and what it holds.
fn check(path: &Path) -> Result<BackedUp, BackupError> {
    let (copy, _) = connect_to_read(path)?;
    let verdict: String = copy
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(|error| OpenError::engine(path, &error))?;
    if verdict != "ok" {
        return Err(BackupError::Damaged { path: path.to_owned(), detail: verdict });
    }
    count(&copy, path)
}

fn count(connection: &Connection, path: &Path) -> Result<BackedUp, BackupError> {
    let number =
        |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map(|number| u64::try_from(number).unwrap_or(0));
    let engine = |error| OpenError::engine(path, &error);
    Ok(BackedUp {
        pending_events: number(schema::COUNT_PENDING).map_err(engine)?,
        quarantined_events: number(schema::COUNT_QUARANTINED).map_err(engine)?,
        bytes: std::fs::metadata(path).map_err(of_file(path))?.len(),
    })
}

fn of_file(path: &Path) -> impl Fn(io::Error) -> BackupError + '_ {
    |source| BackupError::File { path: path.to_owned(), source }
}
