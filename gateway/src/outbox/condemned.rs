//! What a purge takes of a group that is in hand: what is on its way to Meta cannot be called back, but must not come back either.
//!
//! It is kept with the group, so that it holds after a crash. Event ids, and events that are meant for what else is in them, stand
//! there as digests: they may be what is to be forgotten.

use std::borrow::Cow;

use portcullis_filters::normalize::hex;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// Stands before the digest of an event that is meant by all that it is, because others may have its id.
const WHOLE_EVENT: char = '=';

/// What goes of a group once it is in nobody's hand.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) enum Condemned {
    /// Nothing: it was not purged.
    #[default]
    Nothing,
    /// All of it.
    Whole,
    /// The events whose ids have these digests, or, after [`WHOLE_EVENT`], that have them themselves.
    Events(Vec<String>),
}

impl Condemned {
    /// As it is stored: nothing, an empty text, or a digest a line.
    pub(super) fn read(stored: Option<&str>) -> Self {
        match stored {
            None => Self::Nothing,
            Some("") => Self::Whole,
            Some(digests) => Self::Events(digests.split('\n').map(str::to_owned).collect()),
        }
    }

    /// What [`Condemned::read`] reads.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::Nothing => None,
            Self::Whole => Some(String::new()),
            Self::Events(digests) => Some(digests.join("\n")),
        }
    }

    /// The same and one event more.
    pub(super) fn and(self, event_id: &str) -> Self {
        self.and_digest(digest(event_id))
    }

    /// The same, of an event as it rests.
    pub(super) fn and_event(self, body: &str) -> Self {
        self.and_digest(format!("{WHOLE_EVENT}{}", digest(body)))
    }

    fn and_digest(self, digest: String) -> Self {
        match self {
            Self::Nothing => Self::Events(vec![digest]),
            Self::Whole => Self::Whole,
            Self::Events(mut digests) => {
                if !digests.contains(&digest) {
                    digests.push(digest);
                }
                Self::Events(digests)
            }
        }
    }

    /// Whether this event goes.
    pub(super) fn takes(&self, body: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Whole => true,
            Self::Events(digests) => {
                let is_meant = || event_id(body).is_some_and(|id| digests.contains(&digest(&id)));
                let mut events = digests.iter().filter_map(|digest| digest.strip_prefix(WHOLE_EVENT)).peekable();
                is_meant()
                    || (events.peek().is_some() && {
                        let own = digest(body);
                        events.any(|event| event == own)
                    })
            }
        }
    }
}

/// Whether a stored event has this id.
pub(super) fn has_id(body: &str, id: &str) -> bool {
    event_id(body).is_some_and(|found| found == id)
}

/// The lines that stay, and how many go.
pub(super) fn without(bodies: &str, goes: impl Fn(&str) -> bool) -> (String, u64) {
    let (mut stays, mut gone) = (String::with_capacity(bodies.len()), 0);
    for line in bodies.split('\n') {
        if goes(line) {
            gone += 1;
            continue;
        }
        if !stays.is_empty() {
            stays.push('\n');
        }
        stays.push_str(line);
    }
    (stays, gone)
}

fn event_id(body: &str) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(borrow)]
        event_id: Option<Cow<'a, str>>,
    }
    serde_json::from_str::<Named<'_>>(body).ok()?.event_id
}

/// Half of a SHA-256 in hex.
fn digest(text: &str) -> String {
    let mut digest = String::from_utf8_lossy(&hex(&Sha256::digest(text).into())).into_owned();
    digest.truncate(32);
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_read_again_and_names_no_event() {
        let two = Condemned::Nothing.and("canary-a").and("canary-b").and("canary-a");
        for condemned in [Condemned::Nothing, Condemned::Whole, two.clone()] {
            assert_eq!(Condemned::read(condemned.text().as_deref()), condemned);
        }
        assert!(!two.text().unwrap().contains("canary"));
        assert_eq!(two.text().unwrap().lines().count(), 2);
        assert_eq!(Condemned::Whole.and("a"), Condemned::Whole);
    }

    #[test]
    fn events_are_known_by_their_id_alone() {
        let condemned = Condemned::Nothing.and("a\"b");
        assert!(condemned.takes(r#"{"event_name":"X","event_id":"a\"b"}"#));
        for other in
            [r#"{"event_id":"a"}"#, r#"{"event_name":"a\"b"}"#, r#"{"custom_data":{"event_id":"a\"b"}}"#, "", "a\"b"]
        {
            assert!(!condemned.takes(other), "{other}");
        }
        let one_of_two = Condemned::Nothing.and_event(r#"{"event_id":"a","value":1}"#).and("b");
        assert_eq!(Condemned::read(one_of_two.text().as_deref()), one_of_two);
        for (body, goes) in [
            (r#"{"event_id":"a","value":1}"#, true),
            (r#"{"event_id":"a","value":2}"#, false),
            (r#"{"event_id":"b","value":2}"#, true),
        ] {
            assert_eq!(one_of_two.takes(body), goes, "{body}");
        }
        assert_eq!(without("a\nb\nc", |line| line == "b"), ("a\nc".to_owned(), 1));
        assert_eq!(without("a\na", |_| true), (String::new(), 2));
    }
}
