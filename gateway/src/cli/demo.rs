//! `portcullis demo`: shows what the gateway does, with nothing but this executable.

use anyhow::anyhow;

use super::Failure;

/// Show it at work, with made-up events and a stand-in for Meta.
///
/// Events of a retailer, a pharmacy and a hospital go through a gateway in this process. For each you see what came in, what
/// was removed and why, and what Meta would have received. Nothing leaves the machine and nothing is left on it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  portcullis demo")]
pub struct Demo {}

/// Runs it.
pub(super) async fn run(command: Demo) -> Result<(), Failure> {
    std::future::ready(command).await;
    Err(Failure::Other(anyhow!("`demo` is not part of this build")))
}
