//! Counts what was delivered.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::params;

use super::{Index, schema};
use crate::subject::record::{Batch, Counted, Kind};
use crate::suppression::Marker;

/// Kinds whose numbers are kept at hand. A site has a few for each name of an event.
const MOST_KINDS: usize = 4_096;

/// Events that could not be recorded, by day and dataset.
pub(in crate::subject) type Gaps = BTreeMap<(i64, Arc<str>), u64>;

/// Why nothing was counted.
#[derive(Debug)]
pub(in crate::subject) enum CountError {
    /// The engine refused.
    Engine(rusqlite::Error),
    /// There are as many rows as there may be, all of today.
    Full,
}

impl From<rusqlite::Error> for CountError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Engine(error)
    }
}

impl Index {
    /// Counts batches and what could not be recorded before them, in one transaction.
    pub(in crate::subject) fn count(&mut self, batches: Vec<Batch>, gaps: &Gaps, marker: &Marker) -> Result<(), CountError> {
        // Digests first: the file is not held up by them.
        let counted: Vec<(i64, Counted)> =
            batches.into_iter().map(|batch| (batch.day, Counted::of(batch, marker))).collect();
        let needed = counted.iter().map(|(_, counted)| counted.rows()).sum();
        let newest = counted.iter().map(|(day, _)| *day).max().unwrap_or(0);
        self.transaction(|index| {
            index.make_room(needed, newest)?;
            for (day, counted) in counted {
                index.count_day(day, counted)?;
            }
            let mut statement = index.connection.prepare_cached(schema::COUNT_GAP)?;
            for ((day, dataset), events) in gaps {
                statement.execute(params![day, dataset, signed(*events)])?;
            }
            Ok(())
        })
    }

    fn count_day(&mut self, day: i64, counted: Counted) -> rusqlite::Result<()> {
        for (kind, marks) in counted.by_kind {
            let number = self.number_of(kind, day)?;
            let mut marks: Vec<_> = marks.into_iter().collect();
            // In the order of the file.
            marks.sort_unstable();
            let mut statement = self.connection.prepare_cached(schema::COUNT)?;
            for (mark, events) in marks {
                let events = signed(events);
                let now: i64 = statement.query_row(params![day, mark.bytes(), number, events], |row| row.get(0))?;
                self.rows += u64::from(now == events);
            }
        }
        Ok(())
    }

    /// The number of a kind, which is noted as one of that day.
    fn number_of(&mut self, kind: Kind, day: i64) -> rusqlite::Result<i64> {
        if let Some((number, last_day)) = self.kinds.get(&kind)
            && *last_day >= day
        {
            return Ok(*number);
        }
        let paths: Vec<&str> = kind.fields.paths().collect();
        let paths = paths.join("\n");
        self.connection.prepare_cached(schema::ADD_FIELDS)?.execute([&paths])?;
        let id = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
        let fields = self.connection.prepare_cached(schema::ID_OF_FIELDS)?.query_row([&paths], id)?;
        let policy = params![kind.policy.name, kind.policy.version, kind.policy.digest];
        self.connection.prepare_cached(schema::ADD_POLICY)?.execute(policy)?;
        let policy = self.connection.prepare_cached(schema::ID_OF_POLICY)?.query_row(policy, id)?;
        let kind_row = params![kind.site, kind.dataset, kind.event, fields, policy, day];
        let number = self.connection.prepare_cached(schema::ADD_KIND)?.query_row(kind_row, id)?;
        if self.kinds.len() >= MOST_KINDS {
            self.kinds.clear();
        }
        self.kinds.insert(kind, (number, day));
        Ok(number)
    }

    /// Deletes the oldest rows where these would be too many. Those of the day itself stay.
    fn make_room(&mut self, needed: u64, today: i64) -> Result<(), CountError> {
        let beyond = self.rows.saturating_add(needed).saturating_sub(self.max_rows);
        if beyond == 0 {
            return Ok(());
        }
        let deleted = self.delete_before(today, beyond)?;
        if deleted < beyond {
            return Err(CountError::Full);
        }
        let oldest: Option<i64> =
            self.connection.prepare_cached(schema::NEXT_DAY)?.query_row([i64::MIN], |row| row.get(0))?;
        // Of the oldest day that is left, some may be gone.
        self.move_since(oldest.map_or(today, |day| day.saturating_add(1).min(today)))?;
        Ok(())
    }
}

/// As the engine counts.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// What the engine counted.
pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
