//! What the dispatcher does besides leasing the oldest groups and settling them whole: settle a part, and lease from elsewhere.

use rusqlite::{OptionalExtension as _, Row, params};

use super::ask::{Ask, Asked, Write};
use super::store::{Store, signed};
use super::{Embedded, schema};
use crate::outbox::crash::SUSPECT_CRASHES;
use crate::outbox::lease::{Choice, Selection};
use crate::outbox::part::{PartRequest, Parted};
use crate::outbox::spread::SpreadRequest;
use crate::outbox::tally::Shelf;
use crate::outbox::{Leased, OutboxError};

/// The oldest and the newest receipt of the groups that were never tried.
const FIRST_READY: &str = "
SELECT received_ms FROM groups WHERE dataset = ?1 AND due_ms = 0 ORDER BY received_ms LIMIT 1";
const LAST_READY: &str = "
SELECT received_ms FROM groups WHERE dataset = ?1 AND due_ms = 0 ORDER BY received_ms DESC LIMIT 1";
const READY_FROM: &str = "
SELECT id, crashes, events, bytes FROM groups WHERE dataset = ?1 AND due_ms = 0 AND received_ms >= ?2 ORDER BY received_ms, id";
const READY_BEFORE: &str = "
SELECT id, crashes, events, bytes FROM groups WHERE dataset = ?1 AND due_ms = 0 AND received_ms < ?2 ORDER BY received_ms DESC, id DESC";
const LATER: &str = "
SELECT id, crashes FROM groups WHERE dataset = ?1 AND due_ms > 0 AND due_ms <= ?2 ORDER BY due_ms LIMIT 1000";

impl Embedded {
    pub(in crate::outbox) async fn settle_part(&self, request: PartRequest) -> Result<Parted, OutboxError> {
        self.ask(|reply| Ask::Write(Write::SettlePart(Box::new(Asked::new(request, reply))))).await
    }

    pub(in crate::outbox) async fn lease_at(&self, request: SpreadRequest) -> Result<Leased, OutboxError> {
        self.ask(|reply| Ask::Write(Write::LeaseAt(Asked::new(request, reply)))).await
    }
}

impl Store {
    /// Settles what is decided and leases the rest anew, in the running transaction.
    pub(super) fn settle_part(&mut self, request: &PartRequest) -> rusqlite::Result<Parted> {
        let settled = self.settle_and(&request.lease, &request.settlements, true)?;
        if settled.retried == 0 {
            return Ok(Parted { settled, rest: None });
        }
        self.last_serial += 1;
        let changes = params![request.lease.id.row, self.last_serial, signed(request.until_ms)];
        self.connection.prepare_cached(schema::LEASE)?.execute(changes)?;
        Ok(Parted { settled, rest: Some(request.rest(self.last_serial)) })
    }

    /// Leases due groups from that place of the backlog on. The way there is by index, whatever the depth.
    pub(super) fn lease_at(&mut self, request: &SpreadRequest) -> rusqlite::Result<Leased> {
        self.now_ms = request.now_ms;
        self.end_far_waits(&request.dataset)?;
        let purged = self.sweep(Some(&request.dataset))?;
        let mut rows = self.ready_at(request)?;
        if rows.is_empty() {
            rows.extend(self.later_at(request)?);
        }
        // Oldest first, as every lease.
        rows.reverse();
        Ok(Leased { purged, ..self.take(rows, &request.as_lease_request())? })
    }

    /// The first group at or after that place, and those before it, as many as fit.
    fn ready_at(&self, request: &SpreadRequest) -> rusqlite::Result<Vec<i64>> {
        let receipt = |sql: &str| -> rusqlite::Result<Option<i64>> {
            self.connection.prepare_cached(sql)?.query_row([&*request.dataset], |row| row.get(0)).optional()
        };
        let (Some(first), Some(last)) = (receipt(FIRST_READY)?, receipt(LAST_READY)?) else { return Ok(Vec::new()) };
        let span = last.saturating_sub(first).max(0);
        let at = first.saturating_add(span.saturating_mul(signed(request.at_permille.min(1000))) / 1000);
        let mut selection = Selection::new(&request.as_lease_request(), true);
        let mut chosen = Vec::new();
        for (sql, most) in [(READY_FROM, 1), (READY_BEFORE, usize::MAX)] {
            let mut statement = self.connection.prepare_cached(sql)?;
            let mut rows = statement.query(params![&*request.dataset, at])?;
            let before = chosen.len();
            while chosen.len() - before < most
                && let Some(row) = rows.next()?
            {
                let (id, crashes) = id_and_crashes(row)?;
                if self.unmovable.contains(&(Shelf::Pending, id)) {
                    continue;
                }
                let [events, bytes] = [row.get::<_, i64>(2)?, row.get(3)?].map(|size| usize::try_from(size).unwrap_or(0));
                match selection.offer(events, bytes, crashes >= SUSPECT_CRASHES) {
                    Choice::Take => chosen.push(id),
                    Choice::Skip => {}
                    Choice::Stop => return Ok(chosen),
                }
            }
        }
        Ok(chosen)
    }

    fn later_at(&self, request: &SpreadRequest) -> rusqlite::Result<Option<i64>> {
        let mut statement = self.connection.prepare_cached(LATER)?;
        let rows = statement.query_map(params![&*request.dataset, signed(request.now_ms)], id_and_crashes)?;
        let rows: Vec<(i64, u32)> = rows.collect::<rusqlite::Result<_>>()?;
        let fit: Vec<i64> = rows.into_iter().filter(|found| self.is_fit(found)).map(|(row, _)| row).collect();
        Ok(fit.get(request.place_among(fit.len())).copied())
    }

    fn is_fit(&self, (row, crashes): &(i64, u32)) -> bool {
        *crashes < SUSPECT_CRASHES && !self.unmovable.contains(&(Shelf::Pending, *row))
    }
}

fn id_and_crashes(row: &Row<'_>) -> rusqlite::Result<(i64, u32)> {
    Ok((row.get(0)?, row.get(1)?))
}
