//! Rows that are not under the key of today, sealed again in small steps.
//!
//! Those that are plain, from before encryption was switched on, are sealed by the writer while nobody asks it anything; those
//! under an earlier key when `portcullis outbox rekey` asks for it. What does not open is left as it is: a lease finds out.

use rusqlite::params;

use super::bodies::Stored;
use super::schema;
use super::store::Store;
use crate::outbox::seal::Seat;
use crate::outbox::tally::Shelf;

/// Bounds of one step, so that nobody waits long behind it and the log stays short.
const STEP_ROWS: i64 = 64;
pub(super) const STEP_BYTES: usize = 2 * 1024 * 1024;

/// Where to go on.
#[derive(Debug, Clone, Copy)]
pub(super) struct ResealStep {
    shelf: Shelf,
    after: i64,
    /// Rows under an earlier key stay as they are.
    plain_only: bool,
}

impl ResealStep {
    /// From the beginning.
    pub(super) fn first(plain_only: bool) -> Self {
        Self { shelf: Shelf::Pending, after: 0, plain_only }
    }
}

/// What one step did.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resealed {
    /// Events in the rows that it sealed.
    pub(super) events: u64,
    /// Nothing if all is done. What comes in meanwhile is sealed anyway.
    pub(super) next: Option<ResealStep>,
}

impl Store {
    /// Seals some rows.
    pub(super) fn reseal(&mut self, step: &ResealStep) -> rusqlite::Result<Resealed> {
        let ResealStep { shelf, after, plain_only } = *step;
        let Some(today) = self.key_id() else { return Ok(Resealed { events: 0, next: None }) };
        let sql = match shelf {
            Shelf::Pending => schema::UNSEALED_GROUPS,
            Shelf::Quarantine => schema::UNSEALED_QUARANTINE,
        };
        let rows: Vec<i64> = self
            .connection
            .prepare_cached(sql)?
            .query_map(params![after, today, plain_only, STEP_ROWS], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        let (mut events, mut sealed_bytes, mut last) = (0, 0, None);
        for row in rows {
            last = Some(row);
            let resealed = self.with_row(shelf, row, |store| store.reseal_row(shelf, row))?.flatten();
            if let Some((resealed, bytes)) = resealed {
                events += resealed;
                sealed_bytes += bytes;
            }
            if sealed_bytes >= STEP_BYTES {
                break;
            }
        }
        let next = match (last, shelf) {
            (Some(after), _) => Some(ResealStep { after, ..*step }),
            (None, Shelf::Pending) => Some(ResealStep { shelf: Shelf::Quarantine, after: 0, plain_only }),
            (None, Shelf::Quarantine) => None,
        };
        Ok(Resealed { events, next })
    }

    /// Seals a row, if it can be read. Returns how many events and bytes it has.
    fn reseal_row(&self, shelf: Shelf, row: i64) -> rusqlite::Result<Option<(u64, usize)>> {
        let Some(stored) = self.stored(shelf, row)?.filter(Stored::fits) else { return Ok(None) };
        let seat = Seat { shelf, row, owner: &stored.owner };
        let Some(bodies) = self.read_bodies(seat, stored.key_id.as_deref())? else { return Ok(None) };
        self.rewrite_bodies(seat, &bodies)?;
        Ok(Some((u64::try_from(stored.events).unwrap_or(0), bodies.len())))
    }
}
