//! What the command line asks of a running gateway. It sends marks, never what they stand for, in pieces of bounded size.

use serde::{Deserialize, Serialize};

use super::{Fingerprint, Mark, SuppressionError, Suppressions};

/// Most marks in one command; a line of the control socket has room for them.
pub const PIECE: usize = 16_384;

/// A change of who is suppressed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuppressCommand {
    /// The key under which the marks were made.
    pub key: Fingerprint,
    /// What to do with them.
    pub task: SuppressTask,
    /// Whom it is about.
    pub marks: Vec<Mark>,
}

/// What to do with marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuppressTask {
    /// Nobody for whom they stand is sent any more.
    Add,
    /// They may be sent again.
    Remove,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuppressDone {
    /// How many marks are held now that were not, or are not any more.
    pub changed: u64,
}

impl Suppressions {
    /// Does what was asked, in this store alone. Blocks until it is durable.
    pub fn obey(&self, command: &SuppressCommand) -> Result<SuppressDone, SuppressionError> {
        self.check_key(&command.key)?;
        let changed = match command.task {
            SuppressTask::Add => self.add(&command.marks)?,
            SuppressTask::Remove => self.remove(&command.marks)?,
        };
        Ok(SuppressDone { changed })
    }
}
