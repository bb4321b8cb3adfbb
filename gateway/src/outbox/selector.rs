//! Which events a command means, and what became of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use portcullis_filters::policy::PolicyDigest;
use portcullis_filters::suppression::{Suppressed, is_stored_of};
use serde::{Deserialize, Serialize};

use super::condemned::{Condemned, has_id};
use super::tally::Owner;

/// What to purge.
#[derive(Debug, Clone)]
pub enum PurgeSelector {
    /// What fits, wherever it is: waiting, in hand or in quarantine.
    Matching(EventFilter),
    /// What waits of a site for a dataset under another policy than this one; nothing that is in hand or in quarantine. The site is
    /// named because sites that share a dataset have policies of their own.
    OtherPolicies {
        /// Id of the site.
        site: Arc<str>,
        /// Id of the dataset.
        dataset: Arc<str>,
        /// The policy whose events stay.
        keep: PolicyDigest,
    },
    /// Every event of somebody who must not be sent, wherever it is. The set is asked event by event, by what rests of each.
    Suppressed(Arc<dyn Suppressed>),
}

/// Single events that are meant, of the groups that are looked through.
#[derive(Debug, Clone, Copy)]
pub(super) enum Single<'s> {
    /// Of this id.
    Id(&'s str),
    /// Of somebody who must not be sent.
    Of(&'s dyn Suppressed),
}

impl PurgeSelector {
    /// Which single events are meant; nothing if whole groups are.
    pub(super) fn single(&self) -> Option<Single<'_>> {
        match self {
            Self::Matching(filter) => filter.event_id.as_deref().map(Single::Id),
            Self::Suppressed(persons) => Some(Single::Of(&**persons)),
            Self::OtherPolicies { .. } => None,
        }
    }

    /// Whether what is set aside is meant too, and what is in hand.
    pub(super) fn is_everywhere(&self) -> bool {
        !matches!(self, Self::OtherPolicies { .. })
    }

    /// Whether a group of this owner and time can hold what is meant.
    pub(super) fn fits(&self, owner: &Owner, received_ms: u64) -> bool {
        match self {
            Self::Matching(filter) => filter.fits(owner, received_ms),
            Self::OtherPolicies { site, dataset, keep } => {
                owner.site == *site && owner.dataset == *dataset && owner.policy != *keep
            }
            Self::Suppressed(_) => true,
        }
    }
}

impl Single<'_> {
    /// Whether a stored event is meant.
    pub(super) fn takes(self, body: &str) -> bool {
        match self {
            Self::Id(id) => has_id(body, id),
            Self::Of(persons) => is_stored_of(body, persons),
        }
    }

    /// What is condemned of a group in hand once these events of it are, too.
    pub(super) fn condemn(self, before: Condemned, bodies: &str) -> Condemned {
        match self {
            Self::Id(id) => before.and(id),
            Self::Of(_) => bodies.split('\n').filter(|body| self.takes(body)).fold(before, Condemned::and_event),
        }
    }
}

/// Events by what is known of them. Each field that is given narrows; none given means all.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventFilter {
    /// Id of the site.
    pub site: Option<String>,
    /// Id of the dataset.
    pub dataset: Option<String>,
    /// Received before this time, in milliseconds since 1970.
    pub before_ms: Option<u64>,
    /// The event id as it is stored. One that the filter had to rewrite is stored rewritten.
    pub event_id: Option<String>,
}

impl EventFilter {
    /// Whether a group of this owner and time can hold what is meant.
    pub(super) fn fits(&self, owner: &Owner, received_ms: u64) -> bool {
        self.site.as_deref().is_none_or(|site| *owner.site == *site)
            && self.dataset.as_deref().is_none_or(|dataset| *owner.dataset == *dataset)
            && self.before_ms.is_none_or(|before_ms| received_ms < before_ms)
    }
}

/// What a purge did, in events.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purged {
    /// What waited and is gone, by dataset.
    pub waiting: BTreeMap<String, u64>,
    /// What was in quarantine and is gone.
    pub quarantined: u64,
    /// What is on its way to Meta now: it is gone once that is decided, unless Meta has it then.
    pub in_hand: u64,
    /// Rows that cannot be read, so that nobody can say whether an event of that id is in them, or that are too damaged to be deleted.
    pub unreadable: u64,
    /// Why not all of it was done, if something came between: what was done holds, and is counted here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broke_off: Option<String>,
}

impl Purged {
    /// All that waited and is gone.
    pub fn waiting_events(&self) -> u64 {
        self.waiting.values().sum()
    }

    pub(super) fn add(&mut self, other: Self) {
        self.broke_off = self.broke_off.take().or(other.broke_off);
        for (dataset, events) in other.waiting {
            *self.waiting.entry(dataset).or_default() += events;
        }
        self.quarantined += other.quarantined;
        self.in_hand += other.in_hand;
        self.unreadable += other.unreadable;
    }

    pub(super) fn add_waiting(&mut self, dataset: &str, events: u64) {
        *self.waiting.entry(dataset.to_owned()).or_default() += events;
    }
}

/// What of the quarantine is to be sent again. Each field that is given narrows; none given means all.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedriveSelector {
    /// Id of the site.
    pub site: Option<String>,
    /// Id of the dataset.
    pub dataset: Option<String>,
    /// Why it was set aside: a word of [`QuarantineReason::as_str`](super::QuarantineReason::as_str).
    pub reason: Option<String>,
    /// Number of the entry. With Redis each dataset counts its own, and the file beside it too.
    pub id: Option<i64>,
    /// Where it is, of an outbox in two places.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<OutboxPlace>,
}

/// Where an outbox keeps events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutboxPlace {
    /// In the file of this machine.
    File,
    /// In Redis, for all gateways.
    Redis,
}

/// What a redrive did, in events.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redriven {
    /// What waits again, by dataset.
    pub waiting: BTreeMap<String, u64>,
    /// What cannot be read, and stays where it is.
    pub unreadable: u64,
    /// Why not all of it was done, if something came between: what was done holds, and is counted here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broke_off: Option<String>,
}

impl Redriven {
    pub(super) fn add(&mut self, other: Self) {
        self.broke_off = self.broke_off.take().or(other.broke_off);
        for (dataset, events) in other.waiting {
            *self.waiting.entry(dataset).or_default() += events;
        }
        self.unreadable += other.unreadable;
    }
}
