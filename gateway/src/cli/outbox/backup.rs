//! `portcullis outbox backup` and `restore`: a copy of what waits, and the way back.

use std::path::PathBuf;

use anyhow::Context as _;
use serde::Serialize;

use super::{Failure, Output, Place, print_json, time};
use crate::cli::output::remark;
use crate::clock::Clock;
use crate::outbox::{BackedUp, backup, restore};

/// Copy the outbox to a file, also while the gateway runs.
///
/// The copy is one instant of it, checked before it gets its name, and readable for its owner alone. What rests encrypted stays so;
/// the key is not in it. Nothing is overwritten.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  portcullis outbox backup /backup/outbox-monday.db --config portcullis.toml")]
pub(super) struct Backup {
    /// The file to make
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// The configuration that names the outbox
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,

    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// Put a copy in the place of the outbox, while no gateway runs with it.
///
/// Events of the copy that Meta got since it was made are sent again, with the same event ids, so Meta counts them once if that is
/// soon enough. The outbox that is there is never deleted, but moved aside.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  portcullis outbox restore /backup/outbox-monday.db --config portcullis.toml")]
pub(super) struct Restore {
    /// The copy
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// The configuration that names the outbox
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,

    /// Also where an outbox with events is there, which is moved aside
    #[arg(long)]
    pub replace: bool,

    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

#[derive(Serialize)]
struct Json {
    pending_events: u64,
    quarantined_events: u64,
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    moved_to: Option<PathBuf>,
}

/// Makes a copy.
pub(super) fn run(command: &Backup) -> Result<(), Failure> {
    let place = Place::of(&command.config)?;
    say_what_is_left_out(&place);
    let held = backup(&place.path, &command.file).context("the outbox was not copied")?;
    print(&held, None, command.json)
}

/// Puts one back.
pub(super) fn run_restore(command: &Restore) -> Result<(), Failure> {
    let place = Place::of(&command.config)?;
    say_what_is_left_out(&place);
    let aside = format!(".before-{}", time::compact(Clock::system().unix_ms()));
    let restored = restore(&command.file, &place.path, &aside, command.replace).context("the copy was not put back")?;
    print(&restored.held, restored.moved_to, command.json)
}

fn say_what_is_left_out(place: &Place) {
    if place.is_shared() {
        remark("this is about the file of this machine alone; what rests in Redis is backed up by the means of Redis");
    }
}

fn print(held: &BackedUp, moved_to: Option<PathBuf>, json: bool) -> Result<(), Failure> {
    let BackedUp { pending_events, quarantined_events, bytes } = *held;
    if json {
        return print_json(&Json { pending_events, quarantined_events, bytes, moved_to });
    }
    let mut output = Output::standard();
    output.line(format_args!("{pending_events} events that wait, {quarantined_events} in quarantine, {bytes} bytes"))?;
    if let Some(path) = moved_to {
        output.line(format_args!("what was there is now {}", path.display()))?;
    }
    Ok(())
}
