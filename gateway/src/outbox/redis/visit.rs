//! Redis from outside: for a command that looks, or that changes something while no gateway runs on this machine. It joins nobody and
//! holds no group. Every change is one step there, so whoever else runs meanwhile does no harm and comes to none.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use super::{Opening, Redis};
use crate::chance::Chance;
use crate::clock::Clock;
use crate::config;
use crate::outbox::{AnyOutbox, OutboxCommand, OutboxDone, OutboxError, Settings, SharedInspection, Shown};
use crate::shared::membership::{is_readable, roster};
use crate::shared::{Durability, Keys, Link, LinkParts, SharedError};
use crate::telemetry::metrics::Metrics;

/// How long a step is tried again while Redis is away.
const PATIENCE: Duration = Duration::from_secs(10);

/// A visit to what gateways share.
#[derive(Debug)]
pub struct Visit {
    redis: Redis,
    link: Link,
    keys: Keys,
}

impl Visit {
    /// Connects, once. Also to a server that is not as durable as a gateway asks for: what is there has to be seen and put right.
    pub async fn to(config: &config::Redis, settings: Settings, clock: Clock, chance: Chance) -> Result<Self, SharedError> {
        let config = config::Redis { require_durable: false, ..config.clone() };
        let keys = Keys::new(&config.prefix);
        let metrics = Metrics::new().map_err(|error| SharedError::Unfit(error.to_string()))?;
        let tasks = TaskTracker::new();
        let parts = LinkParts { clock: clock.clone(), chance: chance.clone(), metrics, hooks: Vec::new(), tasks };
        let link = Link::start(Arc::new(config), parts);
        link.first_try().await?;
        is_readable(&link, &keys).await?;
        let now_ms = clock.unix_ms();
        let opening = Opening {
            link: link.clone(),
            keys: keys.clone(),
            settings,
            // It leases nothing.
            gateway: "visitor".to_owned(),
            clock,
            chance,
            patience: PATIENCE,
            changed: watch::Sender::new(0),
        };
        let redis = Redis::new(opening);
        redis.core.told(now_ms);
        Ok(Self { redis, link, keys })
    }

    /// Does what is asked.
    pub async fn obey(&self, command: OutboxCommand) -> Result<OutboxDone, OutboxError> {
        AnyOutbox::Redis(self.redis.clone()).obey(command).await
    }

    /// What is there, and who shares it.
    pub async fn inspect(&self) -> Result<SharedInspection, OutboxError> {
        Ok(SharedInspection {
            inspection: self.redis.inspect().await?,
            durability: self.link.durability().map(Durability::as_str),
            gateways: roster(&self.link, &self.keys).await?,
        })
    }

    /// The entries of the quarantine with this number: each dataset counts its own.
    pub async fn show(&self, dataset: Option<&str>, number: i64) -> Result<Vec<Shown>, OutboxError> {
        self.redis.show(dataset, number).await
    }
}

#[cfg(test)]
mod tests;
