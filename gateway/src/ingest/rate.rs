//! How many events a site may send: a bucket of tokens for each site that has a limit, one for an event.
//!
//! A request is taken whole or not at all. One that is larger than the bucket could never be taken, so it is when the bucket is
//! full, and the site waits until it has been paid off. What the bucket holds is kept as one number, the time at which it will be
//! full again, so that taking is one exchange and nobody waits for a lock. Gateways that share Redis share the bucket (`shared`);
//! this one then knows what was seen of it, and stands in while Redis is away.

mod shared;

#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

pub use self::shared::Rates;

use crate::config::RateLimit;

const SECOND_NS: u64 = 1_000_000_000;

/// The bucket of one site.
#[derive(Debug)]
pub(super) struct Bucket {
    limit: RateLimit,
    /// From when on times are counted here.
    start: Instant,
    /// When it will be full, in nanoseconds since the start.
    full_at: AtomicU64,
}

/// There are not so many tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Empty {
    /// How long to wait for them.
    pub(super) wait: Duration,
}

impl Bucket {
    /// A full one.
    pub(super) fn new(limit: RateLimit) -> Self {
        Self { limit, start: Instant::now(), full_at: AtomicU64::new(0) }
    }

    /// What it holds.
    pub(super) fn limit(&self) -> RateLimit {
        self.limit
    }

    /// Takes tokens for so many events.
    pub(super) fn take(&self, events: usize) -> Result<(), Empty> {
        let now = self.now();
        let (cost, may_miss) = self.terms(events);
        let taken = self.full_at.fetch_update(Ordering::AcqRel, Ordering::Acquire, |full_at| {
            (full_at.saturating_sub(now) <= may_miss).then(|| full_at.max(now).saturating_add(cost))
        });
        match taken {
            Ok(_) => Ok(()),
            Err(full_at) => Err(Empty { wait: Duration::from_nanos(full_at.saturating_sub(now).saturating_sub(may_miss)) }),
        }
    }

    /// Whether it has a token for one event, without taking it: a request for which there is none need not be read.
    pub(super) fn look(&self) -> Result<(), Empty> {
        let missing = self.full_at.load(Ordering::Acquire).saturating_sub(self.now());
        let (_, may_miss) = self.terms(1);
        if missing <= may_miss { Ok(()) } else { Err(Empty { wait: Duration::from_nanos(missing - may_miss) }) }
    }

    /// What so many events cost, and what may be missing from a full bucket so that they still fit; nothing, if they are more than
    /// the bucket holds. Both in nanoseconds.
    fn terms(&self, events: usize) -> (u64, u64) {
        let cost = self.cost(events as u64);
        (cost, self.cost(self.limit.burst.into()).saturating_sub(cost))
    }

    /// What was heard of the bucket that all gateways share: when that was asked, it was not fuller than to be full after so long.
    pub(super) fn learn(&self, asked: Instant, missing: Duration) {
        let asked = nanos(asked.saturating_duration_since(self.start));
        // It only ever comes to be full later than was known.
        self.full_at.fetch_max(asked.saturating_add(nanos(missing)), Ordering::AcqRel);
    }

    /// How long the bucket takes to fill by so many tokens.
    fn cost(&self, events: u64) -> u64 {
        events.saturating_mul(SECOND_NS) / u64::from(self.limit.events_per_sec.max(1))
    }

    fn now(&self) -> u64 {
        nanos(self.start.elapsed())
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
