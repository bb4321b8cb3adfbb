//! Reads what Meta answered.
//!
//! A success needs `events_received`; a 2xx without it may be a proxy's own page. Of an error, numbers and flags decide; its text
//! is masked (`remark`) and goes into quarantine alone. What an answer means is decided in `classify`.

use std::time::{Duration, UNIX_EPOCH};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::remark::Remark;
use super::usage::{Usage, UsageHeaders};

/// The longest wait that an answer can ask for. A probe an hour does no harm, and a mad value must not hold a dataset for days.
pub(crate) const WAIT_CAP: Duration = Duration::from_secs(3600);

/// The longest trace id that is taken over into the log.
const TRACE_CAP: usize = 64;

/// An answer of Meta, or of something in between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The HTTP status.
    pub(crate) status: u16,
    /// What the body says.
    pub(crate) body: GraphBody,
    /// How long the answer asks us to wait.
    pub(crate) wait: Option<Duration>,
    /// How much of Meta's limits is used, if it says so.
    pub(crate) usage: Option<Usage>,
    /// Meta's `fbtrace_id`, for a question to Meta's support.
    pub(crate) trace: Option<Box<str>>,
    /// What an error says to a person.
    pub(crate) remark: Option<Remark>,
}

/// The body of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GraphBody {
    /// A success.
    Received {
        /// How many events Meta took.
        events: u64,
    },
    /// An error.
    Error {
        /// Meta's code.
        code: i64,
        /// Meta's subcode, 0 if none.
        subcode: i64,
        /// Whether Meta says that it passes.
        transient: bool,
    },
    /// Not of Meta's form.
    Foreign,
}

/// The parts of an answer outside its body that say how fast to go on.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct PaceHeaders<'a> {
    /// `Retry-After`: seconds or a date.
    pub(crate) retry_after: Option<&'a str>,
    /// How much of Meta's limits is used.
    pub(crate) usage: UsageHeaders<'a>,
}

#[derive(Deserialize)]
struct GraphAnswer<'a> {
    events_received: Option<u64>,
    #[serde(borrow)]
    error: Option<GraphError<'a>>,
    #[serde(borrow)]
    fbtrace_id: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct GraphError<'a> {
    code: i64,
    error_subcode: Option<i64>,
    is_transient: Option<bool>,
    #[serde(borrow)]
    fbtrace_id: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    error_user_title: Option<&'a RawValue>,
    #[serde(borrow)]
    error_user_msg: Option<&'a RawValue>,
}

impl Answer {
    /// Reads an answer. `now_secs` is for a `Retry-After` that is a date.
    pub(crate) fn read(status: u16, headers: PaceHeaders<'_>, body: &[u8], now_secs: u64) -> Self {
        let usage = Usage::read(headers.usage);
        let wait = read_wait(headers.retry_after, usage, now_secs);
        let Ok(answer) = serde_json::from_slice::<GraphAnswer<'_>>(body) else {
            return Self { status, body: GraphBody::Foreign, wait, usage, trace: None, remark: None };
        };
        let remark = answer.error.as_ref().and_then(read_remark);
        let (body, trace) = read_body(answer);
        Self { status, body, wait, usage, trace, remark }
    }
}

fn read_body(answer: GraphAnswer<'_>) -> (GraphBody, Option<Box<str>>) {
    match (answer.error, answer.events_received) {
        // The error counts where both are there: keeping events is the safe reading.
        (Some(error), _) => {
            let graph = GraphBody::Error {
                code: error.code,
                subcode: error.error_subcode.unwrap_or(0),
                transient: error.is_transient.unwrap_or(false),
            };
            (graph, read_trace(error.fbtrace_id))
        }
        (None, Some(events)) => (GraphBody::Received { events }, read_trace(answer.fbtrace_id)),
        (None, None) => (GraphBody::Foreign, None),
    }
}

/// Meta often puts a commonplace into the message and the reason into the texts for the user.
fn read_remark(error: &GraphError<'_>) -> Option<Remark> {
    let parts = [error.message, error.error_user_title, error.error_user_msg];
    let parts: Vec<String> = parts.into_iter().flatten().filter_map(|text| serde_json::from_str(text.get()).ok()).collect();
    Remark::new(parts.iter().map(String::as_str))
}

/// A trace id is taken only if it looks like one, because it goes into the log.
fn read_trace(text: Option<&RawValue>) -> Option<Box<str>> {
    let trace = text?.get().trim_matches('"');
    let plain = trace.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    (plain && !trace.is_empty() && trace.len() <= TRACE_CAP).then(|| trace.into())
}

