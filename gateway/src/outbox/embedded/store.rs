//! The tables, as the writer thread sees them: transactions, and how events come in and are counted.
//!
//! What is done with groups in hand is in `hand.rs`, what opening does with those of a dead owner in `void.rs`. Totals and the
//! list of known policies are kept in memory and follow the commits, never the statements.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use portcullis_filters::policy::{PolicyDigest, StoredPolicy};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::failure::{self, Failure};
use super::hand::is_damaged;
use super::open::{OpenError, connect};
use super::{ask::Asked, schema};
use crate::failpoint;
use crate::outbox::crash::SUSPECT_CRASHES;
use crate::outbox::group::gather;
use crate::outbox::lease::FAR_MS;
use crate::outbox::tally::{Amount, Owner, Shelf, Tally};
use crate::outbox::{Append, Deduplication, Depth, EventsByDataset, Keys, OutboxError, Receipt, Settings};

/// The connection and what is known of its file.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) connection: Connection,
    /// What rests is sealed under these; nothing if it rests plain.
    pub(super) keys: Option<Keys>,
    /// Rows that were plain when the file was opened, although there are keys.
    pub(super) plain_rows: i64,
    /// How events that were seen before are known; nothing if nobody asks.
    pub(super) deduplication: Option<Deduplication>,
    /// How many marks there are, not fewer; nothing after a transaction that failed.
    pub(super) marks: Option<i64>,
    pub(super) tally: Tally,
    /// Digests in the table of policies; nothing after a transaction that failed.
    pub(super) known_policies: Option<HashSet<PolicyDigest>>,
    pub(super) read_policies: HashMap<PolicyDigest, Arc<StoredPolicy>>,
    /// The last lease; leases of an earlier process are void, so it starts at 0.
    pub(super) last_serial: i64,
    /// The time that the last look for work told. Leases end by it.
    pub(super) now_ms: u64,
    /// Rows that the engine can neither read nor move. They stay where they are and are passed over until the next start.
    pub(super) unmovable: HashSet<(Shelf, i64)>,
    pub(super) max_bytes: u64,
    /// Whether opening purged groups that were condemned and in hand.
    pub(super) swept_at_open: bool,
    /// Whether groups were deleted since the file was last looked at for free pages.
    pub(super) drained: bool,
}

impl Store {
    /// Opens the file of which we are the owner, and counts what is in it.
    pub(super) fn open(path: &Path, settings: Settings) -> Result<(Self, EventsByDataset), OpenError> {
        let engine = |error| OpenError::engine(path, &error);
        let Settings { max_bytes, keys, deduplication } = settings;
        let mut store = Self {
            connection: connect(path)?,
            keys,
            plain_rows: 0,
            deduplication,
            marks: None,
            tally: Tally::default(),
            known_policies: None,
            read_policies: HashMap::new(),
            last_serial: 0,
            now_ms: 0,
            unmovable: HashSet::new(),
            max_bytes,
            swept_at_open: false,
            drained: true,
        };
        store.connection.execute_batch("BEGIN IMMEDIATE").map_err(engine)?;
        failpoint::pass("before_voiding_leases");
        // First, or what was to be forgotten could be set aside.
        store.swept_at_open = store.sweep(None).map_err(engine)? > 0;
        let set_aside = store.void_leases().map_err(engine)?;
        if let Some(key_id) = store.count().map_err(engine)? {
            // Or a whole backlog would go to quarantine because a key was forgotten. Nothing was changed.
            return Err(OpenError::KeyMissing { path: path.to_owned(), key_id });
        }
        if store.deduplication.is_none() {
            store.forget_marks().map_err(engine)?;
        }
        failpoint::pass("after_voiding_leases");
        store.connection.execute_batch("COMMIT").map_err(engine)?;
        Ok((store, set_aside))
    }

    /// Whether a group was ever kept in this file: rows are numbered once, and SQLite remembers the last number.
    pub(super) fn has_held_events(&self) -> rusqlite::Result<bool> {
        self.connection.query_row(schema::HAS_HELD_EVENTS, [], |row| row.get(0))
    }

    /// Runs work in one transaction. Its notes count, and others may know of it, only if this returns well.
    pub(super) fn transaction<T>(&mut self, work: impl FnOnce(&mut Self) -> rusqlite::Result<T>) -> Result<T, Failure> {
        let done = self.execute("BEGIN IMMEDIATE").and_then(|()| {
            let done = work(self)?;
            failure::scripted("before_commit")?;
            self.execute("COMMIT")?;
            Ok(done)
        });
        match done {
            Ok(done) => {
                self.tally.commit();
                Ok(done)
            }
            Err(error) => {
                self.tally.forget_since(0);
                self.known_policies = None;
                self.marks = None;
                let failure = Failure::of(&error);
                // After some errors the engine has rolled back by itself.
                if !self.connection.is_autocommit() && self.connection.execute_batch("ROLLBACK").is_err() {
                    return Err(Failure::Poisoned("a transaction could not be rolled back".to_owned()));
                }
                Err(failure)
            }
        }
    }

