//! A look at what all gateways share, for a person: numbers and reasons, and events where one entry of the quarantine is asked for.
//!
//! It walks over everything a page at a time, so what is settled meanwhile may be counted or not.

use std::collections::BTreeMap;

use super::Redis;
use super::aside::{Entry, Order};
use super::bodies::Opened;
use super::look::{Cursor, Dataset, PAGE};
use super::quarantine::Aside;
use crate::outbox::OutboxError;
use crate::outbox::inspection::{Inspection, MAX_QUARANTINE_LINES, PendingLine, QuarantineLine, Shown};

impl Redis {
    /// What it holds.
    pub(in crate::outbox) async fn inspect(&self) -> Result<Inspection, OutboxError> {
        let mut inspection = Inspection::default();
        for dataset in self.datasets(None).await? {
            self.inspect_groups(&dataset, &mut inspection).await?;
            self.inspect_quarantine(&dataset, &mut inspection).await?;
        }
        Ok(inspection)
    }

    /// The entries of the quarantine with this number: each dataset counts its own.
    pub(in crate::outbox) async fn show(&self, only: Option<&str>, number: i64) -> Result<Vec<Shown>, OutboxError> {
        let mut all = Vec::new();
        for dataset in self.datasets(only).await? {
            let id = format!("{number}-0");
            for entry in self.look_aside(&dataset, Order::OldestFirst, &id, &id, 1).await? {
                all.push(self.shown(&dataset, &entry)?);
            }
        }
        Ok(all)
    }

    fn shown(&self, dataset: &Dataset, entry: &Entry) -> Result<Shown, OutboxError> {
        let bodies = match self.read_aside(dataset, entry) {
            Ok(read) => read.bodies,
            Err(Opened::Foreign) => {
                let key_id = entry.aside.as_ref().and_then(|aside| aside.key_id.clone()).unwrap_or_default();
                return Err(OutboxError::Failed(format!(
                    "it is encrypted under the key {key_id}, which is not among outbox.encryption_key and \
                     outbox.previous_encryption_keys"
                )));
            }
            Err(_) => entry.as_far_as_it_can_be_read(),
        };
        let site = entry.aside.as_ref().map_or_else(String::new, |aside| aside.site.to_string());
        Ok(Shown { site, dataset: dataset.id.to_string(), bodies })
    }

    async fn inspect_groups(&self, dataset: &Dataset, inspection: &mut Inspection) -> Result<(), OutboxError> {
        let mut lines: BTreeMap<String, PendingLine> = BTreeMap::new();
        let through = self.last(dataset, "last").await?;
        let mut cursor = Cursor::default();
        loop {
            let (rows, more) = self.rows(dataset, &mut cursor, through).await?;
            for found in self.look(dataset, &rows).await? {
                let Some(head) = &found.head else { continue };
                let line = lines.entry(head.site.to_string()).or_insert_with(|| PendingLine {
                    site: head.site.to_string(),
                    dataset: dataset.id.to_string(),
                    events: 0,
                    groups: 0,
                    leased_groups: 0,
                    bytes: 0,
                    oldest_received_ms: head.received_ms,
                    max_attempts: 0,
                });
                line.events += head.events as u64;
                line.groups += 1;
                line.leased_groups += u64::from(found.in_hand);
                line.bytes += head.bytes as u64;
                line.oldest_received_ms = line.oldest_received_ms.min(head.received_ms);
                line.max_attempts = line.max_attempts.max(head.attempts.into());
                if head.key_id.is_none() {
                    inspection.unencrypted_events += head.events as u64;
                }
            }
            if !more {
                break;
            }
        }
        inspection.pending.extend(lines.into_values());
        Ok(())
    }

    async fn inspect_quarantine(&self, dataset: &Dataset, inspection: &mut Inspection) -> Result<(), OutboxError> {
        let mut before = "+".to_owned();
        loop {
            let entries = self.look_aside(dataset, Order::NewestFirst, &before, "-", PAGE).await?;
            let Some(last) = entries.last() else { break };
            before = format!("({}", last.id());
            for entry in &entries {
                let Some(aside) = &entry.aside else {
                    inspection.quarantined_events += 1;
                    continue;
                };
                inspection.quarantined_events += aside.events as u64;
                if aside.key_id.is_none() {
                    inspection.unencrypted_events += aside.events as u64;
                }
                inspection.quarantine.push(self.line(dataset, entry, aside));
            }
            // The newest of all datasets, whichever that is.
            inspection.quarantine.sort_by_key(|line| std::cmp::Reverse((line.quarantined_ms, line.id)));
            inspection.quarantine.truncate(MAX_QUARANTINE_LINES as usize);
        }
        Ok(())
    }

    fn line(&self, dataset: &Dataset, entry: &Entry, aside: &Aside) -> QuarantineLine {
        QuarantineLine {
            id: entry.number,
            site: aside.site.to_string(),
            dataset: dataset.id.to_string(),
            events: aside.events as u64,
            reason: aside.reason.clone(),
            code: aside.code,
            subcode: aside.subcode,
            message: self.read_aside(dataset, entry).ok().and_then(|read| read.message),
            received_ms: aside.received_ms,
            quarantined_ms: aside.quarantined_ms,
        }
    }
}
