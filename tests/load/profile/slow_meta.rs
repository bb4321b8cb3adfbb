//! Slow Meta: it answers at once, after 200 ms, after 2 s, or never, while events come in at a quarter of capacity; then at once again.
//!
//! To be seen: what callers notice (nothing), how what waits grows, that memory does not, and how long it takes to catch up. Who gets
//! no answer must send again, so there the stand-in takes nothing before it is silent, and each event arrives once all the same.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::tell;
use crate::callers::Callers;
use crate::latency::Latency;
use crate::pace::Step;
use crate::request::Template;
use crate::run::Bench;
use crate::watch::{Sample, peak};

/// Of capacity.
const SHARE: f64 = 0.25;
/// How long a gateway waits for an answer.
const TIMEOUT_SECS: &str = "3";
/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// One line for each way of being slow.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SlowMeta {
    /// Events a second.
    pub(crate) rate: f64,
    /// For how long they come.
    pub(crate) seconds: f64,
    pub(crate) cases: Vec<Slow>,
}

/// A way of being slow.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Slow {
    pub(crate) meta: String,
    pub(crate) events: u64,
    pub(crate) latency: Latency,
    /// Requests answered 503.
    pub(crate) turned_away: u64,
    pub(crate) broken: u64,
    /// How long it took to deliver what waited, once Meta answered at once again.
    pub(crate) drain_seconds: f64,
    pub(crate) samples: Vec<Sample>,
}

impl Bench {
    pub(super) async fn slow_meta(&self, capacity: f64) -> SlowMeta {
        let (rate, time) = (SHARE * capacity, self.time * 2);
        let late = |delay_ms: u64| json!([{ "delay_ms": delay_ms, "times": null }]);
        let never = json!([{ "status": 503, "hang": true, "times": null }]);
        let mut cases = Vec::new();
        for (meta, faults) in
            [("at once", None), ("after 200 ms", Some(late(200))), ("after 2 s", Some(late(2000))), ("never", Some(never))]
        {
            cases.push(self.slow(meta, faults, Step { rate, time }).await);
        }
        SlowMeta { rate, seconds: time.as_secs_f64(), cases }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of a few seconds")]
    async fn slow(&self, name: &str, faults: Option<Value>, step: Step) -> Slow {
        let most = step.rate * step.time.as_secs_f64() + 1000.0;
        let meta = self.strict_meta_for(most as u64).await;
        let setup = self
            .setup(&meta)
            .set("meta", "connect_timeout_secs", TIMEOUT_SECS)
            .set("meta", "request_timeout_secs", TIMEOUT_SECS)
            .set("dispatch", "backoff_max_ms", "2000");
        let mut server = self.start_gateway(meta, setup).await;
        server.expect_trouble_with_meta();
        if let Some(faults) = faults {
            server.meta().faults(&faults).await;
        }
        let watch = server.watch(LOOK);
        let mut callers = Callers::connect(server.address(), self.point(), &Template::new()).await;
        let load = async {
            let kept = callers.keep(&[step]).await;
            let counts = kept.into_iter().next().expect("one step").counts;
            server.meta().no_faults().await;
            let better = Instant::now();
            server.drained(counts.events).await;
            (counts, better.elapsed().as_secs_f64())
        };
        let ((counts, drain_seconds), samples) = watch.during(load, |_| ()).await;
        server.each_arrived_once().await;
        drop(callers);
        server.finish().await;
        let latency = Latency::of(&counts.latency);
        tell(&format!(
            "Meta answers {name:<12} {:.0} events/s  p99 {:.2} ms  503 {}  at most {:.0} events waiting, {:.0} MiB, {:.0} MiB on disk  drain {drain_seconds:.1} s",
            step.rate,
            latency.p99_ms,
            counts.turned_away,
            peak(&samples, |sample| sample.pending),
            peak(&samples, |sample| sample.rss_mib),
            peak(&samples, |sample| sample.disk_mib)
        ));
        Slow {
            meta: name.to_owned(),
            events: counts.events,
            latency,
            turned_away: counts.turned_away,
            broken: counts.broken,
            drain_seconds,
            samples,
        }
    }
}
