//! An entry of the quarantine: the field `head` of its entry in the stream. Its events are in `asides` under its number and, where
//! they are plain, Meta's message beside them.
//!
//! The number of an entry is its id in the stream, `NUMBER-0`. What Meta said about an event that rests sealed is sealed with it,
//! as a last line. What the scripts cannot take apart of a group stands under the site `?` and can be purged.

use std::sync::Arc;

use portcullis_filters::normalize::parse_hex;
use portcullis_filters::policy::PolicyDigest;

use super::head::{Head, PLAIN, key_id};
use crate::outbox::QuarantineReason;
use crate::outbox::seal::Seat;
use crate::outbox::tally::{Owner, Shelf};

/// Begins every entry, so that a later form can be told from this one.
const FORM: &str = "1";

/// The site of what cannot be read at all.
pub(super) const NOBODY: &str = "?";

/// An entry without its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Aside {
    pub(super) site: Arc<str>,
    pub(super) policy: PolicyDigest,
    pub(super) events: usize,
    /// Of the events as they are, before they are sealed and without a message.
    pub(super) bytes: usize,
    pub(super) received_ms: u64,
    pub(super) oldest_event_secs: u64,
    /// To which its events are bound, if they are sealed.
    pub(super) seat: i64,
    pub(super) key_id: Option<String>,
    /// A word of [`QuarantineReason::as_str`].
    pub(super) reason: String,
    /// Meta's error code and subcode, 0 where Meta said nothing.
    pub(super) code: i64,
    pub(super) subcode: i64,
    pub(super) quarantined_ms: u64,
    pub(super) envelope: String,
}

impl Aside {
    /// So many events of a group; they are not sealed yet.
    pub(super) fn of(head: &Head, events: usize, bytes: usize, reason: &QuarantineReason, now_ms: u64) -> Self {
        let (code, subcode) = reason.codes();
        Self {
            site: Arc::clone(&head.site),
            policy: head.policy,
            events,
            bytes,
            received_ms: head.received_ms,
            oldest_event_secs: head.oldest_event_secs,
            seat: 0,
            key_id: None,
            reason: reason.as_str().to_owned(),
            code,
            subcode,
            quarantined_ms: now_ms,
            envelope: head.envelope.clone(),
        }
    }

    /// A group as it rests, of which not even the head can be read.
    pub(super) fn unknown(bytes: usize, now_ms: u64) -> Self {
        Self {
            site: NOBODY.into(),
            policy: PolicyDigest::from_bytes([0; 32]),
            events: 1,
            bytes,
            received_ms: 0,
            oldest_event_secs: 0,
            seat: 0,
            key_id: None,
            reason: QuarantineReason::Unreadable.as_str().to_owned(),
            code: 0,
            subcode: 0,
            quarantined_ms: now_ms,
            envelope: "{}".to_owned(),
        }
    }

    /// Reads what [`Aside::text`] writes.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(14, ' ');
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
            reason: next()?.to_owned(),
            code: next()?.parse().ok()?,
            subcode: next()?.parse().ok()?,
            quarantined_ms: next()?.parse().ok()?,
            envelope: next()?.to_owned(),
        })
    }

    /// As it rests.
    pub(super) fn text(&self) -> String {
        let Self { site, policy, events, bytes, received_ms, oldest_event_secs, seat, reason, .. } = self;
        let Self { code, subcode, quarantined_ms, envelope, .. } = self;
        let key_id = self.key_id.as_deref().unwrap_or(PLAIN);
        format!(
            "{FORM} {site} {policy} {events} {bytes} {received_ms} {oldest_event_secs} {seat} {key_id} {reason} {code} {subcode} {quarantined_ms} {envelope}"
        )
    }

    /// Whose it is.
    pub(super) fn owner(&self, dataset: &Arc<str>) -> Owner {
        Owner { site: Arc::clone(&self.site), dataset: Arc::clone(dataset), policy: self.policy }
    }

    /// To what its events are bound, if they are sealed.
    pub(super) fn seat<'o>(&self, owner: &'o Owner) -> Seat<'o> {
        Seat { shelf: Shelf::Quarantine, row: self.seat, owner }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_nothing_else() {
        let refused = QuarantineReason::Refused { code: 100, subcode: -1, message: Some("not here".into()) };
        let envelope = r#"{"partner_agent":"a b"}"#;
        let head = Head::read(&format!("1 shop {} 3 40 5 6 7 - 0 0 {envelope}", PolicyDigest::from_bytes([1; 32]))).unwrap();
        let aside = Aside { seat: -9, key_id: Some("k".to_owned()), ..Aside::of(&head, 1, 13, &refused, 8) };
        assert_eq!(Aside::read(&aside.text()), Some(aside.clone()));
        assert!(!aside.text().contains("not here") && aside.text().ends_with(envelope));
        assert_eq!(Aside::read(&Aside::unknown(5, 6).text()), Some(Aside::unknown(5, 6)));
        assert_eq!((Aside::read(""), Aside::read(&head.text())), (None, None));
    }
}
