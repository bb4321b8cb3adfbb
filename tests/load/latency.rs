//! Latencies in short.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// Of requests that were answered 200, in milliseconds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "a figure has its unit in its name, in JSON too")]
pub(crate) struct Latency {
    pub(crate) p50_ms: f64,
    pub(crate) p90_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) p999_ms: f64,
    pub(crate) max_ms: f64,
}

impl Latency {
    /// From microseconds.
    #[expect(clippy::cast_precision_loss, reason = "minutes at most")]
    pub(crate) fn of(micros: &Histogram<u64>) -> Self {
        let at = |quantile| micros.value_at_quantile(quantile) as f64 / 1000.0;
        Self { p50_ms: at(0.5), p90_ms: at(0.9), p99_ms: at(0.99), p999_ms: at(0.999), max_ms: at(1.0) }
    }
}
