//! Groups in hand: leased, settled, given back, or set aside where they cannot be read.

use std::sync::Arc;

use portcullis_filters::policy::PolicyDigest;
use rusqlite::{ErrorCode, OptionalExtension as _, Row, params};

use super::bodies::fits;
use super::schema;
use super::store::{Store, signed, signed_len};
use crate::outbox::condemned::Condemned;
use crate::outbox::crash::SUSPECT_CRASHES;
use crate::outbox::group::count_lines;
use crate::outbox::lease::{Choice, FAR_MS, Keeper, LeaseId, Selection};
use crate::outbox::seal::Seat;
use crate::outbox::settlement::Division;
use crate::outbox::tally::{Amount, Owner, Shelf};
use crate::outbox::{Lease, LeaseRequest, Leased, QuarantineReason, Settled, Settlement};

/// Groups whose retry time has come are sorted by age in memory, at most so many at a time.
const MAX_SORTED: i64 = 1000;

/// A group that may be leased, by what decides about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    received_ms: i64,
    row: i64,
    events: i64,
    bytes: i64,
    crashes: u32,
}

impl Store {
    /// Leases due groups, oldest first (O2). Bodies are read for those alone that are handed out (O6).
    pub(super) fn lease(&mut self, request: &LeaseRequest) -> rusqlite::Result<Leased> {
        self.now_ms = request.now_ms;
        self.end_far_waits(&request.dataset)?;
        let purged = self.sweep(Some(&request.dataset))?;
        let (rows, more) = self.choose(request)?;
        Ok(Leased { more, purged, ..self.take(rows, request)? })
    }

    /// Leases these rows, or sets aside those that cannot be read.
    pub(super) fn take(&mut self, rows: Vec<i64>, request: &LeaseRequest) -> rusqlite::Result<Leased> {
        let mut leased = Leased::default();
        for row in rows {
            match self.with_row(Shelf::Pending, row, |store| store.read(row, request)) {
                Ok(Some(Some(lease))) => {
                    let changes = params![row, lease.id.serial, signed(request.until_ms)];
                    self.connection.prepare_cached(schema::LEASE)?.execute(changes)?;
                    leased.leases.push(lease);
                }
                Ok(Some(None)) => leased.quarantined += self.set_aside_unreadable(row)?,
                Ok(None) => {}
                Err(error) if is_damaged(&error) => return Err(error),
                Err(error) if is_unreadable(&error) => leased.quarantined += self.set_aside_unreadable(row)?,
                Err(error) => return Err(error),
            }
        }
        Ok(leased)
    }

    /// Settles a lease that still holds; anything else changes nothing (O4).
    pub(super) fn settle(&mut self, lease: &Lease, settlements: &[Settlement]) -> rusqlite::Result<Settled> {
        self.settle_and(lease, settlements, false)
    }

    /// The same. `stays_in_hand`: what is to be retried is leased again in the same transaction, so a purge of it still waits.
    pub(super) fn settle_and(
        &mut self,
        lease: &Lease,
        settlements: &[Settlement],
        stays_in_hand: bool,
    ) -> rusqlite::Result<Settled> {
        let Some(condemned) = self.held(lease)? else { return Ok(Settled::default()) };
        let row = lease.id.row;
        let Some((owner, before)) = self.owner(row)? else { return Ok(Settled::default()) };
        let division = Division::new(lease.events(), settlements, &condemned, stays_in_hand);
        for (body, reason) in &division.aside {
            self.quarantine(row, &owner, body, reason)?;
        }
        if division.settled.retried == 0 {
            self.remove(row)?;
            return Ok(division.settled);
        }
        let after = Amount::row(signed(division.settled.retried), signed_len(division.survivors.len()));
        let values = params![row, signed(division.due_ms), after.events, after.bytes, i64::from(division.attempted)];
        self.connection.prepare_cached(schema::RETRY)?.execute(values)?;
        if division.survivors.len() != lease.bodies.len() {
            self.rewrite_bodies(Seat { shelf: Shelf::Pending, row, owner: &owner }, division.survivors.as_bytes())?;
        }
        if condemned != Condemned::Nothing && !stays_in_hand {
            self.connection.prepare_cached(schema::CONDEMN)?.execute(params![row, None::<&str>])?;
        }
        self.tally.note(Shelf::Pending, owner.clone(), before.negated());
        self.tally.note(Shelf::Pending, owner, after);
        Ok(division.settled)
    }

