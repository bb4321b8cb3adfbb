//! `portcullis outbox …`: what waits for Meta, and what was set aside.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Subcommand;

use super::Failure;

/// Look into the outbox.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  portcullis outbox inspect --config portcullis.toml")]
pub struct Outbox {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Inspect(Inspect),
}

/// Show how much waits for each site and dataset, how old it is, and why events were set aside.
///
/// It reads only, also while the gateway runs, and shows nothing of an event.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portcullis outbox inspect --config portcullis.toml
  portcullis outbox inspect --config portcullis.toml --json")]
pub struct Inspect {
    /// The configuration that names the outbox
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,

    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// Runs it.
pub(super) async fn run(command: Outbox) -> Result<(), Failure> {
    let Command::Inspect(inspect) = command.command;
    std::future::ready(inspect).await;
    Err(Failure::Other(anyhow!("`outbox inspect` is not part of this build")))
}
