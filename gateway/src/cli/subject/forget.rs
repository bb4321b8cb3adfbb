//! `portcullis subject forget`: what is remembered of deliveries about a person is deleted.

use std::path::PathBuf;

use serde::Serialize;

use super::place::Place;
use super::{Failure, Output, Persons, many, print_json, unexpected};
use crate::subject::{SubjectDone, SubjectTask};

/// Delete what is remembered of deliveries about a person.
///
/// Only the index forgets: what Meta has stays there, and what is sent from now on is recorded again. To keep a person back, use
/// `portcullis suppress`. Rows that stand under another identifier of the person than those that are named stay.
#[derive(Debug, clap::Args)]
#[command(override_usage = "portcullis subject forget --config <FILE> <--email|--phone|--external-id|--fbp|--sha256>...")]
#[command(after_help = "\
Examples:
  echo ann@example.com | portcullis subject forget --email - --config portcullis.toml
  portcullis subject forget --external-id 17 --config portcullis.toml")]
pub(super) struct Forget {
    /// The configuration that names the index
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
    rows_deleted: u64,
}

/// Runs it.
pub(super) fn run(command: &Forget) -> Result<(), Failure> {
    let persons = command.persons.identifiers()?;
    let mut place = Place::of(&command.config)?;
    let marks = place.marks(&persons)?;
    let SubjectDone::Forgotten(rows_deleted) = place.ask(SubjectTask::Forget, &marks)? else { return Err(unexpected()) };
    if command.json {
        return print_json(&Json { rows_deleted });
    }
    let told = match rows_deleted {
        0 => "nothing was remembered of them".to_owned(),
        rows => format!("{} deleted", many(rows, "row")),
    };
    Ok(Output::standard().line(told)?)
}
