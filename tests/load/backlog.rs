//! How much a gateway reads at once behind a backlog of the smallest entries there are: one event each, by one caller who waits for
//! each answer, while Meta is silent. What Redis says of the time in which it drains.

use std::time::Duration;

use serde_json::json;

use crate::connection::Connection;
use crate::redis::Cost;
use crate::request::Template;
use crate::run::Bench;

/// How many entries wait.
const ENTRIES: u64 = 2000;
/// How long Meta is silent: longer than it takes to make the backlog.
const SILENCE: Duration = Duration::from_secs(8);

impl Bench {
    /// Measures it once.
    pub(crate) async fn backlog(&self) -> Cost {
        let server = self.start_sharing(1, self.strict_meta().await, &[]).await;
        let redis = server.redis().expect("the gateway has a Redis");
        let silence = json!([{ "delay_ms": 1000 * SILENCE.as_secs(), "times": null }]);
        server.meta().faults(&silence).await;
        let mut connection = Connection::open(server.address()).await.expect("a gateway takes connections");
        let template = Template::new();
        for _ in 0..ENTRIES {
            let answer = connection.post(template.request(1)).await.expect("a gateway answers");
            assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        }
        let before = redis.usage().await;
        server.meta().no_faults().await;
        server.drained(ENTRIES).await;
        let after = redis.usage().await;
        server.finish().await;
        after.since(&before, ENTRIES)
    }
}
