//! How much a gateway reads at once behind a backlog of the smallest entries there are: one event each, by one caller who waits for
//! each answer, while Meta is silent. What Redis says of the time in which it drains.

use std::time::Duration;

use serde::Serialize;
use serde_json::json;

use crate::connection::Connection;
use crate::request::Template;
use crate::run::Bench;
use crate::usage::{Cost, Usage};

/// How many entries wait for each second that a measurement lasts.
const ENTRIES_PER_SEC: f64 = 400.0;
/// How much longer Meta is silent than a measurement lasts: in all it takes longer than to make the backlog.
const SILENCE: Duration = Duration::from_secs(3);

/// What it came to.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Backlog {
    /// What handing out and settling cost.
    pub(crate) cost: Cost,
    /// Memory of Redis that each entry took.
    pub(crate) bytes_per_entry: f64,
}

impl Bench {
    /// Measures it once.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "counts of a few seconds"
    )]
    pub(crate) async fn backlog(&self) -> Backlog {
        // The one request that Meta may have takes little of what comes in.
        let tuning = [("max_requests", "1"), ("linger_ms", "1")];
        let server = self.start_sharing(1, self.strict_meta().await, &tuning).await;
        let redis = server.redis().expect("the gateway has a Redis");
        let entries = (ENTRIES_PER_SEC * self.time.as_secs_f64()) as u64;
        let silence = json!([{ "delay_ms": (SILENCE + self.time).as_millis() as u64, "times": null }]);
        server.meta().faults(&silence).await;
        let empty = Usage::of(redis).await;
        let mut connection = Connection::open(server.address()).await.expect("a gateway takes connections");
        let template = Template::new();
        for _ in 0..entries {
            let answer = connection.post(template.request(1)).await.expect("a gateway answers");
            assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        }
        let filled = Usage::of(redis).await;
        server.meta().no_faults().await;
        server.drained(entries).await;
        let cost = Usage::of(redis).await.since(&filled, entries);
        server.finish().await;
        Backlog { cost, bytes_per_entry: (filled.memory - empty.memory) / entries as f64 }
    }
}
