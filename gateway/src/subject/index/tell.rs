//! Tells what was sent about a person, and forgets it when that is wanted.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use portcullis_filters::normalize::hex;
use rusqlite::{Row, params};
use serde::{Deserialize, Serialize};

use super::count::unsigned;
use super::{Index, schema};
use crate::subject::SubjectError;
use crate::suppression::Mark;

/// About how many bytes an answer has; a line of the control socket holds 1 MiB.
const PAGE_BYTES: usize = 400_000;
/// What a row takes of it.
const ROW_BYTES: usize = 40;

/// What was sent about a person, as far as it fits an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// The first day of which all is there that could be recorded, in days since 1970.
    pub since_day: i64,
    /// What the rows name by number.
    pub kinds: BTreeMap<i64, KindTold>,
    /// Day, kind, and how many events.
    pub rows: Vec<(i64, i64, u64)>,
    /// What was delivered and could not be recorded, of whomever it was.
    pub gaps: Vec<Gap>,
    /// From which day on to ask for the rest.
    pub next_day: Option<i64>,
}

/// What events have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindTold {
    /// Who sent them.
    pub site: String,
    /// To which dataset of Meta's.
    pub dataset: String,
    /// Their name.
    pub event: String,
    /// The paths of what left.
    pub fields: Vec<String>,
    /// Under which policy.
    pub policy: PolicyTold,
}

/// Names a policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyTold {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: u32,
    /// Its digest.
    pub digest: String,
}

/// Events that were delivered and not recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// When, in days since 1970.
    pub day: i64,
    /// To which dataset.
    pub dataset: String,
    /// How many.
    pub events: u64,
}

impl Index {
    /// What was sent about whom these marks stand for, whole days from this one on.
    pub(in crate::subject) fn told(&self, marks: &[Mark], from_day: i64) -> Result<Page, SubjectError> {
        self.page(marks, from_day).map_err(|error| self.engine(&error))
    }

    fn page(&self, marks: &[Mark], from_day: i64) -> rusqlite::Result<Page> {
        let mut page = Page { since_day: self.since_day, gaps: self.gaps()?, ..Page::default() };
        let mut bytes = 0;
        let mut next_day = self.next_day(from_day)?;
        while let Some(day) = next_day {
            let of_day = self.of_day(marks, day)?;
            for (kind, events) in of_day {
                if let Entry::Vacant(entry) = page.kinds.entry(kind) {
                    let told = entry.insert(self.kind(kind)?);
                    bytes += told.fields.iter().map(|path| path.len() + 3).sum::<usize>() + 300;
                }
                page.rows.push((day, kind, events));
                bytes += ROW_BYTES;
            }
            next_day = self.next_day(day.saturating_add(1))?;
            if bytes > PAGE_BYTES {
                page.next_day = next_day;
                break;
            }
        }
        Ok(page)
    }

    /// How many events of each kind, over all the marks.
    fn of_day(&self, marks: &[Mark], day: i64) -> rusqlite::Result<BTreeMap<i64, u64>> {
        let mut of_day = BTreeMap::new();
        let mut statement = self.connection.prepare_cached(schema::OF_PERSON)?;
        for mark in marks {
            let mut rows = statement.query(params![day, mark.bytes()])?;
            while let Some(row) = rows.next()? {
                *of_day.entry(row.get(0)?).or_default() += unsigned(row.get(1)?);
            }
        }
        Ok(of_day)
    }

    /// The first day from this one on of which there is anything, of whomever.
    fn next_day(&self, from: i64) -> rusqlite::Result<Option<i64>> {
        self.connection.prepare_cached(schema::NEXT_DAY)?.query_row([from], |row| row.get(0))
    }

    fn kind(&self, number: i64) -> rusqlite::Result<KindTold> {
        let read = |row: &Row<'_>| {
            let paths: String = row.get(3)?;
            let digest: [u8; 32] = row.get(6)?;
            Ok(KindTold {
                site: row.get(0)?,
                dataset: row.get(1)?,
                event: row.get(2)?,
                fields: paths.split('\n').map(str::to_owned).collect(),
                policy: PolicyTold {
                    name: row.get(4)?,
                    version: row.get(5)?,
                    digest: hex(&digest).iter().map(|digit| char::from(*digit)).collect(),
                },
            })
        };
        self.connection.prepare_cached(schema::READ_KIND)?.query_row([number], read)
    }

    fn gaps(&self) -> rusqlite::Result<Vec<Gap>> {
        let read = |row: &Row<'_>| Ok(Gap { day: row.get(0)?, dataset: row.get(1)?, events: unsigned(row.get(2)?) });
        self.connection.prepare_cached(schema::READ_GAPS)?.query_map([], read)?.collect()
    }

    /// Deletes what there is about whom these marks stand for; how many rows that were.
    pub(in crate::subject) fn forget(&mut self, marks: &[Mark]) -> Result<u64, SubjectError> {
        let forgotten = self.transaction(|index| {
            let (mut forgotten, mut next_day) = (0, index.next_day(i64::MIN)?);
            while let Some(day) = next_day {
                let mut statement = index.connection.prepare_cached(schema::FORGET)?;
                for mark in marks {
                    forgotten += statement.execute(params![day, mark.bytes()])? as u64;
                }
                drop(statement);
                next_day = index.next_day(day.saturating_add(1))?;
            }
            index.rows = index.rows.saturating_sub(forgotten);
            Ok(forgotten)
        });
        let forgotten = forgotten.map_err(|error: rusqlite::Error| self.engine(&error))?;
        // Or it would stand in the log until the next sweep.
        self.truncate_log().map_err(|error| self.engine(&error))?;
        Ok(forgotten)
    }
}