    fn execute(&self, statement: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(statement)?.execute([]).map(drop)
    }

    /// Runs a part of a transaction so that its failure undoes this part alone. Where the whole transaction is lost, the outer
    /// result is the error.
    pub(super) fn part<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Result<T, Failure>> {
        let mark = self.tally.mark();
        self.execute("SAVEPOINT part")?;
        match work(self) {
            Ok(done) => {
                self.execute("RELEASE part")?;
                Ok(Ok(done))
            }
            Err(error) => match Failure::of(&error) {
                Failure::Passing(cause) if !self.connection.is_autocommit() => {
                    self.tally.forget_since(mark);
                    self.connection.execute_batch("ROLLBACK TO part; RELEASE part")?;
                    Ok(Err(Failure::Passing(cause)))
                }
                _ => Err(error),
            },
        }
    }

    /// Does something with a row, unless it is passed over. A row that turns out to be damaged is passed over from then on: the engine
    /// commits nothing after it has met one, so this transaction is lost, and the writer tries it again without the row.
    pub(super) fn with_row<T>(
        &mut self,
        on: Shelf,
        row: i64,
        work: impl FnOnce(&mut Self) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Option<T>> {
        if self.unmovable.contains(&(on, row)) {
            return Ok(None);
        }
        let done = work(self);
        if done.as_ref().is_err_and(is_damaged) {
            tracing::error!(row, "a row of the outbox is damaged; it stays in the file and is passed over");
            self.unmovable.insert((on, row));
        }
        done.map(Some)
    }

    /// Stores the appends that fit under the cap and sets the result of each (O1, O7).
    pub(super) fn append(&mut self, appends: &mut [Asked<Append, Receipt>]) -> rusqlite::Result<()> {
        let mut cost = self.tally.cost();
        for asked in appends.iter_mut() {
            let with_it = cost.saturating_add(asked.input.cost());
            if with_it > self.max_bytes {
                asked.result = Some(Err(OutboxError::Full));
            } else {
                cost = with_it;
                asked.result = Some(Ok(Receipt::new(asked.input.events.len())));
            }
        }
        self.take_out_seen(appends)?;
        let kept = || appends.iter().filter(|asked| matches!(asked.result, Some(Ok(_)))).map(|asked| &asked.input);
        self.keep_policies(kept())?;
        for group in gather(kept()) {
            let digest = group.policy.digest();
            let amount = Amount::row(signed_len(group.events), signed_len(group.bodies.len()));
            self.connection.prepare_cached(schema::INSERT_GROUP)?.execute(params![
                &**group.site,
                &**group.dataset,
                group.envelope.as_str(),
                digest.as_bytes(),
                amount.events,
                amount.bytes,
                signed(group.oldest_event_secs),
                signed(group.received_ms),
                self.key_id(),
            ])?;
            let row = self.connection.last_insert_rowid();
            let owner = Owner { site: Arc::clone(group.site), dataset: Arc::clone(group.dataset), policy: digest };
            self.insert_bodies(row, &owner, &group.bodies)?;
            self.tally.note(Shelf::Pending, owner, amount);
        }
        Ok(())
    }

    /// Deletes a group and notes it; returns whose it was, nothing if there is no such row.
    pub(super) fn remove(&mut self, row: i64) -> rusqlite::Result<Option<(Owner, Amount)>> {
        let removed = self.owner(row)?;
        if let Some((owner, amount)) = &removed {
            self.connection.prepare_cached(schema::DELETE_GROUP)?.execute([row])?;
            self.connection.prepare_cached(schema::DELETE_BODIES)?.execute([row])?;
            self.tally.note(Shelf::Pending, owner.clone(), amount.negated());
            self.drained = true;
        }
        Ok(removed)
    }

    /// Whose a group is and how large.
    pub(super) fn owner(&self, row: i64) -> rusqlite::Result<Option<(Owner, Amount)>> {
        let mut statement = self.connection.prepare_cached(schema::OWNER)?;
        statement.query_row([row], |row| Ok((owner(row)?, Amount::row(row.get(3)?, row.get(4)?)))).optional()
    }

    pub(super) fn depth(&self) -> rusqlite::Result<Depth> {
        let oldest: Option<i64> = self.connection.prepare_cached(schema::OLDEST)?.query_row([], |row| row.get(0))?;
        Ok(Depth {
            pending_events: self.tally.events(Shelf::Pending),
            bytes: self.tally.cost(),
            oldest_received_ms: oldest.map(|oldest| u64::try_from(oldest).unwrap_or(0)),
            quarantined_events: self.tally.events(Shelf::Quarantine),
        })
    }

    pub(super) fn next_due_ms(&mut self, dataset: &str, now_ms: u64) -> rusqlite::Result<Option<u64>> {
        self.now_ms = now_ms;
        let suspects_wait_until = self.suspect_in_hand_until()?;
        let waits_until = |crashes: u32| suspects_wait_until.filter(|_| crashes >= SUSPECT_CRASHES);
        let mut earliest: Option<i64> = None;
        let mut note = |due_ms: i64| earliest = Some(earliest.map_or(due_ms, |earliest| earliest.min(due_ms)));
        let mut ready = self.connection.prepare_cached(schema::READY)?;
        let mut rows = ready.query([dataset])?;
        while let Some(row) = rows.next()? {
            match waits_until(row.get(4)?) {
                _ if self.unmovable.contains(&(Shelf::Pending, row.get(0)?)) => {}
                Some(until) => note(until),
                None => return Ok(Some(now_ms)),
            }
        }
        let mut later = self.connection.prepare_cached(schema::NEXT_LATER)?;
        let mut rows = later.query([dataset])?;
        while let Some(row) = rows.next()? {
            let due_ms: i64 = row.get(2)?;
            match waits_until(row.get(1)?) {
                _ if self.unmovable.contains(&(Shelf::Pending, row.get(0)?)) => {}
                Some(until) if until > due_ms => note(until),
                // They come in the order of their times, so the first that need not wait for another is the earliest.
                _ => {
                    note(due_ms);
                    break;
                }
            }
        }
        let earliest = earliest.map(|due_ms| u64::try_from(due_ms).unwrap_or(0).max(now_ms));
        Ok(earliest.map(|due_ms| if due_ms > now_ms.saturating_add(FAR_MS) { now_ms } else { due_ms }))
    }

    /// Writes and deletes as much as an ordinary commit may need.
    pub(super) fn probe(&mut self) -> Result<(), Failure> {
        self.transaction(|store| store.connection.execute(schema::PROBE, []))?;
        self.transaction(|store| store.connection.execute(schema::UNPROBE, []))?;
        Ok(())
    }

    /// Counts what is in the file. Returns the id of a key that sealed something and is not ours, if there is one.
    fn count(&mut self) -> rusqlite::Result<Option<String>> {
        let mut tally = Tally::default();
        let mut missing = None;
        self.plain_rows = 0;
        for (shelf, sql) in [(Shelf::Pending, schema::COUNT_GROUPS), (Shelf::Quarantine, schema::COUNT_QUARANTINE)] {
            let mut statement = self.connection.prepare(sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let amount = Amount { rows: row.get(3)?, events: row.get(4)?, bytes: row.get(5)? };
                tally.note(shelf, owner(row)?, amount);
                match row.get_ref(6)? {
                    ValueRef::Null if self.keys.is_some() => self.plain_rows += amount.rows,
                    ValueRef::Null => {}
                    id => {
                        let id = String::from_utf8_lossy(bytes(id));
                        if !self.keys.as_ref().is_some_and(|keys| keys.knows(&id)) {
                            missing = Some(id.into_owned());
                        }
                    }
                }
            }
        }
        tally.commit();
        self.tally = tally;
        Ok(missing)
    }
}

/// Reads `site, dataset, policy_digest`. Text that is not UTF-8 is counted too, under what can be read of it.
pub(super) fn owner(row: &Row<'_>) -> rusqlite::Result<Owner> {
    let text =
        |index: usize| -> rusqlite::Result<Arc<str>> { Ok(String::from_utf8_lossy(bytes(row.get_ref(index)?)).into()) };
    let digest = <[u8; 32]>::try_from(bytes(row.get_ref(2)?)).unwrap_or_default();
    Ok(Owner { site: text(0)?, dataset: text(1)?, policy: PolicyDigest::from_bytes(digest) })
}

pub(super) fn bytes(value: ValueRef<'_>) -> &[u8] {
    match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes,
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => &[],
    }
}

