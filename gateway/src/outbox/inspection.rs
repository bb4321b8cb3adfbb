//! What an outbox holds, for a person to look at. Numbers and reasons only, and a body where one entry of the quarantine is asked
//! for. The names of the fields are those of `portcullis outbox inspect --json`.

use serde::Serialize;

use crate::shared::membership::Gateway;

/// At most so many lines of the quarantine are listed, the newest first.
pub(super) const MAX_QUARANTINE_LINES: u32 = 1000;

/// What an outbox holds.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Inspection {
    /// What waits, by site and dataset.
    pub pending: Vec<PendingLine>,
    /// Events in quarantine.
    pub quarantined_events: u64,
    /// The newest 1000 entries of it.
    pub quarantine: Vec<QuarantineLine>,
    /// Events that rest unencrypted, those in quarantine included.
    pub unencrypted_events: u64,
}

/// What several gateways share, and which they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SharedInspection {
    /// What Redis holds.
    #[serde(flatten)]
    pub inspection: Inspection,
    /// How sure it is that what Redis said yes to survives a crash of it, in a word; nothing if that is not known.
    pub durability: Option<&'static str>,
    /// The gateways, those that died among them until what they held was given back.
    pub gateways: Vec<Gateway>,
}

/// What waits of one site for one dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PendingLine {
    /// Id of the site.
    pub site: String,
    /// Id of the dataset.
    pub dataset: String,
    /// Events, leased or not.
    pub events: u64,
    /// Groups that hold them.
    pub groups: u64,
    /// Groups in the hand of a dispatcher, or whose lease has ended and that nobody took since.
    pub leased_groups: u64,
    /// Bytes of the events.
    pub bytes: u64,
    /// When the oldest came in, in milliseconds since 1970.
    pub oldest_received_ms: u64,
    /// The largest number of times that a group of these was sent.
    pub max_attempts: u64,
}

/// One entry of the quarantine: an event, or a whole group that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuarantineLine {
    /// Number of the entry.
    pub id: i64,
    /// Id of the site.
    pub site: String,
    /// Id of the dataset.
    pub dataset: String,
    /// How many events it stands for.
    pub events: u64,
    /// `refused`, `unreadable` or `aborts_process`.
    pub reason: String,
    /// Meta's error code, 0 if none.
    pub code: i64,
    /// Meta's error subcode, 0 if none.
    pub subcode: i64,
    /// What Meta says to a person about it, if it said anything and it can be read.
    pub message: Option<String>,
    /// When its group came in, in milliseconds since 1970.
    pub received_ms: u64,
    /// When it was set aside, in milliseconds since 1970; after a crash, when its lease was to end.
    pub quarantined_ms: u64,
}

/// The events of one entry of the quarantine, as a person must see them who has to mend what Meta refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Id of the site.
    pub site: String,
    /// Id of the dataset.
    pub dataset: String,
    /// Sanitized, one event a line. What cannot be read as text is shown as far as it can.
    pub bodies: String,
}
