//! The store on the disk, as its one owner changes it: a change is one transaction, durable on return, and nothing of what was
//! removed is left in the file or its log.
//!
//! What the store says of itself (how many marks, their sum) is checked against every row when it is opened. After a write that
//! failed in a way that leaves the disk unknown, nothing more is written until a restart; looks go on.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, Error, ErrorCode, OptionalExtension as _, Row, params};

use super::error::SuppressionError;
use super::log::{Entry, Position};
use super::mark::{Fingerprint, MARK_BYTES, Mark};
use super::{SuppressTask, open, schema};
use crate::disk::{self, Place};
use crate::failpoint;

/// How long a reader, such as an export, may keep the log from being emptied; then the next change empties it.
const CHECKPOINT_PATIENCE: Duration = Duration::from_millis(100);
/// How long another program may hold up a change.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the store says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    pub(super) fingerprint: Option<Fingerprint>,
    pub(super) marks: u64,
    sum: u128,
    pub(super) generation: u64,
    pub(super) swept: u64,
}

/// The file, its lock and what is in it.
#[derive(Debug)]
pub(super) struct Store {
    connection: Connection,
    path: PathBuf,
    state: State,
    /// Up to where the log in Redis is in the store.
    position: Position,
    place: Place,
    is_broken: bool,
    #[expect(dead_code, reason = "held, not read: the lock ends with the file")]
    lock: File,
}

impl Store {
    /// Opens or makes the file, of which we hold the lock.
    pub(super) fn open(path: &Path, lock: File) -> Result<Self, SuppressionError> {
        let connection = open::connect(path)?;
        let state = read_state(&connection, path)?;
        let position = read_position(&connection, path)?;
        let place = Place::of(path);
        let mut store = Self { connection, path: path.to_owned(), state, position, place, is_broken: false, lock };
        // A crash may have left a log with what was removed before it.
        store.empty_log();
        Ok(store)
    }

    /// Brings the file to the format of today. To be called once all of it was read, so that a damaged one is left as it is.
    pub(super) fn migrate(&self) -> Result<(), SuppressionError> {
        open::migrate(&self.connection).map_err(|error| SuppressionError::engine(&self.path, &error))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn state(&self) -> &State {
        &self.state
    }

    pub(super) fn position(&self) -> Position {
        self.position
    }

    pub(super) fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Hands out every mark, and checks that they are what was kept.
    pub(super) fn each(&self, take: impl FnMut(Mark)) -> Result<(), SuppressionError> {
        each(&self.connection, &self.path, &self.state, take)
    }

    /// Notes the key of a store that holds nobody.
    pub(super) fn take_key(&mut self, fingerprint: &Fingerprint) -> Result<(), SuppressionError> {
        let state = State { fingerprint: Some(fingerprint.clone()), ..self.state.clone() };
        self.change(state, self.position, |_, _| Ok(()))
    }

    /// So many marks in their order, after this one.
    pub(super) fn marks_after(&self, last: Option<Mark>, most: usize) -> Result<Vec<Mark>, SuppressionError> {
        let read = |row: &Row<'_>| row.get::<_, [u8; MARK_BYTES]>(0).map(Mark::from_bytes);
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let page = || -> rusqlite::Result<Vec<Mark>> {
            match last {
                Some(last) => {
                    let mut page = self.connection.prepare_cached(schema::PAGE)?;
                    page.query_map(params![last.bytes(), most], read)?.collect()
                }
                None => self.connection.prepare_cached(schema::FIRST_PAGE)?.query_map([most], read)?.collect(),
            }
        };
        page().map_err(|error| SuppressionError::engine(&self.path, &error))
    }

    /// Keeps marks, and counts an addition. Returns how many are new. A store that is changed alone does not hold what the log holds
    /// any more, so it follows from the beginning if it ever does again; the same goes for a removal.
    pub(super) fn add(&mut self, marks: &[Mark], day: i64) -> Result<u64, SuppressionError> {
        let before = self.state.marks;
        let state = State { generation: self.state.generation + 1, ..self.state.clone() };
        self.change(state, Position::START, |connection, state| insert(connection, state, marks, day))?;
        Ok(self.state.marks - before)
    }

    /// Forgets marks. Returns how many there were.
    pub(super) fn remove(&mut self, marks: &[Mark]) -> Result<u64, SuppressionError> {
        let before = self.state.marks;
        self.change(self.state.clone(), Position::START, |connection, state| delete(connection, state, marks))?;
        Ok(before.saturating_sub(self.state.marks))
    }

    /// Makes the changes of the log that follow, and notes how far it is now. They count as one addition if anybody is new.
    pub(super) fn apply(&mut self, entries: &[Entry]) -> Result<(), SuppressionError> {
        let Some(last) = entries.last() else { return Ok(()) };
        self.change(self.state.clone(), last.position, |connection, state| {
            let mut is_addition = false;
            for entry in entries {
                let before = state.marks;
                match entry.task {
                    SuppressTask::Add => insert(connection, state, &entry.marks, entry.day)?,
                    SuppressTask::Remove => delete(connection, state, &entry.marks)?,
                }
                is_addition |= state.marks > before;
            }
            state.generation += u64::from(is_addition);
            Ok(())
        })
    }

    /// Notes that what waited was looked through for every addition up to this one.
    pub(super) fn swept(&mut self, generation: u64) -> Result<(), SuppressionError> {
        let swept = generation.min(self.state.generation).max(self.state.swept);
        self.change(State { swept, ..self.state.clone() }, self.position, |_, _| Ok(()))
    }

    /// One transaction, which ends with what the store then says of itself.
    fn change(
        &mut self,
        mut state: State,
        position: Position,
        work: impl FnOnce(&Connection, &mut State) -> rusqlite::Result<()>,
    ) -> Result<(), SuppressionError> {
        if self.is_broken {
            return Err(SuppressionError::Broken { path: self.path.clone() });
        }
        if !self.place.is_intact() {
            return Err(SuppressionError::Moved { path: self.path.clone() });
        }
        let done = self.connection.execute_batch("BEGIN IMMEDIATE").and_then(|()| {
            work(&self.connection, &mut state)?;
            write_state(&self.connection, &state)?;
            if position != self.position {
                self.connection.prepare_cached(schema::WRITE_POSITION)?.execute([position.to_string()])?;
            }
            failpoint::pass("before_suppression_commit");
            self.connection.execute_batch("COMMIT")
        });
        if let Err(error) = done {
            self.note(&error);
            // Where the engine has rolled back itself, there is nothing to do.
            self.connection.execute_batch("ROLLBACK").ok();
            return Err(SuppressionError::engine(&self.path, &error));
        }
        failpoint::pass("after_suppression_commit");
        self.state = state;
        self.position = position;
        self.empty_log();
        Ok(())
    }

    /// Moves the log into the file and cuts it off, so that nothing that was removed is left in it.
    fn empty_log(&mut self) {
        let done = self
            .connection
            .busy_timeout(CHECKPOINT_PATIENCE)
            .and_then(|()| self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())))
            .and_then(|()| self.connection.busy_timeout(PATIENCE));
        if let Err(error) = done {
            // What was committed is in the log and stays.
            self.note(&error);
            tracing::warn!(
                error = disk::describe(&error),
                "the log of the store of suppressed persons could not be emptied"
            );
        }
    }

    /// After a failed write or sync, asking the kernel again would be answered "yes" although the data is lost.
    fn note(&mut self, error: &Error) {
        let code = error.sqlite_error_code();
        self.is_broken |=
            matches!(code, Some(ErrorCode::SystemIoFailure | ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt));
    }
}

