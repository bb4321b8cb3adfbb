//! What a purge takes of the quarantine.

use super::Redis;
use super::alone::Alone;
use super::aside::{AsideChange, Entry};
use super::change::events_in;
use super::look::{Cursor, Dataset};
use super::purge::{Purge, is_all_of_a_dataset};
use crate::failpoint;
use crate::outbox::OutboxError;
use crate::outbox::condemned::without;

impl Redis {
    pub(super) async fn purge_quarantine(
        &self,
        dataset: &Dataset,
        purge: &mut Purge,
        alone: &Alone,
    ) -> Result<(), OutboxError> {
        let through = self.last(dataset, "aside").await?;
        let mut cursor = Cursor::default();
        loop {
            alone.hold().await?;
            let entries = self.entries(dataset, &mut cursor, through).await?;
            if entries.is_empty() {
                return Ok(());
            }
            let mut changes = Vec::new();
            let mut events = Vec::new();
            for entry in entries {
                if let Some((change, gone)) = self.plan_aside(dataset, &entry, purge)? {
                    changes.push((entry, change));
                    events.push(gone);
                }
            }
            let done = if purge.dry { vec![true; changes.len()] } else { self.change_aside(dataset, &changes).await? };
            purge.purged.quarantined += events_in(events, done);
            failpoint::pass("after_purge_step");
        }
    }

    /// What is to be done with an entry, and how many events that takes; nothing if it is not meant.
    fn plan_aside(
        &self,
        dataset: &Dataset,
        entry: &Entry,
        purge: &mut Purge,
    ) -> Result<Option<(AsideChange, u64)>, OutboxError> {
        let Some(aside) = &entry.aside else {
            if is_all_of_a_dataset(&purge.selector) {
                return Ok(Some((AsideChange::Remove, 1)));
            }
            purge.purged.unreadable += 1;
            return Ok(None);
        };
        if !purge.selector.fits(&aside.owner(&dataset.id), aside.received_ms) {
            return Ok(None);
        }
        let Some(single) = purge.selector.single() else {
            return Ok(Some((AsideChange::Remove, aside.events as u64)));
        };
        let Ok(read) = self.read_aside(dataset, entry) else {
            purge.purged.unreadable += 1;
            return Ok(None);
        };
        let (stays, gone) = without(&read.bodies, |line| single.takes(line));
        if gone == 0 {
            return Ok(None);
        }
        if stays.is_empty() {
            return Ok(Some((AsideChange::Remove, gone)));
        }
        let left = aside.events.saturating_sub(usize::try_from(gone).unwrap_or(usize::MAX)).max(1);
        let change = self.in_another_form(dataset, aside, (left, &stays), read.message.as_deref())?;
        Ok(Some((change, gone)))
    }
}
