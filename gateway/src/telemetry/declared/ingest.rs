//! What comes in: events, requests, handshakes.

use portcullis_filters::report::{DropReason, StageName};

use super::{Definition, FAST_SECONDS, Kind, SECONDS, SITE, closed};
use crate::telemetry::site::Source;

/// In the order in which they are read.
pub(super) const METRICS: &[Definition] = &[
    Definition {
        name: "portcullis_events_received_total",
        kind: Kind::Counter,
        labels: &[SITE, closed("source", sources)],
        meaning: "Events taken out of requests. `source` is the form of the path: `graph` or `capi_gateway`.",
        worry: "It stands still while the site sells: the site does not send, or its key is wrong (see requests with `4xx`).",
    },
    Definition {
        name: "portcullis_events_refused_total",
        kind: Kind::Counter,
        labels: &[SITE],
        meaning: "Malformed events. Their callers were told, in `messages` or by a 400.",
        worry: "It grows: a change in the site's code; read the answer's `messages` there.",
    },
    Definition {
        name: "portcullis_events_dropped_total",
        kind: Kind::Counter,
        labels: &[SITE, closed("stage", StageName::words), closed("reason", DropReason::words)],
        meaning: "Events that the policy does not let leave. Answered 200. Reasons below.",
        worry: "A jump after a release of the site, or `guard_failed` at all: that is a defect of ours.",
    },
    Definition {
        name: "portcullis_events_duplicate_total",
        kind: Kind::Counter,
        labels: &[SITE],
        meaning: "Events that had been accepted before, where `outbox.deduplicate_hours` is set; else 0. They are answered as \
            received.",
        worry: "It grows fast: a caller sends everything again and again.",
    },
    Definition {
        name: "portcullis_events_turned_away_total",
        kind: Kind::Counter,
        labels: &[SITE],
        meaning: "Events answered 503 after they were read: the outbox is full or failed. Callers should send them again.",
        worry: "It grows: see `portcullis_outbox_bytes` and `/readyz`.",
    },
    Definition {
        name: "portcullis_events_accepted_total",
        kind: Kind::Counter,
        labels: &[SITE],
        meaning: "Events made durable.",
        worry: "-",
    },
    Definition {
        name: "portcullis_requests_total",
        kind: Kind::Counter,
        labels: &[closed("route", routes), closed("status", || vec!["2xx", "4xx", "5xx"])],
        meaning: "Requests answered. `route` is `graph`, `capi_gateway` (the path of Meta's own gateway), `instruments` (the SDKs' \
            crash reports, never read) or `unknown`; `status` is `2xx`, `4xx` or `5xx`.",
        worry: "`graph` with `5xx`: callers are turned away. `unknown` grows fast: a caller with a wrong path, or the Node SDK's \
            crash reporter in its loop ([clients.md](clients.md)).",
    },
    Definition {
        name: "portcullis_requests_rate_limited_total",
        kind: Kind::Counter,
        labels: &[SITE],
        meaning: "Requests answered 429 because the site sent more events than its `rate_limit`. Their events are not counted as \
            received.",
        worry: "It grows: the site sends more than was agreed, or the limit is too low.",
    },
    Definition {
        name: "portcullis_rate_limits_alone",
        kind: Kind::Switch,
        labels: &[],
        meaning: "1 while rate limits are counted by this gateway alone, as Redis does not answer within 100 ms. 0 with the other \
            back ends.",
        worry: "1 for minutes: a site may send its limit to each gateway.",
    },
    Definition {
        name: "portcullis_request_seconds",
        kind: Kind::Histogram(SECONDS),
        labels: &[closed("route", sources)],
        meaning: "Time of a request from its headers to its answer; waiting for room and reading the body are part of it. `route` \
            is `graph` or `capi_gateway`.",
        worry: "The tail grows with the same load: a slow disk, or callers that send slowly.",
    },
    Definition {
        name: "portcullis_sanitize_seconds",
        kind: Kind::Histogram(FAST_SECONDS),
        labels: &[SITE],
        meaning: "Time in which the events of one request pass the filters. The turns that a large request leaves to others are \
            part of it, the wait for its first one is not.",
        worry: "The tail grows with the same load: larger requests, longer values, or too few cores.",
    },
    Definition {
        name: "portcullis_append_seconds",
        kind: Kind::Histogram(SECONDS),
        labels: &[],
        meaning: "Time from handing the events of a request to the outbox until they are durable, or refused.",
        worry: "The tail grows: the disk syncs slowly, or Redis answers slowly. It is most of what a caller waits for.",
    },
    Definition {
        name: "portcullis_tls_handshakes_total",
        kind: Kind::Counter,
        labels: &[closed("outcome", handshake_ends)],
        meaning: "TLS handshakes of callers. `outcome` is `done`, `too_slow`, `incompatible` (no version, cipher or protocol in common), `not_tls` (plain \
            HTTP, mostly), `refused_by_caller` (mostly, it does not trust the certificate), `broken_off` (also a health \
            check that only connects), `invalid`. 0 without `[server] tls`.",
        worry: "`refused_by_caller`: a caller lacks the certificate authority, or the chain in the file is not whole. `not_tls`: \
            a caller writes `http://`.",
    },
    Definition {
        name: "portcullis_tls_certificate_expiry_timestamp_seconds",
        kind: Kind::Gauge,
        labels: &[],
        meaning: "When the certificate that is shown ends, in seconds since 1970. Only with `[server] tls`.",
        worry: "`< time() + 14 * 86400`.",
    },
    Definition {
        name: "portcullis_tls_certificate_reload_failing",
        kind: Kind::Switch,
        labels: &[],
        meaning: "1 while the files of the certificate hold what cannot be used; the log says what, and the old one is shown. Only \
            with `[server] tls`.",
        worry: "1 for longer than a renewal takes.",
    },
];

fn sources() -> Vec<&'static str> {
    vec![Source::Graph.as_str(), Source::CapiGateway.as_str()]
}

fn routes() -> Vec<&'static str> {
    [sources(), vec!["instruments", "unknown"]].concat()
}

fn handshake_ends() -> Vec<&'static str> {
    vec!["done", "too_slow", "incompatible", "not_tls", "refused_by_caller", "broken_off", "invalid"]
}
