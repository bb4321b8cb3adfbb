//! `portcullis outbox …`: what waits for Meta, what was set aside, and what a person can do about it.
//!
//! What changes the outbox is asked of the gateway that runs with it, through its control socket. Where none runs, the command
//! takes the outbox itself and does the same; what several gateways share in Redis it changes there, whoever else runs.

mod backup;
mod inspect;
mod place;
mod purge;
mod redrive;
mod rekey;
mod show;
mod time;

use anyhow::anyhow;
use clap::Subcommand;

use self::place::Place;
use super::output::{many, print_json};
use super::running::unexpected;
use super::{Failure, Output};

/// Look into the outbox, and put right what is in it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portcullis outbox inspect --config portcullis.toml
  portcullis outbox redrive --dataset 1234567890123456 --config portcullis.toml
  portcullis outbox purge --before 7d --dry-run --config portcullis.toml")]
pub struct Outbox {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Inspect(inspect::Inspect),
    Show(show::Show),
    Redrive(redrive::Redrive),
    Purge(purge::Purge),
    Rekey(rekey::Rekey),
    Backup(backup::Backup),
    Restore(backup::Restore),
}

/// Runs it.
pub(super) async fn run(command: Outbox) -> Result<(), Failure> {
    match command.command {
        Command::Inspect(command) => inspect::run(&command).await,
        Command::Show(command) => show::run(&command).await,
        Command::Redrive(command) => redrive::run(command).await,
        Command::Purge(command) => purge::run(command).await,
        Command::Rekey(command) => rekey::run(&command).await,
        Command::Backup(command) => backup::run(&command),
        Command::Restore(command) => backup::run_restore(&command),
    }
}

/// What was told was done, and why not all of it.
fn whole(broke_off: Option<&String>) -> Result<(), Failure> {
    match broke_off {
        None => Ok(()),
        Some(reason) => Err(Failure::Other(anyhow!("not all of it was done: {reason}; run it again"))),
    }
}

/// A number of events in words.
fn events(number: u64) -> String {
    many(number, "event")
}
