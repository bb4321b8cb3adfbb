//! What a request says for all its events, and what of it may leave.

use crate::report::{Action, Place, Reason, Report, StageName};

/// The parts of a request around its events, as they came; absent parts are `None`.
///
/// `test_event_code` and the two ids are the only parts that can leave. `partner_agent` never does: the gateway sends a
/// literal of its own configuration.
#[derive(Default)]
pub struct EnvelopeText<'a> {
    /// Code of the Test Events tab.
    pub test_event_code: Option<&'a str>,
    /// Scope of external ids.
    pub namespace_id: Option<&'a str>,
    /// Upload session of offline events.
    pub upload_id: Option<&'a str>,
    /// Parts that never leave, by name: `partner_agent`, `upload_tag`, `upload_source`.
    pub denied: Vec<&'static str>,
    /// How many other parts there were.
    pub unknown: u32,
}

impl std::fmt::Debug for EnvelopeText<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EnvelopeText(..)")
    }
}

/// What a request says for all its events, in closed forms: a JSON object without spaces, its keys in fixed order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SanitizedEnvelope {
    json: Box<str>,
}

impl Default for SanitizedEnvelope {
    fn default() -> Self {
        Self::write(&[])
    }
}

const TEST_EVENT_CODE: &str = "test_event_code";
const IDS: [&str; 2] = ["namespace_id", "upload_id"];

impl SanitizedEnvelope {
    /// The JSON object: `{}`, or for example `{"test_event_code":"TEST123"}`.
    pub fn as_str(&self) -> &str {
        &self.json
    }

    /// Reads what was stored; `None` for anything that [`sanitize_envelope`] would not have written.
    pub fn from_stored(json: &str) -> Option<Self> {
        let mut rest = json.strip_prefix('{')?.strip_suffix('}')?;
        let mut members = Vec::new();
        for name in [TEST_EVENT_CODE, "namespace_id", "upload_id"] {
            let Some(after) = rest.strip_prefix(&format!("\"{name}\":\"")) else { continue };
            let (value, after) = after.split_once('"')?;
            let closed = if name == TEST_EVENT_CODE { is_test_event_code(value) } else { is_id(value) };
            if !closed {
                return None;
            }
            members.push((name, value));
            rest = match after.strip_prefix(',') {
                Some("") => return None,
                Some(after) => after,
                None => after,
            };
        }
        rest.is_empty().then(|| Self::write(&members)).filter(|envelope| envelope.as_str() == json)
    }

    /// The values have closed forms that need no escapes.
    fn write(members: &[(&str, &str)]) -> Self {
        let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\":\"{value}\"")).collect();
        Self { json: format!("{{{}}}", members.join(",")).into_boxed_str() }
    }
}

/// Keeps what may leave of a request's envelope. `allow_test_events` says whether the dataset takes test events.
pub fn sanitize_envelope(text: &EnvelopeText<'_>, allow_test_events: bool) -> (SanitizedEnvelope, Report) {
    let mut report = Report::default();
    let mut members = Vec::new();
    let mut remove = |name, reason| report.remove(StageName::Allow, Place::Envelope(name), Action::Always, reason, 1);
    match text.test_event_code {
        Some(_) if !allow_test_events => remove(TEST_EVENT_CODE, Reason::TestEventsOff),
        Some(code) if is_test_event_code(code) => members.push((TEST_EVENT_CODE, code)),
        Some(_) => remove(TEST_EVENT_CODE, Reason::Shape),
        None => {}
    }
    for (name, value) in IDS.into_iter().zip([text.namespace_id, text.upload_id]) {
        match value {
            Some(id) if is_id(id) => members.push((name, id)),
            Some(_) => remove(name, Reason::Shape),
            None => {}
        }
    }
    for name in &text.denied {
        remove(name, Reason::NotAllowed);
    }
    report.remove(StageName::Allow, Place::Unknown, Action::None, Reason::UnknownKey, text.unknown);
    (SanitizedEnvelope::write(&members), report)
}

fn is_test_event_code(code: &str) -> bool {
    code.strip_prefix("TEST")
        .is_some_and(|digits| (1..=10).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()))
}

fn is_id(id: &str) -> bool {
    (1..=20).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_closed_forms_leave() {
        let text = EnvelopeText {
            test_event_code: Some("TEST12345"),
            namespace_id: Some("222"),
            upload_id: Some("jane@example.com"),
            denied: vec!["upload_tag"],
            unknown: 2,
        };
        let (envelope, report) = sanitize_envelope(&text, true);
        assert_eq!(envelope.as_str(), r#"{"test_event_code":"TEST12345","namespace_id":"222"}"#);
        assert_eq!(report.removals().len(), 3);
        let (envelope, _) = sanitize_envelope(&text, false);
        assert_eq!(envelope.as_str(), r#"{"namespace_id":"222"}"#);
    }

    #[test]
    fn only_what_was_written_is_read_back() {
        for good in ["{}", r#"{"upload_id":"333"}"#, r#"{"test_event_code":"TEST1","namespace_id":"2","upload_id":"3"}"#] {
            assert_eq!(SanitizedEnvelope::from_stored(good).as_ref().map(SanitizedEnvelope::as_str), Some(good));
        }
        for bad in [
            "",
            "{",
            "{ }",
            r#"{"upload_id":"x"}"#,
            r#"{"upload_id":"3",}"#,
            r#"{"upload_id":"3","namespace_id":"2"}"#,
            r#"{"test_event_code":"TESTx"}"#,
            r#"{"partner_agent":"x"}"#,
        ] {
            assert_eq!(SanitizedEnvelope::from_stored(bad), None, "{bad}");
        }
    }
}
