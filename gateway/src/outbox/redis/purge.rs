//! What is to be forgotten (O8), in every dataset and wherever it is. A purge walks over the groups that were there when it came to
//! the dataset, then over its quarantine. What is in hand is condemned: it goes when it is settled, or when its lease ends.
//!
//! One command at a time, over all gateways: a redrive in between would bring back what the purge has not come to.

use super::Redis;
use super::alone::Alone;
use super::bodies::Opened;
use super::change::{Change, Rest};
use super::head::Head;
use super::look::{Cursor, Dataset, Found, portions};
use crate::failpoint;
use crate::outbox::condemned::{Condemned, without};
use crate::outbox::selector::Single;
use crate::outbox::{EventFilter, OutboxError, PurgeSelector, Purged};

/// Each event is looked into, which takes some microseconds an event: so much before others have a turn.
const STEP_BYTES: usize = 256 * 1024;
/// A group that changes each time before it can be purged is let be after so many times.
pub(super) const TRIES: usize = 20;

/// A purge under way.
#[derive(Debug)]
pub(super) struct Purge {
    pub(super) selector: PurgeSelector,
    /// It only counts.
    pub(super) dry: bool,
    pub(super) purged: Purged,
    /// Only groups that were accepted before this.
    received_before_ms: Option<u64>,
}

impl Purge {
    fn of(selector: PurgeSelector, dry: bool) -> Self {
        Self { selector, dry, purged: Purged::default(), received_before_ms: None }
    }
}

/// What is to be done with a group, and how many events it takes.
#[derive(Debug)]
struct Plan {
    change: Change,
    events: u64,
}

impl Redis {
    pub(in crate::outbox) async fn purge(&self, selector: PurgeSelector, dry: bool) -> Result<Purged, OutboxError> {
        let alone = self.alone().await?;
        let mut purge = Purge::of(selector, dry);
        let done = self.purge_datasets(&mut purge, &alone).await;
        alone.end().await;
        let Purge { selector, mut purged, .. } = purge;
        if let Err(error) = done {
            if dry || purged == Purged::default() {
                return Err(error);
            }
            // What is gone is gone, and is to be counted.
            purged.broke_off = Some(error.to_string());
        }
        let took_some = purged.waiting_events() + purged.quarantined > 0;
        // A person who asks for an id may ask again because the first time broke off after it was gone.
        let is_by_id = matches!(selector.single(), Some(Single::Id(_)));
        if !dry && selector.single().is_some() && (took_some || is_by_id) {
            self.rewrite_log().await;
        }
        Ok(purged)
    }

    async fn purge_datasets(&self, purge: &mut Purge, alone: &Alone) -> Result<(), OutboxError> {
        let only = match &purge.selector {
            PurgeSelector::Matching(filter) => filter.dataset.clone(),
            PurgeSelector::OtherPolicies { dataset, .. } => Some(dataset.to_string()),
            PurgeSelector::Suppressed(_) => None,
        };
        for dataset in self.datasets(only.as_deref()).await? {
            self.purge_groups(&dataset, purge, alone).await?;
            if purge.selector.is_everywhere() {
                self.purge_quarantine(&dataset, purge, alone).await?;
            }
        }
        Ok(())
    }

    async fn purge_groups(&self, dataset: &Dataset, purge: &mut Purge, alone: &Alone) -> Result<(), OutboxError> {
        // What a stranger took out of the queue waits all the same, and would come back.
        if self.core.lacks_entries(&dataset.keys).await? {
            self.core.mend(&dataset.id, self.core.now_ms().1).await?;
        }
        let begun_ms = self.core.clock.unix_ms();
        let mut cursor = Cursor::default();
        let through = self.last(dataset, "last").await?;
        self.purge_through(dataset, purge, alone, &mut cursor, through).await?;
        self.purge_late(dataset, purge, alone, &mut cursor, begun_ms).await
    }

    /// A group that was split or put in again meanwhile has a new row: behind those that were there, though it is as old.
    async fn purge_late(
        &self,
        dataset: &Dataset,
        purge: &mut Purge,
        alone: &Alone,
        cursor: &mut Cursor,
        begun_ms: u64,
    ) -> Result<(), OutboxError> {
        let through = self.last(dataset, "last").await?;
        purge.received_before_ms = Some(begun_ms);
        let done = self.purge_through(dataset, purge, alone, cursor, through).await;
        purge.received_before_ms = None;
        done
    }

