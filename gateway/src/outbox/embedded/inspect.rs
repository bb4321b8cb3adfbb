//! A look at an outbox from outside, also while a gateway owns it. Numbers and reasons only, never a body. The names of the
//! fields are those of `portcullis outbox inspect --json`.

use std::path::Path;

use rusqlite::{Connection, Row};
use serde::Serialize;

use super::open::{OpenError, connect_to_look};
use super::schema;

/// At most so many lines of the quarantine are listed, the newest first.
const MAX_QUARANTINE_LINES: u32 = 1000;

/// What an outbox holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Inspection {
    /// What waits, by site and dataset.
    pub pending: Vec<PendingLine>,
    /// Events in quarantine.
    pub quarantined_events: u64,
    /// The newest 1000 entries of it.
    pub quarantine: Vec<QuarantineLine>,
    /// Events that rest unencrypted, those in quarantine included.
    pub unencrypted_events: u64,
}

/// What waits of one site for one dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PendingLine {
    /// Id of the site.
    pub site: String,
    /// Id of the dataset.
    pub dataset: String,
    /// Events, leased or not.
    pub events: u64,
    /// Groups that hold them.
    pub groups: u64,
    /// Groups in the hand of a dispatcher, or whose lease has ended and that nobody took since.
    pub leased_groups: u64,
    /// Bytes of the events.
    pub bytes: u64,
    /// When the oldest came in, in milliseconds since 1970.
    pub oldest_received_ms: u64,
    /// The largest number of times that a group of these was sent.
    pub max_attempts: u64,
}

/// One entry of the quarantine: an event, or a whole group that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuarantineLine {
    /// Number of the entry.
    pub id: i64,
    /// Id of the site.
    pub site: String,
    /// Id of the dataset.
    pub dataset: String,
    /// How many events it stands for.
    pub events: u64,
    /// `refused`, `unreadable` or `aborts_process`.
    pub reason: String,
    /// Meta's error code, 0 if none.
    pub code: i64,
    /// Meta's error subcode, 0 if none.
    pub subcode: i64,
    /// When its group came in, in milliseconds since 1970.
    pub received_ms: u64,
    /// When it was set aside, in milliseconds since 1970; after a crash, when its lease was to end.
    pub quarantined_ms: u64,
}

/// Reads an outbox without owning it. Changes nothing in it.
pub fn inspect(path: &Path) -> Result<Inspection, OpenError> {
    let connection = connect_to_look(path)?;
    read(&connection).map_err(|error| OpenError::engine(path, &error))
}

fn read(connection: &Connection) -> rusqlite::Result<Inspection> {
    // One transaction, so that an event which is settled meanwhile is seen in one place.
    let view = connection.unchecked_transaction()?;
    let pending = view
        .prepare(schema::LIST_PENDING)?
        .query_map([], |row| {
            Ok(PendingLine {
                site: text(row, 0)?,
                dataset: text(row, 1)?,
                events: number(row, 2)?,
                groups: number(row, 3)?,
                bytes: number(row, 4)?,
                oldest_received_ms: number(row, 5)?,
                max_attempts: number(row, 6)?,
                leased_groups: number(row, 7)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    let quarantined_events = view.query_row(schema::COUNT_QUARANTINED, [], |row| number(row, 0))?;
    let quarantine = view
        .prepare(schema::LIST_QUARANTINE)?
        .query_map([MAX_QUARANTINE_LINES], |row| {
            Ok(QuarantineLine {
                id: row.get(0)?,
                site: text(row, 1)?,
                dataset: text(row, 2)?,
                events: number(row, 3)?,
                reason: text(row, 4)?,
                code: row.get(5)?,
                subcode: row.get(6)?,
                received_ms: number(row, 7)?,
                quarantined_ms: number(row, 8)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    let unencrypted_events = view.query_row(schema::COUNT_UNENCRYPTED, [], |row| number(row, 0))?;
    Ok(Inspection { pending, quarantined_events, quarantine, unencrypted_events })
}

fn number(row: &Row<'_>, index: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(index).map(|number| u64::try_from(number).unwrap_or(0))
}

fn text(row: &Row<'_>, index: usize) -> rusqlite::Result<String> {
    row.get_ref(index).map(|value| String::from_utf8_lossy(value.as_bytes().unwrap_or_default()).into_owned())
}
