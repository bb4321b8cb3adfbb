//! Has the gateway that runs do what a command asks, through its control socket.
//!
//! Left to each command: what it does itself where no gateway runs.

use std::path::Path;

use anyhow::anyhow;

use super::Failure;
use crate::control::{self, Answer, AskError, Command, Done};

/// What the gateway with this outbox did; nothing where none runs.
pub(super) fn ask(outbox: &Path, command: &Command) -> Result<Option<Done>, Failure> {
    match control::ask(outbox, command) {
        Ok(Answer::Ok(done)) => Ok(Some(done)),
        Ok(Answer::Error(refusal)) if refusal.of_configuration => Err(Failure::Configuration(anyhow!(refusal.reason))),
        Ok(Answer::Error(refusal)) => Err(Failure::Other(anyhow!(refusal.reason))),
        // A gateway whose socket cannot be holds the lock all the same, and opening says so.
        Err(AskError::NotRunning(_) | AskError::Control(_)) => Ok(None),
        Err(error) => Err(Failure::Other(error.into())),
    }
}

/// A gateway that answers a question with the answer to another one.
pub(super) fn unexpected() -> Failure {
    Failure::Other(anyhow!("the gateway answered something else than what was asked; use the version that runs"))
}
