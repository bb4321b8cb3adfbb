//! Every answer, in the shape of Meta's Graph API.
//!
//! Meta's SDKs parse a success by `events_received`, `messages` and `fbtrace_id`, and a failure by `error` with nothing beside it.
//! So there is no other shape, for no fault. Texts name rules, never a caller's bytes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use portcullis_filters::refusal::Refusal;
use serde::Serialize;

use crate::chance::Chance;
use crate::outbox::Receipt;
use crate::telemetry::site::Source;

/// How long a caller that was turned away should wait, in seconds.
const RETRY_AFTER_SECS: u32 = 1;
/// Messages in an answer. A caller that sent a thousand bad events is told of the first of them.
const MAX_MESSAGES: usize = 100;

/// Names a request in its answer; random, so that it tells nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct TraceId([u8; 12]);

impl TraceId {
    pub(super) fn new(chance: &Chance) -> Self {
        Self(chance.bytes())
    }
}

impl std::fmt::Display for TraceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Digit by digit: `{:02x}` would cost more than the rest of an answer.
        let digits = self.0.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        digits.filter_map(|digit| char::from_digit(digit.into(), 16)).try_for_each(|digit| f.write_char(digit))
    }
}

/// What a request is answered.
#[derive(Debug)]
pub(super) enum Answer {
    /// The events were taken, by this form of the endpoint.
    Received(Source, Summary),
    /// The crash reporter's success.
    Instruments,
    /// Nothing was taken.
    Fault(Fault),
}

/// What a caller is told of the events of its request.
#[derive(Debug)]
pub(super) struct Summary {
    pub(super) forwarded: usize,
    /// By reason.
    pub(super) dropped: BTreeMap<&'static str, usize>,
    /// Index and refusal of events that are none.
    pub(super) refused: Vec<(usize, Refusal)>,
}

impl Summary {
    /// Events that were usable, dropped ones included: a caller is not told more than Meta would tell.
    fn usable(&self) -> usize {
        self.forwarded + self.dropped.values().sum::<usize>()
    }

    /// The answer. With events to forward it takes the proof that they are durable.
    pub(super) fn answer(self, source: Source, receipt: Option<&Receipt>) -> Answer {
        let durable = receipt.map_or(0, Receipt::events);
        if durable != self.forwarded {
            return Answer::Fault(Fault::NotNow);
        }
        match self.refused.first() {
            Some((index, refusal)) if self.usable() == 0 => {
                Answer::Fault(Fault::NoUsableEvent { index: *index, refusal: *refusal })
            }
            _ => Answer::Received(source, self),
        }
    }
}

/// Why nothing was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    BadKey,
    KeysDisagree,
    /// A proxy received the request over http.
    CameReadable,
    ForeignDataset,
    UnknownPath,
    UnknownMethod,
    UnknownContentType,
    UnknownCompression,
    /// A compressed body whose key, if it has one, is inside of it.
    CompressedByStranger,
    TooLarge,
    TooSlow,
    BrokenBody,
    /// The body as a whole cannot be read; says how.
    BadBody(&'static str),
    /// No event of the request is one; the first is named.
    NoUsableEvent {
        index: usize,
        refusal: Refusal,
    },
    /// The site sent more events than it may; how long to wait, in seconds.
    TooMany(u32),
    /// Memory or disk is short, or the outbox failed.
    NotNow,
    /// The answer was not known in time: what was sent may be taken after all, and comes twice if it is sent again.
    Unsure,
}

impl Fault {
    /// More events than a site may send; `wait` until it may.
    pub(super) fn too_many(wait: Duration) -> Self {
        let secs = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Self::TooMany(u32::try_from(secs.max(1)).unwrap_or(u32::MAX))
    }

    /// How long its caller should wait, in seconds, where waiting helps.
    fn retry_after_secs(&self) -> Option<u32> {
        match self {
            Self::TooMany(secs) => Some(*secs),
            Self::NotNow | Self::Unsure => Some(RETRY_AFTER_SECS),
            _ => None,
        }
    }

