//! What this gateway does with the others that share its Redis: it joins them, says that it lives, gives back what dead ones held,
//! hears what the others did, and leaves.
//!
//! Only the first to come while nobody else lives counts what it finds in Redis as recovered: what the others accepted there is in
//! their accounts (promise P5). Left to others: how each of these is done (`shared`, `outbox`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::StartError;
use crate::chance::Chance;
use crate::clock::Clock;
use crate::config::{Backend, Config, OnUnavailable};
use crate::ingest::Rates;
use crate::lifecycle::Lifecycle;
use crate::outbox::redis::{Opening, Redis};
use crate::outbox::{AnyOutbox, OutboxError, Settings};
use crate::shared::membership::{BEAT, Fingerprints, Membership};
use crate::shared::news::News;
use crate::shared::{Keys, Link, LinkParts, SharedError};
use crate::suppression::{Changes, Log, Suppressions};
use crate::telemetry::metrics::Metrics;

/// How long a stop waits for Redis.
const LEAVE_GRACE: Duration = Duration::from_secs(3);

/// This gateway among the others. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Gateways {
    pub(super) membership: Membership,
    link: Link,
    news: News,
    persons: Log,
    outbox: AnyOutbox,
    redis: Redis,
    /// Whether what was found in Redis at the first joining is counted.
    has_arrived: Arc<AtomicBool>,
    metrics: Metrics,
}

/// What it takes to join the others.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    pub(super) config: &'a Config,
    pub(super) suppressions: &'a Suppressions,
    pub(super) metrics: &'a Metrics,
    pub(super) clock: &'a Clock,
    pub(super) chance: &'a Chance,
}

impl Gateways {
    /// Joins the others where Redis is configured, and puts Redis before the outbox in the file, whose lock is held.
    pub(super) async fn join(parts: Parts<'_>, file: AnyOutbox) -> Result<(AnyOutbox, Option<Self>), StartError> {
        let Backend::Redis(path, redis) = &parts.config.outbox.backend else { return Ok((file, None)) };
        let Parts { config, suppressions, metrics, clock, chance } = parts;
        let (keys, fingerprints) = (Keys::new(&redis.prefix), Fingerprints::of(config));
        let membership = Membership::open(path, keys.clone(), fingerprints, metrics.clone(), chance.clone())?;
        membership.tell(config);
        let link_parts = LinkParts {
            clock: clock.clone(),
            chance: chance.clone(),
            metrics: metrics.clone(),
            hooks: vec![Arc::new(membership.clone())],
            // The task ends with the last clone of the link, and nobody waits for it.
            tasks: TaskTracker::new(),
        };
        let link = Link::start(Arc::clone(redis), link_parts);
        let news = News::new(membership.clone());
        let persons = Log::new(&keys, suppressions.clone(), Some(news.clone()), chance.clone()).over(link.clone());
        // Also persons before any event: nobody is taken who is suppressed by then.
        membership.at_join(vec![Arc::new(persons.clone())]);
        if let Err(error) = link.first_try().await
            && let Err(error) = may_start_without(&membership, redis.on_unavailable, error)
        {
            membership.drop_hooks();
            return Err(error.into());
        }
        let opening = Opening {
            link: link.clone(),
            keys,
            settings: Settings::of(&config.outbox, chance),
            gateway: membership.name().to_owned(),
            clock: clock.clone(),
            chance: chance.clone(),
            patience: redis.command_timeout * 2,
            changed: watch::Sender::new(0),
        };
        let outbox = file.shared(opening, redis.on_unavailable, metrics.outbox_spilled_events.clone());
        let Some(redis) = outbox.in_redis().cloned() else { return Ok((outbox, None)) };
        let (has_arrived, metrics) = (Arc::default(), metrics.clone());
        let gateways = Self { membership, link, news, persons, outbox: outbox.clone(), redis, has_arrived, metrics };
        Ok((outbox, Some(gateways)))
    }

    /// Through which it is changed who is suppressed.
    pub(super) fn changes(&self) -> Changes {
        Changes::Shared(self.persons.clone())
    }

    /// Where the rates of sites are counted.
    pub(super) fn rates(&self) -> Rates {
        Rates::shared(self.link.clone(), self.membership.keys().clone(), self.metrics.clone())
    }

