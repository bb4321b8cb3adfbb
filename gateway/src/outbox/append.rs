//! Events on their way in, and the proof that they are kept.

use std::sync::Arc;

use portcullis_filters::event::{SanitizedEnvelope, SanitizedEvent};
use portcullis_filters::policy::Policy;

use super::OutboxError;
use super::group::{MAX_GROUP_BYTES, MAX_GROUP_EVENTS, ROW_OVERHEAD};

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

impl Append {
    /// Whether a group can hold each of these events as one line.
    pub(super) fn check(&self) -> Result<(), OutboxError> {
        if self.events.is_empty() {
            return Err(OutboxError::Unfit("there is no event to keep"));
        }
        self.events.iter().try_for_each(|event| fits_a_line(event.as_str()))
    }

    /// At most this much is added to what counts against the cap.
    pub(super) fn cost(&self) -> u64 {
        let bytes: usize = self.events.iter().map(|event| event.as_str().len() + 1).sum();
        // Either limit can close a group; two half-full groups in a row cannot both be closed by size.
        let groups = 1 + self.events.len() / MAX_GROUP_EVENTS + 2 * bytes / MAX_GROUP_BYTES;
        bytes as u64 + groups as u64 * ROW_OVERHEAD
    }
}

/// A line break would make two events of one; an event larger than a group would make a row that no reader expects.
fn fits_a_line(body: &str) -> Result<(), OutboxError> {
    if body.is_empty() || memchr::memchr(b'\n', body.as_bytes()).is_some() {
        return Err(OutboxError::Unfit("an event is not one line"));
    }
    if body.len() > MAX_GROUP_BYTES {
        return Err(OutboxError::Unfit("an event is larger than a group may be"));
    }
    Ok(())
}

/// Proof that an append is durable. Only an outbox makes one, and only a receipt makes a 2xx.
#[derive(Debug)]
#[must_use]
pub struct Receipt {
    events: usize,
    duplicates: usize,
}

impl Receipt {
    /// For an outbox that has just committed these events.
    pub(super) fn new(events: usize) -> Self {
        Self { events, duplicates: 0 }
    }

    /// The same, where some of them had come before.
    pub(super) fn with_duplicates(self, duplicates: usize) -> Self {
        Self { duplicates, ..self }
    }

    /// How many events are durable now, or came before and were durable then.
    pub fn events(&self) -> usize {
        self.events
    }

    /// How many of them came before.
    pub fn duplicates(&self) -> usize {
        self.duplicates
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_must_be_one_line_of_bounded_length() {
        assert!(fits_a_line("{}").is_ok());
        assert!(fits_a_line("").is_err());
        assert!(fits_a_line("{\n}").is_err());
        assert!(fits_a_line(&"x".repeat(MAX_GROUP_BYTES)).is_ok());
        assert!(fits_a_line(&"x".repeat(MAX_GROUP_BYTES + 1)).is_err());
    }
}
