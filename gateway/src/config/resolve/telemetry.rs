//! Where traces go. Only an executable that was built to make them takes an address for them: one that did not would be silent.

use std::time::Duration;

use super::Resolver;
use crate::config::endpoint::is_loopback;
use crate::config::{Collector, ConfigError, document};

/// What it says who has no traces to send.
const NOT_BUILT_IN: &str = "asks for traces, and this executable was built without them; take the key out, or build it with \
                            `cargo build --release --features otlp`";

impl Resolver<'_> {
    pub(super) fn telemetry(&mut self, written: document::Telemetry) -> Result<Option<Collector>, ConfigError> {
        let sample_permille = self.need(written.sample_permille, "telemetry.sample_permille")?;
        let timeout = Duration::from_secs(self.need(written.timeout_secs, "telemetry.timeout_secs")?);
        let headers = written.headers.unwrap_or_default();
        let Some(endpoint) = written.endpoint else {
            if !headers.is_empty() {
                return Err(self.fail("telemetry.headers", "stands without telemetry.endpoint, to which they go; give it"));
            }
            return Ok(None);
        };
        let endpoint = endpoint.0;
        if !cfg!(feature = "otlp") {
            return Err(self.fail("telemetry.endpoint", NOT_BUILT_IN));
        }
        if endpoint.scheme() != "https" && !is_loopback(&endpoint) {
            return Err(self.fail("telemetry.endpoint", "http is possible to loopback alone; use https"));
        }
        let mut resolved = Vec::with_capacity(headers.len());
        for (name, source) in headers {
            let key = format!("telemetry.headers.{}", name.0);
            resolved.push((name.0, self.secret(&source, &key)?));
        }
        Ok(Some(Collector { endpoint, headers: resolved, sample_permille, timeout }))
    }
}