/// The longest wait that any header asks for.
fn read_wait(retry_after: Option<&str>, usage: Option<Usage>, now_secs: u64) -> Option<Duration> {
    let retry_after = retry_after.and_then(|text| read_retry_after(text, now_secs));
    retry_after.max(usage.and_then(|usage| usage.regain)).map(|wait| wait.min(WAIT_CAP))
}

fn read_retry_after(text: &str, now_secs: u64) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(date.saturating_sub(Duration::from_secs(now_secs)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Answer {
        Answer::read(400, PaceHeaders::default(), text.as_bytes(), 0)
    }

    fn body(text: &str) -> GraphBody {
        read(text).body
    }

    fn wait(retry_after: Option<&str>, usage: Option<&str>) -> Option<u64> {
        let usage = Usage::read(UsageHeaders { business: usage, ..UsageHeaders::default() });
        read_wait(retry_after, usage, 784_111_700).map(|wait| wait.as_secs())
    }

    #[test]
    fn a_success_needs_events_received() {
        assert_eq!(body(r#"{"events_received":3,"messages":[],"fbtrace_id":"Abc"}"#), GraphBody::Received { events: 3 });
        for foreign in ["{}", "", "<html>", "[]", r#"{"events_received":"3"}"#, r#"{"events_received":-1}"#, "\u{0}"] {
            assert_eq!(body(foreign), GraphBody::Foreign, "{foreign}");
        }
    }

    #[test]
    fn an_error_is_read_with_and_without_its_optional_parts() {
        let full = r#"{"error":{"message":"m","type":"t","code":100,"error_subcode":33,"is_transient":true,"error_data":{"a":[1]}}}"#;
        assert_eq!(body(full), GraphBody::Error { code: 100, subcode: 33, transient: true });
        assert_eq!(body(r#"{"error":{"code":1}}"#), GraphBody::Error { code: 1, subcode: 0, transient: false });
        assert_eq!(
            body(r#"{"events_received":1,"error":{"code":1}}"#),
            GraphBody::Error { code: 1, subcode: 0, transient: false }
        );
        assert_eq!(body(r#"{"error":{"message":"no code"}}"#), GraphBody::Foreign);
        assert_eq!(body(r#"{"error":"Unauthorized"}"#), GraphBody::Foreign);
    }

    #[test]
    fn what_meta_says_to_a_person_is_kept_apart_from_what_decides() {
        let text = r#"{"error":{"code":100,"message":"Invalid parameter","error_user_title":"Invalid parameter","error_user_msg":"The time is too old.\u0007"}}"#;
        assert_eq!(read(text).remark.unwrap().as_str(), "Invalid parameter: The time is too old.");
        for none in [r#"{"error":{"code":1}}"#, r#"{"error":{"code":1,"message":{"a":1}}}"#, r#"{"events_received":1}"#] {
            assert_eq!(read(none).remark, None, "{none}");
        }
    }

    #[test]
    fn a_trace_id_goes_into_the_log_only_if_it_looks_like_one() {
        let trace = |text: &str| read(text).trace;
        assert_eq!(trace(r#"{"error":{"code":1,"fbtrace_id":"AbC-_9"}}"#).as_deref(), Some("AbC-_9"));
        assert_eq!(trace(r#"{"events_received":1,"fbtrace_id":"Ab"}"#).as_deref(), Some("Ab"));
        assert_eq!(trace(r#"{"error":{"code":1,"fbtrace_id":"jane@example.com"}}"#), None);
        assert_eq!(trace(r#"{"error":{"code":1,"fbtrace_id":{"a":1}}}"#), None);
        assert_eq!(trace(&format!(r#"{{"error":{{"code":1,"fbtrace_id":"{}"}}}}"#, "a".repeat(65))), None);
    }

    #[test]
    fn the_longest_wait_that_is_asked_for_counts_up_to_the_cap() {
        assert_eq!(wait(None, None), None);
        assert_eq!(wait(Some("7"), None), Some(7));
        assert_eq!(wait(Some("soon"), None), None);
        assert_eq!(wait(Some("Sun, 06 Nov 1994 08:49:37 GMT"), None), Some(77));
        assert_eq!(wait(Some("Sun, 06 Nov 1983 08:49:37 GMT"), None), Some(0));
        assert_eq!(wait(Some("999999999999"), None), Some(3600));
        let usage =
            r#"{"42":[{"type":"ads_management","call_count":100,"estimated_time_to_regain_access":2}],"43":[{"type":"x"}]}"#;
        assert_eq!(wait(None, Some(usage)), Some(120));
        assert_eq!(wait(Some("300"), Some(usage)), Some(300));
        assert_eq!(wait(None, Some(r#"{"42":[{"estimated_time_to_regain_access":0}]}"#)), None);
        assert_eq!(wait(None, Some("nonsense")), None);
    }
}
