//! The events of a group, plain or sealed: the one place that makes what rests of them, and reads it.

use std::sync::Arc;

use super::core::Core;
use super::head::Head;
use super::quarantine::Aside;
use crate::outbox::group::{MAX_GROUP_BYTES, count_lines};
use crate::outbox::seal::{SEAL_BYTES, Seat};
use crate::outbox::{Keys, OutboxError};

/// Meta's message is far shorter.
const MAX_MESSAGE_BYTES: usize = 4096;

/// No body of ours is longer. A longer one is not sent on by the server, or a planted gigabyte would be one of memory here.
pub(super) const MAX_BODY_BYTES: usize = MAX_GROUP_BYTES + SEAL_BYTES + MAX_MESSAGE_BYTES;

/// What is found where events should be. A command has to tell those that this gateway cannot open from those that nobody can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Opened {
    /// One event a line; of a sealed entry of the quarantine Meta's message may be the last one.
    Text(String),
    /// They are sealed under a key that this gateway does not have.
    Foreign,
    /// Nothing that can be read.
    Broken,
    /// It was settled or written anew since it was found: what was read is not of that head.
    Changed,
}

impl Core {
    /// What rests of the events of a group, under the key of today; the head then says how.
    pub(super) fn seal_group(&self, head: &mut Head, dataset: &Arc<str>, bodies: &str) -> Result<Vec<u8>, OutboxError> {
        let Some(keys) = &self.settings.keys else {
            head.key_id = None;
            return Ok(bodies.as_bytes().to_vec());
        };
        (head.seat, head.key_id) = (self.seat(), Some(keys.id().to_owned()));
        seal(keys, head.seat(&head.owner(dataset)), bodies)
    }

    /// The same of an entry of the quarantine. Gives what rests of the message beside it, too: nothing if it is sealed with them.
    pub(super) fn seal_aside(
        &self,
        aside: &mut Aside,
        dataset: &Arc<str>,
        bodies: &str,
        message: Option<&str>,
    ) -> Result<(Vec<u8>, String), OutboxError> {
        let message = message.unwrap_or_default();
        let Some(keys) = &self.settings.keys else { return Ok((bodies.as_bytes().to_vec(), message.to_owned())) };
        (aside.seat, aside.key_id) = (self.seat(), Some(keys.id().to_owned()));
        let owner = aside.owner(dataset);
        let sealed = if message.is_empty() {
            seal(keys, aside.seat(&owner), bodies)?
        } else {
            seal(keys, aside.seat(&owner), &format!("{bodies}\n{message}"))?
        };
        Ok((sealed, String::new()))
    }

    /// Opens the events of a group.
    pub(super) fn open_group(&self, head: &Head, dataset: &Arc<str>, stored: Vec<u8>) -> Opened {
        self.open(head.key_id.as_deref(), head.seat(&head.owner(dataset)), stored)
    }

    /// Opens those of an entry of the quarantine.
    pub(super) fn open_aside(&self, aside: &Aside, dataset: &Arc<str>, stored: Vec<u8>) -> Opened {
        self.open(aside.key_id.as_deref(), aside.seat(&aside.owner(dataset)), stored)
    }

    /// The events of a group, as many as its head says; nothing if that cannot be had.
    pub(super) fn open_whole_group(&self, head: &Head, dataset: &Arc<str>, stored: Vec<u8>) -> Option<String> {
        match self.open_group(head, dataset, stored) {
            Opened::Text(bodies) if count_lines(&bodies) == head.events => Some(bodies),
            Opened::Text(_) | Opened::Foreign | Opened::Broken | Opened::Changed => None,
        }
    }

    /// The events of a group that is in nobody's reach; nothing where they cannot be read.
    pub(super) async fn read_group(&self, dataset: &Arc<str>, row: i64, head: &Head) -> Result<Option<String>, OutboxError> {
        let keys = self.of(dataset);
        let length = redis::cmd("HSTRLEN").arg(keys.of("bodies")).arg(row).to_owned();
        if self.plain::<usize>("the length of a group", &length).await? > MAX_BODY_BYTES {
            return Ok(None);
        }
        let command = redis::cmd("HGET").arg(keys.of("bodies")).arg(row).to_owned();
        let stored: Option<Vec<u8>> = self.plain("a group", &command).await?;
        Ok(stored.and_then(|stored| self.open_whole_group(head, dataset, stored)))
    }

    fn open(&self, key_id: Option<&str>, seat: Seat<'_>, stored: Vec<u8>) -> Opened {
        if stored.len() > MAX_BODY_BYTES {
            return Opened::Broken;
        }
        let text = match (key_id, &self.settings.keys) {
            (None, _) => Some(stored),
            (Some(id), Some(keys)) if keys.knows(id) => keys.open(id, seat, &stored),
            (Some(_), _) => return Opened::Foreign,
        };
        text.and_then(|text| String::from_utf8(text).ok()).map_or(Opened::Broken, Opened::Text)
    }
}

fn seal(keys: &Keys, seat: Seat<'_>, bodies: &str) -> Result<Vec<u8>, OutboxError> {
    keys.seal(seat, bodies.as_bytes()).map_err(|error| OutboxError::Failed(error.to_string()))
}