    /// Counts what is found in Redis at the first joining, and gives back what an earlier process of this gateway held. Done before
    /// anything is sent; where Redis is away then, later.
    pub(super) async fn arrive(&self) -> Result<(), OutboxError> {
        let joined = self.membership.joined().borrow().clone();
        if let Some(joined) = joined
            && !self.has_arrived.load(Ordering::Acquire)
        {
            if joined.is_alone {
                self.count_recovered().await?;
            }
            self.has_arrived.store(true, Ordering::Release);
        }
        self.beat().await;
        Ok(())
    }

    /// Keeps company with the others until `stop`.
    pub(super) fn start(&self, tracker: &TaskTracker, lifecycle: &Lifecycle, stop: &CancellationToken) {
        let redis = self.redis.clone();
        let hear = self.news.clone().run(self.link.clone(), move || redis.wake(), stop.clone());
        tracker.spawn(lifecycle.vital("the news of other gateways", hear));
        let follow = self.persons.clone().run(stop.clone());
        tracker.spawn(lifecycle.vital("the log of suppressed persons", follow));
        let (this, ended) = (self.clone(), stop.clone());
        let tell = async move { ended.run_until_cancelled(this.tell()).await };
        tracker.spawn(lifecycle.vital("the news for other gateways", tell));
        let (this, ended) = (self.clone(), stop.clone());
        let beat = async move { ended.run_until_cancelled(this.beat_on()).await };
        tracker.spawn(lifecycle.vital("the list of gateways", beat));
    }

    /// Takes this gateway off the list, so that nobody waits for it, and its name out of every queue in which it holds nothing (C3).
    /// What it still holds comes back when its leases end. Not possible while Redis is away: then another gateway does it, or the
    /// next start.
    pub(super) async fn leave(&self) {
        let left = async {
            self.redis.leave().await?;
            self.membership.leave(&self.link).await.map_err(OutboxError::from)
        };
        if !matches!(tokio::time::timeout(LEAVE_GRACE, left).await, Ok(Ok(()))) {
            tracing::info!("Redis is away: this gateway stays on its list of gateways until another one takes it off");
        }
        self.membership.drop_hooks();
    }

    async fn tell(&self) {
        let mut given = self.redis.news();
        while given.changed().await.is_ok() {
            self.news.tell(self.redis.take_news());
        }
    }

    async fn beat_on(&self) {
        let mut joined = self.membership.joined();
        loop {
            // At every joining, and every few seconds; the sender is our own, so it is never gone.
            drop(tokio::time::timeout(BEAT, joined.changed()).await);
            if let Err(error) = self.arrive().await {
                tracing::error!(%error, "what waits in Redis is not counted as recovered yet");
            }
        }
    }

    /// Says that this gateway lives, and gives back what dead ones held.
    async fn beat(&self) {
        let dead = match self.membership.beat(&self.link).await {
            Ok(dead) => dead,
            // Told by the connection.
            Err(SharedError::Away(_)) => return,
            Err(error) => return tracing::warn!(%error, "this gateway could not say that it lives"),
        };
        for name in dead {
            let buried = async {
                self.count_buried(&self.redis.bury(&name).await?);
                self.membership.buried(&self.link, &name).await.map_err(OutboxError::from)
            };
            match buried.await {
                Ok(()) => tracing::info!(gateway = name, "what a gateway held that is dead was given back"),
                Err(error) => tracing::warn!(
                    %error,
                    gateway = name,
                    "what a gateway held that is dead is not all given back; it is tried again, and comes back by itself when its leases end"
                ),
            }
        }
    }

    async fn count_recovered(&self) -> Result<(), OutboxError> {
        for (_, dataset, events) in self.outbox.pending_in_redis().await? {
            self.metrics.events_recovered.with_label_values(&[&dataset]).inc_by(events);
        }
        Ok(())
    }

    /// Events that were in hand whenever a gateway died.
    fn count_buried(&self, set_aside: &[(Arc<str>, u64)]) {
        for (dataset, events) in set_aside {
            self.metrics.events_quarantined.with_label_values(&[dataset.as_ref(), "aborts_process"]).inc_by(*events);
            tracing::error!(dataset = %dataset, events, "events that were in hand whenever a process died were set aside");
        }
    }
}

/// A gateway that joined before may start while Redis is away, and is then one whose Redis is away. Whether one that never did has the
/// keys of the others nobody can say.
fn may_start_without(membership: &Membership, on_unavailable: OnUnavailable, error: SharedError) -> Result<(), SharedError> {
    if error.is_of_configuration() || !membership.has_joined_before() || on_unavailable == OnUnavailable::Refuse {
        return Err(error);
    }
    tracing::error!(%error, "starting without Redis: events are kept in the file of this machine until it is back");
    Ok(())
}
