//! `portcullis outbox purge`: events that must go, and do not come back.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::PathBuf;

use anyhow::anyhow;
use clap::error::ErrorKind;
use clap::{ArgGroup, CommandFactory as _};

use super::{Failure, Output, Place, events, print_json, time, unexpected, whole};
use crate::cli::Cli;
use crate::cli::output::remark;
use crate::clock::Clock;
use crate::outbox::{EventFilter, OutboxCommand, OutboxDone, Purged};

/// Delete events for good: those that wait and those in quarantine.
///
/// Several options together narrow further. An event that is on its way to Meta at that moment cannot be called back: it is deleted
/// as soon as that is decided, unless Meta has it then. Nothing of what is deleted is left in the outbox's files; copies made by
/// `portcullis outbox backup` are yours to delete.
#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("which").required(true).multiple(true).args(["dataset", "site", "before", "event_id"]))]
#[command(after_help = "\
Examples:
  portcullis outbox purge --event-id 6f9619ff-8b86-4d01-b42d-00cf4fc964ff --config portcullis.toml
  portcullis outbox purge --site shop --before 7d --dry-run --config portcullis.toml
  portcullis outbox purge --dataset 1234567890123456 --yes --config portcullis.toml")]
pub(super) struct Purge {
    /// The configuration that names the outbox
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,

    /// What goes to this dataset
    #[arg(long, value_name = "ID")]
    pub dataset: Option<String>,

    /// What this site sent
    #[arg(long, value_name = "ID")]
    pub site: Option<String>,

    /// What came in before: `7d`, `36h` or `90m` ago, `2026-11-20` or `2026-11-20T08:30:00Z`, in UTC
    #[arg(long, value_name = "TIME")]
    pub before: Option<String>,

    /// Events of this id, as it leaves: one that the policy had to rewrite is known by what it was rewritten to
    #[arg(long, value_name = "ID")]
    pub event_id: Option<String>,

    /// Only say how many there are
    #[arg(long)]
    pub dry_run: bool,

    /// Do not ask
    #[arg(long, conflicts_with = "dry_run")]
    pub yes: bool,

    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// Runs it.
pub(super) async fn run(command: Purge) -> Result<(), Failure> {
    let before_ms = match &command.before {
        None => None,
        Some(text) => Some(time::parse(text, Clock::system().unix_ms()).map_err(|reason| wrong("--before", reason))?),
    };
    let filter = EventFilter { site: command.site, dataset: command.dataset, before_ms, event_id: command.event_id };
    let place = Place::of(&command.config)?;
    if command.dry_run || !command.yes {
        let would = purged(place.perform(OutboxCommand::WouldPurge(filter.clone())).await?)?;
        if command.dry_run {
            return print(&would, "would be deleted", command.json);
        }
        confirm(&would)?;
    }
    let done = purged(place.perform(OutboxCommand::Purge(filter)).await?)?;
    print(&done, "deleted", command.json)
}

fn purged(done: OutboxDone) -> Result<Purged, Failure> {
    match done {
        OutboxDone::Purged(purged) => Ok(purged),
        OutboxDone::Redriven(_) | OutboxDone::Rekeyed(_) => Err(unexpected()),
    }
}

/// Asks the person at the terminal.
fn confirm(would: &Purged) -> Result<(), Failure> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(Failure::Other(anyhow!(
            "nothing was deleted: there is nobody to ask; say --yes, or --dry-run to count"
        )));
    }
    let mut question = Output::error();
    let all = events(would.waiting_events() + would.quarantined + would.in_hand);
    question.line(format_args!("To be deleted for good: {all}. Answer yes or no:"))?;
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer)?;
    if answer.trim() == "yes" { Ok(()) } else { Err(Failure::Other(anyhow!("nothing was deleted"))) }
}

fn print(purged: &Purged, what: &str, json: bool) -> Result<(), Failure> {
    if json {
        print_json(purged)?;
        return whole(purged.broke_off.as_ref());
    }
    let mut output = Output::standard();
    output.line(format_args!(
        "{what}: {} that waited, {} in quarantine",
        events(purged.waiting_events()),
        purged.quarantined
    ))?;
    for (dataset, events) in &purged.waiting {
        output.line(format_args!("  {dataset:<20} {events:>12}"))?;
    }
    if *purged == Purged::default() {
        remark("nothing matched; `portcullis outbox inspect` shows the sites and datasets of what is there");
    }
    if purged.in_hand > 0 {
        output.line(format_args!(
            "{} events are on their way to Meta: each goes when that is decided, unless Meta has it then",
            purged.in_hand
        ))?;
    }
    if purged.unreadable > 0 {
        output.line(format_args!(
            "{} rows cannot be read, so nobody knows whether they hold it; a purge by dataset or time deletes them, but for \
             those that the disk has damaged",
            purged.unreadable
        ))?;
    }
    whole(purged.broke_off.as_ref())
}

/// The command line is wrong in a way that clap could not see.
fn wrong(option: &str, reason: &str) -> Failure {
    let mut command = Cli::command();
    // So that it knows its whole name.
    command.build();
    let purge = command.find_subcommand_mut("outbox").and_then(|outbox| outbox.find_subcommand_mut("purge"));
    let text = format!("{option}: {reason}");
    Failure::CommandLine(match purge {
        Some(purge) => purge.error(ErrorKind::ValueValidation, text),
        None => command.error(ErrorKind::ValueValidation, text),
    })
}
