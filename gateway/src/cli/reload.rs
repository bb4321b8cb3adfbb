//! `portcullis reload`: has a running gateway read its configuration again.

use std::path::PathBuf;

use anyhow::anyhow;

use super::running::unexpected;
use super::{Failure, Output};
use crate::config::{Config, Environment};
use crate::control::{self, Answer, Command, Done};

/// Have the running gateway read its configuration again.
///
/// Sites, datasets, what they name, the table `dispatch` and the certificate follow at once. If anything in the new
/// configuration is wrong, or another key differs, nothing changes, and the exit code is 64. The gateway reads the file with which
/// it was started; the one that is named here says which gateway is meant, by its outbox.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  portcullis reload --config portcullis.toml")]
pub struct Reload {
    /// The configuration with which the gateway was started
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

/// Runs it.
pub(super) fn run(command: &Reload) -> Result<(), Failure> {
    let environment = Environment::of_process();
    let outbox = match Config::load_outbox(&command.config, &environment) {
        Ok(outbox) => outbox,
        Err(error) => return Err(refused_by_gateway(command, &environment).unwrap_or_else(|| error.into())),
    };
    let Some(path) = outbox.backend.file() else {
        let reason = "outbox.backend is memory, so there is no folder for a control socket; send the gateway a SIGHUP";
        return Err(Failure::Other(anyhow!(reason)));
    };
    match control::ask(path, &Command::Reload).map_err(|error| Failure::Other(error.into()))? {
        Answer::Ok(Done::Reloaded(changes)) => {
            let mut output = Output::standard();
            for change in &changes {
                output.line(change)?;
            }
            Ok(output.line(if changes.is_empty() { "nothing changed" } else { "reloaded" })?)
        }
        Answer::Ok(Done::Outbox(_) | Done::Suppressed(_) | Done::Subject(_)) => Err(unexpected()),
        Answer::Error(refusal) if refusal.of_configuration => Err(Failure::Configuration(anyhow!(refusal.reason))),
        Answer::Error(refusal) => Err(Failure::Other(anyhow!(refusal.reason))),
    }
}

/// Has the gateway refuse a configuration that is wrong, so that its metrics and its log say so too. Nothing if none is found by it.
fn refused_by_gateway(command: &Reload, environment: &Environment) -> Option<Failure> {
    let path = Config::find_outbox(&command.config, environment)?;
    match control::ask(&path, &Command::Reload).ok()? {
        Answer::Error(refusal) if refusal.of_configuration => Some(Failure::Configuration(anyhow!(refusal.reason))),
        Answer::Error(_) | Answer::Ok(_) => None,
    }
}
