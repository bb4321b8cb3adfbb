//! `portcullis outbox …`: what waits for Meta, what was set aside, and what a person can do about it.
//!
//! What changes the outbox is asked of the gateway that runs with it, through its control socket. Where none runs, the command
//! takes the outbox itself and does the same.

mod backup;
mod inspect;
mod purge;
mod redrive;
mod rekey;
mod show;
mod time;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::Subcommand;

use super::output::{many, print_json};
use super::running::{self, unexpected};
use super::{Failure, Output};
use crate::chance::Chance;
use crate::config::{self, Config, Environment};
use crate::control::{self, Done};
use crate::outbox::{AnyOutbox, Keys, OutboxCommand, OutboxDone, Settings};

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
        Command::Inspect(command) => inspect::run(&command),
        Command::Show(command) => show::run(&command),
        Command::Redrive(command) => redrive::run(command).await,
        Command::Purge(command) => purge::run(command).await,
        Command::Rekey(command) => rekey::run(&command).await,
        Command::Backup(command) => backup::run(&command),
        Command::Restore(command) => backup::run_restore(&command),
    }
}

/// The outbox of a configuration, which is on a disk.
#[derive(Debug)]
struct Place {
    outbox: config::Outbox,
    path: PathBuf,
}

impl Place {
    /// Reads of the configuration what concerns the outbox.
    fn of(config: &Path) -> Result<Self, Failure> {
        let outbox = Config::load_outbox(config, &Environment::of_process())?;
        match outbox.backend.file() {
            Some(path) => Ok(Self { path: path.to_owned(), outbox }),
            None => Err(Failure::Other(anyhow!("outbox.backend is memory: there is nothing on disk"))),
        }
    }

    /// What opens events that rest encrypted, if they do.
    fn keys(&self) -> Result<Option<Keys>, Failure> {
        Ok(Keys::of(&self.outbox, &chance()?))
    }

    /// Has the gateway that runs do it, or does it here.
    async fn perform(&self, command: OutboxCommand) -> Result<OutboxDone, Failure> {
        match running::ask(&self.path, &control::Command::Outbox(command.clone()))? {
            Some(Done::Outbox(done)) => return Ok(done),
            Some(_) => return Err(unexpected()),
            None => {}
        }
        // Opening would make one.
        std::fs::metadata(&self.path).with_context(|| format!("{}: there is no outbox", self.path.display()))?;
        let settings = Settings::of(&self.outbox, &chance()?);
        let outbox = AnyOutbox::open_embedded(&self.path, settings).context("the outbox cannot be opened")?;
        let done = outbox.obey(command).await;
        outbox.close().await;
        Ok(done.map_err(anyhow::Error::from)?)
    }
}

/// For nonces of what is encrypted here.
fn chance() -> Result<Chance, Failure> {
    Ok(Chance::from_system().context("the operating system gives no random bytes")?)
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