fn insert(connection: &Connection, state: &mut State, marks: &[Mark], day: i64) -> rusqlite::Result<()> {
    let mut add = connection.prepare_cached(schema::ADD)?;
    for mark in marks {
        if add.execute(params![mark.bytes(), day])? > 0 {
            state.marks += 1;
            state.sum ^= u128::from_be_bytes(mark.bytes());
        }
    }
    Ok(())
}

fn delete(connection: &Connection, state: &mut State, marks: &[Mark]) -> rusqlite::Result<()> {
    let mut remove = connection.prepare_cached(schema::REMOVE)?;
    for mark in marks {
        if remove.execute([mark.bytes()])? > 0 {
            state.marks = state.marks.saturating_sub(1);
            state.sum ^= u128::from_be_bytes(mark.bytes());
        }
    }
    Ok(())
}

/// Hands out every mark of a file, and checks that they are what it says of itself.
pub(super) fn each(
    connection: &Connection,
    path: &Path,
    state: &State,
    mut take: impl FnMut(Mark),
) -> Result<(), SuppressionError> {
    let (mut count, mut sum) = (0_u64, 0_u128);
    let done = (|| {
        let mut all = connection.prepare(schema::ALL)?;
        let mut rows = all.query([])?;
        while let Some(row) = rows.next()? {
            let bytes: [u8; 16] = row.get(0)?;
            count += 1;
            sum ^= u128::from_be_bytes(bytes);
            take(Mark::from_bytes(bytes));
        }
        Ok(())
    })();
    done.map_err(|error| SuppressionError::engine(path, &error))?;
    if (count, sum) == (state.marks, state.sum) {
        return Ok(());
    }
    let detail = format!("it says that it holds {} entries, and {count} were found, or others", state.marks);
    Err(SuppressionError::Damaged { path: path.to_owned(), detail })
}

/// Up to where the log in Redis is in a file.
fn read_position(connection: &Connection, path: &Path) -> Result<Position, SuppressionError> {
    let engine = |error| SuppressionError::engine(path, &error);
    if !open::is_of_today(connection).map_err(engine)? {
        return Ok(Position::START);
    }
    let text: Option<String> =
        connection.query_row(schema::READ_POSITION, [], |row| row.get(0)).optional().map_err(engine)?;
    text.as_deref().and_then(Position::parse).ok_or_else(|| {
        let detail = "how far it followed the log in Redis is gone".to_owned();
        SuppressionError::Damaged { path: path.to_owned(), detail }
    })
}

/// What a file says of itself.
pub(super) fn read_state(connection: &Connection, path: &Path) -> Result<State, SuppressionError> {
    // The table takes no negative numbers.
    let number = |value: i64| u64::try_from(value).unwrap_or(0);
    let state = connection.query_row(schema::READ_STATE, [], |row| {
        Ok(State {
            fingerprint: row.get::<_, Option<String>>(0)?.as_deref().map(Fingerprint::written),
            marks: number(row.get(1)?),
            sum: u128::from_be_bytes(row.get(2)?),
            generation: number(row.get(3)?),
            swept: number(row.get(4)?),
        })
    });
    state.map_err(|error| match error {
        Error::QueryReturnedNoRows => {
            SuppressionError::Damaged { path: path.to_owned(), detail: "what it says of itself is gone".to_owned() }
        }
        error => SuppressionError::engine(path, &error),
    })
}

fn write_state(connection: &Connection, state: &State) -> rusqlite::Result<()> {
    let fingerprint = state.fingerprint.as_ref().map(Fingerprint::as_str);
    let [marks, generation, swept] =
        [state.marks, state.generation, state.swept].map(|number| i64::try_from(number).unwrap_or(i64::MAX));
    let values = params![fingerprint, marks, state.sum.to_be_bytes(), generation, swept];
    connection.prepare_cached(schema::WRITE_STATE)?.execute(values).map(drop)
}
