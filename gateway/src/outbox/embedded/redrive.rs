//! What was set aside waits again: a person has mended what Meta refused, or the program that died of it.
//!
//! It goes to Meta as any other event does, so what today's policy does not allow is withdrawn then. What cannot be read stays in
//! quarantine.

use rusqlite::params;

use super::schema;
use super::store::{Store, signed_len};
use crate::outbox::group::{MAX_GROUP_BYTES, count_lines};
use crate::outbox::settlement::part_message;
use crate::outbox::tally::{Amount, Owner, Shelf};
use crate::outbox::{RedriveSelector, Redriven};

/// Bounds of one step.
const STEP_ROWS: i64 = 256;
pub(super) const STEP_BYTES: usize = 4 * 1024 * 1024;

/// How a redrive goes on.
#[derive(Debug, Clone)]
pub(super) struct RedriveStep {
    selector: RedriveSelector,
    after: i64,
    /// Nothing at the first step: what is refused again meanwhile stays.
    through: Option<i64>,
}

impl RedriveStep {
    /// From the beginning.
    pub(super) fn first(selector: RedriveSelector) -> Self {
        Self { selector, after: 0, through: None }
    }
}

/// What one step did.
#[derive(Debug, Clone)]
pub(super) struct RedriveStepDone {
    pub(super) redriven: Redriven,
    /// Where to go on, nothing if all is done.
    pub(super) next: Option<RedriveStep>,
}

impl Store {
    /// Puts some entries of the quarantine back.
    pub(super) fn redrive(&mut self, step: &RedriveStep) -> rusqlite::Result<RedriveStepDone> {
        let through = match step.through {
            Some(through) => through,
            None => self.connection.prepare_cached(schema::LAST_ASIDE)?.query_row([], |row| row.get(0))?,
        };
        let RedriveSelector { site, dataset, reason, id, place: _ } = &step.selector;
        let rows: Vec<(i64, String)> = self
            .connection
            .prepare_cached(schema::REDRIVE)?
            .query_map(params![step.after, through, site, dataset, reason, id, STEP_ROWS], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?
            .collect::<rusqlite::Result<_>>()?;
        let mut redriven = Redriven::default();
        let (mut last, mut bytes) = (None, 0);
        for (row, reason) in rows {
            last = Some(row);
            let Some((owner, amount)) = self.owner_aside(row)? else { continue };
            let events = u64::try_from(amount.events).unwrap_or(0);
            match self.with_row(Shelf::Quarantine, row, |store| store.move_back(row, &reason, &owner, amount))?.flatten() {
                Some(length) => {
                    self.tally.note(Shelf::Pending, owner.clone(), Amount::row(amount.events, signed_len(length)));
                    *redriven.waiting.entry(owner.dataset.to_string()).or_default() += events;
                    bytes += length;
                }
                None => redriven.unreadable += events,
            }
            if bytes >= STEP_BYTES {
                break;
            }
        }
        let next = last.map(|after| RedriveStep { after, through: Some(through), ..step.clone() });
        Ok(RedriveStepDone { redriven, next })
    }

    fn move_back(&mut self, row: i64, reason: &str, owner: &Owner, amount: Amount) -> rusqlite::Result<Option<usize>> {
        let length = self.put_back(row, reason, amount)?;
        if length.is_some() {
            self.remove_aside(row, owner.clone(), amount)?;
        }
        Ok(length)
    }

    /// Makes a group of an entry that can be read. Returns the length of its bodies.
    fn put_back(&self, row: i64, reason: &str, amount: Amount) -> rusqlite::Result<Option<usize>> {
        let Some((stored, text)) = self.readable(Shelf::Quarantine, row)? else { return Ok(None) };
        let (bodies, _) = part_message(&text, reason);
        if signed_len(count_lines(bodies)) != amount.events || bodies.len() > MAX_GROUP_BYTES {
            return Ok(None);
        }
        let values = params![row, signed_len(bodies.len()), self.key_id()];
        if self.connection.prepare_cached(schema::INSERT_REDRIVEN)?.execute(values)? == 0 {
            return Ok(None);
        }
        self.insert_bodies(self.connection.last_insert_rowid(), &stored.owner, bodies)?;
        Ok(Some(bodies.len()))
    }
}
