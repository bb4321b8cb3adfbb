//! Burst: a fifth of what the gateway can do, then ten times as much for a second, then nothing. How long until all callers are
//! answered, and until all events are with Meta.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::tell;
use crate::arguments::Kind;
use crate::callers::Callers;
use crate::latency::Latency;
use crate::pace::Step;
use crate::request::Template;
use crate::run::Bench;

/// Of capacity, before the burst.
const SHARE: f64 = 0.2;
/// How much more comes in the burst.
const TIMES: f64 = 10.0;
/// How long it is.
const LONGEST: Duration = Duration::from_secs(1);

/// What became of a burst.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Burst {
    /// Events a second at most, in a closed loop.
    pub(crate) capacity: f64,
    /// Events a second before.
    pub(crate) before_rate: f64,
    /// Events a second in the burst, and how long it was.
    pub(crate) rate: f64,
    pub(crate) seconds: f64,
    /// Events of the burst that were accepted.
    pub(crate) events: u64,
    /// Latency before.
    pub(crate) before: Latency,
    /// Latency of the burst.
    pub(crate) during: Latency,
    /// From the end of the burst until its last request was answered.
    pub(crate) answered_after_seconds: f64,
    /// From the end of the burst until everything was delivered and settled.
    pub(crate) drained_after_seconds: f64,
    /// Requests answered 503.
    pub(crate) turned_away: u64,
    pub(crate) broken: u64,
    /// The most memory that the gateway ever had.
    pub(crate) peak_rss_mib: f64,
}

impl Bench {
    pub(super) async fn burst(&self, capacity: f64) -> Burst {
        let mut server = self.start(Kind::Embedded).await;
        let mut callers = Callers::connect(server.address(), self.point(), &Template::new()).await;
        let warm = callers.call(self.warm_up()).await.events;
        server.drained(warm).await;
        let (before_rate, rate, time) = (SHARE * capacity, SHARE * TIMES * capacity, self.time.min(LONGEST));
        let started = Instant::now();
        let kept = callers.keep(&[Step { rate: before_rate, time: self.time }, Step { rate, time }]).await;
        let [calm, high] = <[_; 2]>::try_from(kept).expect("two steps");
        server.drained(warm + calm.counts.events + high.counts.events).await;
        let drained_after = started.elapsed().saturating_sub(self.time + time);
        let peak_rss_mib = server.peak_rss_mib();
        drop(callers);
        server.finish().await;
        let burst = Burst {
            capacity,
            before_rate,
            rate,
            seconds: time.as_secs_f64(),
            events: high.counts.events,
            before: Latency::of(&calm.counts.latency),
            during: Latency::of(&high.counts.latency),
            answered_after_seconds: high.answered_after.as_secs_f64(),
            drained_after_seconds: drained_after.as_secs_f64(),
            turned_away: calm.counts.turned_away + high.counts.turned_away,
            broken: calm.counts.broken + high.counts.broken,
            peak_rss_mib,
        };
        tell(&format!(
            "burst of {} events: p99 {:.2} ms before, {:.0} ms in it; all answered after {:.2} s, all delivered after {:.2} s, 503 {}",
            burst.events,
            burst.before.p99_ms,
            burst.during.p99_ms,
            burst.answered_after_seconds,
            burst.drained_after_seconds,
            burst.turned_away
        ));
        burst
    }
}
