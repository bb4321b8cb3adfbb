//! One gateway, and two on one Redis, where Meta is what everybody waits for: it answers after a time, and each gateway may ask so
//! many requests of so many events at once and no more.
//!
//! What is delivered is counted at the stand-in for Meta while a backlog lasts. Each gateway has its own connection, by which the
//! backlog came in.

use std::time::Duration;

use serde::Serialize;
use serde_json::json;

use crate::connection::Connection;
use crate::request::Template;
use crate::run::Bench;
use crate::server::Server;

/// How long Meta takes to answer.
pub(crate) const DELAY: Duration = Duration::from_millis(200);
/// How long it takes while the backlog comes in, so that little of it goes meanwhile.
const FIRST_DELAY: Duration = Duration::from_secs(3);
/// Requests to Meta that a gateway may have in flight, and events in each.
pub(crate) const IN_FLIGHT: usize = 4;
pub(crate) const BATCH: usize = 25;

/// Events delivered in a second.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Pair {
    pub(crate) one: f64,
    pub(crate) two: f64,
    /// What one could deliver at most.
    pub(crate) bound: f64,
}

impl Bench {
    /// Measures both.
    #[expect(clippy::cast_precision_loss, reason = "hundreds")]
    pub(crate) async fn pair(&self) -> Pair {
        let bound = (IN_FLIGHT * BATCH) as f64 / DELAY.as_secs_f64();
        Pair { one: self.delivered_by(1, bound).await, two: self.delivered_by(2, bound).await, bound }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "counts of a few seconds"
    )]
    async fn delivered_by(&self, gateways: usize, bound: f64) -> f64 {
        let (in_flight, batch) = (IN_FLIGHT.to_string(), BATCH.to_string());
        let tuning = [("max_requests", in_flight.as_str()), ("max_batch_events", batch.as_str())];
        let server = self.start_sharing(gateways, self.strict_meta().await, &tuning).await;
        let slow = |delay: Duration| json!([{ "delay_ms": delay.as_millis() as u64, "times": null }]);
        server.meta().faults(&slow(FIRST_DELAY)).await;
        // Twice what can be delivered from then on.
        let seconds = 2.0 * (FIRST_DELAY + self.time).as_secs_f64();
        let events = self.fill(&server, (gateways as f64 * bound * seconds) as usize / BATCH).await;
        server.meta().no_faults().await;
        server.meta().faults(&slow(DELAY)).await;
        // Until the last request that found the slower Meta has its answer.
        tokio::time::sleep(FIRST_DELAY).await;
        let before = server.meta().count().await;
        tokio::time::sleep(self.time).await;
        let delivered = server.meta().count().await - before;
        assert!(before + delivered < events, "the backlog ended within the measurement");
        server.meta().no_faults().await;
        server.drained(events).await;
        server.finish().await;
        delivered as f64 / self.time.as_secs_f64()
    }

    /// Posts so many requests of a batch each, to the gateways in turn. Gives how many events that were.
    async fn fill(&self, server: &Server, requests: usize) -> u64 {
        let (template, mut connections) = (Template::new(), Vec::new());
        for address in server.addresses() {
            connections.push(Connection::open(address).await.expect("a gateway takes connections"));
        }
        for (_, connection) in (0..requests).zip((0..connections.len()).cycle()) {
            let connection = connections.get_mut(connection).expect("one of them");
            let answer = connection.post(template.request(BATCH)).await.expect("a gateway answers");
            assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        }
        (requests * BATCH) as u64
    }
}
