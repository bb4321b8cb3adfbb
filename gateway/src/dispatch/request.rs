//! Writes the body of a request to Meta: `{"data":[…], the envelope, ours}`.
//!
//! Events are put in as they are stored: they are JSON already, and writing them anew could only change them.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit as _, Mac as _};
use portcullis_filters::normalize::hex;
use serde_json::value::RawValue;
use sha2::Sha256;

use super::batch::Batch;

/// Members that are ours: an envelope that named one would disagree with us.
const OURS: [&str; 4] = ["data", "partner_agent", "access_token", "appsecret_proof"];

/// The body of a batch. `members` comes from [`members`].
pub(crate) fn write(batch: &Batch, allow_test_events: bool, members: &str) -> String {
    let envelope = batch.envelope().as_str();
    let mut body = String::with_capacity(batch.bytes() + batch.len() + envelope.len() + members.len() + 16);
    body.push_str(r#"{"data":["#);
    for (index, event) in batch.events().enumerate() {
        if index > 0 {
            body.push(',');
        }
        body.push_str(event.as_str());
    }
    body.push(']');
    // An envelope has passed its reader, so it is an object; one that is not would add nothing.
    let envelope: BTreeMap<&str, &RawValue> = serde_json::from_str(envelope).unwrap_or_default();
    for (name, value) in envelope {
        // A stored event only gets narrower: the dataset may have taken test events when this one was stored.
        if OURS.contains(&name) || (name == "test_event_code" && !allow_test_events) {
            continue;
        }
        push_member(&mut body, name, value.get());
    }
    body.push_str(members);
    body.push('}');
    body
}

/// The members that every request to a dataset has, as they follow the others.
pub(crate) fn members(partner_agent: Option<&str>, access_token: Option<&str>, proof: Option<&str>) -> String {
    let mut text = String::new();
    for (name, value) in [("partner_agent", partner_agent), ("access_token", access_token), ("appsecret_proof", proof)] {
        if let Some(value) = value {
            push_member(&mut text, name, &quote(value));
        }
    }
    text
}

/// Meta's proof that whoever shows a token knows the app's secret as well: hex of HMAC-SHA256 of the token.
pub(crate) fn proof(app_secret: &str, token: &str) -> String {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(app_secret.as_bytes()) else {
        return String::new();
    };
    mac.update(token.as_bytes());
    String::from_utf8_lossy(&hex(&mac.finalize().into_bytes().into())).into_owned()
}

fn push_member(text: &mut String, name: &str, value: &str) {
    text.push(',');
    text.push_str(&quote(name));
    text.push(':');
    text.push_str(value);
}

fn quote(text: &str) -> String {
    // Text always has a JSON form; an empty text would make the body unreadable, not wrong.
    serde_json::to_string(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use portcullis_filters::event::SanitizedEnvelope;

    use super::*;
    use crate::dispatch::batch::{Entry, Limits, Parcel, Place};
    use crate::dispatch::testing::sanitized;

    fn body(envelope: &str, allow_test_events: bool, members: &str) -> String {
        let entries = (0..2)
            .map(|event| Entry { event: sanitized(event), place: Place { group: 0, event }, expires_secs: 100 })
            .collect();
        let parcel = Parcel::new(SanitizedEnvelope::from_stored(envelope).unwrap(), entries);
        let batch = Batch::new("d".into(), parcel, Limits::new(10, 100_000), 0).unwrap();
        write(&batch, allow_test_events, members)
    }

    #[test]
    fn events_are_written_as_they_are_stored_and_the_rest_follows() {
        let (first, second) = (sanitized(0), sanitized(1));
        let events = format!(r#"{{"data":[{},{}]"#, first.as_str(), second.as_str());
        assert_eq!(body("{}", true, ""), format!("{events}}}"));
        assert_eq!(
            body(r#"{"test_event_code":"TEST1"}"#, true, &members(Some("portcullis"), Some("a\"b"), Some("00"))),
            format!(
                r#"{events},"test_event_code":"TEST1","partner_agent":"portcullis","access_token":"a\"b","appsecret_proof":"00"}}"#
            )
        );
    }

    #[test]
    fn p3_a_test_code_does_not_leave_once_the_dataset_takes_none() {
        assert!(!body(r#"{"test_event_code":"TEST1"}"#, false, "").contains("TEST1"));
    }

    #[test]
    fn the_proof_is_the_hmac_of_the_token() {
        // RFC 4231, test case 2.
        assert_eq!(
            proof("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