    /// Goes on from the cursor, up to that row.
    async fn purge_through(
        &self,
        dataset: &Dataset,
        purge: &mut Purge,
        alone: &Alone,
        cursor: &mut Cursor,
        through: i64,
    ) -> Result<(), OutboxError> {
        loop {
            alone.hold().await?;
            let (mut rows, more) = self.rows(dataset, cursor, through).await?;
            for _ in 0..TRIES {
                rows = self.purge_rows(dataset, &rows, purge).await?;
                if rows.is_empty() {
                    break;
                }
            }
            if !rows.is_empty() {
                return Err(OutboxError::Failed("groups changed hands while they were to be purged".to_owned()));
            }
            failpoint::pass("after_purge_step");
            if !more {
                return Ok(());
            }
        }
    }

    /// Purges these rows. Returns those that were not any more as they were found.
    async fn purge_rows(&self, dataset: &Dataset, rows: &[i64], purge: &mut Purge) -> Result<Vec<i64>, OutboxError> {
        let mut meant = Vec::new();
        for found in self.look(dataset, rows).await? {
            let Some(head) = &found.head else {
                // The next lease sets it aside.
                purge.purged.unreadable += 1;
                continue;
            };
            let is_meant = purge.selector.fits(&head.owner(&dataset.id), head.received_ms)
                && purge.received_before_ms.is_none_or(|begun_ms| head.received_ms < begun_ms);
            if is_meant && (!found.in_hand || purge.selector.is_everywhere()) {
                meant.push(found);
            }
        }
        let mut again = Vec::new();
        if purge.selector.single().is_none() {
            let plans = meant.into_iter().filter_map(|found| {
                let events = found.head.as_ref()?.events as u64;
                let change = if found.in_hand { Change::Condemn(Condemned::Whole) } else { Change::Remove };
                Some((found, Plan { change, events }))
            });
            self.carry_out(dataset, plans.collect(), purge, &mut again).await?;
            return Ok(again);
        }
        for portion in portions(meant, STEP_BYTES) {
            let mut portion = self.read(dataset, portion).await?;
            again.extend(portion.extract_if(.., |(_, opened)| *opened == Opened::Changed).map(|(found, _)| found.row));
            let plans = self.plan(dataset, portion, purge)?;
            self.carry_out(dataset, plans, purge, &mut again).await?;
        }
        Ok(again)
    }

    /// What is to be done with groups of which single events are meant.
    fn plan(
        &self,
        dataset: &Dataset,
        portion: Vec<(Found, Opened)>,
        purge: &mut Purge,
    ) -> Result<Vec<(Found, Plan)>, OutboxError> {
        let Some(single) = purge.selector.single() else { return Ok(Vec::new()) };
        let mut plans = Vec::new();
        for (found, opened) in portion {
            let Opened::Text(bodies) = opened else {
                purge.purged.unreadable += 1;
                continue;
            };
            let (stays, gone) = without(&bodies, |line| single.takes(line));
            let change = match (&found.head, found.in_hand) {
                _ if gone == 0 => continue,
                (None, _) => continue,
                (_, true) => Change::Condemn(single.condemn(found.condemned(), &bodies)),
                (Some(_), false) if stays.is_empty() => Change::Remove,
                (Some(head), false) => Change::Rewrite(self.narrow(dataset, head, &stays, gone)?),
            };
            plans.push((found, Plan { change, events: gone }));
        }
        Ok(plans)
    }

    /// What stays of a group.
    pub(super) fn narrow(&self, dataset: &Dataset, head: &Head, stays: &str, gone: u64) -> Result<Rest, OutboxError> {
        let gone = usize::try_from(gone).unwrap_or(usize::MAX);
        let mut head = Head { events: head.events.saturating_sub(gone).max(1), bytes: stays.len(), ..head.clone() };
        let body = self.core.seal_group(&mut head, &dataset.id, stays)?;
        Ok(Rest(Box::new(head), body))
    }

    async fn carry_out(
        &self,
        dataset: &Dataset,
        plans: Vec<(Found, Plan)>,
        purge: &mut Purge,
        again: &mut Vec<i64>,
    ) -> Result<(), OutboxError> {
        let (changes, events): (Vec<_>, Vec<u64>) =
            plans.into_iter().map(|(found, Plan { change, events })| ((found, change), events)).unzip();
        let done = if purge.dry { vec![true; changes.len()] } else { self.change(dataset, &changes).await? };
        for (((found, _), events), done) in changes.into_iter().zip(events).zip(done) {
            match (done, found.in_hand) {
                (false, _) => again.push(found.row),
                (true, true) => purge.purged.in_hand += events,
                (true, false) => purge.purged.add_waiting(&dataset.id, events),
            }
        }
        Ok(())
    }
}

/// Whether all of a dataset is meant, so that it does not matter what cannot be read.
pub(super) fn is_all_of_a_dataset(selector: &PurgeSelector) -> bool {
    matches!(selector, PurgeSelector::Matching(EventFilter { site: None, before_ms: None, event_id: None, .. }))
}

#[cfg(test)]
mod tests;
