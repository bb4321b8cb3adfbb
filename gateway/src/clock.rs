//! The time of day. The one place that reads it; everything else is handed a [`Clock`].

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A source of the time of day: the machine's, or one that a test sets.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    Set(Arc<AtomicU64>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still until [`Clock::advance`] is called.
    pub fn set(unix_ms: u64) -> Self {
        Self(Source::Set(Arc::new(AtomicU64::new(unix_ms))))
    }

    /// Moves a clock made by [`Clock::set`] on; the machine's clock is left alone.
    pub fn advance(&self, by: Duration) {
        if let Source::Set(unix_ms) = &self.0 {
            unix_ms.fetch_add(millis(by), Ordering::SeqCst);
        }
    }

    /// Sets a clock made by [`Clock::set`] back, as an operator or a time server does.
    #[cfg(test)]
    pub(crate) fn set_back(&self, by: Duration) {
        if let Source::Set(unix_ms) = &self.0 {
            unix_ms.fetch_sub(millis(by), Ordering::SeqCst);
        }
    }

    /// Milliseconds since 1970. A clock that is set before 1970 reads as 0.
    pub fn unix_ms(&self) -> u64 {
        match &self.0 {
            #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
            Source::System => SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, millis),
            Source::Set(unix_ms) => unix_ms.load(Ordering::SeqCst),
        }
    }

    /// Seconds since 1970.
    pub fn unix_secs(&self) -> u64 {
        self.unix_ms() / 1000
    }

    /// Days since 1970, in UTC; signed, as the files keep them.
    pub fn unix_days(&self) -> i64 {
        i64::try_from(self.unix_secs() / 86_400).unwrap_or(i64::MAX)
    }
}

/// A duration in milliseconds, as times are counted here.
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
