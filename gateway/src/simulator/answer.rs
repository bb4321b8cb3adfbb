//! What callers are told: always JSON of Meta's form, with Meta's headers.
//!
//! A refusal names a place and a rule, never a value, so that it can be logged by whoever receives it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};
use serde_json::{Map, Value, json};

use super::body::AnswerBody;
use super::faults::Fault;
use crate::chance::Chance;

/// An answer.
pub(super) type Answer = Response<AnswerBody>;

/// The business under which usage is reported; made up.
const BUSINESS: &str = "100000000000001";

/// Why a request was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// HTTP status.
    pub(super) status: u16,
    /// Meta's code.
    pub(super) code: u32,
    /// Meta's subcode; 0 where there is none, or none is known.
    pub(super) subcode: u32,
    /// Whether Meta says that trying again may help.
    pub(super) is_transient: bool,
    /// The place and the rule.
    pub(super) message: String,
}

impl Refusal {
    fn new(status: u16, code: u32, subcode: u32, is_transient: bool, message: &str) -> Self {
        Self { status, code, subcode, is_transient, message: message.to_owned() }
    }

    /// Something in the request is wrong.
    pub(super) fn parameter(message: &str) -> Self {
        Self::parameter_with(0, message)
    }

    /// Something in the request is wrong for which Meta has a subcode.
    pub(super) fn parameter_with(subcode: u32, message: &str) -> Self {
        Self::new(400, 100, subcode, false, message)
    }

    /// The token is missing or is not one of ours.
    pub(super) fn token() -> Self {
        Self::new(401, 190, 0, false, "Invalid OAuth access token")
    }

    /// No token opens this dataset.
    pub(super) fn unknown_dataset() -> Self {
        Self::parameter_with(33, "Unsupported post request: the object does not exist or may not be used")
    }

    /// Nothing is at this path, or not with this method.
    pub(super) fn unknown_path() -> Self {
        Self::new(404, 2500, 0, false, "Unknown path components")
    }

    /// The body is larger than is read.
    pub(super) fn too_large() -> Self {
        Self::new(413, 100, 0, false, "the body is too large")
    }

    /// The body did not come in full.
    pub(super) fn incomplete() -> Self {
        Self::new(408, 100, 0, true, "the body did not come in full in time")
    }

    /// The stand-in itself failed.
    pub(super) fn cannot_record() -> Self {
        Self::new(500, 1, 0, true, "the request could not be recorded")
    }

    /// The stand-in ends.
    pub(super) fn stopping() -> Self {
        Self::new(503, 2, 0, true, "Service temporarily unavailable")
    }

    /// What a script asked for.
    pub(super) fn scripted(status: u16, code: u32, subcode: u32, is_transient: bool) -> Self {
        Self::new(status, code, subcode, is_transient, "scripted fault")
    }

    /// Its codes as the ledger counts them: `100/2804003`, or `190` where there is no subcode.
    pub(super) fn label(&self) -> String {
        if self.subcode == 0 { self.code.to_string() } else { format!("{}/{}", self.code, self.subcode) }
    }
}

/// What the usage headers say, in per cent and minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Usage {
    percent: u8,
    regain_access_minutes: u32,
    retry_after_secs: Option<u64>,
}

impl Usage {
    /// What a fault wants them to say.
    pub(super) fn of(fault: &Fault) -> Self {
        Self {
            percent: fault.usage_percent.unwrap_or(1),
            regain_access_minutes: fault.regain_access_minutes,
            retry_after_secs: fault.retry_after_secs,
        }
    }
}

/// An answer in the making: its trace id and headers are settled, what it says is not.
#[derive(Debug)]
pub(super) struct Graph {
    trace_id: String,
    version: Option<String>,
    usage: Usage,
}

impl Graph {
    pub(super) fn new(chance: &Chance, version: Option<&str>) -> Self {
        let trace_id = format!("A{}", URL_SAFE_NO_PAD.encode(chance.bytes::<16>()));
        Self { trace_id, version: version.map(str::to_owned), usage: Usage::of(&Fault::default()) }
    }

    pub(super) fn with_usage(self, usage: Usage) -> Self {
        Self { usage, ..self }
    }

    /// So many events were taken.
    pub(super) fn accepted(self, count: usize) -> Answer {
        let body = json!({"events_received": count, "messages": [], "fbtrace_id": self.trace_id});
        self.finish(StatusCode::OK, &body)
    }

    /// The request was not taken.
    pub(super) fn refusal(self, refusal: &Refusal) -> Answer {
        let mut error = Map::new();
        let is_parameter = refusal.code == 100 && refusal.subcode != 33;
        // Meta puts the reason of a wrong parameter into the text for the user, and only a commonplace into the message.
        let message = if is_parameter { "Invalid parameter" } else { refusal.message.as_str() };
        error.insert("message".into(), message.into());
        error.insert("type".into(), "OAuthException".into());
        error.insert("code".into(), refusal.code.into());
        if refusal.subcode != 0 {
            error.insert("error_subcode".into(), refusal.subcode.into());
        }
        error.insert("is_transient".into(), refusal.is_transient.into());
        if is_parameter {
            error.insert("error_user_title".into(), "Invalid Parameter".into());
            error.insert("error_user_msg".into(), refusal.message.as_str().into());
        }
        error.insert("fbtrace_id".into(), self.trace_id.as_str().into());
        let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        self.finish(status, &json!({ "error": error }))
    }

    fn finish(&self, status: StatusCode, body: &Value) -> Answer {
        let mut answer = text(status, "application/json; charset=UTF-8", body.to_string());
        let usage = self.usage;
        let app = json!({"call_count": usage.percent, "total_cputime": usage.percent, "total_time": usage.percent});
        let business = json!({BUSINESS: [{
            "type": "ads_management",
            "call_count": usage.percent, "total_cputime": usage.percent, "total_time": usage.percent,
            "estimated_time_to_regain_access": usage.regain_access_minutes,
            "ads_api_access_tier": "standard_access",
        }]});
        let mut header = |name: &'static str, value: String| {
            if let Ok(value) = HeaderValue::try_from(value) {
                answer.headers_mut().insert(name, value);
            }
        };
        header("x-app-usage", app.to_string());
        header("x-business-use-case-usage", business.to_string());
        header("x-fb-trace-id", self.trace_id.clone());
        if let Some(version) = &self.version {
            header("facebook-api-version", version.clone());
        }
        if let Some(secs) = usage.retry_after_secs {
            header(RETRY_AFTER.as_str(), secs.to_string());
        }
        answer
    }
}

/// An answer of any media type.
pub(super) fn text(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(AnswerBody::whole(body.into()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    answer
}
