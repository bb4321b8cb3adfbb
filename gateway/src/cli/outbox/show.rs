//! `portcullis outbox show`: what Meta refused, for whoever has to mend it.

use std::path::PathBuf;

use anyhow::anyhow;

use super::place::In;
use super::{Failure, Output, Place};
use crate::outbox::{OutboxPlace, Shown};

/// Show the event of one entry of the quarantine, as it would have been sent.
///
/// It has passed the policy, so it holds what may go to Meta: hashes of customer data among it. Take care where the output goes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portcullis outbox show 17 --show-values --config portcullis.toml
  portcullis outbox show 17 --in redis --dataset 1234567890123456 --show-values --config portcullis.toml")]
pub(super) struct Show {
    /// Number of the entry, as `portcullis outbox inspect` shows it
    #[arg(value_name = "NUMBER")]
    pub id: i64,

    /// Yes, values of the event belong on this screen
    #[arg(long = "show-values")]
    pub values: bool,

    /// Only what goes to this dataset; with Redis each dataset counts its own entries
    #[arg(long, value_name = "ID")]
    pub dataset: Option<String>,

    /// Only what is there, where events rest in two places
    #[arg(long = "in", value_name = "PLACE")]
    pub place: Option<In>,

    /// The configuration that names the outbox
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

/// Runs it.
pub(super) async fn run(command: &Show) -> Result<(), Failure> {
    if !command.values {
        let reason = "this prints values of an event; say --show-values if they belong on this screen";
        return Err(Failure::Other(anyhow!(reason)));
    }
    let mut found = look(command).await?;
    match (found.pop(), found.is_empty()) {
        (Some(shown), true) => Ok(Output::standard().line(shown.bodies)?),
        (Some(_), false) => Err(Failure::Other(anyhow!(
            "several entries have the number {}; name one by --in and --dataset, as `portcullis outbox inspect` shows them",
            command.id
        ))),
        (None, _) => Err(Failure::Other(anyhow!("there is no entry {} in the quarantine", command.id))),
    }
}

async fn look(command: &Show) -> Result<Vec<Shown>, Failure> {
    let place = Place::of(&command.config)?;
    let only = command.place.map(OutboxPlace::from);
    let mut found = Vec::new();
    if only != Some(OutboxPlace::Redis) {
        found.extend(place.show_in_file(command.id)?);
        found.retain(|shown| command.dataset.as_ref().is_none_or(|dataset| shown.dataset == *dataset));
    }
    if only != Some(OutboxPlace::File) {
        found.extend(place.show_shared(command.dataset.as_deref(), command.id).await?);
    }
    Ok(found)
}
