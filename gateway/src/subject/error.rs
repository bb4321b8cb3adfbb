//! Why the index of subject access is not open, or did not do what it was asked.

use std::path::{Path, PathBuf};

use crate::config::kept_key::OwnKeyError;
use crate::disk::{FileError, LockError, describe};

/// Why not.
#[derive(Debug, thiserror::Error)]
pub enum SubjectError {
    /// Nothing is recorded.
    #[error(
        "there is no index of what was delivered: subject_access.retention_days is 0, or the outbox is in memory; set it to a \
         number of days, and what is delivered from then on can be told"
    )]
    Off,
    /// Nothing was recorded yet.
    #[error("{path}: there is no index yet; the next start of the gateway makes it")]
    Missing {
        /// Its path.
        path: PathBuf,
    },
    /// A folder or file could not be made or reached.
    #[error(transparent)]
    File(#[from] FileError),
    /// Another process owns the outbox beside the index, and does not answer.
    #[error("{lock}: another process holds this lock, so it has the index open; ask again once it answers, or stop it")]
    Owned {
        /// The lock file.
        lock: PathBuf,
    },
    /// The file is of something else.
    #[error("{path}: this file is no index of subject access; it was left as it is; move it away")]
    NotAnIndex {
        /// The file.
        path: PathBuf,
    },
    /// The file was made by another version.
    #[error(
        "{path}: this index has format {found}, and this version knows format {known}; it was left as it is; use \
         the version that made it"
    )]
    OtherFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i32,
        /// The format that we know.
        known: i32,
    },
    /// It was written under another key.
    #[error(
        "{path}: the persons in this index were kept under another key than the one that is configured; give that key as \
         subject_access.key, or put its file back from your copy; to begin anew, move the index away"
    )]
    OtherKey {
        /// The file.
        path: PathBuf,
    },
    /// The question was made under another key.
    #[error(
        "the question was made under another key than the gateway's; restart the gateway if its key was changed, or ask with \
         the configuration with which it runs"
    )]
    ForeignMarks,
    /// More was asked than one question may hold.
    #[error("a question holds at most {most} marks")]
    TooMany {
        /// How many it may hold.
        most: usize,
    },
    /// The key.
    #[error(transparent)]
    Key(#[from] OwnKeyError),
    /// The engine refused.
    #[error("{path}: {detail}")]
    Engine {
        /// The file.
        path: PathBuf,
        /// The engine's word for it.
        detail: String,
    },
    /// Its thread could not be started.
    #[error("the thread of the index of subject access cannot be started: {reason}")]
    Thread {
        /// Why.
        reason: std::io::Error,
    },
    /// A write failed, and what the disk holds is not known any more.
    #[error("an earlier write to the index of subject access failed, so nothing is deleted in it until a restart")]
    Broken,
    /// Too much waits, or the gateway stops.
    #[error("the index of subject access does not answer now; ask again")]
    Busy,
}

impl From<LockError> for SubjectError {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Held { lock } => Self::Owned { lock },
            LockError::File(error) => Self::File(error),
        }
    }
}

impl SubjectError {
    pub(super) fn engine(path: &Path, error: &rusqlite::Error) -> Self {
        if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) {
            return Self::NotAnIndex { path: path.to_owned() };
        }
        Self::Engine { path: path.to_owned(), detail: describe(error) }
    }

    /// Whether it is the configuration that has to be mended, or what it names.
    pub fn is_of_configuration(&self) -> bool {
        matches!(self, Self::Off | Self::NotAnIndex { .. } | Self::OtherFormat { .. } | Self::OtherKey { .. } | Self::Key(_))
    }
}