    /// Gives a lease back, if it still holds.
    pub(super) fn release(&mut self, lease: &Lease) -> rusqlite::Result<()> {
        if self.held(lease)?.is_some() {
            self.connection.prepare_cached(schema::RELEASE)?.execute([lease.id.row])?;
        }
        Ok(())
    }

    /// Makes what waits for a time that only a clock that was ahead can have set due at once.
    pub(super) fn end_far_waits(&self, dataset: &str) -> rusqlite::Result<()> {
        let far_ms = signed(self.now_ms.saturating_add(FAR_MS));
        self.connection.prepare_cached(schema::END_FAR_WAITS)?.execute(params![dataset, far_ms]).map(drop)
    }

    /// When the lease of a suspect that is in hand ends.
    pub(super) fn suspect_in_hand_until(&self) -> rusqlite::Result<Option<i64>> {
        let mut statement = self.connection.prepare_cached(schema::SUSPECT_IN_HAND)?;
        statement.query_row(params![SUSPECT_CRASHES, signed(self.now_ms)], |row| row.get(0))
    }

    /// Puts one event of a group into quarantine.
    fn quarantine(&mut self, row: i64, owner: &Owner, body: &str, reason: &QuarantineReason) -> rusqlite::Result<()> {
        let (code, subcode) = reason.codes();
        let amount = Amount::row(1, signed_len(body.len()));
        let is_sealed = self.keys.is_some();
        let message = reason.message().filter(|_| !is_sealed);
        let values = params![row, amount.bytes, signed(self.now_ms), reason.as_str(), code, subcode, message];
        self.connection.prepare_cached(schema::SET_ASIDE_EVENT)?.execute(values)?;
        let seat = Seat { shelf: Shelf::Quarantine, row: self.connection.last_insert_rowid(), owner };
        match reason.message() {
            Some(message) if is_sealed => self.rewrite_bodies(seat, format!("{body}\n{message}").as_bytes())?,
            _ => self.rewrite_bodies(seat, body.as_bytes())?,
        }
        self.tally.note(Shelf::Quarantine, owner.clone(), amount);
        Ok(())
    }

    /// Moves a whole group to quarantine as it is. Returns how many events it counted.
    pub(super) fn set_aside(&mut self, row: i64, reason: &QuarantineReason, at_ms: i64) -> rusqlite::Result<u64> {
        self.connection.prepare_cached(schema::SET_ASIDE_GROUP)?.execute(params![row, at_ms, reason.as_str()])?;
        let aside = self.connection.last_insert_rowid();
        if let Some(stored) = self.stored(Shelf::Pending, row)?
            && stored.fits()
        {
            let from = Seat { shelf: Shelf::Pending, row, owner: &stored.owner };
            let to = Seat { shelf: Shelf::Quarantine, row: aside, owner: &stored.owner };
            self.rebind(from, to, stored.key_id.as_deref())?;
        }
        let Some((owner, amount)) = self.remove(row)? else { return Ok(0) };
        self.tally.note(Shelf::Quarantine, owner, amount);
        Ok(u64::try_from(amount.events).unwrap_or(0))
    }

    fn set_aside_unreadable(&mut self, row: i64) -> rusqlite::Result<u64> {
        let at_ms = signed(self.now_ms);
        if let Ok(events) = self.part(|store| store.set_aside(row, &QuarantineReason::Unreadable, at_ms))? {
            return Ok(events);
        }
        tracing::error!(row, "a group cannot be read nor moved to quarantine; it stays in the file and is passed over");
        self.unmovable.insert((Shelf::Pending, row));
        Ok(0)
    }

    /// What of its group was purged meanwhile, if the lease still holds.
    fn held(&self, lease: &Lease) -> rusqlite::Result<Option<Condemned>> {
        let LeaseId { row, serial, .. } = lease.id;
        let mut statement = self.connection.prepare_cached(schema::HOLDS)?;
        let held = statement.query_row(params![row, serial, signed(self.now_ms)], |row| row.get::<_, Option<String>>(0));
        Ok(held.optional()?.map(|condemned| Condemned::read(condemned.as_deref())))
    }

