//! Keeps accepted events until Meta has them. Durable, or not accepted.
//!
//! Events are kept as **groups**: the events of one commit with the same site, dataset, envelope and policy, so that the
//! engine's cost is paid once a group. Every back end keeps this contract; the numbers are the names of the tests:
//!
//! - **O1** Append is all or nothing, and durable on return.
//! - **O2** A leased group is invisible to others until its lease ends.
//! - **O3** An unsettled lease comes back, also after a crash. An attempt counts only once its bytes went to the socket.
//!   A group whose owner died counts a crash; from three on it is leased alone, then split, and a single event set aside.
//! - **O4** Settling is idempotent; settling an expired lease has no effect.
//! - **O5** A group that cannot be read goes to quarantine and harms no neighbour.
//! - **O6** Memory does not grow with depth.
//! - **O7** Full is an error from append.
//! - **O8** Purged is purged, also after a crash.
//! - **O9** A wake-up is never lost: a receiver taken before a look that finds nothing will change.
//! - **O10** Opening never waits without limit and never deletes what it does not understand.

mod append;
mod lease;
mod part;
mod selector;
mod settlement;
mod spread;

mod command;
mod condemned;
mod crash;
mod group;
mod inspection;
mod seal;
mod seen;
mod tally;

pub mod embedded;
pub mod memory;
pub mod redis;
pub mod spill;

#[cfg(test)]
mod bench;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod model;
#[cfg(test)]
mod power_cut;
#[cfg(test)]
mod samples;

pub use append::{Append, Receipt};
pub use command::{OutboxCommand, OutboxDone};
pub use embedded::OpenError;
pub use embedded::{BackedUp, BackupError, Restored, backup, restore};
pub use embedded::{has_held_events, inspect, show};
pub use inspection::{Inspection, PendingLine, QuarantineLine, SharedInspection, Shown};
pub use lease::{Lease, LeaseRequest, Leased};
pub use part::Parted;
pub use redis::Visit;
pub use seal::{Keys, key_id};
pub use seen::Deduplication;
pub use selector::{EventFilter, OutboxPlace, PurgeSelector, Purged, RedriveSelector, Redriven};
pub use settlement::{QuarantineReason, Settled, Settlement};
pub use spread::SpreadRequest;

use std::path::Path;
use std::sync::Arc;

use prometheus::IntCounterVec;
use tokio::sync::watch;

use self::embedded::Embedded;
use self::memory::Memory;
use self::redis::{Opening, Redis};
use self::spill::Spilling;
use crate::chance::Chance;
use crate::config::{self, OnUnavailable};

/// The outbox in use. Cheap to clone; all clones are the same outbox.
#[derive(Debug, Clone)]
pub enum AnyOutbox {
    /// In memory: gone with the process.
    Memory(Memory),
    /// In a file of this machine.
    Embedded(Embedded),
    /// In Redis, which other gateways share.
    Redis(Redis),
    /// In Redis, and in a file of this machine what Redis cannot take.
    Spilling(Spilling),
}

/// Makes the same call on whichever back end it is. Memory answers at once.
macro_rules! either {
    ($outbox:ident.$method:ident($($argument:expr),*)) => {
        match $outbox {
            AnyOutbox::Memory(memory) => memory.$method($(&$argument),*),
            AnyOutbox::Embedded(embedded) => embedded.$method($($argument),*).await,
            AnyOutbox::Redis(redis) => redis.$method($($argument),*).await,
            AnyOutbox::Spilling(spilling) => spilling.$method($($argument),*).await,
        }
    };
}

impl AnyOutbox {
    /// An outbox that is not durable: for the demo, for tests and to compare load.
    pub fn memory(max_bytes: u64) -> Self {
        Self::Memory(Memory::new(max_bytes))
    }

    /// Opens the outbox in this file, or makes it. The folder is made too, for its owner alone.
    pub fn open_embedded(path: &Path, settings: Settings) -> Result<Self, OpenError> {
        Embedded::open(path, settings).map(Self::Embedded)
    }

