//! What is asked of the index. A question holds marks, never what they stand for, and an answer is a page that fits a line of the
//! control socket.

use serde::{Deserialize, Serialize};

use super::SubjectError;
use super::index::{Index, Page};
use crate::suppression::{Fingerprint, Mark, Marker};

/// Most marks of one question: several for each of a person's ids.
pub const MOST_MARKS: usize = 4_096;

/// A question about a person, or a wish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectCommand {
    /// The key under which the marks were made.
    pub key: Fingerprint,
    /// What is wanted.
    pub task: SubjectTask,
    /// Whom it is about.
    pub marks: Vec<Mark>,
}

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectTask {
    /// What was sent, from this day on, in days since 1970.
    Report(i64),
    /// That nothing of it is kept any more.
    Forget,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectDone {
    /// Some days of what was sent.
    Told(Page),
    /// How many rows were deleted.
    Forgotten(u64),
}

impl SubjectCommand {
    /// Whether the marks are of that key, and not too many.
    pub(super) fn is_for(&self, marker: Option<&Marker>) -> Result<(), SubjectError> {
        if self.marks.len() > MOST_MARKS {
            return Err(SubjectError::TooMany { most: MOST_MARKS });
        }
        let is_same = marker.is_some_and(|marker| *marker.fingerprint() == self.key);
        if is_same { Ok(()) } else { Err(SubjectError::ForeignMarks) }
    }

    /// Does it.
    pub(super) fn run(&self, index: &mut Index) -> Result<SubjectDone, SubjectError> {
        match self.task {
            SubjectTask::Report(from_day) => index.told(&self.marks, from_day).map(SubjectDone::Told),
            SubjectTask::Forget => index.forget(&self.marks).map(SubjectDone::Forgotten),
        }
    }
}
