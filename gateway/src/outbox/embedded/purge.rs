//! What is to be forgotten (O8). A purge walks over the rows in steps, so that appends are not held up, and over those only that
//! were there when it began. What is in hand is condemned: it goes when it is settled, or when its lease ends.

use rusqlite::{OptionalExtension as _, params};

use super::bodies::Stored;
use super::schema;
use super::store::{Store, owner, signed, signed_len};
use crate::outbox::condemned::{Condemned, without};
use crate::outbox::seal::Seat;
use crate::outbox::selector::Single;
use crate::outbox::tally::{Amount, Owner, Shelf};
use crate::outbox::{PurgeSelector, Purged};

/// Bounds of one step: rows, and the bytes that they hold.
const STEP_ROWS: i64 = 256;
pub(super) const STEP_BYTES: usize = 4 * 1024 * 1024;
/// The same where each event is looked into, which takes some microseconds an event.
const STEP_BYTES_LOOKED_INTO: usize = 256 * 1024;

/// How a purge goes on.
#[derive(Debug, Clone)]
pub(super) struct PurgeStep {
    selector: PurgeSelector,
    /// Whether it only counts.
    dry: bool,
    shelf: Shelf,
    after: i64,
    /// Nothing at the first step of a shelf, which looks up its last row: what comes in during a purge stays.
    through: Option<i64>,
}

impl PurgeStep {
    /// From the beginning.
    pub(super) fn first(selector: PurgeSelector, dry: bool) -> Self {
        Self { selector, dry, shelf: Shelf::Pending, after: 0, through: None }
    }

    /// How much a step may read.
    fn bytes(&self) -> usize {
        if matches!(self.selector.single(), Some(Single::Of(_))) { STEP_BYTES_LOOKED_INTO } else { STEP_BYTES }
    }
}

/// What one step of a purge did.
#[derive(Debug, Clone)]
pub(super) struct PurgeStepDone {
    pub(super) purged: Purged,
    /// Where to go on, nothing if all is done.
    pub(super) next: Option<PurgeStep>,
}

impl Store {
    /// Deletes some of what is selected.
    pub(super) fn purge(&mut self, step: &PurgeStep) -> rusqlite::Result<PurgeStepDone> {
        let through = if let Some(through) = step.through {
            through
        } else {
            let sql = if step.shelf == Shelf::Pending { schema::LAST_ROW } else { schema::LAST_ASIDE };
            self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?
        };
        let mut purged = Purged::default();
        let (mut last, mut bytes) = (None, 0);
        for (row, in_hand) in self.rows_to_purge(step, through)? {
            last = Some(row);
            let read = self.with_row(step.shelf, row, |store| match (step.shelf, step.selector.single()) {
                (Shelf::Pending, None) => store.purge_group(row, in_hand, step, &mut purged),
                (Shelf::Quarantine, None) => store.purge_aside(row, step.dry, &mut purged),
                (on, Some(single)) => store.purge_events(on, row, in_hand, single, step.dry, &mut purged),
            })?;
            match read {
                Some(read) => bytes += read,
                None => purged.unreadable += 1,
            }
            if bytes >= step.bytes() {
                break;
            }
        }
        let next = match (last, step.shelf) {
            (Some(after), _) => Some(PurgeStep { after, through: Some(through), ..step.clone() }),
            (None, Shelf::Pending) if step.selector.is_everywhere() => {
                Some(PurgeStep { shelf: Shelf::Quarantine, after: 0, through: None, ..step.clone() })
            }
            _ => None,
        };
        Ok(PurgeStepDone { purged, next })
    }

    /// Purges condemned groups of a dataset that are in nobody's hand any more; at opening, which names none, that is all of them.
    /// Returns how many events went.
    pub(super) fn sweep(&mut self, dataset: Option<&str>) -> rusqlite::Result<u64> {
        let condemned: Vec<(i64, Condemned)> = self
            .connection
            .prepare_cached(schema::TO_SWEEP)?
            .query_map(params![signed(self.now_ms), dataset], |row| {
                Ok((row.get(0)?, Condemned::read(row.get::<_, Option<String>>(1)?.as_deref())))
            })?
            .collect::<rusqlite::Result<_>>()?;
        let mut events = 0;
        for (row, condemned) in condemned {
            events += self.with_row(Shelf::Pending, row, |store| store.sweep_group(row, &condemned))?.unwrap_or(0);
        }
        Ok(events)
    }

