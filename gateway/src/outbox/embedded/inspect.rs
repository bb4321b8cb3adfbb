//! A look at an outbox in a file from outside, also while a gateway owns it. Numbers and reasons only, and a body where a person
//! asks for one entry of the quarantine.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, Row};

use super::open::{OpenError, connect_to_look, connect_to_read};
use super::schema;
use super::store::{bytes, owner};
use crate::outbox::Keys;
use crate::outbox::inspection::{Inspection, MAX_QUARANTINE_LINES, PendingLine, QuarantineLine, Shown};
use crate::outbox::seal::Seat;
use crate::outbox::settlement::part_message;
use crate::outbox::tally::Shelf;

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