/// The engine's integers are signed; no time or size of ours comes near the end of them.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The same for lengths.
pub(super) fn signed_len(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::open::take_ownership;
    use super::*;
    use crate::outbox::bench::ROOMY;
    use crate::outbox::samples;

    fn asked() -> [Asked<Append, Receipt>; 1] {
        [Asked::new(samples::append("shop", "1", &["a", "b"], 1), tokio::sync::oneshot::channel().0)]
    }

    #[test]
    fn a8_a_transaction_or_part_that_fails_counts_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outbox.db");
        let lock = take_ownership(&path).unwrap();
        let (mut store, _) = Store::open(&path, Settings::plain(ROOMY)).unwrap();
        let failed = store.transaction(|store| {
            store.append(&mut asked())?;
            Err::<(), _>(rusqlite::Error::InvalidQuery)
        });
        assert!(failed.is_err());
        let kept = store.transaction(|store| {
            store.append(&mut asked())?;
            store.part(|store| {
                store.append(&mut asked())?;
                Err::<(), _>(rusqlite::Error::InvalidQuery)
            })
        });
        assert!(kept.unwrap().is_err());
        let depth = store.depth().unwrap();
        assert_eq!(depth.pending_events, 2);
        assert_eq!(store.list_policies().unwrap().len(), 1);
        drop(store);
        assert_eq!(Store::open(&path, Settings::plain(ROOMY)).unwrap().0.depth().unwrap(), depth);
        drop(lock);
    }
}
