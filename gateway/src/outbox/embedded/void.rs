//! What opening does with the groups that the last owner had in hand when it died (contract O3, failure case B14).

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::{Row, params};

use super::bodies::Stored;
use super::hand::is_unreadable;
use super::schema;
use super::store::{Store, signed_len};
use crate::outbox::crash::{Verdict, halves, judge};
use crate::outbox::seal::Seat;
use crate::outbox::tally::Shelf;
use crate::outbox::{EventsByDataset, QuarantineReason};

/// A group that was leased.
#[derive(Debug, Clone, Copy)]
struct Left {
    row: i64,
    events: i64,
    crashes: u32,
    /// When its lease was to end: the nearest that is known to the time of the crash.
    due_ms: i64,
}

impl Store {
    /// Ends every lease. Returns the events by dataset that were set aside because the process dies of them.
    pub(super) fn void_leases(&mut self) -> rusqlite::Result<EventsByDataset> {
        let left: Vec<Left> = {
            let mut statement = self.connection.prepare_cached(schema::LEASED)?;
            statement.query_map([], Left::read)?.collect::<rusqlite::Result<_>>()?
        };
        let alone = left.len() == 1;
        let mut set_aside: BTreeMap<Arc<str>, u64> = BTreeMap::new();
        for Left { row, events, crashes, due_ms } in left {
            match judge(crashes, usize::try_from(events).unwrap_or(0), alone) {
                Verdict::Back => self.count_crash(row, crashes)?,
                Verdict::Split => {
                    self.count_crash(row, crashes)?;
                    self.split(row, events)?;
                }
                Verdict::Aside => {
                    let owner = self.owner(row)?;
                    let events = self.set_aside(row, &QuarantineReason::AbortsProcess, due_ms)?;
                    if let Some((owner, _)) = owner {
                        *set_aside.entry(owner.dataset).or_default() += events;
                    }
                }
            }
        }
        Ok(set_aside.into_iter().collect())
    }

    fn count_crash(&self, row: i64, crashes: u32) -> rusqlite::Result<()> {
        let crashes = crashes.saturating_add(1);
        self.connection.prepare_cached(schema::CRASHED)?.execute(params![row, crashes]).map(|_| ())
    }

    /// Makes two groups of one. One that cannot be read is left whole; the next lease finds out and sets it aside.
    fn split(&self, row: i64, events: i64) -> rusqlite::Result<()> {
        let stored = match self.stored(Shelf::Pending, row) {
            Err(error) if is_unreadable(&error) => return Ok(()),
            stored => stored?,
        };
        let Some(Stored { owner, key_id, .. }) = stored.filter(Stored::fits) else { return Ok(()) };
        let seat = Seat { shelf: Shelf::Pending, row, owner: &owner };
        let bodies = match self.read_bodies(seat, key_id.as_deref()) {
            Err(error) if is_unreadable(&error) => return Ok(()),
            bodies => bodies?.and_then(|bodies| String::from_utf8(bodies).ok()),
        };
        let Some(bodies) = bodies else { return Ok(()) };
        let lines = bodies.split('\n').count();
        let Some([head, tail]) = halves(&bodies, lines) else { return Ok(()) };
        if signed_len(lines) != events {
            return Ok(());
        }
        let half = params![row, signed_len(tail.events), signed_len(tail.bodies.len()), self.key_id()];
        self.connection.prepare_cached(schema::INSERT_HALF)?.execute(half)?;
        self.insert_bodies(self.connection.last_insert_rowid(), &owner, tail.bodies)?;
        let half = params![row, signed_len(head.events), signed_len(head.bodies.len())];
        self.connection.prepare_cached(schema::SHRINK)?.execute(half)?;
        self.rewrite_bodies(seat, head.bodies.as_bytes())
    }
}

impl Left {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { row: row.get(0)?, events: row.get(1)?, crashes: row.get(2)?, due_ms: row.get(3)? })
    }
}
