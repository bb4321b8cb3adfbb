//! `portcullis policy …`: what a policy lets through, for the people who answer for it.

use anyhow::anyhow;
use clap::Subcommand;

use super::Failure;

/// Look into policies.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  portcullis policy explain retail@1")]
pub struct Policy {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Explain(Explain),
}

/// Say in plain words what leaves under a policy, in which form, and which channels stay open.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portcullis policy explain retail@1
  portcullis policy explain policies/shop.toml --host www.shop.example
  portcullis policy explain pharmacy@1 --json")]
pub struct Explain {
    /// A built-in such as retail@1, or the path of a file
    #[arg(value_name = "POLICY")]
    pub policy: String,

    /// A host of the site, as in its configuration; may be repeated
    #[arg(long = "host", value_name = "HOST", default_value = "www.shop.example")]
    pub hosts: Vec<String>,

    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// Runs it.
pub(super) fn run(command: Policy) -> Result<(), Failure> {
    let Command::Explain(Explain { policy, .. }) = command.command;
    Err(Failure::Other(anyhow!("`policy explain {policy}` is not part of this build")))
}