    /// This outbox, if it is in a file, with Redis before it: from now on events go there, and into the file what Redis cannot
    /// take. `spilled` counts these by site. To be called within a runtime.
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
            Self::Spilling(spilling) => Some(spilling.redis()),
        }
    }

    /// Keeps all events of a request, or none of them (O1).
    ///
    /// Dropping the future does not take the events back: they may be kept although nobody holds their receipt.
    pub async fn append(&self, append: Append) -> Result<Receipt, OutboxError> {
        append.check()?;
        match self {
            Self::Memory(memory) => memory.append(&append),
            Self::Embedded(embedded) => embedded.append(append).await,
            Self::Redis(redis) => redis.append(append).await.map_err(|unkept| unkept.error),
            Self::Spilling(spilling) => spilling.append(append).await,
        }
    }

    /// Leases due groups of one dataset, oldest first (O2).
    pub async fn lease(&self, request: LeaseRequest) -> Result<Leased, OutboxError> {
        either!(self.lease(request))
    }

    /// Says what became of each event of these leases, one settlement a line (O4). Each lease is settled whole or not at all, and
    /// what fails for one is nothing to the others. Asked for together, so that they share a commit. As many answers, in the same
    /// order.
    pub async fn settle_all(&self, leases: Vec<(Lease, Vec<Settlement>)>) -> Vec<Result<Settled, OutboxError>> {
        match self {
            Self::Memory(memory) => leases
                .into_iter()
                .map(|(lease, settlements)| {
                    is_whole(&lease, &settlements)?;
                    memory.settle(&lease, &settlements)
                })
                .collect(),
            Self::Embedded(embedded) => embedded.settle_all(leases).await,
            Self::Redis(redis) => redis.settle_all(leases).await,
            Self::Spilling(spilling) => spilling.settle_all(leases).await,
        }
    }

    /// Gives a lease back at once, as if it had never been: for a stop before anything was sent.
    pub async fn release(&self, lease: Lease) -> Result<(), OutboxError> {
        either!(self.release(lease))
    }

    /// Deletes what is selected (O8). What is in hand goes once it is settled, unless Meta has it then.
    pub async fn purge(&self, selector: PurgeSelector) -> Result<Purged, OutboxError> {
        match self {
            Self::Memory(memory) => memory.purge(&selector, false),
            Self::Embedded(embedded) => embedded.purge(selector, false).await,
            Self::Redis(redis) => redis.purge(selector, false).await,
            Self::Spilling(spilling) => spilling.purge(selector, false).await,
        }
    }

    /// What a purge would do now.
    pub async fn would_purge(&self, selector: PurgeSelector) -> Result<Purged, OutboxError> {
        match self {
            Self::Memory(memory) => memory.purge(&selector, true),
            Self::Embedded(embedded) => embedded.purge(selector, true).await,
            Self::Redis(redis) => redis.purge(selector, true).await,
            Self::Spilling(spilling) => spilling.purge(selector, true).await,
        }
    }

    /// Has what was set aside wait again. It is checked against the policy of today before it is sent, as all that waits is.
    pub async fn redrive(&self, selector: RedriveSelector) -> Result<Redriven, OutboxError> {
        either!(self.redrive(selector))
    }

    /// Encrypts everything that rests under the key of today. Returns how many events were under another one, or under none.
    pub async fn rekey(&self) -> Result<u64, OutboxError> {
        match self {
            Self::Memory(_) => Err(OutboxError::Unfit("what is in memory does not rest")),
            Self::Embedded(embedded) => embedded.rekey().await,
            Self::Redis(redis) => redis.rekey().await,
            Self::Spilling(spilling) => spilling.rekey().await,
        }
    }

    /// How much is waiting.
    pub async fn depth(&self) -> Result<Depth, OutboxError> {
        either!(self.depth())
    }

    /// Pending events by site and dataset, also of those that left the configuration.
    pub async fn pending_by_dataset(&self) -> Result<PendingByDataset, OutboxError> {
        either!(self.pending_by_dataset())
    }

    /// From when on the next group of a dataset can be leased, in milliseconds since 1970: not later than now if at once,
    /// and nothing if there is no group.
    pub async fn next_due_ms(&self, dataset: &str, now_ms: u64) -> Result<Option<u64>, OutboxError> {
        match self {
            Self::Memory(memory) => memory.next_due_ms(dataset, now_ms),
            Self::Embedded(embedded) => embedded.next_due_ms(dataset, now_ms).await,
            Self::Redis(redis) => redis.next_due_ms(dataset, now_ms).await,
            Self::Spilling(spilling) => spilling.next_due_ms(dataset, now_ms).await,
        }
    }

    /// Changes after every commit that adds or gives back work (O9). The ends of leases and of retry times are no commits:
    /// [`AnyOutbox::next_due_ms`] says when they are.
    pub fn changed(&self) -> watch::Receiver<u64> {
        match self {
            Self::Memory(memory) => memory.changed(),
            Self::Embedded(embedded) => embedded.changed(),
            Self::Redis(redis) => redis.changed(),
            Self::Spilling(spilling) => spilling.changed(),
        }
    }

    /// Events by dataset that opening set aside as `aborts_process`: they were pending before, and are not counted elsewhere.
    pub fn set_aside_at_open(&self) -> &[(Arc<str>, u64)] {
        match self {
            // In Redis a burial sets aside, and says so itself.
            Self::Memory(_) | Self::Redis(_) => &[],
            Self::Embedded(embedded) => embedded.set_aside_at_open(),
            Self::Spilling(spilling) => spilling.set_aside_at_open(),
        }
    }

    /// Whether events were ever kept in it before this start. Pseudonyms of theirs may be at Meta.
    pub fn has_held_events(&self) -> bool {
        match self {
            // With Redis the key of pseudonyms is configured: it is never made anew.
            Self::Memory(_) | Self::Redis(_) => false,
            Self::Embedded(embedded) => embedded.has_held_events(),
            Self::Spilling(spilling) => spilling.has_held_events(),
        }
    }

    /// Whether an accepted event survives the process.
    pub fn is_durable(&self) -> bool {
        !matches!(self, Self::Memory(_))
    }

    /// Whether events can be kept now, and if not, why. Asking while the disk was full makes the outbox try again.
    pub fn health(&self) -> Result<(), Trouble> {
        match self {
            Self::Memory(memory) => memory.health(),
            Self::Embedded(embedded) => embedded.health(),
            Self::Redis(redis) => redis.health(),
            Self::Spilling(spilling) => spilling.health(),
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
            Self::Spilling(spilling) => Some(spilling.file().pending_events()),
        }
    }

    /// Finishes what was asked before, then lets go of the file. Later calls answer [`OutboxError::Closed`].
    pub async fn close(&self) {
        either!(self.close());
    }
}

