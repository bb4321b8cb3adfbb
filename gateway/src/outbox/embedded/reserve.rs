//! Room that is set aside on the disk for the day it is full.
//!
//! Without it a full disk is a trap: leasing and settling need a little room too, so nothing would drain, and what was
//! delivered could not be noted as such. When the disk is full the room is given free for those, and nothing new is kept until
//! it could be set aside again.

use std::fs::File;
use std::io::{self, Seek as _, Write as _};

/// Room for a checkpoint of the longest log that there is before one is due.
pub(super) const RESERVE_BYTES: u64 = 16 * 1024 * 1024;

/// A file of nothing.
#[derive(Debug)]
pub(super) struct Reserve {
    file: File,
    bytes: u64,
    held: bool,
}

impl Reserve {
    /// Starts without room: opening the outbox may need it.
    pub(super) fn new(file: File, bytes: u64) -> Self {
        let mut reserve = Self { file, bytes, held: false };
        reserve.spend();
        reserve
    }

    /// Whether the room is set aside.
    pub(super) fn is_held(&self) -> bool {
        self.held
    }

    /// Sets the room aside if there is enough of it.
    pub(super) fn hold(&mut self) -> bool {
        if !self.held {
            self.held = self.fill().is_ok();
            if !self.held {
                self.spend();
            }
        }
        self.held
    }

    /// Gives the room free.
    pub(super) fn spend(&mut self) {
        self.held = false;
        if let Err(error) = self.file.set_len(0) {
            tracing::error!(%error, "the outbox's reserve could not be given free");
        }
    }

    /// Written, not only declared: a hole in a file takes no room.
    fn fill(&mut self) -> io::Result<()> {
        self.file.rewind()?;
        let zeros = vec![0; 64 * 1024];
        let mut left = self.bytes;
        while left > 0 {
            let length = usize::try_from(left).unwrap_or(usize::MAX).min(zeros.len());
            self.file.write_all(zeros.get(..length).unwrap_or(&zeros))?;
            left -= length as u64;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_is_taken_given_free_and_taken_again() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let length = || file.path().metadata().unwrap().len();
        let mut reserve = Reserve::new(file.reopen().unwrap(), 100_000);
        assert!(!reserve.is_held());
        for _ in 0..2 {
            assert!(reserve.hold() && reserve.hold() && reserve.is_held());
            assert_eq!(length(), 100_000);
            reserve.spend();
            assert_eq!((length(), reserve.is_held()), (0, false));
        }
    }
}
