//! What a command finds where events should be: it has to tell those that this gateway cannot open from those that nobody can.

use super::Redis;
use super::bodies::MAX_BODY_BYTES;
use super::head::Head;
use super::look::Dataset;
use super::quarantine::Aside;
use crate::outbox::Keys;
use crate::outbox::seal::Seat;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Opened {
    /// One event a line; of a sealed entry of the quarantine Meta's message may be the last one.
    Text(String),
    /// They are sealed under a key that this gateway does not have.
    Foreign,
    /// Nothing that can be read.
    Broken,
}

impl Redis {
    /// Opens the events of a group.
    pub(super) fn open_group(&self, dataset: &Dataset, head: &Head, body: Vec<u8>) -> Opened {
        let owner = head.owner(&dataset.id);
        self.open(head.key_id.as_deref(), head.seat(&owner), body)
    }

    /// Opens those of an entry of the quarantine.
    pub(super) fn open_aside(&self, dataset: &Dataset, aside: &Aside, body: Vec<u8>) -> Opened {
        let owner = aside.owner(&dataset.id);
        self.open(aside.key_id.as_deref(), aside.seat(&owner), body)
    }

    /// The key of today; nothing if events rest plain.
    pub(super) fn key_of_today(&self) -> Option<&str> {
        self.core.settings.keys.as_ref().map(Keys::id)
    }

    fn open(&self, key_id: Option<&str>, seat: Seat<'_>, body: Vec<u8>) -> Opened {
        if body.len() > MAX_BODY_BYTES {
            return Opened::Broken;
        }
        let text = match (key_id, &self.core.settings.keys) {
            (None, _) => Some(body),
            (Some(id), Some(keys)) if keys.knows(id) => keys.open(id, seat, &body),
            (Some(_), _) => return Opened::Foreign,
        };
        text.and_then(|text| String::from_utf8(text).ok()).map_or(Opened::Broken, Opened::Text)
    }
}
