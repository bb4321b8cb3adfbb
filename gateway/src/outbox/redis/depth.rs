//! How much waits, and from when on there is something to do.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::Redis;
use super::core::Core;
use super::head::Head;
use super::scripts::{DEPTH, DUE};
use crate::outbox::lease::FAR_MS;
use crate::outbox::{Depth, OutboxError, PendingByDataset};
use crate::shared::Call;

/// What one dataset holds.
#[derive(Debug, Default)]
pub(super) struct Holding {
    oldest_received_ms: Option<u64>,
    cost: u64,
    /// Shelf and site, and how many events.
    events: Vec<(String, String, u64)>,
}

impl Redis {
    pub(in crate::outbox) async fn depth(&self) -> Result<Depth, OutboxError> {
        // Asked every few seconds, so what is still due is done here.
        self.tend_log().await;
        let mut depth = Depth::default();
        for (_, holding) in self.core.look_at_all().await? {
            depth.bytes = depth.bytes.saturating_add(holding.cost);
            depth.pending_events += holding.events_on("pending");
            depth.quarantined_events += holding.events_on("quarantine");
            let oldest = [depth.oldest_received_ms, holding.oldest_received_ms];
            depth.oldest_received_ms = oldest.into_iter().flatten().min();
        }
        Ok(depth)
    }

    pub(crate) async fn pending_by_dataset(&self) -> Result<PendingByDataset, OutboxError> {
        let mut pending = BTreeMap::new();
        for (dataset, holding) in self.core.look_at_all().await? {
            for (_, site, events) in holding.events.iter().filter(|(shelf, ..)| shelf == "pending") {
                *pending.entry((Arc::<str>::from(&**site), Arc::clone(&dataset))).or_default() += events;
            }
        }
        Ok(pending.into_iter().map(|((site, dataset), events)| (site, dataset, events)).collect())
    }

    pub(in crate::outbox) async fn next_due_ms(&self, dataset: &str, now_ms: u64) -> Result<Option<u64>, OutboxError> {
        let core = &self.core;
        let now_in_redis_ms = core.told(now_ms);
        core.give_back_lost(&dataset.into()).await?;
        let latest_ms = core.server_ms(now_ms.saturating_add(FAR_MS));
        let call = core.of(dataset).call().with(now_in_redis_ms).with(latest_ms);
        let mut answer = core.ask(&DUE, &core.key_ids.iter().fold(call, Call::with)).await?;
        if answer.number::<u8>()? == 1 {
            return Ok(Some(now_ms));
        }
        let has_suspect = answer.number::<u8>()? == 1;
        let next = answer.text()?;
        let next_ms = if next.is_empty() { None } else { Some(next.parse().map_err(|_| answer.strange())?) };
        let suspects_wait_until = if has_suspect { Some(core.suspect_in_hand_until().await?) } else { None };
        let earliest = [next_ms, suspects_wait_until].into_iter().flatten().min();
        Ok(earliest.map(|due_ms| if due_ms <= now_in_redis_ms { now_ms } else { core.our_ms(due_ms).max(now_ms) }))
    }
}

impl Core {
    /// Every dataset that ever held something, in the order of their names. What they cost is remembered.
    pub(super) async fn look_at_all(&self) -> Result<Vec<(Arc<str>, Holding)>, OutboxError> {
        let mut holdings = Vec::new();
        for dataset in self.datasets().await? {
            let holding = self.look_at(&dataset).await?;
            holdings.push((dataset, holding));
        }
        self.set_costs(
            holdings.iter().map(|(dataset, holding)| (Arc::clone(dataset), holding.cost)).collect::<HashMap<_, _>>(),
        );
        Ok(holdings)
    }

    /// The datasets that ever held something, in the order of their names.
    pub(super) async fn datasets(&self) -> Result<Vec<Arc<str>>, OutboxError> {
        let command = redis::cmd("SMEMBERS").arg(self.keys.common("datasets")).to_owned();
        let datasets: Vec<String> = self.plain("the datasets", &command).await?;
        let mut datasets: BTreeSet<Arc<str>> = datasets.into_iter().map(Into::into).collect();
        // The list lies apart from what it lists, and a failover can lose an end of it: what was purged would be there still.
        for lost in self.listed().difference(&datasets.clone()) {
            self.list(lost).await?;
            datasets.insert(Arc::clone(lost));
        }
        Ok(datasets.into_iter().collect())
    }

    /// Has everybody find this dataset.
    pub(super) async fn list(&self, dataset: &Arc<str>) -> Result<(), OutboxError> {
        let command = redis::cmd("SADD").arg(self.keys.common("datasets")).arg(&**dataset).to_owned();
        self.plain::<u64>("the datasets", &command).await?;
        self.set_listed(dataset, true);
        Ok(())
    }

    async fn look_at(&self, dataset: &str) -> Result<Holding, OutboxError> {
        let mut answer = self.ask(&DEPTH, &self.of(dataset).call()).await?;
        let oldest = answer.bytes().and_then(|text| Head::read(std::str::from_utf8(&text).ok()?));
        let mut holding = Holding { oldest_received_ms: oldest.map(|head| head.received_ms), ..Holding::default() };
        while !answer.is_over() {
            let (field, value) = (answer.text()?, answer.text()?);
            let mut words = field.split(' ');
            match (words.next(), words.next()) {
                (Some("cost"), None) => holding.cost = value.parse().unwrap_or(0),
                (Some(on), Some(site)) => {
                    let events = value.split(' ').nth(1).and_then(|events| events.parse().ok()).unwrap_or(0);
                    holding.events.push((on.to_owned(), site.to_owned(), events));
                }
                _ => {}
            }
        }
        Ok(holding)
    }
}

impl Holding {
    fn events_on(&self, on: &str) -> u64 {
        self.events.iter().filter(|(shelf, ..)| shelf == on).map(|(.., events)| events).sum()
    }
}
