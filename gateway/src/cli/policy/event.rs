//! `portcullis policy explain POLICY --event FILE`: what would become of these events, field by field.
//!
//! Fit for a ticket: no value of an event is told, no name of a key that is not known, no term of the lexicon. Only
//! `--show-values` and `--out` bring values, and both say so. Nothing is sent or kept. Left to others: the decisions, which are
//! those of a run of the filter (`portcullis_filters::pipeline::trace`).

mod input;
mod person;
mod table;
mod told;
mod values;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use portcullis_filters::pipeline::{Context, Trace, trace};
use portcullis_filters::policy::Policy;
use portcullis_filters::pseudonym::PseudonymKey;
use portcullis_filters::suppression::Nobody;

use crate::chance::Chance;
use crate::cli::{Failure, Output, output};
use crate::clock::Clock;
use crate::config::pseudonym;

/// A file's name that stands for standard input or output.
const STANDARD: &str = "-";

/// What of an explanation concerns events.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Tell what would become of the events in this file: one event, a list, or a request's body; - is standard input
    #[arg(long, value_name = "FILE")]
    pub(super) event: Option<PathBuf>,

    /// The dataset to which they go; rules that name another one take nothing away
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true, requires = "event")]
    pub(super) dataset: String,

    /// Judge them as if it were this time, in seconds since 1970
    #[arg(long, value_name = "SECONDS", requires = "event")]
    pub(super) at: Option<u64>,

    /// The key of pseudonyms; without it one is made and forgotten, and pseudonyms are not those of the gateway
    #[arg(long, value_name = "FILE", requires = "event")]
    pub(super) pseudonym_key: Option<PathBuf>,

    /// Show each value as it came and as it leaves: personal data, not for tickets
    #[arg(long, requires = "event")]
    pub(super) show_values: bool,

    /// Write what leaves to this file, as the body of the request to Meta; with - the table goes to standard error
    #[arg(long, value_name = "FILE", requires = "event")]
    pub(super) out: Option<PathBuf>,
}

/// How an explanation is told.
pub(super) struct Telling<'a> {
    pub(super) policy: &'a Policy,
    pub(super) hosts: &'a [String],
    pub(super) json: bool,
}

/// Explains the events in a file.
pub(super) fn run(file: &Path, arguments: &Arguments, telling: &Telling<'_>) -> Result<(), Failure> {
    let text = input::read(file)?;
    let events = input::events(&text).map_err(|reason| anyhow::anyhow!("{}: {reason}", input::name(file)))?;
    let chance = Chance::from_system().context("the operating system gives no random bytes")?;
    let key = match &arguments.pseudonym_key {
        Some(file) => pseudonym::read(file).map_err(|error| Failure::Configuration(error.into()))?,
        None => PseudonymKey::new(chance.bytes()),
    };
    let now_secs = arguments.at.unwrap_or_else(|| Clock::system().unix_secs());
    let traces: Vec<(&str, Trace)> = events
        .iter()
        .map(|raw| {
            let context = Context {
                dataset: &arguments.dataset,
                now_secs,
                fresh_id: chance.bytes(),
                pseudonyms: &key,
                suppressed: &Nobody,
            };
            (raw.get(), trace(telling.policy, &context, raw.get()))
        })
        .collect();
    if arguments.show_values {
        output::remark("what follows holds the values of the events: personal data, not for tickets");
    }
    match &arguments.out {
        Some(out) if out.as_os_str() == STANDARD => {
            tell(arguments, telling, &traces, &mut Output::error())?;
            Output::standard().line(body(&traces))?;
        }
        Some(out) => {
            write_private(out, &body(&traces)).with_context(|| format!("{} cannot be written", out.display()))?;
            tell(arguments, telling, &traces, &mut Output::standard())?;
        }
        None => tell(arguments, telling, &traces, &mut Output::standard())?,
    }
    Ok(())
}

fn tell<W: Write>(
    arguments: &Arguments,
    telling: &Telling<'_>,
    traces: &[(&str, Trace)],
    output: &mut Output<W>,
) -> anyhow::Result<()> {
    let told = told::Told::of(arguments, telling, traces);
    if telling.json {
        let text = serde_json::to_string(&told).context("the answer cannot be written as JSON")?;
        return Ok(output.line(text)?);
    }
    Ok(table::print(&told, output)?)
}

/// The events that leave, as they are sent: an object with the one parameter `data`.
fn body(traces: &[(&str, Trace)]) -> String {
    let leaving = traces.iter().filter_map(|(_, trace)| trace.sanitized.as_ref());
    let leaving: Vec<&str> = leaving.map(portcullis_filters::event::SanitizedEvent::as_str).collect();
    format!("{{\"data\":[{}]}}", leaving.join(","))
}

/// What leaves still names people to whoever can read hashes, so only the owner of the file may read it.
fn write_private(file: &Path, text: &str) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file)?;
    writeln!(file, "{text}")
}

#[cfg(test)]
mod tests;