    fn sweep_group(&mut self, row: i64, condemned: &Condemned) -> rusqlite::Result<u64> {
        if *condemned == Condemned::Whole {
            return Ok(self.remove(row)?.map_or(0, |(_, amount)| unsigned(amount.events)));
        }
        let mut events = 0;
        // What cannot be read goes to quarantine with the next lease.
        if let Some((stored, bodies)) = self.readable(Shelf::Pending, row)? {
            let (stays, gone) = without(&bodies, |line| condemned.takes(line));
            self.narrow(row, &stored.owner, &stays, gone)?;
            events = gone;
        }
        self.connection.prepare_cached(schema::CONDEMN)?.execute(params![row, None::<&str>])?;
        Ok(events)
    }

    fn rows_to_purge(&self, step: &PurgeStep, through: i64) -> rusqlite::Result<Vec<(i64, bool)>> {
        let (site, dataset, before_ms, keep) = match &step.selector {
            PurgeSelector::Matching(filter) => {
                (filter.site.as_deref(), filter.dataset.as_deref(), filter.before_ms.map(signed), None)
            }
            PurgeSelector::OtherPolicies { site, dataset, keep } => {
                (Some(&**site), Some(&**dataset), None, Some(keep.as_bytes()))
            }
            PurgeSelector::Suppressed(_) => (None, None, None, None),
        };
        match step.shelf {
            Shelf::Pending => {
                let now_ms = signed(self.now_ms);
                let values = params![step.after, through, now_ms, site, dataset, before_ms, keep, STEP_ROWS];
                let mut statement = self.connection.prepare_cached(schema::PURGE_GROUPS)?;
                statement.query_map(values, |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
            }
            Shelf::Quarantine => {
                let values = params![step.after, through, site, dataset, before_ms, STEP_ROWS];
                let mut statement = self.connection.prepare_cached(schema::PURGE_QUARANTINE)?;
                statement.query_map(values, |row| Ok((row.get(0)?, false)))?.collect()
            }
        }
    }

    /// Purges a whole group. Returns how long its bodies were.
    fn purge_group(&mut self, row: i64, in_hand: bool, step: &PurgeStep, purged: &mut Purged) -> rusqlite::Result<usize> {
        let Some((owner, amount)) = self.owner(row)? else { return Ok(0) };
        let events = unsigned(amount.events);
        match in_hand {
            true if !step.selector.is_everywhere() => return Ok(0),
            true => {
                purged.in_hand += events;
                if !step.dry {
                    self.connection.prepare_cached(schema::CONDEMN)?.execute(params![row, Condemned::Whole.text()])?;
                }
            }
            false => {
                purged.add_waiting(&owner.dataset, events);
                if !step.dry {
                    self.remove(row)?;
                }
            }
        }
        Ok(usize::try_from(amount.bytes).unwrap_or(0))
    }

    /// The same for an entry of the quarantine.
    fn purge_aside(&mut self, row: i64, dry: bool, purged: &mut Purged) -> rusqlite::Result<usize> {
        let Some((owner, amount)) = self.owner_aside(row)? else { return Ok(0) };
        purged.quarantined += unsigned(amount.events);
        if !dry {
            self.remove_aside(row, owner, amount)?;
        }
        Ok(usize::try_from(amount.bytes).unwrap_or(0))
    }

    /// Purges single events of a row. Returns how much had to be read.
    fn purge_events(
        &mut self,
        on: Shelf,
        row: i64,
        in_hand: bool,
        single: Single<'_>,
        dry: bool,
        purged: &mut Purged,
    ) -> rusqlite::Result<usize> {
        let Some((stored, bodies)) = self.readable(on, row)? else {
            purged.unreadable += 1;
            return Ok(0);
        };
        let (stays, gone) = without(&bodies, |line| single.takes(line));
        match (gone, on) {
            (0, _) => {}
            (_, Shelf::Pending) if in_hand => purged.in_hand += gone,
            (_, Shelf::Pending) => purged.add_waiting(&stored.owner.dataset, gone),
            (_, Shelf::Quarantine) => purged.quarantined += gone,
        }
        if gone > 0 && !dry {
            match on {
                Shelf::Pending if in_hand => {
                    let before: Option<String> =
                        self.connection.prepare_cached(schema::CONDEMNED)?.query_row([row], |row| row.get(0))?;
                    let condemned = single.condemn(Condemned::read(before.as_deref()), &bodies);
                    self.connection.prepare_cached(schema::CONDEMN)?.execute(params![row, condemned.text()])?;
                }
                Shelf::Pending => self.narrow(row, &stored.owner, &stays, gone)?,
                Shelf::Quarantine => self.narrow_aside(row, &stored.owner, &stays, gone)?,
            }
        }
        Ok(bodies.len())
    }

    /// The bodies of a row as text; nothing if they cannot be read. Of what is set aside, Meta's message may be the last line.
    pub(super) fn readable(&self, on: Shelf, row: i64) -> rusqlite::Result<Option<(Stored, String)>> {
        let Some(stored) = self.stored(on, row)?.filter(Stored::fits) else { return Ok(None) };
        let bodies = self.read_bodies(Seat { shelf: on, row, owner: &stored.owner }, stored.key_id.as_deref())?;
        Ok(bodies.and_then(|bodies| String::from_utf8(bodies).ok()).map(|bodies| (stored, bodies)))
    }

    /// Writes what stays of a group, or deletes it.
    fn narrow(&mut self, row: i64, owner: &Owner, stays: &str, gone: u64) -> rusqlite::Result<()> {
        let Some((_, before)) = self.owner(row)? else { return Ok(()) };
        let after = Amount::row(before.events.saturating_sub(signed(gone)), signed_len(stays.len()));
        if after.events <= 0 {
            return self.remove(row).map(drop);
        }
        self.connection.prepare_cached(schema::SHRINK)?.execute(params![row, after.events, after.bytes])?;
        self.rewrite_bodies(Seat { shelf: Shelf::Pending, row, owner }, stays.as_bytes())?;
        self.tally.note(Shelf::Pending, owner.clone(), before.negated());
        self.tally.note(Shelf::Pending, owner.clone(), after);
        Ok(())
    }

    /// The same for what is set aside. Only an entry of several events, which has no message, keeps some.
    fn narrow_aside(&mut self, row: i64, owner: &Owner, stays: &str, gone: u64) -> rusqlite::Result<()> {
        let Some((_, before)) = self.owner_aside(row)? else { return Ok(()) };
        let after = Amount::row(before.events.saturating_sub(signed(gone)), signed_len(stays.len()));
        if after.events <= 0 {
            return self.remove_aside(row, owner.clone(), before);
        }
        self.connection.prepare_cached(schema::SHRINK_ASIDE)?.execute(params![row, after.events, after.bytes])?;
        self.rewrite_bodies(Seat { shelf: Shelf::Quarantine, row, owner }, stays.as_bytes())?;
        self.tally.note(Shelf::Quarantine, owner.clone(), before.negated());
        self.tally.note(Shelf::Quarantine, owner.clone(), after);
        Ok(())
    }

    /// Whose an entry of the quarantine is and how large.
    pub(super) fn owner_aside(&self, row: i64) -> rusqlite::Result<Option<(Owner, Amount)>> {
        let mut statement = self.connection.prepare_cached(schema::OWNER_ASIDE)?;
        statement.query_row([row], |row| Ok((owner(row)?, Amount::row(row.get(3)?, row.get(4)?)))).optional()
    }

    /// Deletes an entry of the quarantine and notes it.
    pub(super) fn remove_aside(&mut self, row: i64, owner: Owner, amount: Amount) -> rusqlite::Result<()> {
        self.connection.prepare_cached(schema::DELETE_ASIDE)?.execute([row])?;
        self.tally.note(Shelf::Quarantine, owner, amount.negated());
        self.drained = true;
        Ok(())
    }
}

fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}