/// How an outbox in a file is opened.
#[derive(Debug)]
pub struct Settings {
    /// Cap of what is kept, in bytes.
    pub max_bytes: u64,
    /// Events rest encrypted under these, or plain.
    pub keys: Option<Keys>,
    /// Events that came before are taken out, or everything is kept.
    pub deduplication: Option<Deduplication>,
}

impl Settings {
    /// As configured. `chance` must have been seeded by the system.
    pub fn of(outbox: &config::Outbox, chance: &Chance) -> Self {
        Self { max_bytes: outbox.max_bytes, keys: Keys::of(outbox, chance), deduplication: Deduplication::of(outbox) }
    }

    /// Without encryption and deduplication.
    pub fn plain(max_bytes: u64) -> Self {
        Self { max_bytes, keys: None, deduplication: None }
    }
}

/// Site, dataset and how many events, in the order of their names.
pub type PendingByDataset = Vec<(Arc<str>, Arc<str>, u64)>;

/// Dataset and how many events.
pub type EventsByDataset = Vec<(Arc<str>, u64)>;

/// How much is waiting.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Depth {
    /// Events accepted and not settled, leased or not.
    pub pending_events: u64,
    /// Bytes that count against the cap: stored events, quarantine included, and an allowance for what a row costs.
    pub bytes: u64,
    /// When the oldest of them came in, in milliseconds since 1970.
    pub oldest_received_ms: Option<u64>,
    /// Events in quarantine.
    pub quarantined_events: u64,
}

/// Whether every event of a lease is settled.
fn is_whole(lease: &Lease, settlements: &[Settlement]) -> Result<(), OutboxError> {
    if lease.count() == settlements.len() {
        return Ok(());
    }
    Err(OutboxError::Unfit("a lease needs one settlement for each of its events"))
}

/// Whether so little room is left under the cap that callers are better sent elsewhere: less than a sixty-fourth.
fn is_nearly_full(cost: u64, max_bytes: u64) -> bool {
    cost >= max_bytes - max_bytes / 64
}

/// Why events cannot be kept now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The cap is reached, or nearly. Passes when Meta has taken some of what waits.
    #[error("{}", OutboxError::Full)]
    Full,
    /// The disk is full. Passes when there is room.
    #[error("the disk is full")]
    DiskFull,
    /// Redis cannot be reached, or is not what is asked for; in words. Passes by itself, or when somebody mends it.
    #[error("{0}")]
    Away(String),
    /// Anything else, in words.
    #[error("{0}")]
    Broken(String),
}

impl Trouble {
    /// Its name in readiness.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::DiskFull => "disk",
            Self::Away(_) => "redis",
            Self::Broken(_) => "outbox",
        }
    }
}

/// Why the outbox did not do it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OutboxError {
    /// The cap is reached.
    #[error("the outbox is full")]
    Full,
    /// What was asked breaks a rule of the outbox; asking again will not help.
    #[error("the outbox cannot do this: {0}")]
    Unfit(&'static str),
    /// Redis cannot be reached, or did not answer: what was asked may have been done.
    #[error("{0}")]
    Away(String),
    /// The disk or the engine failed.
    #[error("the outbox failed: {0}")]
    Failed(String),
    /// The outbox was closed.
    #[error("the outbox is closed")]
    Closed,
}
