//! `portcullis subject …`: what was sent about a person, for the person who asks, and that it is forgotten.
//!
//! What stands for them is made here, from the configuration's keys, and only that goes to the gateway that runs, through its
//! control socket. Where none runs, the command reads the index itself. Nothing that was given is printed.

mod forget;
mod place;
mod report;
mod told;

use clap::Subcommand;

use super::output::{many, print_json};
use super::running::unexpected;
use super::suppress::persons::Persons;
use super::{Failure, Output};

/// Tell a person what was sent to Meta about them, or forget it.
///
/// Needs an index of what was delivered, which is kept once the configuration sets its retention. It holds the day, the dataset, the
/// name of the event, the names of the fields that left and the policy, and no value. A person is known by e-mail address,
/// telephone number, your own id, Meta's browser id, or by the SHA-256 of one of them.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  echo ann@example.com | portcullis subject report --email - --config portcullis.toml
  echo ann@example.com | portcullis subject forget --email - --config portcullis.toml")]
pub struct Subject {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Report(report::Report),
    Forget(forget::Forget),
}

/// Runs it.
pub(super) fn run(command: &Subject) -> Result<(), Failure> {
    match &command.command {
        Command::Report(command) => report::run(command),
        Command::Forget(command) => forget::run(command),
    }
}
