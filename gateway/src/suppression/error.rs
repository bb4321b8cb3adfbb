//! Why persons cannot be suppressed, or a gateway does not start without knowing who is.

use std::path::PathBuf;

use crate::config::kept_key::OwnKeyError;
use crate::disk::{FileError, LockError, describe};
use crate::shared::SharedError;

/// Why the store is not open, or did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum SuppressionError {
    /// A folder or file could not be made or reached.
    #[error(transparent)]
    File(#[from] FileError),
    /// Another process owns the store.
    #[error("{lock}: another process holds this lock, so it owns the store of suppressed persons; stop it first")]
    Owned {
        /// The lock file.
        lock: PathBuf,
    },
    /// The file is of something else, or of nothing.
    #[error(
        "{path}: this file is no store of suppressed persons; it was left as it is; put the store back from your copy, or name \
         another file as suppression.path"
    )]
    NotAStore {
        /// The file.
        path: PathBuf,
    },
    /// The file was made by another version.
    #[error(
        "{path}: this store has format {found}, and this version knows format {known}; it was left as it is; use \
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
    /// What is in the file does not fit together.
    #[error(
        "{path}: the store of suppressed persons is damaged ({detail}), so nobody knows who must not be sent; put it back from \
         your copy; it was left as it is"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// How that shows.
        detail: String,
    },
    /// Its key or its log is there, and the store is not.
    #[error(
        "{path}: the store of suppressed persons is missing beside {beside}, which is there; put it back from your copy; if nobody is \
         to be suppressed any more, move that away too"
    )]
    StoreMissing {
        /// The store.
        path: PathBuf,
        /// The file of its key, or its log.
        beside: PathBuf,
    },
    /// The store was written under another key.
    #[error(
        "{path}: the persons in this store were kept under the key {found}, and the one that is configured is {configured}; give \
         the key of the store as suppression.key, or put the file of the key back from your copy"
    )]
    OtherKey {
        /// The store.
        path: PathBuf,
        /// The fingerprint in the store.
        found: String,
        /// That of the key in hand.
        configured: String,
    },
    /// The key itself.
    #[error(transparent)]
    Key(#[from] OwnKeyError),
    /// The engine refused.
    #[error("{path}: {detail}")]
    Engine {
        /// The store.
        path: PathBuf,
        /// The engine's word for it.
        detail: String,
    },
    /// A write failed, and what the disk holds is not known any more.
    #[error("{path}: an earlier write failed, so nothing is written to the store of suppressed persons until a restart")]
    Broken {
        /// The store.
        path: PathBuf,
    },
    /// The files were taken away while they were in use.
    #[error("{path}: the store of suppressed persons was moved or replaced while it is in use; put it back, and restart")]
    Moved {
        /// The store.
        path: PathBuf,
    },
    /// There is no store.
    #[error("there is no store of suppressed persons with outbox.backend = \"memory\"; name one as suppression.path")]
    NoStore,
    /// Redis, where the log of changes is.
    #[error("{0}; persons are suppressed and let go by all gateways together, so run this again when Redis is back")]
    Shared(#[from] SharedError),
    /// The log cannot be read on.
    #[error(
        "{log} in Redis: entry {entry} of the log of suppressed persons {detail}, so nobody knows who must not be sent; delete this key \
         in Redis: the gateways write it again from their stores, everybody whom one of them holds"
    )]
    LogTorn {
        /// Its key in Redis.
        log: String,
        /// The id of the entry.
        entry: String,
        /// What is wrong with it.
        detail: &'static str,
    },
    /// The log was written under another key.
    #[error(
        "{log} in Redis: the persons in this log are kept under the key {found}, and the one that is configured is {configured}; give \
         all gateways the same suppression.key"
    )]
    LogOfOtherKey {
        /// Its key in Redis.
        log: String,
        /// The fingerprint in the log.
        found: String,
        /// That of the key in hand.
        configured: String,
    },
    /// Others change it all the time.
    #[error("{log} in Redis: other gateways are changing or writing this log of suppressed persons; run this again")]
    LogBusy {
        /// Its key in Redis.
        log: String,
    },
    /// Whoever would have done it ends.
    #[error("the gateway stops")]
    Stopping,
    /// Marks of another key.
    #[error(
        "the marks were made under the key {given}, and this store's is {own}; restart the gateway if its key was changed, and \
         use an export with the key under which it was made"
    )]
    ForeignMarks {
        /// The fingerprint of their key.
        given: String,
        /// That of the store's.
        own: String,
    },
}

impl SuppressionError {
    pub(super) fn engine(path: &std::path::Path, error: &rusqlite::Error) -> Self {
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase) => Self::NotAStore { path },
            Some(rusqlite::ErrorCode::DatabaseCorrupt) => Self::Damaged { path, detail: describe(error) },
            _ => Self::Engine { path, detail: describe(error) },
        }
    }

    /// Whether a person has to mend configuration or files before the same can succeed.
    pub fn is_of_configuration(&self) -> bool {
        let passes = matches!(self, Self::File(_) | Self::Owned { .. } | Self::Engine { .. } | Self::Broken { .. });
        !passes && !self.is_not_served()
    }

    /// Whether the log tells something that cannot be read.
    pub(super) fn is_of_log(&self) -> bool {
        matches!(self, Self::LogTorn { .. } | Self::LogOfOtherKey { .. })
    }

    /// Whether the same may succeed at once.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Self::Shared(SharedError::Away(_)) | Self::LogBusy { .. })
    }

    /// Whether neither Redis nor the log in it is at fault, of which others tell.
    pub(super) fn is_of_this_machine(&self) -> bool {
        !matches!(self, Self::Shared(_) | Self::LogBusy { .. } | Self::Stopping) && !self.is_of_log()
    }

    /// Whether Redis or the gateway does not serve now, which is nothing that is configured.
    fn is_not_served(&self) -> bool {
        match self {
            Self::Shared(error) => !error.is_of_configuration(),
            error => matches!(error, Self::LogBusy { .. } | Self::Stopping),
        }
    }
}

impl From<LockError> for SuppressionError {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Held { lock } => Self::Owned { lock },
            LockError::File(error) => Self::File(error),
        }
    }
}
