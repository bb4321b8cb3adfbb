//! Starts the sending of traces, where a collector is configured. That is possible with the feature `otlp` alone.

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::StartError;
use crate::chance::Chance;
use crate::clock::Clock;
use crate::config::Config;
use crate::lifecycle::Lifecycle;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::traces::Tracer;

/// What spans are made with.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(feature = "otlp"), expect(dead_code, reason = "read where traces are built in"))]
pub(super) struct Surroundings<'s> {
    pub(super) metrics: &'s Metrics,
    pub(super) clock: &'s Clock,
    pub(super) chance: &'s Chance,
    pub(super) lifecycle: &'s Lifecycle,
}

/// What begins spans; those that ended are sent until the stop.
#[cfg(feature = "otlp")]
pub(super) fn start(
    config: &Config,
    surroundings: Surroundings<'_>,
    tracker: &TaskTracker,
    stop: &CancellationToken,
) -> Result<Tracer, StartError> {
    use crate::telemetry::traces::Export;

    let Surroundings { metrics, clock, chance, lifecycle } = surroundings;
    let Some(collector) = &config.telemetry else { return Ok(Tracer::off()) };
    let (tracer, export) = Export::new(collector, metrics.traces_dropped.clone(), clock.clone(), chance.clone())?;
    tracker.spawn(lifecycle.vital("the sending of traces", export.run(stop.clone())));
    Ok(tracer)
}

/// A configuration that names a collector was refused.
#[cfg(not(feature = "otlp"))]
#[expect(clippy::unnecessary_wraps, reason = "the same form as with the feature")]
pub(super) fn start(_: &Config, _: Surroundings<'_>, _: &TaskTracker, _: &CancellationToken) -> Result<Tracer, StartError> {
    Ok(Tracer::off())
}
