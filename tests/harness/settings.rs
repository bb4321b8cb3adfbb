//! What the environment may say to the suites. The one place that reads it.

use std::path::PathBuf;
use std::time::Duration;

/// Settings of a run, all with defaults that keep a run short.
#[derive(Debug, Clone, Copy)]
pub struct Settings;

impl Settings {
    /// `PORTCULLIS_BIN`: a built executable to be tested in place of the one that cargo just built.
    pub fn executable() -> Option<PathBuf> {
        text("PORTCULLIS_BIN").map(PathBuf::from)
    }

    /// `PORTCULLIS_KILLS`: how often `crash.rs` kills the gateway.
    pub fn kills() -> u32 {
        number("PORTCULLIS_KILLS").map_or(50, |kills| u32::try_from(kills).unwrap_or(u32::MAX))
    }

    /// `PORTCULLIS_FAULTS_SECS`: how long the program `faults` lets things go wrong in `faults_program.rs`.
    pub fn faults_secs() -> u64 {
        number("PORTCULLIS_FAULTS_SECS").unwrap_or(120)
    }

    /// `PORTCULLIS_OUTAGE_SECS`: how long Meta cannot be reached in `outage.rs`.
    pub fn outage() -> Duration {
        Duration::from_secs(number("PORTCULLIS_OUTAGE_SECS").unwrap_or(5))
    }

    /// `PORTCULLIS_SEED`: the seed of everything random. Printed by the suites that use it, so that a failure can be repeated.
    pub fn seed() -> u64 {
        number("PORTCULLIS_SEED").unwrap_or_else(crate::now_millis)
    }

    /// `PORTCULLIS_WRITE_DOCS`: generated parts of documents are written in place of being compared.
    pub fn writes_documents() -> bool {
        text("PORTCULLIS_WRITE_DOCS").is_some()
    }

    /// `REDIS_SERVER`: the redis-server of the suites on Redis, in place of the one in `PATH`.
    pub fn redis_server() -> PathBuf {
        PathBuf::from(text("REDIS_SERVER").unwrap_or_else(|| "redis-server".to_owned()))
    }

    /// The search path, which children need to find their parts.
    pub fn path() -> String {
        text("PATH").unwrap_or_default()
    }
}

fn number(name: &str) -> Option<u64> {
    text(name).map(|value| value.parse().unwrap_or_else(|_| panic!("{name} is not a whole number")))
}

#[expect(clippy::disallowed_methods, reason = "the one place of the suites that reads the environment")]
fn text(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
