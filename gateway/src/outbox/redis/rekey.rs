//! Everything under the key of today: groups, in hand or not, and the quarantine, a step at a time. What comes in meanwhile is sealed
//! under it anyway; what cannot be opened is left as it is.

use super::Redis;
use super::alone::Alone;
use super::bodies::Opened;
use super::change::{Change, Rest, events_in};
use super::head::Head;
use super::look::{Cursor, Dataset, portions};
use super::purge::TRIES;
use crate::failpoint;
use crate::outbox::{Keys, OutboxError};

/// So much is sealed in one step.
const STEP_BYTES: usize = 1024 * 1024;

impl Redis {
    pub(in crate::outbox) async fn rekey(&self) -> Result<u64, OutboxError> {
        if self.key_of_today().is_none() {
            return Err(OutboxError::Unfit("there is no outbox.encryption_key to encrypt it under"));
        }
        let alone = self.alone().await?;
        let done = self.rekey_datasets(&alone).await;
        alone.end().await;
        let events = done?;
        if events > 0 {
            self.rewrite_log().await;
        }
        Ok(events)
    }

    async fn rekey_datasets(&self, alone: &Alone) -> Result<u64, OutboxError> {
        let mut events = 0;
        for dataset in self.datasets(None).await? {
            events += self.rekey_groups(&dataset, alone).await?;
            events += self.rekey_quarantine(&dataset, alone).await?;
        }
        Ok(events)
    }

    async fn rekey_groups(&self, dataset: &Dataset, alone: &Alone) -> Result<u64, OutboxError> {
        let through = self.last(dataset, "last").await?;
        let (mut cursor, mut events) = (Cursor::default(), 0);
        loop {
            let (mut rows, more) = self.rows(dataset, &mut cursor, through).await?;
            for _ in 0..TRIES {
                let (sealed, again) = self.rekey_rows(dataset, &rows, alone).await?;
                events += sealed;
                rows = again;
                if rows.is_empty() {
                    break;
                }
            }
            if !rows.is_empty() {
                return Err(OutboxError::Failed(
                    "groups changed hands while they were to be encrypted; run it again".to_owned(),
                ));
            }
            if !more {
                return Ok(events);
            }
        }
    }

    /// Seals rows anew. How many events, and the rows that were not any more as they were found.
    async fn rekey_rows(&self, dataset: &Dataset, rows: &[i64], alone: &Alone) -> Result<(u64, Vec<i64>), OutboxError> {
        let mut found = self.look(dataset, rows).await?;
        found.retain(|group| group.head.as_ref().is_some_and(|head| !self.is_of_today(head.key_id.as_deref())));
        let (mut events, mut again) = (0, Vec::new());
        for portion in portions(found, STEP_BYTES) {
            alone.hold().await?;
            let mut changes = Vec::new();
            for (found, opened) in self.read(dataset, portion).await? {
                match (&found.head, opened) {
                    (_, Opened::Changed) => again.push(found.row),
                    (Some(head), Opened::Text(text)) => {
                        let mut head = Head::clone(head);
                        let body = self.core.seal_group(&mut head, &dataset.id, &text)?;
                        changes.push((found, Change::Rewrite(Rest(Box::new(head), body))));
                    }
                    _ => {}
                }
            }
            let done = self.change(dataset, &changes).await?;
            for ((found, _), done) in changes.into_iter().zip(done) {
                match found.head {
                    Some(head) if done => events += head.events as u64,
                    _ => again.push(found.row),
                }
            }
            failpoint::pass("after_rekey_step");
        }
        Ok((events, again))
    }

    async fn rekey_quarantine(&self, dataset: &Dataset, alone: &Alone) -> Result<u64, OutboxError> {
        // What is sealed anew stands behind this one.
        let through = self.last(dataset, "aside").await?;
        let (mut cursor, mut events) = (Cursor::default(), 0);
        loop {
            alone.hold().await?;
            let entries = self.entries(dataset, &mut cursor, through).await?;
            if entries.is_empty() {
                return Ok(events);
            }
            let (mut changes, mut counts) = (Vec::new(), Vec::new());
            for entry in entries {
                let Some(aside) = entry.aside.as_ref().filter(|aside| !self.is_of_today(aside.key_id.as_deref())) else {
                    continue;
                };
                let Ok(read) = self.read_aside(dataset, &entry) else { continue };
                let change = self.in_another_form(dataset, aside, (aside.events, &read.bodies), read.message.as_deref())?;
                counts.push(aside.events as u64);
                changes.push((entry, change));
            }
            let done = self.change_aside(dataset, &changes).await?;
            events += events_in(counts, done);
            failpoint::pass("after_rekey_step");
        }
    }

    /// The key of today; nothing if events rest plain.
    fn key_of_today(&self) -> Option<&str> {
        self.core.settings.keys.as_ref().map(Keys::id)
    }

    fn is_of_today(&self, key_id: Option<&str>) -> bool {
        key_id == self.key_of_today()
    }
}

#[cfg(test)]
mod tests;
