//! How many events a site may send: a bucket of tokens for each site that has a limit, one for an event.
//!
//! A request is taken whole or not at all. One that is larger than the bucket could never be taken, so it is when the bucket is
//! full, and the site waits until it has been paid off. What the bucket holds is kept as one number, the time at which it will be
//! full again, so that taking is one exchange and nobody waits for a lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

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
        let cost = self.cost(events as u64);
        // What may be missing from a full bucket so that the request still fits; nothing, if it is larger than the bucket.
        let may_miss = self.cost(self.limit.burst.into()).saturating_sub(cost);
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
        let may_miss = self.cost(self.limit.burst.into()).saturating_sub(self.cost(1));
        if missing <= may_miss { Ok(()) } else { Err(Empty { wait: Duration::from_nanos(missing - may_miss) }) }
    }

    /// How long the bucket takes to fill by so many tokens.
    fn cost(&self, events: u64) -> u64 {
        events.saturating_mul(SECOND_NS) / u64::from(self.limit.events_per_sec.max(1))
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(events_per_sec: u32, burst: u32) -> Bucket {
        Bucket::new(RateLimit { events_per_sec, burst })
    }

    fn wait(secs: f64) -> Result<(), Empty> {
        Err(Empty { wait: Duration::from_secs_f64(secs) })
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_taken_and_then_so_many_a_second() {
        let bucket = bucket(10, 5);
        assert_eq!(bucket.take(3), Ok(()));
        assert_eq!(bucket.take(3), wait(0.1));
        assert_eq!((bucket.look(), bucket.take(2)), (Ok(()), Ok(())));
        assert_eq!((bucket.look(), bucket.take(1)), (wait(0.1), wait(0.1)));
        tokio::time::advance(Duration::from_millis(100)).await;
        assert_eq!((bucket.look(), bucket.take(2), bucket.take(1)), (Ok(()), wait(0.1), Ok(())));
        // It never holds more than the burst, however long nothing comes.
        tokio::time::advance(Duration::from_secs(3600)).await;
        assert_eq!((bucket.take(5), bucket.take(1)), (Ok(()), wait(0.1)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_larger_than_the_burst_needs_all_of_it_and_is_paid_off() {
        let bucket = bucket(10, 5);
        assert_eq!(bucket.take(1), Ok(()));
        assert_eq!(bucket.take(50), wait(0.1));
        tokio::time::advance(Duration::from_millis(100)).await;
        assert_eq!(bucket.take(50), Ok(()));
        assert_eq!((bucket.look(), bucket.take(5)), (wait(4.6), wait(5.0)));
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(bucket.take(5), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_refused_costs_nothing_and_no_size_is_too_large() {
        let bucket = bucket(1_000_000, 10_000_000);
        assert_eq!(bucket.take(usize::MAX), Ok(()));
        for _ in 0..3 {
            assert!(bucket.take(1).is_err_and(|empty| empty.wait > Duration::from_secs(3600)));
        }
    }
}
