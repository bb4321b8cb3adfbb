//! `portcullis outbox inspect`: how much waits, and what was set aside and why; with Redis also who shares it.

use std::io::Write;
use std::path::PathBuf;

use serde::Serialize;

use super::{Failure, Output, Place, events, print_json};
use crate::clock::Clock;
use crate::outbox::{Inspection, SharedInspection};
use crate::shared::membership::Gateway;

/// Show how much waits for each site and dataset, how old it is, and why events were set aside.
///
/// It reads only, also while the gateway runs, and shows nothing of an event but what Meta says of it. With Redis it shows what all
/// gateways share, which of them live, and what is in the file of this machine.
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
pub(super) async fn run(command: &Inspect) -> Result<(), Failure> {
    let place = Place::of(&command.config)?;
    let here = place.inspect_file()?;
    // What is in the file is told also while Redis is away.
    let (there, away) = match place.inspect_shared().await {
        Ok(there) => (there, None),
        Err(failure) => (None, Some(failure)),
    };
    let now_ms = Clock::system().unix_ms();
    if command.json {
        print_json(&Json { now_ms, inspection: &here, redis: there.as_ref() })?;
    } else {
        let mut output = Output::standard();
        if let Some(there) = &there {
            output.line("in Redis, for all gateways:")?;
            print_shared(there, now_ms, &mut output)?;
        }
        if place.is_shared() {
            output.line(format_args!("in the file of this machine, {}:", place.path.display()))?;
        }
        print(&here, now_ms, &mut output)?;
    }
    away.map_or(Ok(()), Err)
}

fn print_shared<W: Write>(shared: &SharedInspection, now_ms: u64, output: &mut Output<W>) -> std::io::Result<()> {
    print(&shared.inspection, now_ms, output)?;
    output.line(format_args!("durability of Redis: {}", shared.durability.unwrap_or("unknown")))?;
    let live = shared.gateways.iter().filter(|gateway| gateway.lives).count();
    output.line(format_args!("gateways that live: {live}"))?;
    for Gateway { name, silent_ms, lives, about } in &shared.gateways {
        let state = if *lives { "lives" } else { "dead" };
        let heard = silent_ms / 1000;
        output.line(format_args!("  {name:<36} {state:<6} heard {heard} s ago, version {}", about.version))?;
        for (site, digest) in &about.policies {
            output.line(format_args!("    {site:<34} policy {digest}"))?;
        }
    }
    Ok(())
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
        output.line(format_args!("unencrypted: {}", events(inspection.unencrypted_events)))?;
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
    #[serde(skip_serializing_if = "Option::is_none")]
    redis: Option<&'a SharedInspection>,
}
