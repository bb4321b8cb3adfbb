//! Does what comes through the control socket, one match over the closed list.

use super::reload::Reloads;
use crate::control::{Answer, Command, Done, Refusal};
use crate::outbox::{AnyOutbox, OutboxCommand, OutboxDone, Purged};
use crate::subject::{SubjectCommand, Subjects};
use crate::suppression::{Changes, SuppressCommand};
use crate::telemetry::metrics::Metrics;

/// What commands need.
#[derive(Debug, Clone)]
pub(super) struct Commands {
    pub(super) reloads: Reloads,
    pub(super) outbox: AnyOutbox,
    pub(super) suppressions: Changes,
    pub(super) subjects: Subjects,
    pub(super) metrics: Metrics,
}

impl Commands {
    /// Does it, and says what came of it.
    pub(super) async fn obey(self, command: Command) -> Answer {
        match command {
            Command::Reload => self.reloads.answer().await,
            Command::Outbox(command) => self.change_outbox(command).await,
            Command::Suppress(command) => self.suppress(command).await,
            Command::Subject(command) => self.subject(command).await,
        }
    }

    async fn change_outbox(&self, command: OutboxCommand) -> Answer {
        let is_dry = matches!(command, OutboxCommand::WouldPurge(_));
        match self.outbox.obey(command).await {
            Ok(done) => {
                if !is_dry {
                    self.count(&done);
                }
                Answer::Ok(Done::Outbox(done))
            }
            Err(error) => Answer::Error(Refusal { of_configuration: false, reason: error.to_string() }),
        }
    }

    async fn suppress(&self, command: SuppressCommand) -> Answer {
        match self.suppressions.obey(command).await {
            Ok(done) => Answer::Ok(Done::Suppressed(done)),
            Err(error) => {
                Answer::Error(Refusal { of_configuration: error.is_of_configuration(), reason: error.to_string() })
            }
        }
    }

    async fn subject(&self, command: SubjectCommand) -> Answer {
        match self.subjects.obey(command).await {
            Ok(done) => Answer::Ok(Done::Subject(done)),
            Err(error) => {
                Answer::Error(Refusal { of_configuration: error.is_of_configuration(), reason: error.to_string() })
            }
        }
    }

    /// What leaves quarantine by a purge was accounted for when it came there; what is in hand is counted when it is settled.
    fn count(&self, done: &OutboxDone) {
        let (counter, events) = match done {
            OutboxDone::Redriven(redriven) => (&self.metrics.events_redriven, &redriven.waiting),
            OutboxDone::Purged(purged) => (&self.metrics.events_purged, &purged.waiting),
            OutboxDone::Rekeyed(events) => return tracing::info!(events, "the outbox was encrypted under the key of today"),
        };
        for (dataset, events) in events {
            counter.with_label_values(&[dataset]).inc_by(*events);
        }
        let waiting: u64 = events.values().sum();
        if let OutboxDone::Purged(Purged { quarantined, in_hand, .. }) = done {
            tracing::warn!(waiting, quarantined, in_hand, "events were purged by command");
        } else {
            tracing::info!(waiting, "what was set aside waits again, by command");
        }
    }
}
