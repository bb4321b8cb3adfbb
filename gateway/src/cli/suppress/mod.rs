//! `portcullis suppress …`: persons who must not be sent.
//!
//! What stands for them is made here, from the configuration's keys, and only that goes to the gateway that runs, through its
//! control socket. Where none runs, the command takes the store itself and does the same. Gateways that share Redis are told
//! through its log of changes. Nothing that was given is printed.

mod change;
mod import;
mod look;
pub(super) mod persons;
mod place;

use clap::Subcommand;

use super::output::{many, print_json};
use super::{Failure, Output};

/// Keep back every event of a person, and let them go again.
///
/// A person is known by e-mail address, telephone number, your own id, Meta's browser id, or by the SHA-256 of one of them. An event
/// that carries any of these, raw or hashed, is dropped when it comes in. What waits or was set aside is not sent from then on, and
/// deleted. What Meta has already stays there. With outbox.backend = "redis" it goes for all gateways, whichever is asked.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  echo ann@example.com | portcullis suppress add --email - --config portcullis.toml
  portcullis suppress import --from persons.csv --config portcullis.toml
  portcullis suppress count --config portcullis.toml")]
pub struct Suppress {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Add(change::Add),
    Remove(change::Remove),
    Check(look::Check),
    Import(import::Import),
    Export(look::Export),
    Count(look::Count),
}

/// Runs it.
pub(super) fn run(command: &Suppress) -> Result<(), Failure> {
    match &command.command {
        Command::Add(command) => change::add(command),
        Command::Remove(command) => change::remove(command),
        Command::Check(command) => look::check(command),
        Command::Import(command) => import::run(command),
        Command::Export(command) => look::export(command),
        Command::Count(command) => look::count(command),
    }
}
