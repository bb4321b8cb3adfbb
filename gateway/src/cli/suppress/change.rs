//! `portcullis suppress add` and `remove`: a few persons at a time.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::persons::Persons;
use super::place::Place;
use super::{Failure, Output, many, print_json};
use crate::cli::output::remark;
use crate::suppression::SuppressTask;

/// Keep back every event of these persons from now on.
///
/// When this returns, it is durable and in force in the gateway that runs; in others that share its Redis within a second, or when
/// they are back. It fails while Redis is away. What waits of theirs is deleted in the background, and is not sent meanwhile; only
/// what is on the wire at that instant may still arrive.
#[derive(Debug, clap::Args)]
#[command(override_usage = "portcullis suppress add --config <FILE> <--email|--phone|--external-id|--fbp|--sha256>...")]
#[command(after_help = "\
Examples:
  echo ann@example.com | portcullis suppress add --email - --config portcullis.toml
  portcullis suppress add --external-id 4711 --sha256 - --config portcullis.toml < digests.txt")]
pub(super) struct Add {
    /// The configuration that names the store
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,

    #[command(flatten)]
    pub persons: Persons,

    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// Let events of these persons leave again.
///
/// Somebody who was added by e-mail address and by telephone number is kept back until both are removed. What was deleted meanwhile
/// does not come back.
#[derive(Debug, clap::Args)]
#[command(override_usage = "portcullis suppress remove --config <FILE> <--email|--phone|--external-id|--fbp|--sha256>...")]
#[command(after_help = "\
Example:
  echo ann@example.com | portcullis suppress remove --email - --config portcullis.toml")]
pub(super) struct Remove {
    /// The configuration that names the store
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,

    #[command(flatten)]
    pub persons: Persons,

    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

#[derive(Serialize)]
struct Json {
    identifiers: u64,
    marks_changed: u64,
    gateway_runs: bool,
}

/// Runs it.
pub(super) fn add(command: &Add) -> Result<(), Failure> {
    let (done, place) = perform(&command.config, &command.persons, SuppressTask::Add)?;
    if command.json {
        return print_json(&done);
    }
    let Json { identifiers, marks_changed, .. } = done;
    let who = many(identifiers, "identifier");
    if marks_changed == 0 {
        Output::standard().line(format_args!("{who}: suppressed before already"))?;
    } else {
        Output::standard().line(format_args!("{who}: suppressed, by {}", many(marks_changed, "new mark")))?;
    }
    say_when(&place);
    Ok(())
}

/// Runs it.
pub(super) fn remove(command: &Remove) -> Result<(), Failure> {
    let (done, _) = perform(&command.config, &command.persons, SuppressTask::Remove)?;
    if command.json {
        return print_json(&done);
    }
    let Json { identifiers, marks_changed, .. } = done;
    let who = many(identifiers, "identifier");
    if marks_changed == 0 {
        Output::standard().line(format_args!("{who}: not suppressed, so nothing changed"))?;
    } else {
        Output::standard().line(format_args!("{who}: not suppressed any more; {} removed", many(marks_changed, "mark")))?;
    }
    Ok(())
}

/// Says it where it may not be what somebody expects.
pub(super) fn say_when(place: &Place) {
    if !place.gateway_did_it() {
        remark(
            "no gateway runs with this outbox; what waits in it is looked through at the next start, before any of it is sent",
        );
    }
}

fn perform(config: &Path, persons: &Persons, task: SuppressTask) -> Result<(Json, Place), Failure> {
    let persons = persons.identifiers()?;
    let mut place = Place::of(config)?;
    let mut marks = Vec::new();
    for forms in &persons {
        marks.extend(place.marks(forms)?);
    }
    marks.sort_unstable();
    marks.dedup();
    let mut marks_changed = 0;
    for piece in marks.chunks(crate::suppression::PIECE) {
        marks_changed += place.perform(task, piece.to_vec())?;
    }
    Ok((Json { identifiers: persons.len() as u64, marks_changed, gateway_runs: place.gateway_did_it() }, place))
}