    /// The rows of this lease, and whether more are due. Ready groups are walked in order and no further than needed; of those
    /// whose time has come, which are few, the earliest due are sorted in between.
    fn choose(&self, request: &LeaseRequest) -> rusqlite::Result<(Vec<i64>, bool)> {
        let mut selection = Selection::new(request, self.suspect_in_hand_until()?.is_some());
        let mut later = self.connection.prepare_cached(schema::LATER)?;
        let values = params![&*request.dataset, signed(request.now_ms), MAX_SORTED];
        let mut later: Vec<Candidate> = later.query_map(values, Candidate::read)?.collect::<rusqlite::Result<_>>()?;
        later.sort_unstable();
        let mut later = later.into_iter().peekable();
        let mut ready = self.connection.prepare_cached(schema::READY)?;
        let mut ready = ready.query_map([&*request.dataset], Candidate::read)?;
        let mut next_ready = ready.next().transpose()?;
        let mut chosen = Vec::new();
        loop {
            let earlier = later.next_if(|later| next_ready.is_none_or(|ready| *later < ready));
            let Some(candidate) = earlier.or(next_ready) else { return Ok((chosen, false)) };
            if earlier.is_none() {
                next_ready = ready.next().transpose()?;
            }
            if self.unmovable.contains(&(Shelf::Pending, candidate.row)) {
                continue;
            }
            let events = usize::try_from(candidate.events).unwrap_or(0);
            let bytes = usize::try_from(candidate.bytes).unwrap_or(0);
            match selection.offer(events, bytes, candidate.crashes >= SUSPECT_CRASHES) {
                Choice::Take => chosen.push(candidate.row),
                Choice::Skip => {}
                Choice::Stop => return Ok((chosen, true)),
            }
        }
    }

    /// Reads a group for a new lease; nothing if its parts do not fit together.
    fn read(&mut self, row: i64, request: &LeaseRequest) -> rusqlite::Result<Option<Lease>> {
        let read = |row: &Row<'_>| {
            let length: Option<i64> = row.get(9)?;
            Ok((Head::read(row)?, length.and_then(|length| usize::try_from(length).ok())))
        };
        let (head, length) = self.connection.prepare_cached(schema::READ_GROUP)?.query_row([row], read)?;
        if length.is_none_or(|length| !fits(length, head.key_id.is_some())) {
            return Ok(None);
        }
        let site: Arc<str> = head.site.into();
        let owner = Owner { site: Arc::clone(&site), dataset: Arc::clone(&request.dataset), policy: head.digest };
        let seat = Seat { shelf: Shelf::Pending, row, owner: &owner };
        let bodies = self.read_bodies(seat, head.key_id.as_deref())?;
        let Some(bodies) = bodies.and_then(|bodies| String::from_utf8(bodies).ok()) else { return Ok(None) };
        let [oldest_event_secs, received_ms] = [head.oldest_event_secs, head.received_ms].map(u64::try_from);
        let (Ok(oldest_event_secs), Ok(received_ms)) = (oldest_event_secs, received_ms) else { return Ok(None) };
        let count = count_lines(&bodies);
        if signed_len(count) != head.events {
            return Ok(None);
        }
        self.last_serial += 1;
        Ok(Some(Lease {
            id: LeaseId { keeper: Keeper::Here, row, serial: self.last_serial },
            site,
            dataset: Arc::clone(&request.dataset),
            envelope: head.envelope,
            policy: self.policy(head.digest)?,
            policy_digest: head.digest,
            bodies,
            count,
            received_ms,
            oldest_event_secs,
            attempts: head.attempts,
            suspect: head.crashes >= SUSPECT_CRASHES,
        }))
    }
}

impl Candidate {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            row: row.get(0)?,
            received_ms: row.get(1)?,
            events: row.get(2)?,
            bytes: row.get(3)?,
            crashes: row.get(4)?,
        })
    }
}

/// A row of `groups` without its bodies.
#[derive(Debug)]
struct Head {
    site: String,
    envelope: String,
    digest: PolicyDigest,
    events: i64,
    oldest_event_secs: i64,
    received_ms: i64,
    attempts: u32,
    crashes: u32,
    key_id: Option<String>,
}

impl Head {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            site: row.get(0)?,
            envelope: row.get(1)?,
            digest: PolicyDigest::from_bytes(row.get(2)?),
            events: row.get(3)?,
            oldest_event_secs: row.get(4)?,
            received_ms: row.get(5)?,
            attempts: row.get(6)?,
            crashes: row.get(7)?,
            key_id: row.get(8)?,
        })
    }
}

/// Whether the row is at fault, not the engine or the disk.
pub(super) fn is_unreadable(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::QueryReturnedNoRows
        | rusqlite::Error::Utf8Error(..) => true,
        error => is_damaged(error),
    }
}

/// Whether the engine met pages that are none of its own.
pub(super) fn is_damaged(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt)
}
