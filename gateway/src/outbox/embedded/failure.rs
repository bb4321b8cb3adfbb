//! What an error of the engine means for those who wait, and for the outbox from then on.

use std::sync::{Mutex, PoisonError};

use rusqlite::{Error, ErrorCode};

use crate::disk::describe;
use crate::failpoint::{self, Order};
use crate::outbox::{OutboxError, Trouble};

/// Why a transaction was not committed.
#[derive(Debug, Clone)]
pub(super) enum Failure {
    /// No room on the disk. Recovers when there is.
    DiskFull,
    /// A write or a sync failed. What the disk holds is not known any more, and asking the kernel again would be answered
    /// "yes" although the data is lost; so nothing is written until the next start has read what is there.
    Poisoned(String),
    /// Anything else, such as another program's lock. The next transaction may succeed.
    Passing(String),
}

impl Failure {
    pub(super) fn of(error: &Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::SystemIoFailure | ErrorCode::NotADatabase) => Self::Poisoned(describe(error)),
            _ => Self::Passing(describe(error)),
        }
    }

    /// What those who wait are told.
    pub(super) fn error(&self) -> OutboxError {
        OutboxError::Failed(self.text())
    }

    fn text(&self) -> String {
        match self {
            Self::DiskFull => Trouble::DiskFull.to_string(),
            Self::Poisoned(cause) => format!("a write to the disk failed ({cause}); nothing is written until a restart"),
            Self::Passing(cause) => cause.clone(),
        }
    }
}

/// Passes a failpoint at which a test may let the engine fail; nothing in a release.
pub(super) fn scripted(name: &'static str) -> rusqlite::Result<()> {
    let code = match failpoint::hit(name) {
        Order::GoOn => return Ok(()),
        Order::IoError => rusqlite::ffi::SQLITE_IOERR_FSYNC,
        Order::DiskFull => rusqlite::ffi::SQLITE_FULL,
    };
    Err(Error::SqliteFailure(rusqlite::ffi::Error::new(code), None))
}

/// The state of the last write, for readiness.
#[derive(Debug, Default)]
pub(super) struct Health(Mutex<Option<Trouble>>);

impl Health {
    /// Nothing, or why events cannot be kept now.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn well(&self) {
        self.set(None);
    }

    pub(super) fn failed(&self, failure: &Failure) {
        self.set(Some(match failure {
            Failure::DiskFull => Trouble::DiskFull,
            Failure::Poisoned(_) | Failure::Passing(_) => Trouble::Broken(failure.text()),
        }));
    }

    pub(super) fn set(&self, trouble: Option<Trouble>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(code: std::ffi::c_int) -> Failure {
        Failure::of(&Error::SqliteFailure(rusqlite::ffi::Error::new(code), Some("a value".to_owned())))
    }

    #[test]
    fn a15_a_failed_sync_poisons_and_a_full_disk_does_not() {
        assert!(matches!(failure(rusqlite::ffi::SQLITE_IOERR_FSYNC), Failure::Poisoned(_)));
        assert!(matches!(failure(rusqlite::ffi::SQLITE_IOERR_WRITE), Failure::Poisoned(_)));
        assert!(matches!(failure(rusqlite::ffi::SQLITE_FULL), Failure::DiskFull));
        assert!(matches!(failure(rusqlite::ffi::SQLITE_BUSY), Failure::Passing(_)));
    }

    #[test]
    fn p2_texts_hold_the_engines_code_and_nothing_that_was_stored() {
        assert!(!failure(rusqlite::ffi::SQLITE_CONSTRAINT).error().to_string().contains("a value"));
    }
}
