//! `portcullis policy …`: what a policy lets through, for the people who answer for it.

mod event;
mod explain;
mod goods;
mod persons;

use clap::Subcommand;

use super::Failure;

pub(super) use goods::GoodsTold;

/// Look into policies.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portcullis policy explain retail@1
  portcullis policy explain retail@1 --event purchase.json")]
pub struct Policy {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Explain(explain::Explain),
}

/// Runs it.
pub(super) fn run(command: &Policy) -> Result<(), Failure> {
    match &command.command {
        Command::Explain(command) => explain::run(command),
    }
}
