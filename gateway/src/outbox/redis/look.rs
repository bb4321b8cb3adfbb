//! Groups as a command finds them, a page at a time, in the order of their rows. A look changes nothing and holds nobody up: what is
//! done with what was found is done by `change`, which asks whether it is still so.
//!
//! Memory is bounded: heads of a page, and bodies only as far as somebody asks for them.

use std::collections::HashMap;
use std::sync::Arc;

use super::Redis;
use super::bodies::{MAX_BODY_BYTES, Opened};
use super::head::{Head, row_of_entry};
use super::scripts::{DatasetKeys, LOOK};
use crate::outbox::OutboxError;
use crate::outbox::condemned::Condemned;

/// Entries of one page.
pub(super) const PAGE: usize = 256;

/// A group as it was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) row: i64,
    /// As it rests, to be known again.
    pub(super) text: Vec<u8>,
    /// What that says; nothing if it cannot be read.
    pub(super) head: Option<Head>,
    pub(super) in_hand: bool,
    /// How long its bodies are as they rest; nothing if there are none.
    length: Option<usize>,
    /// What is condemned of it, as it rests.
    pub(super) goes: Option<Vec<u8>>,
}

impl Found {
    /// What goes of it once nobody has it in hand.
    pub(super) fn condemned(&self) -> Condemned {
        Condemned::read(self.goes.as_deref().map(String::from_utf8_lossy).as_deref())
    }

    /// How much there is to read, where a group of ours can be as large (failure case A7).
    fn readable_bytes(&self) -> Option<usize> {
        self.length.filter(|length| self.head.is_some() && *length <= MAX_BODY_BYTES)
    }
}

/// The same as the script tells it: the row, its head, whether it is in hand, the length of its bodies, what is condemned of it.
type Row = (i64, Vec<u8>, bool, i64, Option<Vec<u8>>);

/// One dataset, for a command that goes over it.
#[derive(Debug, Clone)]
pub(super) struct Dataset {
    pub(super) id: Arc<str>,
    pub(super) keys: DatasetKeys,
}

/// Where a walk over a stream goes on.
#[derive(Debug, Default)]
pub(super) struct Cursor(Option<String>);

impl Cursor {
    /// The first id that comes, as XRANGE takes it.
    pub(super) fn next(&self) -> String {
        self.0.as_ref().map_or_else(|| "-".to_owned(), |last| format!("({last}"))
    }

    /// Past this id.
    pub(super) fn pass(&mut self, id: &str) {
        self.0 = Some(id.to_owned());
    }
}

/// Groups in portions of so many bytes, and one that is larger alone: each portion is read and done with before the next.
pub(super) fn portions(groups: Vec<Found>, bytes: usize) -> Vec<Vec<Found>> {
    let (mut portions, mut last, mut last_bytes) = (Vec::new(), Vec::new(), 0);
    for group in groups {
        last_bytes += group.readable_bytes().unwrap_or(0);
        last.push(group);
        if last_bytes >= bytes {
            portions.push(std::mem::take(&mut last));
            last_bytes = 0;
        }
    }
    portions.push(last);
    portions
}

impl Redis {
    /// This dataset, or all there are.
    pub(super) async fn datasets(&self, only: Option<&str>) -> Result<Vec<Dataset>, OutboxError> {
        if let Some(id) = only {
            return Ok(vec![self.dataset(id)]);
        }
        Ok(self.core.datasets().await?.iter().map(|id| self.dataset(id)).collect())
    }

    /// This one.
    pub(super) fn dataset(&self, id: &str) -> Dataset {
        Dataset { keys: self.core.of(id), id: id.into() }
    }

    /// The last number that was given of a count of a dataset: `last` of groups, `aside` of entries of the quarantine.
    pub(super) async fn last(&self, dataset: &Dataset, count: &str) -> Result<i64, OutboxError> {
        let mut command = redis::cmd("HGET");
        command.arg(dataset.keys.of("tally")).arg(count);
        Ok(self.core.plain::<Option<i64>>("a look at the totals", &command).await?.unwrap_or(0))
    }

    /// The rows of the next page, up to that one, and whether there is another page.
    pub(super) async fn rows(
        &self,
        dataset: &Dataset,
        cursor: &mut Cursor,
        through: i64,
    ) -> Result<(Vec<i64>, bool), OutboxError> {
        let mut command = redis::cmd("XRANGE");
        command.arg(dataset.keys.of("queue")).arg(cursor.next()).arg(through).arg("COUNT").arg(PAGE);
        let entries: Vec<(String, redis::Value)> = self.core.plain("a look at the queue", &command).await?;
        if let Some((last, _)) = entries.last() {
            cursor.pass(last);
        }
        Ok((entries.iter().filter_map(|(id, _)| row_of_entry(id)).collect(), entries.len() == PAGE))
    }

    /// What is known of these rows. One that is gone is not among them.
    pub(super) async fn look(&self, dataset: &Dataset, rows: &[i64]) -> Result<Vec<Found>, OutboxError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let call = dataset.keys.call().with(self.core.now_ms().1).with(rows);
        let found: Vec<Row> = self.core.link.call(&LOOK, &call).await?;
        let read = |(row, text, in_hand, length, goes): Row| Found {
            row,
            head: std::str::from_utf8(&text).ok().and_then(Head::read),
            text,
            in_hand,
            length: usize::try_from(length).ok(),
            goes,
        };
        Ok(found.into_iter().map(read).collect())
    }

    /// Groups with their events. What cannot be read is looked at once more: if it was settled or narrowed after it was found, it is
    /// not damaged.
    pub(super) async fn read(&self, dataset: &Dataset, groups: Vec<Found>) -> Result<Vec<(Found, Opened)>, OutboxError> {
        let rows: Vec<i64> = groups.iter().filter(|group| group.readable_bytes().is_some()).map(|group| group.row).collect();
        let mut bodies: Vec<Option<Vec<u8>>> = Vec::new();
        if !rows.is_empty() {
            let mut command = redis::cmd("HMGET");
            command.arg(dataset.keys.of("bodies")).arg(&rows);
            bodies = self.core.plain("a look at events", &command).await?;
        }
        let mut bodies = rows.into_iter().zip(bodies).peekable();
        let open = |group: Found| {
            let body = bodies.next_if(|(row, _)| *row == group.row).and_then(|(_, body)| body);
            let opened = match (&group.head, body) {
                (Some(head), Some(body)) => self.core.open_group(head, &dataset.id, body),
                _ => Opened::Broken,
            };
            (group, opened)
        };
        let mut read: Vec<(Found, Opened)> = groups.into_iter().map(open).collect();
        self.tell_changed(dataset, &mut read).await?;
        Ok(read)
    }

    /// Tells those that changed between the look and the reading from those that cannot be read.
    async fn tell_changed(&self, dataset: &Dataset, read: &mut [(Found, Opened)]) -> Result<(), OutboxError> {
        let is_text = |opened: &Opened| matches!(opened, Opened::Text(_));
        let rows: Vec<i64> = read.iter().filter(|(_, opened)| !is_text(opened)).map(|(group, _)| group.row).collect();
        let now: HashMap<i64, Vec<u8>> =
            self.look(dataset, &rows).await?.into_iter().map(|group| (group.row, group.text)).collect();
        for (group, opened) in read {
            if !is_text(opened) && now.get(&group.row) != Some(&group.text) {
                *opened = Opened::Changed;
            }
        }
        Ok(())
    }
}
