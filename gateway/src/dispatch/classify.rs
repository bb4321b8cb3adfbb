//! What an answer of Meta means for the events: the one table.
//!
//! Events are given up only for a refusal of their *content*: HTTP 400 with a Graph body of code 100 that is neither
//! transient nor subcode 33. Everything else, known or not, keeps them: what passes by itself backs off, what somebody has to
//! mend closes the gate and alerts.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::answer::{Answer, GraphBody};
use super::gate::Cause;
use super::remark::Remark;
use super::usage::Usage;

/// What became of a request.
#[derive(Debug, Clone)]
pub(crate) enum Delivery {
    /// An answer came.
    Answered(Answer),
    /// None came.
    Failed(Fault),
}

/// Why no answer came.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    /// Where it broke.
    pub(crate) kind: FaultKind,
    /// For the log: names a host at most, never a URL, a token or anything of an event.
    pub(crate) text: String,
}

/// Where a request broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// No connection was made: name, address, TLS or time-out. No byte of the request was sent.
    Connect,
    /// The connection broke before the answer was whole.
    Broken,
    /// The answer was not whole in time.
    Timeout,
    /// The sink does not know the dataset. No byte was sent.
    Unroutable,
}

impl Delivery {
    /// Whether bytes of the events may have been sent.
    pub(crate) fn attempted(&self) -> bool {
        match self {
            Self::Answered(_) => true,
            Self::Failed(fault) => match fault.kind {
                FaultKind::Connect | FaultKind::Unroutable => false,
                FaultKind::Broken | FaultKind::Timeout => true,
            },
        }
    }

    /// For the log: numbers of ours and Meta's, never a text of Meta's.
    pub(crate) fn detail(&self) -> String {
        match self {
            Self::Failed(fault) => fault.text.clone(),
            Self::Answered(answer) => {
                let trace = answer.trace.as_deref().unwrap_or("none");
                match answer.body {
                    GraphBody::Error { code, subcode, .. } => {
                        format!("status {}, code {code}, subcode {subcode}, fbtrace_id {trace}", answer.status)
                    }
                    GraphBody::Received { events } => format!("status {}, {events} events received", answer.status),
                    GraphBody::Foreign => format!("status {}, no answer of Meta's form", answer.status),
                }
            }
        }
    }

    /// What Meta says to a person about a refusal, for quarantine alone.
    pub(crate) fn into_remark(self) -> Option<Remark> {
        match self {
            Self::Answered(answer) => answer.remark,
            Self::Failed(_) => None,
        }
    }

    /// How much of Meta's limits is used: none if the answer is Meta's and says nothing of it, and nothing is known if it is not.
    pub(crate) fn usage(&self) -> Option<Usage> {
        match self {
            Self::Answered(answer) if answer.usage.is_some() || answer.body == GraphBody::Foreign => answer.usage,
            Self::Answered(_) => Some(Usage::default()),
            Self::Failed(_) => None,
        }
    }

    /// Whether the fault may be that of a pooled connection which the other side was just closing, so that a repeat at once
    /// is likely to pass.
    pub(crate) fn connection_fault(&self) -> bool {
        match self {
            Self::Answered(_) => false,
            Self::Failed(fault) => match fault.kind {
                FaultKind::Connect | FaultKind::Broken => true,
                FaultKind::Timeout | FaultKind::Unroutable => false,
            },
        }
    }
}

/// What is to be done with the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Meta has them.
    Delivered,
    /// Meta will never take the batch as it is.
    RefusedContent {
        /// Meta's code.
        code: i64,
        /// Meta's subcode, 0 if none.
        subcode: i64,
    },
    /// The request is to be made smaller.
    TooLarge,
    /// It passes by itself: try again later.
    Retry {
        /// For the metric and the log.
        cause: Cause,
        /// Not before this.
        after: Option<Duration>,
    },
    /// Somebody has to mend something; the events wait.
    HoldGate {
        /// For the metric and the log.
        cause: Cause,
        /// Not before this.
        after: Option<Duration>,
    },
}

impl Verdict {
    /// The word in metrics and the log.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::RefusedContent { .. } => "refused",
            Self::TooLarge => "too_large",
            Self::Retry { .. } => "retry",
            Self::HoldGate { .. } => "hold",
        }
    }
}

/// What a code or a status means.
#[derive(Debug, Clone, Copy)]
enum Meaning {
    Delivered,
    Passes(Cause),
    Mend(Cause),
}

