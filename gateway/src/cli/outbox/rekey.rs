//! `portcullis outbox rekey`: everything under the key of today.

use std::path::PathBuf;

use super::{Failure, Output, Place, print_json, unexpected};
use crate::outbox::{OutboxCommand, OutboxDone, key_id};

/// Encrypt everything in the outbox under the key of today.
///
/// To change the key: give the new one in place of the old one, and that among the previous ones, restart the gateway, run this,
/// then take the old key away. The same encrypts at once what rests plain from before there was a key.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  portcullis outbox rekey --config portcullis.toml")]
pub(super) struct Rekey {
    /// The configuration that names the outbox and its keys
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,

    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

#[derive(serde::Serialize)]
struct Json<'a> {
    rekeyed_events: u64,
    key_id: &'a str,
}

/// Runs it.
pub(super) async fn run(command: &Rekey) -> Result<(), Failure> {
    let place = Place::of(&command.config)?;
    let OutboxDone::Rekeyed(events) = place.perform(OutboxCommand::Rekey).await? else { return Err(unexpected()) };
    let key_id = place.outbox.encryption.as_ref().map(|encryption| key_id(&encryption.key)).unwrap_or_default();
    if command.json {
        return print_json(&Json { rekeyed_events: events, key_id: &key_id });
    }
    let mut output = Output::standard();
    output.line(format_args!("{events} events were encrypted anew; all that can be read are under the key {key_id}"))?;
    let deduplicates = place.outbox.deduplicate.is_some();
    let marks = if deduplicates { " and, for outbox.deduplicate_hours, to know events that come again" } else { "" };
    Ok(output.line(format_args!(
        "keys among outbox.previous_encryption_keys are not needed any more, but for backups made before{marks}"
    ))?)
}