    /// Status, Graph code, subcode, and whether trying again can help.
    fn codes(&self) -> (StatusCode, u16, Option<u32>, bool) {
        match self {
            Self::BadKey | Self::KeysDisagree | Self::CompressedByStranger => (StatusCode::UNAUTHORIZED, 190, None, false),
            Self::ForeignDataset => (StatusCode::BAD_REQUEST, 100, Some(33), false),
            Self::UnknownPath => (StatusCode::NOT_FOUND, 2500, None, false),
            Self::UnknownMethod => (StatusCode::METHOD_NOT_ALLOWED, 2500, None, false),
            Self::UnknownContentType | Self::UnknownCompression => (StatusCode::UNSUPPORTED_MEDIA_TYPE, 100, None, false),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, 100, None, false),
            Self::TooSlow => (StatusCode::REQUEST_TIMEOUT, 100, None, true),
            Self::CameReadable | Self::BrokenBody | Self::BadBody(_) | Self::NoUsableEvent { .. } => {
                (StatusCode::BAD_REQUEST, 100, None, false)
            }
            Self::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, 4, None, true),
            Self::NotNow | Self::Unsure => (StatusCode::SERVICE_UNAVAILABLE, 2, None, true),
        }
    }

    fn message(&self) -> String {
        match self {
            Self::BadKey => "Invalid OAuth access token: the key is missing or is none of this gateway's.".to_owned(),
            Self::KeysDisagree => "Invalid OAuth access token: the request carries two keys that differ.".to_owned(),
            Self::CameReadable => {
                "Invalid parameter: this request came to the proxy over http, so its key travelled readable; send to https, and \
                 replace the key."
                    .to_owned()
            }
            Self::ForeignDataset => "Unsupported post request: this key may not send to this dataset.".to_owned(),
            Self::UnknownPath => "Unknown path: events are posted to /v26.0/{dataset}/events or /capi/{dataset}/events.".to_owned(),
            Self::UnknownMethod => {
                "Unknown path for this method: events are posted, nothing else can be done here.".to_owned()
            }
            Self::CompressedByStranger => {
                "Invalid OAuth access token: with a compressed body the key must stand outside of it, in the Authorization header or the query."
                    .to_owned()
            }
            Self::UnknownContentType => {
                "Invalid parameter: send application/json, application/x-www-form-urlencoded or multipart/form-data, in UTF-8."
                    .to_owned()
            }
            Self::UnknownCompression => {
                "Invalid parameter: a body may be compressed once, with gzip or deflate.".to_owned()
            }
            Self::TooLarge => {
                "Invalid parameter: the body is larger than this gateway takes; send fewer events at once.".to_owned()
            }
            Self::TooSlow => "Invalid parameter: the body did not arrive in time.".to_owned(),
            Self::BrokenBody => "Invalid parameter: the body broke off.".to_owned(),
            Self::BadBody(how) => format!("Invalid parameter: {how}."),
            Self::NoUsableEvent { index, refusal } => {
                format!("Invalid parameter: no event is usable; data[{index}]: {refusal}.")
            }
            Self::Unsure => {
                "Service temporarily unavailable: it is not known whether this request was taken; send it again with the same event ids."
                    .to_owned()
            }
            Self::TooMany(_) => {
                "Application request limit reached: this site sends more events than its rate limit; send this request again later."
                    .to_owned()
            }
            Self::NotNow => "Service temporarily unavailable: send this request again.".to_owned(),
        }
    }
}

#[derive(Serialize)]
struct Success<'a> {
    events_received: usize,
    messages: Vec<String>,
    fbtrace_id: String,
    portcullis: Details<'a>,
}

#[derive(Serialize)]
struct Details<'a> {
    forwarded: usize,
    dropped: &'a BTreeMap<&'static str, usize>,
    refused: usize,
}

#[derive(Serialize)]
struct Failure {
    error: GraphError,
}

#[derive(Serialize)]
struct GraphError {
    message: String,
    #[serde(rename = "type")]
    kind: &'static str,
    code: u16,
    #[serde(rename = "error_subcode", skip_serializing_if = "Option::is_none")]
    subcode: Option<u32>,
    is_transient: bool,
    fbtrace_id: String,
}

impl Answer {
    /// Why the key of a request was not taken, if that is what the answer says.
    pub(super) fn refuses_key(&self) -> Option<&'static str> {
        match self {
            Self::Fault(Fault::BadKey) => Some("it is missing or none of this gateway's"),
            Self::Fault(Fault::KeysDisagree) => Some("there are two that differ"),
            Self::Fault(Fault::CompressedByStranger) => Some("it is not outside of the compressed body"),
            Self::Fault(Fault::CameReadable) => Some("it came to the proxy over http"),
            _ => None,
        }
    }

    pub(super) fn into_response(self, trace: TraceId) -> Response {
        match self {
            Self::Received(source, summary) => {
                let message = |(index, refusal): &(usize, Refusal)| format!("data[{index}]: {refusal}");
                let success = Success {
                    events_received: summary.usable(),
                    messages: summary.refused.iter().take(MAX_MESSAGES).map(message).collect(),
                    fbtrace_id: trace.to_string(),
                    portcullis: Details {
                        forwarded: summary.forwarded,
                        dropped: &summary.dropped,
                        refused: summary.refused.len(),
                    },
                };
                let status = match source {
                    Source::Graph => StatusCode::OK,
                    // The clients of Meta's own gateway take nothing else for a yes.
                    Source::CapiGateway => StatusCode::ACCEPTED,
                };
                json(status, &success)
            }
            Self::Instruments => json(StatusCode::OK, &BTreeMap::from([("success", true)])),
            Self::Fault(fault) => {
                let (status, code, error_subcode, is_transient) = fault.codes();
                let error = GraphError {
                    message: fault.message(),
                    kind: "OAuthException",
                    code,
                    subcode: error_subcode,
                    is_transient,
                    fbtrace_id: trace.to_string(),
                };
                let mut response = json(status, &Failure { error });
                if let Some(secs) = fault.retry_after_secs() {
                    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(secs));
                }
                if fault == Fault::UnknownCompression {
                    response.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip, deflate"));
                }
                if matches!(fault, Fault::TooSlow | Fault::TooLarge | Fault::BrokenBody) {
                    // The rest of the body was not read, so the connection cannot be used again.
                    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                response
            }
        }
    }
}

fn json(status: StatusCode, answer: &impl Serialize) -> Response {
    // Strings and numbers: nothing here can fail to be written.
    let body = serde_json::to_vec(answer).unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
