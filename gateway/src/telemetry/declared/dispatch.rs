//! What goes to Meta, and what became of what was kept.

use portcullis_filters::report::WithdrawReason;

use super::{DATASET, Definition, Kind, SECONDS, closed};

/// From at once to the seven days that Meta takes.
const AGES: &[f64] =
    &[0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0, 86_400.0, 259_200.0, 604_800.0];

/// In the order in which they are read.
pub(super) const METRICS: &[Definition] = &[
    Definition {
        name: "portcullis_events_delivered_total",
        kind: Kind::Counter,
        labels: &[DATASET],
        meaning: "Events that Meta received.",
        worry: "It stands still while events are pending.",
    },
    Definition {
        name: "portcullis_delivery_age_seconds",
        kind: Kind::Histogram(AGES),
        labels: &[DATASET],
        meaning: "Age of events since their receipt when Meta took them. One observation for each event; events of one group have \
            the age of the oldest.",
        worry: "The tail passes an hour without an outage: sending does not keep up. Meta takes nothing that is older than seven \
            days.",
    },
    Definition {
        name: "portcullis_deliver_seconds",
        kind: Kind::Histogram(SECONDS),
        labels: &[DATASET, closed("outcome", || vec!["delivered", "refused", "too_large", "retry", "hold"])],
        meaning: "Time of one request to Meta. `outcome`: `delivered`, `refused` (for content), `too_large` (halved), `retry` \
            (passes by itself), `hold` (somebody has to mend something).",
        worry: "Any `refused` or `hold`.",
    },
    Definition {
        name: "portcullis_gate_closed",
        kind: Kind::Switch,
        labels: &[DATASET, closed("cause", causes)],
        meaning: "1 while sending to a dataset is held; events are kept.",
        worry: "Over several minutes. `token`, `permission`, `dataset`, `blocked`: mend it at Meta or in the configuration. \
            `unexpected`: what answers is not Meta, perhaps a proxy. `unreachable`, `unavailable`, `rate_limited`: passes by \
            itself. `refused_alike`: event after event, and others from all over the backlog, were refused for their content \
            with the same code; nothing more is set aside. Look at the code in quarantine: a setting of the dataset, or what \
            the site sends.",
    },
    Definition {
        name: "portcullis_usage_percent",
        kind: Kind::Gauge,
        labels: &[DATASET],
        meaning: "How much of Meta's limits is used, as its last answer said. From 75 on there is a pause after each request, up \
            to a minute from 95 on.",
        worry: "It stays above 75: the backlog grows. Fewer, larger batches help (`dispatch.linger_ms`).",
    },
    Definition {
        name: "portcullis_events_quarantined_total",
        kind: Kind::Counter,
        labels: &[DATASET, closed("reason", || vec!["refused", "unreadable", "aborts_process"])],
        meaning: "Events set aside. `reason` is `refused` (by Meta, for content), `unreadable` (a row that is damaged, or encrypted and does \
            not open), `aborts_process` (in hand whenever the process died).",
        worry: "Any.",
    },
    Definition {
        name: "portcullis_events_expired_total",
        kind: Kind::Counter,
        labels: &[DATASET],
        meaning: "Events that became too old for Meta: just under 7 days, for `physical_store` just under 62.",
        worry: "Any: conversions were lost.",
    },
    Definition {
        name: "portcullis_events_withdrawn_total",
        kind: Kind::Counter,
        labels: &[DATASET, closed("reason", WithdrawReason::words)],
        meaning: "Stored events that the policy of today does not let leave. `reason` is `event_not_allowed`, `source_not_allowed`, \
            `missing_required`, `insufficient_user_data`, `unreadable_policy`, `unreadable_event`, `health_signal`, \
            `work_limit`, `guard_failed`, `consent_unknown` (less consent was asked when they came), `suppressed`.",
        worry: "Without a change of policy or an addition to the suppressed, or `unreadable_*` or `guard_failed` at all.",
    },
    Definition {
        name: "portcullis_events_purged_total",
        kind: Kind::Counter,
        labels: &[DATASET],
        meaning: "Events deleted while they waited. They went by `portcullis outbox purge`, because their policy changed and \
            `on_policy_change = \"purge\"`, or in the background, as a person of theirs was suppressed.",
        worry: "Without such a command or change.",
    },
    Definition {
        name: "portcullis_events_recovered_total",
        kind: Kind::Counter,
        labels: &[DATASET],
        meaning: "Events found in the outbox at start; on Redis by the gateway that comes while no other lives. Datasets that left \
            the configuration are counted too; their events wait.",
        worry: "-",
    },
    Definition {
        name: "portcullis_events_redriven_total",
        kind: Kind::Counter,
        labels: &[DATASET],
        meaning: "Events taken out of quarantine by `portcullis outbox redrive`, to be sent again.",
        worry: "-",
    },
];

/// Why sending is held.
fn causes() -> Vec<&'static str> {
    vec![
        "unreachable",
        "unavailable",
        "rate_limited",
        "token",
        "permission",
        "blocked",
        "dataset",
        "unexpected",
        "refused_alike",
    ]
}
