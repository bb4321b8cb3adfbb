//! What is known of a group beside its events: the text of its entry in `heads`, and the names that its row has in Redis.
//!
//! The scripts take the same text apart (`common.lua`), so both change together. What cannot be read here is unreadable (O5). The
//! envelope stands last, as it may hold blanks; nothing before it can.

use std::sync::Arc;

use portcullis_filters::normalize::parse_hex;
use portcullis_filters::policy::PolicyDigest;

use crate::outbox::seal::Seat;
use crate::outbox::tally::{Owner, Shelf};

/// Begins every head, so that a later form can be told from this one.
const FORM: &str = "1";

/// Stands for a key where the bodies are plain.
pub(super) const PLAIN: &str = "-";

/// A group without its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) site: Arc<str>,
    pub(super) policy: PolicyDigest,
    pub(super) events: usize,
    /// Of the events as they are, before they are sealed.
    pub(super) bytes: usize,
    pub(super) received_ms: u64,
    pub(super) oldest_event_secs: u64,
    /// Drawn at random for each seal: the row is not known when the events are sealed, so they are bound to this.
    pub(super) seat: i64,
    /// The key that sealed the events; nothing if they are plain.
    pub(super) key_id: Option<String>,
    pub(super) attempts: u32,
    pub(super) crashes: u32,
    pub(super) envelope: String,
}

impl Head {
    /// Reads what [`Head::text`] writes.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(12, ' ');
        let mut next = || parts.next();
        if next()? != FORM {
            return None;
        }
        Some(Self {
            site: next()?.into(),
            policy: PolicyDigest::from_bytes(parse_hex(next()?)?),
            events: next()?.parse().ok()?,
            bytes: next()?.parse().ok()?,
            received_ms: next()?.parse().ok()?,
            oldest_event_secs: next()?.parse().ok()?,
            seat: next()?.parse().ok()?,
            key_id: key_id(next()?),
            attempts: next()?.parse().ok()?,
            crashes: next()?.parse().ok()?,
            envelope: next()?.to_owned(),
        })
    }

    /// As it rests.
    pub(super) fn text(&self) -> String {
        let Self { site, policy, events, bytes, received_ms, oldest_event_secs, seat, attempts, crashes, envelope, .. } =
            self;
        let key_id = self.key_id.as_deref().unwrap_or(PLAIN);
        format!(
            "{FORM} {site} {policy} {events} {bytes} {received_ms} {oldest_event_secs} {seat} {key_id} {attempts} {crashes} {envelope}"
        )
    }

    /// Whose it is.
    pub(super) fn owner(&self, dataset: &Arc<str>) -> Owner {
        Owner { site: Arc::clone(&self.site), dataset: Arc::clone(dataset), policy: self.policy }
    }

    /// To what its events are bound, if they are sealed.
    pub(super) fn seat<'o>(&self, owner: &'o Owner) -> Seat<'o> {
        Seat { shelf: Shelf::Pending, row: self.seat, owner }
    }
}

/// The key that a text names.
pub(super) fn key_id(text: &str) -> Option<String> {
    (text != PLAIN).then(|| text.to_owned())
}

/// The row of an entry of a stream; nothing if no script of ours made it.
pub(super) fn row_of_entry(id: &str) -> Option<i64> {
    id.strip_suffix("-0")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> Head {
        Head {
            site: "shop".into(),
            policy: PolicyDigest::from_bytes([0xab; 32]),
            events: 3,
            bytes: 1_234,
            received_ms: 1_800_000_000_000,
            oldest_event_secs: 1_799_999_999,
            seat: i64::MIN,
            key_id: Some("0123456789abcdef".to_owned()),
            attempts: 2,
            crashes: 1,
            envelope: r#"{"partner_agent":"a b  c"}"#.to_owned(),
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for head in [head(), Head { key_id: None, seat: 7, envelope: "{}".to_owned(), ..head() }] {
            assert_eq!(Head::read(&head.text()), Some(head));
        }
    }

    #[test]
    fn o5_anything_else_is_no_head() {
        let text = head().text();
        for wrong in
            ["", "1", "a b c", text.trim_start_matches('1'), &text.replacen("1 ", "2 ", 1), &text.replacen(" 3 ", " x ", 1)]
        {
            assert_eq!(Head::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn only_entries_that_a_script_made_are_rows() {
        assert_eq!((row_of_entry("17-0"), row_of_entry("17-1"), row_of_entry("x-0")), (Some(17), None, None));
    }
}
