//! Keeps accepted events until Meta has them. Durable, or not accepted.
//!
//! Events are kept as **groups**: the events of one commit with the same site, dataset, envelope and policy, so that the
//! engine's cost is paid once a group. Every back end keeps this contract; the numbers are the names of the tests:
//!
//! - **O1** Append is all or nothing, and durable on return.
//! - **O2** A leased group is invisible to others until its lease ends.
//! - **O3** An unsettled lease comes back, also after a crash. An attempt counts only once its bytes went to the socket.
//! - **O4** Settling is idempotent; settling an expired lease has no effect.
//! - **O5** A group that cannot be read goes to quarantine and harms no neighbour.
//! - **O6** Memory does not grow with depth.
//! - **O7** Full is an error from append.
//! - **O8** Purged is purged, also after a crash.
//! - **O9** A wake-up is never lost: a receiver taken before a look that finds nothing will change.
//! - **O10** Opening never waits without limit and never deletes what it does not understand.

use std::sync::Arc;

use portcullis_filters::event::{SanitizedEnvelope, SanitizedEvent};
use portcullis_filters::policy::{Policy, PolicyDigest, StoredPolicy};

/// Events of one request that are to be kept together.
#[derive(Debug)]
pub struct Append {
    /// Id of the site that sent them.
    pub site: Arc<str>,
    /// Id of the dataset to which they go.
    pub dataset: Arc<str>,
    /// What the request says for all its events.
    pub envelope: SanitizedEnvelope,
    /// The policy under which they were sanitized.
    pub policy: Arc<Policy>,
    /// The events; not empty.
    pub events: Vec<SanitizedEvent>,
    /// When they came in, in milliseconds since 1970.
    pub received_ms: u64,
}

/// Proof that an append is durable. Only an outbox makes one, and only a receipt makes a 2xx.
#[derive(Debug)]
#[must_use]
pub struct Receipt {
    events: usize,
}

impl Receipt {
    /// How many events are durable now.
    pub fn events(&self) -> usize {
        self.events
    }
}

/// Which groups to lease.
#[derive(Debug, Clone)]
pub struct LeaseRequest {
    /// Groups of this dataset, oldest first.
    pub dataset: Arc<str>,
    /// As many groups as fit in this number of events; at least one group if there is one.
    pub max_events: usize,
    /// As many groups as fit in this number of bytes; at least one group if there is one.
    pub max_bytes: usize,
    /// Milliseconds since 1970. Groups whose retry time is later stay where they are.
    pub now_ms: u64,
    /// When the lease ends by itself, in milliseconds since 1970.
    pub until_ms: u64,
}

/// A group in the hand of one dispatcher until it is settled or its time is over. Dropping it settles nothing: the group
/// comes back when the lease ends.
#[derive(Debug)]
#[must_use]
pub struct Lease {
    /// Names the row and this lease of it.
    pub(crate) id: LeaseId,
    /// Id of the site.
    pub site: Arc<str>,
    /// Id of the dataset.
    pub dataset: Arc<str>,
    /// The envelope's stored JSON; to be checked again with [`SanitizedEnvelope`]'s reader before it is sent.
    pub envelope: String,
    /// The policy under which the events were sanitized.
    pub policy: Arc<StoredPolicy>,
    /// Digest of that policy.
    pub policy_digest: PolicyDigest,
    /// One stored event a line.
    pub bodies: String,
    /// When the oldest of its events came in, in milliseconds since 1970.
    pub received_ms: u64,
    /// The oldest event time among them, in seconds since 1970.
    pub oldest_event_secs: u64,
    /// How often its bytes were sent.
    pub attempts: u32,
}

/// Names a leased row. The serial tells a lease from an earlier one of the same row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct LeaseId {
    /// The row.
    pub(crate) row: i64,
    /// The lease.
    pub(crate) serial: i64,
}

/// What became of one event of a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// Meta has it.
    Delivered,
    /// To be tried again, not before this time in milliseconds since 1970.
    Retry {
        /// Not before this time.
        not_before_ms: u64,
        /// Whether its bytes went to the socket.
        attempted: bool,
    },
    /// It will never be taken; kept aside with a reason for a person to look at.
    Quarantine(QuarantineReason),
    /// Too old for Meta.
    Expired,
    /// The policy of today does not let it leave.
    Withdrawn,
}

/// Why an event was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QuarantineReason {
    /// Meta refused its content.
    Refused {
        /// Meta's error code.
        code: i64,
        /// Meta's error subcode, 0 if none.
        subcode: i64,
    },
    /// The stored row cannot be read.
    Unreadable,
    /// The process died three times while it was in hand.
    AbortsProcess,
}

impl QuarantineReason {
    /// The word in metrics and listings.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "refused",
            Self::Unreadable => "unreadable",
            Self::AbortsProcess => "aborts_process",
        }
    }
}

/// What a settling changed, counted in the same transaction. A lease that had expired changes nothing.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// Events that Meta has.
    pub delivered: u64,
    /// Events set aside.
    pub quarantined: u64,
    /// Events too old.
    pub expired: u64,
    /// Events withdrawn by policy.
    pub withdrawn: u64,
    /// Events that stay for another try.
    pub retried: u64,
}

/// How much is waiting.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Depth {
    /// Events accepted and not settled, leased or not.
    pub pending_events: u64,
    /// Bytes that count against the cap.
    pub bytes: u64,
    /// When the oldest of them came in, in milliseconds since 1970.
    pub oldest_received_ms: Option<u64>,
    /// Events in quarantine.
    pub quarantined_events: u64,
}

/// Why the outbox did not do it.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// The cap is reached.
    #[error("the outbox is full")]
    Full,
    /// The disk or the engine failed.
    #[error("the outbox failed: {0}")]
    Failed(String),
    /// The outbox was closed.
    #[error("the outbox is closed")]
    Closed,
}
