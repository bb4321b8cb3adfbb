//! Redis, which several gateways share, and the file of this machine beside it, as one outbox.
//!
//! While Redis can be reached, events go there. While it cannot, they go into the file (`redis.on_unavailable = "spill"`) or are
//! turned away (`"refuse"`). What is in the file is sent from the file, also while Redis is away, and also what an embedded outbox
//! left there: nothing is ever moved from one to the other, so nothing can be lost between. Each lease says which of the two has
//! its group. Left to others: to know whether Redis is there (`shared`). Absent on purpose: one memory of events that came before;
//! the file and Redis know their own.

#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use prometheus::IntCounterVec;
use tokio::sync::watch;

use super::embedded::Embedded;
use super::lease::Keeper;
use super::part::{PartRequest, Parted};
use super::redis::{Opening, Redis, Unkept};
use super::spread::SpreadRequest;
use super::{
    AnyOutbox, Append, Depth, Lease, LeaseRequest, Leased, OutboxError, PendingByDataset, PurgeSelector, Purged, Receipt,
    RedriveSelector, Redriven, Settled, Settlement, Trouble,
};
use crate::config::OnUnavailable;

/// Redis and a file. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Spilling(Arc<Handle>);

#[derive(Debug)]
struct Handle {
    redis: Redis,
    file: Embedded,
    on_unavailable: OnUnavailable,
    /// Events that the file took in place of Redis, by site.
    spilled: IntCounterVec,
    /// Which of the two is asked first for work takes turns, so that neither's backlog holds up the other's.
    file_is_first: AtomicBool,
    /// How much waited in Redis when it could be reached last.
    last_in_redis: Mutex<Depth>,
}

impl AnyOutbox {
    /// This outbox, if it is in a file, with Redis before it: from now on events go there, and into the file what Redis cannot
    /// take. `spilled` counts these by site. To be called within a runtime.
    #[must_use]
    pub fn shared(self, redis: Opening, on_unavailable: OnUnavailable, spilled: IntCounterVec) -> Self {
        match self {
            Self::Embedded(file) => Self::Spilling(Spilling::new(redis, file, on_unavailable, spilled)),
            Self::Memory(_) | Self::Redis(_) | Self::Spilling(_) => self,
        }
    }

    /// Events that wait in the part of it that other gateways share, by site and dataset.
    pub async fn pending_in_redis(&self) -> Result<PendingByDataset, OutboxError> {
        match self.in_redis() {
            Some(redis) => redis.pending_by_dataset().await,
            None => Ok(Vec::new()),
        }
    }

    /// The part of it that other gateways share, if there is one.
    pub fn in_redis(&self) -> Option<&Redis> {
        match self {
            Self::Memory(_) | Self::Embedded(_) => None,
            Self::Redis(redis) => Some(redis),
            Self::Spilling(spilling) => Some(&spilling.0.redis),
        }
    }

    /// Whether what keeps events in this process answers. Whether Redis does is told by [`AnyOutbox::health`].
    pub async fn answers(&self) -> Result<(), OutboxError> {
        match self {
            Self::Spilling(spilling) => spilling.0.file.depth().await.map(drop),
            Self::Memory(_) | Self::Embedded(_) | Self::Redis(_) => self.depth().await.map(drop),
        }
    }

    /// What is wrong though events can be kept: a word for it, and a text.
    pub fn remark(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Memory(_) | Self::Embedded(_) | Self::Redis(_) => None,
            Self::Spilling(spilling) => spilling.remark(),
        }
    }

    /// Pending events in the file of this machine, where there is Redis beside it.
    pub fn events_in_file(&self) -> Option<u64> {
        match self {
            Self::Memory(_) | Self::Embedded(_) | Self::Redis(_) => None,
            Self::Spilling(spilling) => Some(spilling.0.file.pending_events()),
        }
    }
}

impl Spilling {
    /// Puts the two together. They share what tells of changes.
    pub(super) fn new(redis: Opening, file: Embedded, on_unavailable: OnUnavailable, spilled: IntCounterVec) -> Self {
        let redis = Redis::new(Opening { changed: file.changes(), ..redis });
        Self(Arc::new(Handle {
            redis,
            file,
            on_unavailable,
            spilled,
            file_is_first: AtomicBool::new(true),
            last_in_redis: Mutex::default(),
        }))
    }

    /// The receipt is that of whichever has the events. When an answer of Redis is lost on its way they may be in both: they are
    /// sent twice then, with the same ids.
    pub(super) async fn append(&self, append: Append) -> Result<Receipt, OutboxError> {
        let Unkept { append, error } = match self.0.redis.append(append).await {
            Ok(receipt) => return Ok(receipt),
            Err(unkept) => *unkept,
        };
        let spills = matches!(error, OutboxError::Away(_)) && self.0.on_unavailable == OnUnavailable::Spill;
        let Some(append) = append.filter(|_| spills) else { return Err(error) };
        let site = Arc::clone(&append.site);
        let receipt = self.0.file.append(append).await?;
        let kept = receipt.events() - receipt.duplicates();
        self.0.spilled.with_label_values(&[&*site]).inc_by(u64::try_from(kept).unwrap_or(0));
        Ok(receipt)
    }

