//! The bodies of a row, plain or sealed: the one place that reads and writes them.

use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension as _, params};

use super::schema;
use super::store::{Store, bytes, owner};
use crate::outbox::Keys;
use crate::outbox::group::MAX_GROUP_BYTES;
use crate::outbox::seal::{SEAL_BYTES, Seat};
use crate::outbox::tally::{Owner, Shelf};

/// Meta's message is far shorter.
const MAX_MESSAGE_BYTES: usize = 4096;

/// What is known of a row's bodies before they are read.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) owner: Owner,
    /// The key that sealed them; nothing if they are plain.
    pub(super) key_id: Option<String>,
    pub(super) length: usize,
    pub(super) events: i64,
}

impl Stored {
    /// Whether a row of ours can be as long. Asked before reading, or a planted row of a gigabyte would be a gigabyte of memory
    /// (failure case A7).
    pub(super) fn fits(&self) -> bool {
        fits(self.length, self.key_id.is_some())
    }
}

/// The same for a length and whether it is of sealed bodies.
pub(super) fn fits(length: usize, sealed: bool) -> bool {
    length <= MAX_GROUP_BYTES + if sealed { SEAL_BYTES + MAX_MESSAGE_BYTES } else { 0 }
}

impl Store {
    /// The key under which rows are sealed now; nothing if they stay plain.
    pub(super) fn key_id(&self) -> Option<&str> {
        self.keys.as_ref().map(Keys::id)
    }

    /// Writes the bodies of a new group.
    pub(super) fn insert_bodies(&self, row: i64, owner: &Owner, bodies: &str) -> rusqlite::Result<()> {
        let sealed = self.seal(Seat { shelf: Shelf::Pending, row, owner }, bodies.as_bytes())?;
        let plain = if sealed.is_some() { "" } else { bodies };
        self.connection.prepare_cached(schema::INSERT_BODIES)?.execute(params![row, plain, sealed]).map(drop)
    }

    /// Writes other bodies in place of a row's own, under the key of today.
    pub(super) fn rewrite_bodies(&self, seat: Seat<'_>, bodies: &[u8]) -> rusqlite::Result<()> {
        let sealed = self.seal(seat, bodies)?;
        // What was plain and is no UTF-8 stays as it is where nothing is sealed.
        let plain = if sealed.is_some() { ValueRef::Text(b"") } else { ValueRef::Text(bodies) };
        let plain = rusqlite::types::ToSqlOutput::Borrowed(plain);
        match seat.shelf {
            Shelf::Pending => {
                self.connection.prepare_cached(schema::WRITE_BODIES)?.execute(params![seat.row, plain, sealed])?;
                self.connection.prepare_cached(schema::SET_KEY)?.execute(params![seat.row, self.key_id()])?;
            }
            Shelf::Quarantine => {
                let values = params![seat.row, plain, sealed, self.key_id()];
                self.connection.prepare_cached(schema::WRITE_QUARANTINE)?.execute(values)?;
            }
        }
        Ok(())
    }

    /// Whose the bodies of a row are, and how long; nothing if there are none.
    pub(super) fn stored(&self, on: Shelf, row: i64) -> rusqlite::Result<Option<Stored>> {
        let sql = match on {
            Shelf::Pending => schema::BODIES_OF_GROUP,
            Shelf::Quarantine => schema::BODIES_OF_QUARANTINE,
        };
        let stored = self.connection.prepare_cached(sql)?.query_row([row], |row| {
            let length: Option<i64> = row.get(4)?;
            let Some(length) = length.and_then(|length| usize::try_from(length).ok()) else { return Ok(None) };
            Ok(Some(Stored { owner: owner(row)?, key_id: row.get(3)?, length, events: row.get(5)? }))
        });
        Ok(stored.optional()?.flatten())
    }

    /// The bodies of a row, and after those of a refused event Meta's message as a last line; nothing if they are sealed and do not
    /// open here.
    pub(super) fn read_bodies(&self, seat: Seat<'_>, key_id: Option<&str>) -> rusqlite::Result<Option<Vec<u8>>> {
        let sql = match (seat.shelf, key_id) {
            (Shelf::Pending, None) => schema::READ_BODIES,
            (Shelf::Pending, Some(_)) => schema::READ_SEALED,
            (Shelf::Quarantine, None) => schema::READ_QUARANTINE,
            (Shelf::Quarantine, Some(_)) => schema::READ_QUARANTINE_SEALED,
        };
        self.connection.prepare_cached(sql)?.query_row([seat.row], |row| {
            let stored = bytes(row.get_ref(0)?);
            Ok(match key_id {
                None => Some(stored.to_vec()),
                Some(id) => self.keys.as_ref().and_then(|keys| keys.open(id, seat, stored)),
            })
        })
    }

    /// Binds the bodies of a row that changes its shelf to their new place. What does not open was copied as it is, and stays so.
    pub(super) fn rebind(&self, from: Seat<'_>, to: Seat<'_>, key_id: Option<&str>) -> rusqlite::Result<()> {
        if key_id.is_none() && self.keys.is_none() {
            return Ok(());
        }
        match self.read_bodies(from, key_id)? {
            Some(bodies) => self.rewrite_bodies(to, &bodies),
            None => Ok(()),
        }
    }

    fn seal(&self, seat: Seat<'_>, bodies: &[u8]) -> rusqlite::Result<Option<Vec<u8>>> {
        let sealed = self.keys.as_ref().map(|keys| keys.seal(seat, bodies)).transpose();
        sealed.map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
    }
}
