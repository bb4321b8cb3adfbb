//! Marks of events that came before, so that one that is sent twice is kept once.
//!
//! An event is known by its dataset, its name and its id as it is stored. A mark is a digest of these under a key made from the
//! key of encryption: whoever reads the file learns no id from it, and cannot try out ids either. Marks under earlier keys are
//! still known. Absent on purpose: telling events apart by anything else; one without an id of its caller's is never seen before.

use std::borrow::Cow;

use hmac::{Hmac, Mac as _};
use serde::Deserialize;
use sha2::Sha256;

use crate::config;
use crate::keyed::{half, hmac};

/// What stands for an event.
pub(super) type Mark = [u8; 16];

/// How events that were seen before are known.
#[derive(Debug)]
pub struct Deduplication {
    today: Hmac<Sha256>,
    previous: Vec<Hmac<Sha256>>,
    /// How long an event is known.
    pub(super) keep_ms: u64,
    /// So many are known at most; the oldest are forgotten first.
    pub(super) max_events: u64,
}

/// The marks of one event.
#[derive(Debug)]
pub(super) struct Marks {
    pub(super) today: Mark,
    pub(super) previous: Vec<Mark>,
}

impl Deduplication {
    /// As configured, if it is.
    pub fn of(outbox: &config::Outbox) -> Option<Self> {
        let (config::Deduplicate { keep_ms, max_events }, encryption) = (outbox.deduplicate?, outbox.encryption.as_ref()?);
        Some(Self {
            today: keyed(&encryption.key),
            previous: encryption.previous.iter().map(|key| keyed(key)).collect(),
            keep_ms,
            max_events,
        })
    }

    /// The marks of a stored event; nothing if it cannot be told from others.
    pub(super) fn marks(&self, dataset: &str, body: &str) -> Option<Marks> {
        #[derive(Deserialize)]
        struct Named<'a> {
            #[serde(borrow)]
            event_name: Cow<'a, str>,
            #[serde(borrow)]
            event_id: Cow<'a, str>,
        }
        let Named { event_name, event_id } = serde_json::from_str(body).ok()?;
        let parts = [dataset, &event_name, &event_id];
        Some(Marks { today: mark(&self.today, parts), previous: self.previous.iter().map(|key| mark(key, parts)).collect() })
    }
}

/// A key of its own for marks.
fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    hmac(&hmac(key).chain_update(b"portcullis outbox 1 seen").finalize().into_bytes().into())
}

/// Each part after its length, so that no two events read alike.
fn mark(key: &Hmac<Sha256>, parts: [&str; 3]) -> Mark {
    let mut keyed = key.clone();
    for part in parts {
        keyed.update(&(part.len() as u64).to_be_bytes());
        keyed.update(part.as_bytes());
    }
    half(keyed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deduplication(today: u8, previous: &[u8]) -> Deduplication {
        let key = |byte: u8| keyed(&[byte; 32]);
        let previous = previous.iter().map(|byte| key(*byte)).collect();
        Deduplication { today: key(today), previous, keep_ms: 1, max_events: 1 }
    }

    #[test]
    fn an_event_is_known_by_dataset_name_and_id_alone() {
        let seen = deduplication(1, &[]);
        let mark = |dataset: &str, body: &str| seen.marks(dataset, body).unwrap().today;
        let first = mark("1", r#"{"event_name":"Purchase","event_id":"a","custom_data":{"value":1}}"#);
        assert_eq!(first, mark("1", r#"{"custom_data":{"value":2},"event_id":"a","event_name":"Purchase"}"#));
        for (dataset, body) in [
            ("2", r#"{"event_name":"Purchase","event_id":"a"}"#),
            ("1", r#"{"event_name":"Lead","event_id":"a"}"#),
            ("1", r#"{"event_name":"Purchase","event_id":"b"}"#),
            ("1", r#"{"event_name":"Purchas","event_id":"ea"}"#),
        ] {
            assert_ne!(first, mark(dataset, body), "{dataset} {body}");
        }
        assert!(seen.marks("1", r#"{"event_name":"Purchase"}"#).is_none());
    }

    #[test]
    fn a_mark_needs_the_key_and_an_earlier_key_still_makes_it() {
        let body = r#"{"event_name":"Purchase","event_id":"a"}"#;
        let before = deduplication(1, &[]).marks("1", body).unwrap().today;
        let after = deduplication(2, &[1]).marks("1", body).unwrap();
        assert_ne!(after.today, before);
        assert_eq!(after.previous, [before]);
    }
}