    pub(super) async fn lease(&self, request: LeaseRequest) -> Result<Leased, OutboxError> {
        let (first, second) = self.turns();
        let found = self.lease_from(first, request.clone()).await;
        match (found, second) {
            (found, None) => found,
            (Ok(mut found), Some(second)) if !found.leases.is_empty() => {
                found.more = found.more || self.is_due(second, &request).await;
                Ok(found)
            }
            (found, Some(second)) => both(found, self.lease_from(second, request).await),
        }
    }

    pub(super) async fn lease_at(&self, request: SpreadRequest) -> Result<Leased, OutboxError> {
        let (first, second) = self.turns();
        let found = self.lease_at_from(first, request.clone()).await;
        match (found, second) {
            (found, None) => found,
            (Ok(found), Some(_)) if !found.leases.is_empty() => Ok(found),
            (found, Some(second)) => both(found, self.lease_at_from(second, request).await),
        }
    }

    /// Both at once, so that one that cannot be reached does not hold up the other.
    pub(super) async fn settle_all(&self, leases: Vec<(Lease, Vec<Settlement>)>) -> Vec<Result<Settled, OutboxError>> {
        let keepers: Vec<Keeper> = leases.iter().map(|(lease, _)| lease.id.keeper).collect();
        let (here, there) = leases.into_iter().partition(|(lease, _)| lease.id.keeper == Keeper::Here);
        let (here, there) = tokio::join!(self.0.file.settle_all(here), self.0.redis.settle_all(there));
        let (mut here, mut there) = (here.into_iter(), there.into_iter());
        let next = |keeper| if keeper == Keeper::Here { here.next() } else { there.next() };
        // As many answers as questions, of each of the two.
        keepers.into_iter().map(next).map(|settled| settled.unwrap_or(Err(OutboxError::Closed))).collect()
    }

    pub(super) async fn settle_part(&self, request: PartRequest) -> Result<Parted, OutboxError> {
        match request.lease.id.keeper {
            Keeper::Here => self.0.file.settle_part(request).await,
            Keeper::Redis => self.0.redis.settle_part(request).await,
        }
    }

    pub(super) async fn release(&self, lease: Lease) -> Result<(), OutboxError> {
        match lease.id.keeper {
            Keeper::Here => self.0.file.release(lease).await,
            Keeper::Redis => self.0.redis.release(lease).await,
        }
    }

    /// First in the file, where nothing but the disk can come between. What is done there is counted though Redis is away.
    pub(super) async fn purge(&self, selector: PurgeSelector, dry: bool) -> Result<Purged, OutboxError> {
        let mut purged = self.0.file.purge(selector.clone(), dry).await?;
        match self.0.redis.purge(selector, dry).await {
            Ok(there) => purged.add(there),
            Err(error) if dry || purged == Purged::default() => return Err(error),
            Err(error) => purged.broke_off = purged.broke_off.or_else(|| Some(error.to_string())),
        }
        Ok(purged)
    }

    pub(super) async fn redrive(&self, selector: RedriveSelector) -> Result<Redriven, OutboxError> {
        let mut redriven = self.0.file.redrive(selector.clone()).await?;
        match self.0.redis.redrive(selector).await {
            Ok(there) => redriven.add(there),
            Err(error) if redriven == Redriven::default() => return Err(error),
            Err(error) => redriven.broke_off = redriven.broke_off.or_else(|| Some(error.to_string())),
        }
        Ok(redriven)
    }

    pub(super) async fn rekey(&self) -> Result<u64, OutboxError> {
        Ok(self.0.file.rekey().await? + self.0.redis.rekey().await?)
    }

    /// While Redis is away, with what waited there when it was seen last: it waits there still.
    pub(super) async fn depth(&self) -> Result<Depth, OutboxError> {
        let here = self.0.file.depth().await?;
        let last = || self.0.last_in_redis.lock().unwrap_or_else(PoisonError::into_inner);
        let there = match self.0.redis.depth().await {
            Ok(there) => {
                last().clone_from(&there);
                there
            }
            Err(OutboxError::Away(_)) => last().clone(),
            Err(error) => return Err(error),
        };
        Ok(Depth {
            pending_events: here.pending_events + there.pending_events,
            bytes: here.bytes + there.bytes,
            oldest_received_ms: [here.oldest_received_ms, there.oldest_received_ms].into_iter().flatten().min(),
            quarantined_events: here.quarantined_events + there.quarantined_events,
        })
    }

    pub(super) async fn pending_by_dataset(&self) -> Result<PendingByDataset, OutboxError> {
        let mut pending = self.0.redis.pending_by_dataset().await?;
        for (site, dataset, events) in self.0.file.pending_by_dataset().await? {
            match pending.iter_mut().find(|(of, to, _)| *of == site && *to == dataset) {
                Some((_, _, there)) => *there += events,
                None => pending.push((site, dataset, events)),
            }
        }
        pending.sort();
        Ok(pending)
    }

