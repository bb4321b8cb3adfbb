//! `portcullis schema`: the JSON Schema of the configuration or of a policy, for editors, and of what an event may say of a person.
//!
//! Those of files are made from the types that read them. Left to `check` and `policy explain`: whether what a file says holds
//! together.

use anyhow::Context;
use clap::Subcommand;
use portcullis_filters::{event, policy};

use super::{Failure, Output};
use crate::config;

/// Print a JSON Schema: of a file, by which an editor completes, explains and checks it, or of an event.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  portcullis schema config > portcullis.schema.json")]
pub struct Schema {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Config(Config),
    Policy(Policy),
    Event(Event),
}

/// Print the schema of the configuration.
///
/// Editors that know TOML by taplo, such as VS Code with Even Better TOML, take it from a first line in the file:
/// `#:schema ./portcullis.schema.json`. It knows the same keys as the gateway; whether their values hold together is said by
/// `portcullis check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  portcullis schema config > portcullis.schema.json")]
pub struct Config {}

/// Print the schema of a policy, with every field and the actions that it takes.
///
/// Editors that know TOML by taplo, such as VS Code with Even Better TOML, take it from a first line in the file:
/// `#:schema ./policy.schema.json`. Whether a policy holds together is said by `portcullis policy explain`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  portcullis schema policy > policy.schema.json")]
pub struct Policy {}

/// Print the schema of what an event may say of consent and residence.
///
/// Only the members that Meta's interface does not have are described, with those of its own that speak of the same; the rest of an
/// event is left open. What it does not allow is not refused by the gateway but read as speaking against sharing.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  portcullis schema event > event.schema.json")]
pub struct Event {}

/// Runs it.
pub(super) fn run(command: &Schema) -> Result<(), Failure> {
    let schema = match command.command {
        Command::Config(_) => config::json_schema().context("the compiled-in example cannot be read")?,
        Command::Policy(_) => policy::json_schema(),
        Command::Event(_) => event::json_schema(),
    };
    let text = serde_json::to_string_pretty(&schema).context("the schema cannot be written as JSON")?;
    Ok(Output::standard().line(text)?)
}
