//! The connection to Redis of a command: it ends with the command, and joins no gateways.

use std::sync::Arc;

use anyhow::Context as _;
use tokio_util::task::TaskTracker;

use super::Failure;
use crate::chance::Chance;
use crate::clock::Clock;
use crate::config;
use crate::shared::{Link, LinkParts};
use crate::telemetry::metrics::Metrics;

/// Connects, or says why not. A server that does not keep what it says yes to is refused as by a gateway.
pub(super) async fn connect(redis: &Arc<config::Redis>) -> Result<Link, Failure> {
    let parts = LinkParts {
        clock: Clock::system(),
        chance: Chance::from_system().context("the operating system gives no random bytes")?,
        metrics: Metrics::new().context("metrics")?,
        hooks: Vec::new(),
        tasks: TaskTracker::new(),
    };
    let link = Link::start(Arc::clone(redis), parts);
    link.first_try().await.context("Redis cannot be used")?;
    Ok(link)
}