/// Meta's codes, without 100, which depends on subcode and status. A code that is not here is judged by the status.
const CODES: &[(RangeInclusive<i64>, Meaning)] = &[
    (1..=2, Meaning::Passes(Cause::Unavailable)), // unknown, service unavailable
    (3..=3, Meaning::Mend(Cause::Permission)),    // capability missing
    (4..=4, Meaning::Passes(Cause::RateLimited)), // limit of the app
    (10..=10, Meaning::Mend(Cause::Permission)),
    (17..=17, Meaning::Passes(Cause::RateLimited)), // limit of the user
    (32..=32, Meaning::Passes(Cause::RateLimited)), // limit of the page
    (102..=102, Meaning::Mend(Cause::Token)),       // session
    (104..=104, Meaning::Mend(Cause::Token)),       // signature: token and app_secret do not belong together
    (105..=105, Meaning::Mend(Cause::Unexpected)),  // too many parameters
    (190..=190, Meaning::Mend(Cause::Token)),
    (200..=299, Meaning::Mend(Cause::Permission)),
    (341..=341, Meaning::Passes(Cause::RateLimited)), // temporary limit of the app
    (368..=368, Meaning::Mend(Cause::Blocked)),       // blocked for policy, for now
    (506..=506, Meaning::Delivered),                  // duplicate: Meta has them
    (613..=613, Meaning::Passes(Cause::RateLimited)), // custom limit
    (2500..=2500, Meaning::Mend(Cause::Dataset)),     // unknown path
    (80000..=80000, Meaning::Passes(Cause::RateLimited)),
    (80003..=80004, Meaning::Passes(Cause::RateLimited)), // limits of a business; 80004 is this edge's
    (80014..=80014, Meaning::Passes(Cause::RateLimited)),
];

/// HTTP statuses, for answers whose body does not decide. One that is not here is unexpected.
const STATUSES: &[(RangeInclusive<u16>, Meaning)] = &[
    (401..=401, Meaning::Mend(Cause::Token)),
    (403..=403, Meaning::Mend(Cause::Permission)),
    (404..=404, Meaning::Mend(Cause::Dataset)),
    (408..=408, Meaning::Passes(Cause::Unavailable)),
    (425..=425, Meaning::Passes(Cause::Unavailable)),
    (429..=429, Meaning::Passes(Cause::RateLimited)),
    (500..=599, Meaning::Passes(Cause::Unavailable)),
];

/// Decides. The order matters: `is_transient` before the table, the table before the status.
pub(crate) fn classify(delivery: &Delivery) -> Verdict {
    let answer = match delivery {
        Delivery::Answered(answer) => answer,
        Delivery::Failed(fault) => {
            return match fault.kind {
                FaultKind::Connect | FaultKind::Broken | FaultKind::Timeout => {
                    Verdict::Retry { cause: Cause::Unreachable, after: None }
                }
                FaultKind::Unroutable => Verdict::HoldGate { cause: Cause::Unexpected, after: None },
            };
        }
    };
    let after = answer.wait;
    match answer.body {
        // "0 received" beside a success is no success: the events would be gone without a trace.
        GraphBody::Received { events: 1.. } if (200..=299).contains(&answer.status) => Verdict::Delivered,
        GraphBody::Error { code, transient: true, .. } => {
            let cause = match by_code(code) {
                Some(Meaning::Passes(cause)) => cause,
                Some(Meaning::Mend(_) | Meaning::Delivered) | None => Cause::Unavailable,
            };
            Verdict::Retry { cause, after }
        }
        _ if answer.status == 413 => Verdict::TooLarge,
        GraphBody::Error { code: 100, subcode: 33, .. } => Verdict::HoldGate { cause: Cause::Dataset, after },
        GraphBody::Error { code: 100, subcode, .. } if answer.status == 400 => {
            Verdict::RefusedContent { code: 100, subcode }
        }
        GraphBody::Error { code, .. } => verdict(by_code(code).or_else(|| by_status(answer.status)), after),
        GraphBody::Received { .. } | GraphBody::Foreign => verdict(by_status(answer.status), after),
    }
}

fn verdict(meaning: Option<Meaning>, after: Option<Duration>) -> Verdict {
    match meaning {
        Some(Meaning::Delivered) => Verdict::Delivered,
        Some(Meaning::Passes(cause)) => Verdict::Retry { cause, after },
        Some(Meaning::Mend(cause)) => Verdict::HoldGate { cause, after },
        None => Verdict::HoldGate { cause: Cause::Unexpected, after },
    }
}

fn by_code(code: i64) -> Option<Meaning> {
    CODES.iter().find(|(codes, _)| codes.contains(&code)).map(|(_, meaning)| *meaning)
}

fn by_status(status: u16) -> Option<Meaning> {
    STATUSES.iter().find(|(statuses, _)| statuses.contains(&status)).map(|(_, meaning)| *meaning)
}

#[cfg(test)]
#[path = "classify_tests.rs"]
mod tests;
