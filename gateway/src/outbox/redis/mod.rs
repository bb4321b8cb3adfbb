//! The outbox in Redis, which several gateways share.

mod head;
mod quarantine;
mod scripts;

use std::sync::Arc;

use tokio::sync::watch;

use super::part::{PartRequest, Parted};
use super::spread::SpreadRequest;
use super::{
    Append, Depth, Lease, LeaseRequest, Leased, OutboxError, PendingByDataset, PurgeSelector, Purged, Receipt,
    RedriveSelector, Redriven, Settings, Settled, Settlement, Trouble,
};
use crate::clock::Clock;
use crate::shared::{Keys, Link};

/// An outbox in Redis. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Redis(Arc<Opening>);

/// What an outbox in Redis is opened with.
#[derive(Debug)]
pub struct Opening {
    /// The connection.
    pub link: Link,
    /// Names its keys.
    pub keys: Keys,
    /// Cap, encryption and deduplication.
    pub settings: Settings,
    /// Under which name this process holds leases: new at every start, without blanks.
    pub gateway: String,
    /// The time of day.
    pub clock: Clock,
    /// Seeded by the system: tokens, and what seals are bound to, are drawn from it.
    pub chance: crate::chance::Chance,
    /// For so long a change is asked for again while Redis is away.
    pub patience: std::time::Duration,
    /// What rings at a change.
    pub bell: watch::Sender<u64>,
}

/// Events that were not kept, and why not.
#[derive(Debug)]
pub struct Unkept {
    /// They; nothing where the outbox ended in a panic.
    pub append: Option<Append>,
    /// Why not.
    pub error: OutboxError,
}

const UNBUILT: OutboxError = OutboxError::Unfit("unbuilt");

impl Redis {
    /// On a connection that was made.
    pub fn new(opening: Opening) -> Self {
        Self(Arc::new(opening))
    }

    pub(crate) fn wake(&self) {}

    pub(crate) fn news(&self) -> watch::Receiver<u64> {
        watch::Sender::new(0).subscribe()
    }

    pub(crate) fn take_news(&self) -> Vec<Arc<str>> {
        Vec::new()
    }

    pub(crate) async fn bury(&self, _gateway: &str) -> Result<super::EventsByDataset, OutboxError> {
        Err(UNBUILT)
    }

    /// What is not kept comes back to the caller.
    pub(super) async fn append(&self, append: Append) -> Result<Receipt, Unkept> {
        Err(Unkept { append: Some(append), error: UNBUILT })
    }

    pub(super) async fn lease(&self, _request: LeaseRequest) -> Result<Leased, OutboxError> {
        Err(UNBUILT)
    }

    pub(super) async fn lease_at(&self, _request: SpreadRequest) -> Result<Leased, OutboxError> {
        Err(UNBUILT)
    }

    pub(super) async fn settle_all(&self, leases: Vec<(Lease, Vec<Settlement>)>) -> Vec<Result<Settled, OutboxError>> {
        leases.into_iter().map(|_| Err(UNBUILT)).collect()
    }

    pub(super) async fn settle_part(&self, _request: PartRequest) -> Result<Parted, OutboxError> {
        Err(UNBUILT)
    }

    pub(super) async fn release(&self, _lease: Lease) -> Result<(), OutboxError> {
        Err(UNBUILT)
    }

    pub(super) async fn purge(&self, _selector: PurgeSelector, _dry: bool) -> Result<Purged, OutboxError> {
        Err(UNBUILT)
    }

    pub(super) async fn redrive(&self, _selector: RedriveSelector) -> Result<Redriven, OutboxError> {
        Err(UNBUILT)
    }

    pub(super) async fn rekey(&self) -> Result<u64, OutboxError> {
        Err(UNBUILT)
    }

    pub(super) async fn depth(&self) -> Result<Depth, OutboxError> {
        Err(UNBUILT)
    }

    pub(super) async fn pending_by_dataset(&self) -> Result<PendingByDataset, OutboxError> {
        Err(UNBUILT)
    }

    pub(super) async fn next_due_ms(&self, _dataset: &str, _now_ms: u64) -> Result<Option<u64>, OutboxError> {
        Err(UNBUILT)
    }

    pub(super) fn changed(&self) -> watch::Receiver<u64> {
        self.0.bell.subscribe()
    }

    pub(super) fn set_aside_at_open(&self) -> &[(Arc<str>, u64)] {
        &[]
    }

    pub(super) fn has_held_events(&self) -> bool {
        false
    }

    pub(super) fn health(&self) -> Result<(), Trouble> {
        Ok(())
    }

    pub(super) async fn close(&self) {}
}
