//! A look at an outbox from outside, also while a gateway owns it. Numbers and reasons only, and a body where a person asks for
//! one entry of the quarantine. The names of the fields are those of `portcullis outbox inspect --json`.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, Row};
use serde::Serialize;

use super::open::{OpenError, connect_to_look, connect_to_read};
use super::redrive::part_message;
use super::schema;
use super::store::{bytes, owner};
use crate::outbox::Keys;
use crate::outbox::seal::Seat;
use crate::outbox::tally::Shelf;

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
    /// What Meta says to a person about it, if it said anything and it can be read.
    pub message: Option<String>,
    /// When its group came in, in milliseconds since 1970.
    pub received_ms: u64,
    /// When it was set aside, in milliseconds since 1970; after a crash, when its lease was to end.
    pub quarantined_ms: u64,
}

/// The events of one entry of the quarantine, as a person must see them who has to mend what Meta refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Id of the site.
    pub site: String,
    /// Id of the dataset.
    pub dataset: String,
    /// Sanitized, one event a line. What cannot be read as text is shown as far as it can.
    pub bodies: String,
}

/// Reads an outbox without owning it. Changes nothing in it. The keys open what Meta said about events that rest encrypted.
pub fn inspect(path: &Path, keys: Option<&Keys>) -> Result<Inspection, OpenError> {
    let connection = connect_to_look(path)?;
    read(&connection, keys).map_err(|error| OpenError::engine(path, &error))
}

/// Whether events were ever kept in an outbox, without owning it. One that is not there has held none.
pub fn has_held_events(path: &Path) -> Result<bool, OpenError> {
    if !path.exists() {
        return Ok(false);
    }
    let (connection, _) = connect_to_read(path)?;
    connection.query_row(schema::HAS_HELD_EVENTS, [], |row| row.get(0)).map_err(|error| OpenError::engine(path, &error))
}

/// Reads one entry of the quarantine; nothing if there is none of this number.
pub fn show(path: &Path, keys: Option<&Keys>, id: i64) -> Result<Option<Shown>, OpenError> {
    let connection = connect_to_look(path)?;
    let read = connection.query_row(schema::SHOW_QUARANTINE, [id], |row| {
        let stored = bytes(row.get_ref(6)?);
        let key_id: Option<String> = row.get(5)?;
        let opened = match &key_id {
            None => stored.to_vec(),
            Some(key_id) => {
                let seat = Seat { shelf: Shelf::Quarantine, row: id, owner: &owner(row)? };
                keys.and_then(|keys| keys.open(key_id, seat, stored)).unwrap_or_default()
            }
        };
        let opened = String::from_utf8_lossy(&opened);
        let (bodies, _) = part_message(&opened, &text(row, 4)?);
        Ok((key_id, Shown { site: text(row, 0)?, dataset: text(row, 1)?, bodies: bodies.to_owned() }))
    });
    match read.optional().map_err(|error| OpenError::engine(path, &error))? {
        Some((Some(key_id), _)) if !keys.is_some_and(|keys| keys.knows(&key_id)) => {
            Err(OpenError::KeyMissing { path: path.to_owned(), key_id })
        }
        read => Ok(read.map(|(_, shown)| shown)),
    }
}

fn read(connection: &Connection, keys: Option<&Keys>) -> rusqlite::Result<Inspection> {
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
                id: row.get(3)?,
                site: text(row, 0)?,
                dataset: text(row, 1)?,
                events: number(row, 4)?,
                reason: text(row, 5)?,
                code: row.get(6)?,
                subcode: row.get(7)?,
                message: message(row, keys)?,
                received_ms: number(row, 8)?,
                quarantined_ms: number(row, 9)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    let unencrypted_events = view.query_row(schema::COUNT_UNENCRYPTED, [], |row| number(row, 0))?;
    Ok(Inspection { pending, quarantined_events, quarantine, unencrypted_events })
}

fn message(row: &Row<'_>, keys: Option<&Keys>) -> rusqlite::Result<Option<String>> {
    let stored = bytes(row.get_ref(11)?);
    let Some(key_id) = row.get::<_, Option<String>>(10)? else {
        return Ok((!stored.is_empty()).then(|| String::from_utf8_lossy(stored).into_owned()));
    };
    let seat = Seat { shelf: Shelf::Quarantine, row: row.get(3)?, owner: &owner(row)? };
    let Some(opened) = keys.and_then(|keys| keys.open(&key_id, seat, stored)) else { return Ok(None) };
    let opened = String::from_utf8_lossy(&opened);
    Ok(part_message(&opened, &text(row, 5)?).1.map(str::to_owned))
}

fn number(row: &Row<'_>, index: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(index).map(|number| u64::try_from(number).unwrap_or(0))
}

fn text(row: &Row<'_>, index: usize) -> rusqlite::Result<String> {
    row.get_ref(index).map(|value| String::from_utf8_lossy(value.as_bytes().unwrap_or_default()).into_owned())
}
