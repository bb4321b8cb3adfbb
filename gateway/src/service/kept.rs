//! What a gateway keeps, opened in the order in which each part needs those before it.

use portcullis_filters::pseudonym::PseudonymKey;

use super::gateways::{Gateways, Parts};
use super::{StartError, describe};
use crate::chance::Chance;
use crate::clock::Clock;
use crate::config::{Backend, Config, pseudonym};
use crate::outbox::{AnyOutbox, OpenError, OutboxError, Settings};
use crate::subject::Subjects;
use crate::suppression::Suppressions;
use crate::telemetry::metrics::Metrics;

/// What is open.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) outbox: AnyOutbox,
    /// The others, where Redis is shared with them.
    pub(super) gateways: Option<Gateways>,
    pub(super) pseudonyms: PseudonymKey,
    pub(super) suppressions: Suppressions,
    pub(super) subjects: Subjects,
}

impl Kept {
    /// Opens it, shows what was found, and joins the other gateways.
    pub(super) async fn open(
        config: &Config,
        metrics: &Metrics,
        clock: &Clock,
        chance: &Chance,
    ) -> Result<Self, StartError> {
        let file = open(config, chance)?;
        // After the outbox, whose lock keeps a second process from making another key. A start that was killed between the two
        // leaves an outbox that never held anything, and that may get a key.
        let pseudonyms = pseudonym::load_or_make(&config.identity.pseudonym_key, file.has_held_events(), chance)?;
        let suppressions = Suppressions::open(&config.suppression, metrics, clock, chance)?;
        let subjects = Subjects::open(&config.subject_access, metrics, clock, chance)?;
        show(config, &file, metrics).await?;
        let parts = Parts { config, suppressions: &suppressions, metrics, clock, chance };
        let (outbox, gateways) = Gateways::join(parts, file).await?;
        if let Some(gateways) = &gateways {
            match gateways.arrive().await {
                // It went away again: then it is like one that was away at the start.
                Ok(()) | Err(OutboxError::Away(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Self { outbox, gateways, pseudonyms, suppressions, subjects })
    }
}

/// What this machine keeps alone.
fn open(config: &Config, chance: &Chance) -> Result<AnyOutbox, OpenError> {
    match &config.outbox.backend {
        Backend::Embedded(path) | Backend::Redis(path, _) => {
            AnyOutbox::open_embedded(path, Settings::of(&config.outbox, chance))
        }
        Backend::Memory => Ok(AnyOutbox::memory(config.outbox.max_bytes)),
    }
}

/// Shows what runs and what was found on this machine.
async fn show(config: &Config, outbox: &AnyOutbox, metrics: &Metrics) -> Result<(), OutboxError> {
    metrics.outbox_durable.set(i64::from(outbox.is_durable()));
    metrics.outbox_max_bytes.set(i64::try_from(config.outbox.max_bytes).unwrap_or(i64::MAX));
    match &config.outbox.backend {
        Backend::Embedded(_) => metrics.durability.with_label_values(&["embedded", "full"]).set(1),
        Backend::Memory => metrics.durability.with_label_values(&["memory", "none"]).set(1),
        // The link to Redis shows what it finds there.
        Backend::Redis(..) => {}
    }
    describe::configuration(config, metrics);
    describe::policies(config, None, metrics);
    describe::datasets(config, metrics);
    for (_, dataset, events) in outbox.pending_by_dataset().await? {
        metrics.events_recovered.with_label_values(&[&dataset]).inc_by(events);
    }
    for (dataset, events) in outbox.set_aside_at_open() {
        metrics.events_recovered.with_label_values(&[dataset]).inc_by(*events);
        metrics.events_quarantined.with_label_values(&[dataset.as_ref(), "aborts_process"]).inc_by(*events);
        tracing::error!(dataset = %dataset, events, "events that were in hand whenever the process died were set aside");
    }
    Ok(())
}
