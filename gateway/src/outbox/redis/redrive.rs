//! What was set aside waits again: a person has mended what Meta refused, or the program that died of it.
//!
//! It goes to Meta as any other event does, so what today's policy does not allow is withdrawn then. What cannot be read stays in
//! quarantine.

use super::Redis;
use super::alone::Alone;
use super::aside::{AsideChange, Entry};
use super::change::events_in;
use super::head::Head;
use super::look::{Cursor, Dataset};
use super::quarantine::Aside;
use crate::failpoint;
use crate::outbox::group::{MAX_GROUP_BYTES, count_lines};
use crate::outbox::{EventFilter, OutboxError, OutboxPlace, RedriveSelector, Redriven};

impl Redis {
    pub(in crate::outbox) async fn redrive(&self, selector: RedriveSelector) -> Result<Redriven, OutboxError> {
        if selector.place == Some(OutboxPlace::File) {
            return Ok(Redriven::default());
        }
        let alone = self.alone().await?;
        let mut redriven = Redriven::default();
        let done = self.redrive_datasets(&selector, &mut redriven, &alone).await;
        alone.end().await;
        match done {
            Err(error) if redriven == Redriven::default() => return Err(error),
            // What waits again is to be counted.
            Err(error) => redriven.broke_off = Some(error.to_string()),
            Ok(()) => {}
        }
        Ok(redriven)
    }

    async fn redrive_datasets(
        &self,
        selector: &RedriveSelector,
        redriven: &mut Redriven,
        alone: &Alone,
    ) -> Result<(), OutboxError> {
        for dataset in self.datasets(selector.dataset.as_deref()).await? {
            // What is refused again meanwhile stays.
            let through = self.last(&dataset, "aside").await?;
            let mut cursor = Cursor::default();
            loop {
                alone.hold().await?;
                let entries = self.entries(&dataset, &mut cursor, through).await?;
                if entries.is_empty() {
                    break;
                }
                self.redrive_entries(&dataset, entries, selector, redriven).await?;
                failpoint::pass("after_redrive_step");
            }
        }
        Ok(())
    }

    async fn redrive_entries(
        &self,
        dataset: &Dataset,
        entries: Vec<Entry>,
        selector: &RedriveSelector,
        redriven: &mut Redriven,
    ) -> Result<(), OutboxError> {
        let (mut changes, mut counts) = (Vec::new(), Vec::new());
        for entry in entries {
            let Some(aside) = entry.aside.as_ref().filter(|aside| is_meant(selector, dataset, &entry, aside)) else {
                continue;
            };
            let events = aside.events as u64;
            match self.as_group(dataset, &entry, aside)? {
                Some(change) => {
                    changes.push((entry, change));
                    counts.push(events);
                }
                None => redriven.unreadable += events,
            }
        }
        let done = self.change_aside(dataset, &changes).await?;
        let events = events_in(counts, done);
        if events > 0 {
            *redriven.waiting.entry(dataset.id.to_string()).or_default() += events;
            self.core.gave_work(&dataset.id);
        }
        Ok(())
    }

    /// The group that an entry becomes; nothing if it cannot be read.
    fn as_group(&self, dataset: &Dataset, entry: &Entry, aside: &Aside) -> Result<Option<AsideChange>, OutboxError> {
        let Ok(read) = self.read_aside(dataset, entry) else { return Ok(None) };
        if count_lines(&read.bodies) != aside.events || read.bodies.len() > MAX_GROUP_BYTES {
            return Ok(None);
        }
        // As if nobody had ever had it in hand.
        let mut head = Head {
            site: aside.site.clone(),
            policy: aside.policy,
            events: aside.events,
            bytes: read.bodies.len(),
            received_ms: aside.received_ms,
            oldest_event_secs: aside.oldest_event_secs,
            seat: 0,
            key_id: None,
            attempts: 0,
            crashes: 0,
            envelope: aside.envelope.clone(),
        };
        let body = self.core.seal_group(&mut head, &dataset.id, &read.bodies)?;
        Ok(Some(AsideChange::Redrive(Box::new(head), body)))
    }
}

fn is_meant(selector: &RedriveSelector, dataset: &Dataset, entry: &Entry, aside: &Aside) -> bool {
    let filter = EventFilter { site: selector.site.clone(), ..EventFilter::default() };
    filter.fits(&aside.owner(&dataset.id), aside.received_ms)
        && selector.reason.as_deref().is_none_or(|reason| reason == aside.reason)
        && selector.id.is_none_or(|id| id == entry.number)
}