    pub(super) async fn next_due_ms(&self, dataset: &str, now_ms: u64) -> Result<Option<u64>, OutboxError> {
        let here = self.next_due_ms_of(Keeper::Here, dataset, now_ms).await?;
        if here.is_some_and(|due_ms| due_ms <= now_ms) {
            return Ok(here);
        }
        let there = self.next_due_ms_of(Keeper::Redis, dataset, now_ms).await?;
        Ok([here, there].into_iter().flatten().min())
    }

    pub(super) fn changed(&self) -> watch::Receiver<u64> {
        self.0.file.changed()
    }

    /// What an earlier process left in hand in Redis is given back by whoever joins there.
    pub(super) fn set_aside_at_open(&self) -> &[(Arc<str>, u64)] {
        self.0.file.set_aside_at_open()
    }

    pub(super) fn has_held_events(&self) -> bool {
        self.0.file.has_held_events()
    }

    pub(super) fn health(&self) -> Result<(), Trouble> {
        match self.0.redis.health() {
            Err(Trouble::Away(_)) if self.0.on_unavailable == OnUnavailable::Spill => self.0.file.health(),
            health => health,
        }
    }

    /// What is wrong though events are kept.
    pub(super) fn remark(&self) -> Option<(&'static str, String)> {
        match (self.0.redis.health(), self.0.file.health()) {
            (Err(away @ Trouble::Away(_)), Ok(())) if self.0.on_unavailable == OnUnavailable::Spill => {
                Some(("redis", format!("{away}; events are kept in the file of this machine, and sent from there")))
            }
            (Ok(()), Err(trouble)) => {
                Some(("spill", format!("the file of this machine could not take what Redis cannot: {trouble}")))
            }
            _ => None,
        }
    }

    pub(super) async fn close(&self) {
        tokio::join!(self.0.redis.close(), self.0.file.close());
    }

    /// Who is asked for work first, and who then. A file that holds nothing is not asked.
    fn turns(&self) -> (Keeper, Option<Keeper>) {
        if self.0.file.pending_events() == 0 {
            return (Keeper::Redis, None);
        }
        if self.0.file_is_first.fetch_xor(true, Ordering::Relaxed) {
            (Keeper::Here, Some(Keeper::Redis))
        } else {
            (Keeper::Redis, Some(Keeper::Here))
        }
    }

    async fn lease_from(&self, keeper: Keeper, request: LeaseRequest) -> Result<Leased, OutboxError> {
        match keeper {
            Keeper::Here => self.0.file.lease(request).await,
            Keeper::Redis => nothing_if_away(self.0.redis.lease(request).await),
        }
    }

    async fn lease_at_from(&self, keeper: Keeper, request: SpreadRequest) -> Result<Leased, OutboxError> {
        match keeper {
            Keeper::Here => self.0.file.lease_at(request).await,
            Keeper::Redis => nothing_if_away(self.0.redis.lease_at(request).await),
        }
    }

    async fn next_due_ms_of(&self, keeper: Keeper, dataset: &str, now_ms: u64) -> Result<Option<u64>, OutboxError> {
        match keeper {
            Keeper::Here if self.0.file.pending_events() == 0 => Ok(None),
            Keeper::Here => self.0.file.next_due_ms(dataset, now_ms).await,
            Keeper::Redis => nothing_if_away(self.0.redis.next_due_ms(dataset, now_ms).await),
        }
    }

    /// Whether there is more to be leased from this one. If that cannot be said, the next look says it.
    async fn is_due(&self, keeper: Keeper, request: &LeaseRequest) -> bool {
        let due_ms = self.next_due_ms_of(keeper, &request.dataset, request.now_ms).await;
        due_ms.is_ok_and(|due_ms| due_ms.is_some_and(|due_ms| due_ms <= request.now_ms))
    }
}

/// While Redis is away there is no work in it, and what is in the file is sent. That it is away is told by the connection.
fn nothing_if_away<T: Default>(answer: Result<T, OutboxError>) -> Result<T, OutboxError> {
    match answer {
        Err(OutboxError::Away(_)) => Ok(T::default()),
        answer => answer,
    }
}

/// What both found, where the first found no group. What was found is handed on though the other failed.
fn both(first: Result<Leased, OutboxError>, second: Result<Leased, OutboxError>) -> Result<Leased, OutboxError> {
    match (first, second) {
        (Ok(first), Ok(second)) => Ok(Leased {
            leases: second.leases,
            more: first.more || second.more,
            quarantined: first.quarantined + second.quarantined,
            purged: first.purged + second.purged,
        }),
        (Ok(found), Err(error)) | (Err(error), Ok(found)) => {
            if found.leases.is_empty() && found.quarantined + found.purged == 0 {
                return Err(error);
            }
            tracing::error!(%error, "the outbox gave only a part of its work");
            Ok(found)
        }
        (Err(error), Err(_)) => Err(error),
    }
}
