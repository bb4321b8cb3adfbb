//! What a person asks of an outbox, whether a gateway runs with it or not. Neither a question nor an answer holds a value of an
//! event, but for an event id that is to be forgotten.

use serde::{Deserialize, Serialize};

use super::{AnyOutbox, EventFilter, OutboxError, PurgeSelector, Purged, RedriveSelector, Redriven};

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum OutboxCommand {
    /// Send again what was set aside.
    Redrive(RedriveSelector),
    /// Delete events for good.
    Purge(EventFilter),
    /// Say what that would delete.
    WouldPurge(EventFilter),
    /// Encrypt everything under the key of today.
    Rekey,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum OutboxDone {
    /// What waits again.
    Redriven(Redriven),
    /// What is gone, or would be.
    Purged(Purged),
    /// How many events were under another key, or under none.
    Rekeyed(u64),
}

impl OutboxDone {
    /// What was done in two places; nothing if these are answers to different questions.
    pub fn and(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Redriven(mut here), Self::Redriven(there)) => {
                here.add(there);
                Some(Self::Redriven(here))
            }
            (Self::Purged(mut here), Self::Purged(there)) => {
                here.add(there);
                Some(Self::Purged(here))
            }
            (Self::Rekeyed(here), Self::Rekeyed(there)) => Some(Self::Rekeyed(here + there)),
            _ => None,
        }
    }
}

impl AnyOutbox {
    /// Does what is asked.
    pub async fn obey(&self, command: OutboxCommand) -> Result<OutboxDone, OutboxError> {
        Ok(match command {
            OutboxCommand::Redrive(selector) => OutboxDone::Redriven(self.redrive(selector).await?),
            // Whoever means all of it names a time; a command in which something was forgotten must not delete everything.
            OutboxCommand::Purge(filter) if filter == EventFilter::default() => {
                return Err(OutboxError::Unfit("a purge names a site, a dataset, a time or an event id"));
            }
            OutboxCommand::Purge(filter) => OutboxDone::Purged(self.purge(PurgeSelector::Matching(filter)).await?),
            OutboxCommand::WouldPurge(filter) => {
                OutboxDone::Purged(self.would_purge(PurgeSelector::Matching(filter)).await?)
            }
            OutboxCommand::Rekey => OutboxDone::Rekeyed(self.rekey().await?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbox::bench::ROOMY;
    use crate::outbox::samples;

    #[tokio::test]
    async fn a_command_to_purge_that_names_nothing_deletes_nothing() {
        let outbox = AnyOutbox::memory(ROOMY);
        drop(outbox.append(samples::append("shop", "1", &["a"], 1)).await.unwrap());
        assert!(outbox.obey(OutboxCommand::Purge(EventFilter::default())).await.is_err());
        assert_eq!(outbox.depth().await.unwrap().pending_events, 1);
        let named = EventFilter { site: Some("shop".to_owned()), ..EventFilter::default() };
        assert!(outbox.obey(OutboxCommand::Purge(named)).await.is_ok());
        assert_eq!(outbox.depth().await.unwrap().pending_events, 0);
    }
}
