//! What the process must not do on its way down: tell what was in its memory.

use anyhow::Context;
use rustix::process::{Resource, Rlimit, setrlimit};

use super::{Failure, output};

/// Turns core dumps off and lets a panic say its place alone. A gateway that cannot promise that does not start.
pub fn harden() -> Result<(), Failure> {
    std::panic::set_hook(Box::new(|panic| output::panicked(panic.location())));
    // 1 and not 0: Linux disregards the limit when core_pattern is a pipe to a collector, as on most distributions, except for
    // this value. To a file, no dump fits in a byte.
    setrlimit(Resource::Core, Rlimit { current: Some(1), maximum: Some(1) }).context("core dumps cannot be turned off")?;
    Ok(())
}
