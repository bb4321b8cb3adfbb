//! Small requests alone, and beside a caller who sends as many events at once as Meta takes: do large requests hold others up?

use std::rc::Rc;

use serde::Serialize;

use crate::arguments::{Kind, Point};
use crate::callers::{Callers, Counts};
use crate::request::Template;
use crate::run::Bench;

const SMALL: Point = Point { events: 1, connections: 64 };
const LARGE: Point = Point { events: 1000, connections: 1 };

/// Latencies of requests of one event, in milliseconds.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Mixed {
    pub(crate) server: Kind,
    pub(crate) alone_p50_ms: f64,
    pub(crate) alone_p99_ms: f64,
    pub(crate) beside_p50_ms: f64,
    pub(crate) beside_p99_ms: f64,
    /// How many large requests were answered meanwhile, in a second.
    pub(crate) large_per_second: f64,
}

impl Bench {
    /// Measures one server both ways, in one process.
    #[expect(clippy::cast_precision_loss, reason = "counts of a few seconds")]
    pub(crate) async fn mix(&self, kind: Kind) -> Mixed {
        let server = self.start(kind).await;
        let template: Rc<Template> = Template::new();
        let mut small = Callers::connect(server.address(), SMALL, &template).await;
        let mut large = Callers::connect(server.address(), LARGE, &template).await;
        let mut events = small.call(self.warm_up()).await.events;
        let alone = small.call(self.time).await;
        events += alone.events;
        server.drained(events).await;
        let (beside, largest) = tokio::join!(small.call(self.time), large.call(self.time));
        events += beside.events + largest.events;
        server.drained(events).await;
        drop((small, large));
        server.finish().await;
        let quantile_ms = |counts: &Counts, quantile| counts.latency.value_at_quantile(quantile) as f64 / 1000.0;
        Mixed {
            server: kind,
            alone_p50_ms: quantile_ms(&alone, 0.5),
            alone_p99_ms: quantile_ms(&alone, 0.99),
            beside_p50_ms: quantile_ms(&beside, 0.5),
            beside_p99_ms: quantile_ms(&beside, 0.99),
            large_per_second: largest.events_in_time as f64 / LARGE.events as f64 / self.time.as_secs_f64(),
        }
    }
}
