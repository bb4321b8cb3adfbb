//! Looks at stored events, and the deletion of those of suppressed persons.
//!
//! What rests was promised to be kept. So here a look that fails is no "yes": nothing is deleted because a disk does not answer.
//! It is no "no" either: the event is held back and looked at again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use portcullis_filters::suppression::{Identifier, Suppressed, is_stored_of};

use super::Suppressions;
use crate::outbox::{AnyOutbox, OutboxError, PurgeSelector, Purged};

/// Whether a stored event may be sent, as far as its person is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It may.
    Free,
    /// It is of somebody who must not be sent.
    Suppressed,
    /// Nobody knows: the look failed, or the log of all gateways cannot be read.
    Unknown,
}

impl Suppressions {
    /// How a stored event stands.
    pub fn standing(&self, body: &str) -> Standing {
        if self.is_blind() {
            return Standing::Unknown;
        }
        if self.is_empty() {
            return Standing::Free;
        }
        let certain = Certain::of(self);
        match is_stored_of(body, &certain) {
            true => Standing::Suppressed,
            false if certain.was_unsure() => Standing::Unknown,
            false => Standing::Free,
        }
    }

    /// Deletes, for good, what rests of suppressed persons. [`Suppressions::swept`] is for the caller: additions that came
    /// meanwhile may have been missed.
    pub async fn sweep(&self, outbox: &AnyOutbox) -> Result<Purged, OutboxError> {
        let certain = Arc::new(Certain::of(self));
        let mut purged = outbox.purge(PurgeSelector::Suppressed(certain.clone())).await?;
        if certain.was_unsure() && purged.broke_off.is_none() {
            purged.broke_off = Some("the store of suppressed persons cannot be read".to_owned());
        }
        Ok(purged)
    }
}

/// Those of whom it is certain that they are suppressed.
#[derive(Debug)]
struct Certain {
    set: Suppressions,
    was_unsure: AtomicBool,
}

impl Certain {
    fn of(set: &Suppressions) -> Self {
        Self { set: set.clone(), was_unsure: AtomicBool::new(false) }
    }

    /// Whether a look failed.
    fn was_unsure(&self) -> bool {
        self.was_unsure.load(Ordering::Relaxed)
    }
}

impl Suppressed for Certain {
    fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    fn holds(&self, identifier: &Identifier) -> bool {
        self.set.look(identifier).unwrap_or_else(|_| {
            self.was_unsure.store(true, Ordering::Relaxed);
            false
        })
    }
}
