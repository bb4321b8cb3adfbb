//! `portcullis outbox inspect`: how much waits, and what was set aside and why.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context as _;
use serde::Serialize;

use super::{Failure, Output, Place, events, print_json};
use crate::clock::Clock;
use crate::outbox::{Inspection, inspect};

/// Show how much waits for each site and dataset, how old it is, and why events were set aside.
///
/// It reads only, also while the gateway runs, and shows nothing of an event but what Meta says of it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portcullis outbox inspect --config portcullis.toml
  portcullis outbox inspect --config portcullis.toml --json")]
pub(super) struct Inspect {
    /// The configuration that names the outbox
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,

    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// Runs it.
pub(super) fn run(command: &Inspect) -> Result<(), Failure> {
    let place = Place::of(&command.config)?;
    let inspection = inspect(&place.path, place.keys()?.as_ref()).context("the outbox cannot be read")?;
    let now_ms = Clock::system().unix_ms();
    if command.json {
        return print_json(&Json { now_ms, inspection: &inspection });
    }
    Ok(print(&inspection, now_ms, &mut Output::standard())?)
}

fn print<W: Write>(inspection: &Inspection, now_ms: u64, output: &mut Output<W>) -> std::io::Result<()> {
    let pending: u64 = inspection.pending.iter().map(|line| line.events).sum();
    output.line(format_args!("waiting for Meta: {}", events(pending)))?;
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
    output.line(format_args!("in quarantine: {}", events(inspection.quarantined_events)))?;
    if !inspection.quarantine.is_empty() {
        output.line(
            row(&["site", "dataset", "number", "events", "reason", "code", "subcode"]) + "           since  what Meta says",
        )?;
    }
    for line in &inspection.quarantine {
        let cells = [
            &line.site,
            &line.dataset,
            &line.id.to_string(),
            &line.events.to_string(),
            &line.reason,
            &line.code.to_string(),
            &line.subcode.to_string(),
        ];
        let since = age(now_ms, line.quarantined_ms);
        let told = line.message.as_deref().unwrap_or_default();
        output.line(format!("{} {since:>15}  {told}", row(&cells.map(String::as_str))).trim_end())?;
    }
    if inspection.unencrypted_events > 0 {
        output.line(format_args!("unencrypted on this disk: {}", events(inspection.unencrypted_events)))?;
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
