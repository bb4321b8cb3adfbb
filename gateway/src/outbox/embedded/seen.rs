//! Events that were seen before are taken out of an append, in the transaction that keeps the others: a mark is never there without
//! its event, nor an event without its mark (failure case B11).

use rusqlite::params;

use super::ask::Asked;
use super::schema;
use super::store::{Store, signed};
use crate::outbox::seen::{Deduplication, Marks};
use crate::outbox::{Append, Receipt};

/// As many old marks are deleted with each append as it brings, and so many more: what is old goes faster than new comes.
const FORGET_MORE: i64 = 64;

impl Store {
    /// Says in the receipts how many events were seen before, and takes these out of the appends that will be kept.
    pub(super) fn take_out_seen(&mut self, appends: &mut [Asked<Append, Receipt>]) -> rusqlite::Result<()> {
        let Some(deduplication) = self.deduplication.take() else { return Ok(()) };
        let done = self.take_out(&deduplication, appends);
        self.deduplication = Some(deduplication);
        done
    }

    /// Forgets all marks of a file that is used without deduplication from now on.
    pub(super) fn forget_marks(&self) -> rusqlite::Result<()> {
        self.connection.execute(schema::FORGET_ALL, []).map(drop)
    }

    fn take_out(&mut self, deduplication: &Deduplication, appends: &mut [Asked<Append, Receipt>]) -> rusqlite::Result<()> {
        let mut known = match self.marks.take() {
            Some(known) => known,
            None => self.connection.prepare_cached(schema::COUNT_SEEN)?.query_row([], |row| row.get(0))?,
        };
        let (mut fresh, mut latest_ms) = (0, 0);
        for asked in appends.iter_mut().filter(|asked| matches!(asked.result, Some(Ok(_)))) {
            let Append { events, dataset, received_ms, .. } = &mut asked.input;
            let all = events.len();
            let oldest_ms = received_ms.saturating_sub(deduplication.keep_ms);
            let mut is_new = Vec::with_capacity(all);
            for event in events.iter() {
                is_new.push(match deduplication.marks(dataset, event.as_str()) {
                    Some(marks) => self.see(&marks, *received_ms, oldest_ms)?,
                    None => true,
                });
            }
            let mut is_new = is_new.into_iter();
            events.retain(|_| is_new.next().unwrap_or(true));
            fresh += signed(events.len() as u64);
            latest_ms = latest_ms.max(*received_ms);
            asked.result = Some(Ok(Receipt::new(all).with_duplicates(all - events.len())));
        }
        known += fresh;
        let oldest_ms = signed(latest_ms.saturating_sub(deduplication.keep_ms));
        let mut forget = self.connection.prepare_cached(schema::FORGET_OLD)?;
        known -= signed(forget.execute(params![oldest_ms, 2 * fresh + FORGET_MORE])? as u64);
        let surplus = (known - signed(deduplication.max_events)).min(2 * fresh + FORGET_MORE);
        if surplus > 0 {
            known -= signed(self.connection.prepare_cached(schema::FORGET_OLDEST)?.execute([surplus])? as u64);
        }
        self.marks = Some(known);
        Ok(())
    }

    /// Notes that an event came. Whether it is the first time since then.
    fn see(&self, marks: &Marks, now_ms: u64, oldest_ms: u64) -> rusqlite::Result<bool> {
        for mark in &marks.previous {
            if self.connection.prepare_cached(schema::IS_SEEN)?.exists(params![mark, signed(oldest_ms)])? {
                return Ok(false);
            }
        }
        let values = params![marks.today, signed(now_ms), signed(oldest_ms)];
        Ok(self.connection.prepare_cached(schema::SEE)?.execute(values)? > 0)
    }
}
