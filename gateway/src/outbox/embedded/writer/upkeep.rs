//! What the writer does for its file beside its work: the log stays bounded, free pages go back, room that was lost is regained.

use std::time::Duration;

use crate::failpoint;

use super::{Failure, LOG_IS_HELD, OutboxError, TRUNCATE_PATIENCE, Writer};
use crate::outbox::embedded::reseal;

/// A checkpoint follows this much written to the log. With the largest transaction it is less than the reserve.
const CHECKPOINT_BYTES: u64 = 8 * 1024 * 1024;
/// The log is cut when it has become larger than this, in pages (256 MiB).
const CUT_LOG_PAGES: i64 = 64 * 1024;
/// A log this long that a reader holds back is a disk about to be full: nothing is kept until it lets go (1 GiB).
const MAX_LOG_PAGES: i64 = 256 * 1024;

/// Free pages that are worth giving back, how many at a time, and how many are kept for what comes next.
const WASTED_PAGES: i64 = 4096;
const SHRINK_PAGES: u32 = 512;
const SPARE_PAGES: i64 = 1024;

impl Writer {
    /// Finds out whether events can be kept again.
    pub(super) fn probe(&mut self) {
        if self.poison.is_some() {
            return;
        }
        if !self.reserve.hold() {
            // The log keeps the room that it once took; what is in it may fit into the file by now.
            let truncated = self.store.truncate_log(Duration::ZERO).map_err(|error| Failure::of(&error));
            self.note(truncated.as_ref().err(), false);
            if truncated.is_err() || !self.reserve.hold() {
                return;
            }
        }
        let probed = self.store.probe();
        let clear = probed.is_ok() && self.obstacle().is_none();
        self.note(probed.as_ref().err(), clear);
    }

    pub(super) fn regain_reserve(&mut self) {
        self.reserve_tried_ms = self.store.now_ms;
        if !self.reserve.is_held() {
            self.probe();
        }
    }

    pub(super) fn truncate_log(&mut self) -> Result<(), OutboxError> {
        if let Some(poison) = &self.poison {
            return Err(poison.error());
        }
        let done = self.store.truncate_log(TRUNCATE_PATIENCE).map_err(|error| Failure::of(&error));
        self.note(done.as_ref().err(), false);
        self.must_truncate = !done.as_ref().is_ok_and(|left| left.log_pages == 0);
        match done {
            Ok(_) if self.must_truncate => Err(OutboxError::Failed(LOG_IS_HELD.to_owned())),
            Ok(_) => Ok(()),
            Err(failure) => Err(failure.error()),
        }
    }

    /// Moves what is in the log into the file now and then, after the answers are out. The log stays bounded, or nothing more is
    /// kept (failure case A16).
    pub(super) fn tend_log(&mut self) {
        let due = self.written_bytes >= CHECKPOINT_BYTES || self.log_is_held || self.must_truncate;
        if self.poison.is_some() || !due {
            return;
        }
        self.written_bytes = 0;
        let done = self.store.checkpoint().and_then(|left| {
            let too_long = left.log_pages > CUT_LOG_PAGES && left.log_pages == left.done_pages;
            if too_long || self.must_truncate { self.store.truncate_log(Duration::ZERO) } else { Ok(left) }
        });
        match done {
            Ok(left) => {
                let held = left.log_pages > MAX_LOG_PAGES;
                if held {
                    self.shared.health.failed(&Failure::Passing(LOG_IS_HELD.to_owned()));
                } else if self.log_is_held {
                    self.shared.health.well();
                }
                self.log_is_held = held;
                self.must_truncate &= left.log_pages > 0;
            }
            Err(error) => self.note(Some(&Failure::of(&error)), false),
        }
    }

    /// Seals a little of what rests plain from before there was a key. Nothing of it is left behind: the engine overwrites what it
    /// frees, and the log is emptied at the end.
    pub(super) fn seal_some(&mut self) {
        let Some(step) = self.sealing.take() else { return };
        let unmovable = self.store.unmovable.len();
        match self.store.transaction(|store| store.reseal(&step)) {
            Ok(done) => {
                self.written_bytes += reseal::STEP_BYTES as u64;
                self.sealing = done.next;
                if done.next.is_none() {
                    self.must_truncate = true;
                    tracing::info!("everything in the outbox is encrypted now");
                }
            }
            // A damaged row was met, and is passed over now.
            Err(Failure::Passing(_)) if self.store.unmovable.len() > unmovable => self.sealing = Some(step),
            // Tried again after the next start.
            Err(failure) => {
                tracing::error!(error = %failure.error(), "what rests unencrypted in the outbox was not encrypted");
                self.note(Some(&failure), false);
            }
        }
        self.tend_log();
    }

    pub(super) fn wants_to_shrink(&mut self) -> bool {
        if self.store.drained && !self.shrinking && self.poison.is_none() {
            self.store.drained = false;
            // More than a quarter of the file: below that the pages are soon used again.
            self.shrinking = self.store.pages().is_ok_and(|(free, all)| free > WASTED_PAGES && free > all / 4);
        }
        self.shrinking
    }

    pub(super) fn shrink(&mut self) {
        failpoint::pass("before_shrinking");
        let done = self.store.shrink(SHRINK_PAGES).and_then(|()| self.store.pages());
        self.written_bytes += u64::from(SHRINK_PAGES) * 4096;
        self.shrinking = done.as_ref().is_ok_and(|(free, _)| *free > SPARE_PAGES);
        self.note(done.err().map(|error| Failure::of(&error)).as_ref(), false);
        self.tend_log();
    }
}
