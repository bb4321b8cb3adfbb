//! The buckets that several gateways share: one script in Redis takes from them, by the clock of the server.
//!
//! Redis is asked once a request, and not for long: while it is away or slow each gateway counts alone, so that a site may send
//! that much to each of them. A limit guards against a site, and is no reason to turn it away.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use tokio::time::Instant;

use super::{Bucket, Empty, nanos};
use crate::shared::{Call, Keys, Link, Script};
use crate::telemetry::metrics::Metrics;

static TAKE: LazyLock<Script> = LazyLock::new(|| Script::new("a rate limit", include_str!("take.lua")));

/// How long an answer of Redis is waited for.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long it is not asked after it gave none.
const REST: Duration = Duration::from_secs(1);
/// Far more than any bucket can miss; what is counted in Lua has to stay exact.
const LONGEST_MICROS: u64 = 1 << 50;

/// Where tokens are counted.
#[derive(Debug, Clone, Default)]
pub struct Rates(Option<Arc<Shared>>);

#[derive(Debug)]
struct Shared {
    link: Link,
    keys: Keys,
    metrics: Metrics,
    start: Instant,
    /// Until when Redis is not asked, in nanoseconds since the start.
    rests_until: AtomicU64,
    is_alone: AtomicBool,
}

impl Rates {
    /// By this gateway alone.
    pub fn alone() -> Self {
        Self(None)
    }

    /// By all gateways together.
    pub fn shared(link: Link, keys: Keys, metrics: Metrics) -> Self {
        metrics.rate_limits_alone.set(0);
        let (start, rests_until) = (Instant::now(), AtomicU64::new(0));
        Self(Some(Arc::new(Shared { link, keys, metrics, start, rests_until, is_alone: AtomicBool::new(false) })))
    }

    /// Takes tokens for so many events of a site.
    pub(in crate::ingest) async fn take(&self, site: &str, bucket: &Bucket, events: usize) -> Result<(), Empty> {
        let Some(shared) = self.0.as_ref().filter(|shared| !shared.rests()) else { return bucket.take(events) };
        match shared.ask(site, bucket, events).await {
            Some(taken) => taken,
            None => bucket.take(events),
        }
    }
}

impl Shared {
    fn rests(&self) -> bool {
        nanos(self.start.elapsed()) < self.rests_until.load(Ordering::Acquire)
    }

    /// Nothing if there was no answer in time. The tokens may have been taken all the same, which costs the site a little.
    async fn ask(&self, site: &str, bucket: &Bucket, events: usize) -> Option<Result<(), Empty>> {
        let (cost, may_miss) = bucket.terms(events);
        let [cost, may_miss] = [cost, may_miss].map(|term| micros(term).min(LONGEST_MICROS));
        let call = Call::on([self.keys.common(&format!("rate:{site}"))]).with(cost).with(may_miss);
        let asked = Instant::now();
        let answer = tokio::time::timeout(PATIENCE, self.link.call::<(u8, u64)>(&TAKE, &call)).await;
        let Ok(Ok((taken, missing))) = answer else {
            self.is_away();
            return None;
        };
        self.is_back();
        bucket.learn(asked, Duration::from_micros(missing));
        let wait = Duration::from_micros(missing.saturating_sub(may_miss));
        Some(if taken == 1 { Ok(()) } else { Err(Empty { wait }) })
    }

    fn is_away(&self) {
        self.rests_until.store(nanos(self.start.elapsed() + REST), Ordering::Release);
        if !self.is_alone.swap(true, Ordering::Relaxed) {
            self.metrics.rate_limits_alone.set(1);
            tracing::warn!("Redis does not answer in time, so rate limits are counted by this gateway alone");
        }
    }

    fn is_back(&self) {
        if self.is_alone.swap(false, Ordering::Relaxed) {
            self.metrics.rate_limits_alone.set(0);
            tracing::info!("rate limits are counted by all gateways together again");
        }
    }
}

/// Rounded up: what costs nothing could be taken without end.
fn micros(nanos: u64) -> u64 {
    nanos.div_ceil(1000)
}
