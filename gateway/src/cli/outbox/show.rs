//! `portcullis outbox show`: what Meta refused, for whoever has to mend it.

use std::path::PathBuf;

use anyhow::{Context as _, anyhow};

use super::{Failure, Output, Place};
use crate::outbox::show;

/// Show the event of one entry of the quarantine, as it would have been sent.
///
/// It has passed the policy, so it holds what may go to Meta: hashes of customer data among it. Take care where the output goes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  portcullis outbox show 17 --show-values --config portcullis.toml")]
pub(super) struct Show {
    /// Number of the entry, as `portcullis outbox inspect` shows it
    #[arg(value_name = "NUMBER")]
    pub id: i64,

    /// Yes, values of the event belong on this screen
    #[arg(long = "show-values")]
    pub values: bool,

    /// The configuration that names the outbox
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

/// Runs it.
pub(super) fn run(command: &Show) -> Result<(), Failure> {
    if !command.values {
        let reason = "this prints values of an event; say --show-values if they belong on this screen";
        return Err(Failure::Other(anyhow!(reason)));
    }
    let place = Place::of(&command.config)?;
    let shown = show(&place.path, place.keys()?.as_ref(), command.id).context("the outbox cannot be read")?;
    let Some(shown) = shown else {
        return Err(Failure::Other(anyhow!("there is no entry {} in the quarantine", command.id)));
    };
    Ok(Output::standard().line(shown.bodies)?)
}
