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
pub struct Redis(Arc<Handle>);

#[derive(Debug)]
struct Handle {
    link: Link,
    keys: Keys,
    settings: Settings,
    /// Under which name this process holds leases: new at every start.
    gateway: String,
    clock: Clock,
    changed: watch::Sender<u64>,
}

const UNBUILT: OutboxError = OutboxError::Unfit("unbuilt");

impl Redis {
    /// On a connection that was made.
    pub(super) fn new(link: Link, keys: Keys, settings: Settings, gateway: String, clock: Clock) -> Self {
        Self(Arc::new(Handle { link, keys, settings, gateway, clock, changed: watch::Sender::new(0) }))
    }

    /// What is not kept comes back to the caller.
    pub(super) async fn append(&self, append: Append) -> Result<Receipt, Box<(Append, OutboxError)>> {
        Err(Box::new((append, UNBUILT)))
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
        self.0.changed.subscribe()
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
