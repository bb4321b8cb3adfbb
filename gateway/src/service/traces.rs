//! Starts the sending of traces, where a collector is configured. That is possible with the feature `otlp` alone.

use super::{Service, StartError};
use crate::chance::Chance;
use crate::clock::Clock;
use crate::config::Config;
use crate::lifecycle::Lifecycle;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::traces::Tracer;

/// What spans are made with.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(feature = "otlp"), expect(dead_code, reason = "read where traces are built in"))]
pub(super) struct Parts<'s> {
    pub(super) metrics: &'s Metrics,
    pub(super) clock: &'s Clock,
    pub(super) chance: &'s Chance,
}

impl Service {
    /// What begins spans; those that ended are sent until the overseers stop.
    #[cfg(feature = "otlp")]
    pub(super) fn trace(&self, config: &Config, parts: Parts<'_>, lifecycle: &Lifecycle) -> Result<Tracer, StartError> {
        use crate::telemetry::traces::Export;

        let Parts { metrics, clock, chance } = parts;
        let Some(collector) = &config.telemetry else { return Ok(Tracer::off()) };
        let (tracer, export) = Export::new(collector, metrics.spans_dropped.clone(), clock.clone(), chance.clone())?;
        self.overseers.spawn(lifecycle.vital("the sending of traces", export.run(self.stop_overseeing.clone())));
        Ok(tracer)
    }

    /// A configuration that names a collector was refused.
    #[cfg(not(feature = "otlp"))]
    #[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "the same form as with the feature")]
    pub(super) fn trace(&self, _: &Config, _: Parts<'_>, _: &Lifecycle) -> Result<Tracer, StartError> {
        Ok(Tracer::off())
    }
}
