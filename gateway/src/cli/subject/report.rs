//! `portcullis subject report`: what was sent to Meta about a person, as text for them and as JSON for what makes a letter of it.

use std::path::PathBuf;

use super::place::Place;
use super::told::Told;
use super::{Failure, Output, Persons, print_json, unexpected};
use crate::subject::{SubjectDone, SubjectTask};

/// Say what was sent to Meta about a person.
///
/// For each day, dataset and name of an event: how many were sent, which fields left, and under which policy. All the identifiers of one
/// person can be named at once; an event that carries several of them is then counted once for each. The text ends with what it
/// cannot know.
#[derive(Debug, clap::Args)]
#[command(override_usage = "portcullis subject report --config <FILE> <--email|--phone|--external-id|--fbp|--sha256>...")]
#[command(after_help = "\
Examples:
  echo ann@example.com | portcullis subject report --email - --config portcullis.toml
  portcullis subject report --external-id 17 --json --config portcullis.toml")]
pub(super) struct Report {
    /// The configuration that names the index
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,

    #[command(flatten)]
    pub persons: Persons,

    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// Runs it.
pub(super) fn run(command: &Report) -> Result<(), Failure> {
    let persons = command.persons.identifiers()?;
    let mut place = Place::of(&command.config)?;
    let marks = place.marks(&persons)?;
    let mut told = Told::new(place.retention_days(), persons.len(), place.suppressed(&persons));
    let mut from = Some(i64::MIN);
    while let Some(day) = from {
        let SubjectDone::Told(page) = place.ask(SubjectTask::Report(day), &marks)? else { return Err(unexpected()) };
        // A page that leads nowhere further would be asked for without an end.
        from = page.next_day.filter(|next| *next > day);
        told.add(page);
    }
    if command.json { print_json(&told.json()) } else { Ok(told.print(&mut Output::standard())?) }
}
