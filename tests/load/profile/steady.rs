//! Steady: ten rates, from a tenth of what the gateway can do to all of it, each for a while. Latency over load.

use serde::{Deserialize, Serialize};

use super::tell;
use crate::arguments::Kind;
use crate::callers::Callers;
use crate::latency::Latency;
use crate::meter::{Meter, Spent};
use crate::pace::Step;
use crate::request::Template;
use crate::run::Bench;

/// Latency over load.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Steady {
    /// Events a second at most, in a closed loop.
    pub(crate) capacity: f64,
    pub(crate) connections: usize,
    pub(crate) loads: Vec<Load>,
}

/// One rate.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Load {
    /// Of capacity.
    pub(crate) percent: f64,
    /// Events a second that were due.
    pub(crate) rate: f64,
    /// Events that were answered before the time was over, in a second.
    pub(crate) answered_per_second: f64,
    pub(crate) events: u64,
    pub(crate) latency: Latency,
    pub(crate) spent: Spent,
    /// Requests answered 503.
    pub(crate) turned_away: u64,
    pub(crate) broken: u64,
}

impl Bench {
    /// One gateway, at one rate after the other; what was accepted is delivered before the next begins.
    #[expect(clippy::cast_precision_loss, reason = "counts of a few seconds")]
    pub(super) async fn steady(&self, capacity: f64) -> Steady {
        let mut server = self.start(Kind::Embedded).await;
        let mut callers = Callers::connect(server.address(), self.point(), &Template::new()).await;
        let mut events = callers.call(self.warm_up()).await.events;
        let mut loads = Vec::new();
        for percent in (1..=10).map(|tenth| 10.0 * f64::from(tenth)) {
            server.drained(events).await;
            let meter = Meter::start(&mut server, self.cores);
            let rate = capacity * percent / 100.0;
            let kept = callers.keep(&[Step { rate, time: self.time }]).await;
            let counts = kept.into_iter().next().expect("one step").counts;
            events += counts.events;
            server.drained(events).await;
            let spent = meter.read(&mut server, counts.events);
            let latency = Latency::of(&counts.latency);
            tell(&format!(
                "steady {percent:>3} % {rate:>8.0} events/s  p50 {:.2} p90 {:.2} p99 {:.2} p99.9 {:.2} ms  {:.2} us CPU/event  503 {}  others {:.0} %",
                latency.p50_ms,
                latency.p90_ms,
                latency.p99_ms,
                latency.p999_ms,
                spent.cpu_us_per_event,
                counts.turned_away,
                spent.others_percent
            ));
            loads.push(Load {
                percent,
                rate,
                answered_per_second: counts.events_in_time as f64 / self.time.as_secs_f64(),
                events: counts.events,
                latency,
                spent,
                turned_away: counts.turned_away,
                broken: counts.broken,
            });
        }
        drop(callers);
        server.finish().await;
        Steady { capacity, connections: self.connections, loads }
    }
}
