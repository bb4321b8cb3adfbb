//! `portcullis outbox …`: what waits for Meta, and what was set aside.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use clap::Subcommand;
use serde::Serialize;

use super::{Failure, Output};
use crate::clock::Clock;
use crate::config::{Backend, Config, Environment};
use crate::outbox::{Inspection, inspect};

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
pub(super) fn run(command: &Outbox) -> Result<(), Failure> {
    let Command::Inspect(command) = &command.command;
    let config = Config::load(&command.config, &Environment::of_process())?;
    let Backend::Embedded(path) = &config.outbox.backend else {
        return Err(Failure::Other(anyhow!("outbox.backend is memory: there is nothing on disk to look into")));
    };
    let inspection = inspect(path).context("the outbox cannot be read")?;
    let now_ms = Clock::system().unix_ms();
    let mut output = Output::standard();
    if command.json {
        let text = serde_json::to_string(&Json { now_ms, inspection: &inspection })
            .context("the answer cannot be written as JSON")?;
        return Ok(output.line(text)?);
    }
    Ok(print(&inspection, now_ms, &mut output)?)
}

fn print<W: Write>(inspection: &Inspection, now_ms: u64, output: &mut Output<W>) -> std::io::Result<()> {
    let pending: u64 = inspection.pending.iter().map(|line| line.events).sum();
    output.line(format_args!("{pending} events wait for Meta"))?;
    if pending > 0 {
        output.line(row(&["site", "dataset", "events", "groups", "bytes", "oldest", "attempts"]))?;
    }
    for line in &inspection.pending {
        output.line(row(&[
            &line.site,
            &line.dataset,
            &line.events.to_string(),
            &line.groups.to_string(),
            &line.bytes.to_string(),
            &age(now_ms, line.oldest_received_ms),
            &line.max_attempts.to_string(),
        ]))?;
    }
    output.line(format_args!("{} events are in quarantine", inspection.quarantined_events))?;
    if !inspection.quarantine.is_empty() {
        output.line(row(&["site", "dataset", "events", "reason", "code", "subcode", "since"]))?;
    }
    for line in &inspection.quarantine {
        output.line(row(&[
            &line.site,
            &line.dataset,
            &line.events.to_string(),
            &line.reason,
            &line.code.to_string(),
            &line.subcode.to_string(),
            &age(now_ms, line.quarantined_ms),
        ]))?;
    }
    Ok(())
}

fn row(cells: &[&str; 7]) -> String {
    let [site, dataset, cells @ ..] = cells;
    let cells: Vec<String> = cells.iter().map(|cell| format!("{cell:>15}")).collect();
    format!("  {site:<16} {dataset:<20} {}", cells.join(" "))
}

/// How long ago, in the largest unit that says enough.
fn age(now_ms: u64, then_ms: u64) -> String {
    let secs = now_ms.saturating_sub(then_ms) / 1000;
    match secs {
        0..=119 => format!("{secs} s"),
        120..=7199 => format!("{} min", secs / 60),
        7200..=172_799 => format!("{} h", secs / 3600),
        _ => format!("{} d", secs / 86_400),
    }
}

/// The same for machines; times in milliseconds since 1970.
#[derive(Serialize)]
struct Json<'a> {
    now_ms: u64,
    #[serde(flatten)]
    inspection: &'a Inspection,
}
