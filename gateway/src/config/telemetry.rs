//! `[telemetry]` as it was resolved: to whom traces go.

use std::time::Duration;

use secrecy::SecretString;
use url::Url;

/// A collector of traces.
#[derive(Debug, Clone)]
pub struct Collector {
    /// Where they are posted: https, or http to loopback.
    pub endpoint: Url,
    /// Headers of every request, by their name in lower case.
    pub headers: Vec<(String, SecretString)>,
    /// How many in a thousand traces are kept.
    pub sample_permille: u64,
    /// How long a request may take.
    pub timeout: Duration,
}
