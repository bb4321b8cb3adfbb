//! How commands reach a running gateway: a Unix socket beside the outbox, for whoever runs the gateway alone.
//!
//! One line of JSON each way, bounded in size and time, then the connection ends. The commands are a closed list, and neither a
//! command nor an answer holds a value of an event. Without a running gateway nobody listens, and a command that needs the outbox
//! takes its lock itself. Absent on purpose: any way to control a gateway from another machine. The memory back end has no
//! folder, so a gateway with it has no socket.

mod client;
mod server;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use client::{AskError, ask};
pub use server::Server;

use crate::outbox::{OutboxCommand, OutboxDone};
use crate::subject::{SubjectCommand, SubjectDone};
use crate::suppression::{SuppressCommand, SuppressDone};

/// The longest line that is read of either side.
const MAX_LINE_BYTES: u64 = 1024 * 1024;
/// What the system takes as the path of a socket; one byte more ends it.
const MAX_PATH_BYTES: usize = 107;

/// What a running gateway can be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Read the configuration again.
    Reload,
    /// Change what is kept.
    Outbox(OutboxCommand),
    /// Change who must not be sent.
    Suppress(SuppressCommand),
    /// Say what was sent about a person, or forget it.
    Subject(SubjectCommand),
}

/// What it says to that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It was done.
    Ok(Done),
    /// It was not.
    Error(Refusal),
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Done {
    /// What a reload changed, a line each.
    Reloaded(Vec<String>),
    /// What came of a change of what is kept.
    Outbox(OutboxDone),
    /// What came of a change of who must not be sent.
    Suppressed(SuppressDone),
    /// What was sent about a person.
    Subject(SubjectDone),
}

/// Why it was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// Whether it is the configuration that has to be mended.
    pub of_configuration: bool,
    /// Why, and what would do.
    pub reason: String,
}

/// Why a gateway has no control socket, or none can be asked for.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The system takes no such path for a socket.
    #[error(
        "{path}: the control socket's path has {bytes} bytes, and the system takes {MAX_PATH_BYTES}; give the outbox a shorter \
         path"
    )]
    TooLong {
        /// The path.
        path: PathBuf,
        /// Its length.
        bytes: usize,
    },
    /// Something else has its name.
    #[error("{0}: is no socket, so it was left as it is; the control socket needs this name, move the file away")]
    Taken(PathBuf),
    /// The system refused.
    #[error("{path}: the control socket cannot be made: {reason}")]
    Socket {
        /// The path.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
}

/// Where the socket of the gateway with this outbox is.
pub fn socket_path(outbox: &Path) -> Result<PathBuf, ControlError> {
    let mut path = OsString::from(outbox);
    path.push(".sock");
    let bytes = path.len();
    let path = PathBuf::from(path);
    if bytes > MAX_PATH_BYTES { Err(ControlError::TooLong { path, bytes }) } else { Ok(path) }
}

#[cfg(test)]
mod tests;
