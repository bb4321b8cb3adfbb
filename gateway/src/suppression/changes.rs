//! Who changes the set: this gateway alone, or all that share a log.

use super::{Log, SuppressCommand, SuppressDone, SuppressionError, Suppressions};

/// Where changes go.
#[derive(Debug, Clone)]
pub enum Changes {
    /// Into the store of this gateway.
    Here(Suppressions),
    /// Into the log, and from there into the stores of all gateways, this one's first.
    Shared(Log),
}

impl Changes {
    /// Does what was asked. It is durable and in force here when this returns.
    pub async fn obey(&self, command: SuppressCommand) -> Result<SuppressDone, SuppressionError> {
        match self {
            Self::Shared(log) => log.obey(&command).await,
            Self::Here(set) => {
                let set = set.clone();
                // Off the threads that answer callers: it waits for the disk.
                let done = tokio::task::spawn_blocking(move || set.obey(&command)).await;
                done.unwrap_or(Err(SuppressionError::Stopping))
            }
        }
    }
}
