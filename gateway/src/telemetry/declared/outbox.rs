//! What is kept until Meta has it.

use super::{Definition, Kind, closed};

/// In the order in which they are read.
pub(super) const METRICS: &[Definition] = &[
    Definition {
        name: "portcullis_outbox_pending_events",
        kind: Kind::Gauge,
        labels: &[],
        meaning: "Events accepted and not settled, in hand or not. On Redis every gateway shows what waits there and what is in \
            its own file.",
        worry: "It grows for longer than an outage of Meta's explains.",
    },
    Definition {
        name: "portcullis_outbox_oldest_seconds",
        kind: Kind::Gauge,
        labels: &[],
        meaning: "Age of the oldest pending event since its receipt; 0 if none is pending.",
        worry: "**Page on this.** Above an hour something holds; at seven days events expire.",
    },
    Definition {
        name: "portcullis_outbox_bytes",
        kind: Kind::Gauge,
        labels: &[],
        meaning: "Bytes that count against `outbox.max_bytes`: what is pending and what is in quarantine.",
        worry: "Above three quarters of `portcullis_outbox_max_bytes`: at the bound callers get 503.",
    },
    Definition {
        name: "portcullis_outbox_max_bytes",
        kind: Kind::Gauge,
        labels: &[],
        meaning: "The bound of `portcullis_outbox_bytes`, as `outbox.max_bytes` sets it.",
        worry: "-",
    },
    Definition {
        name: "portcullis_outbox_quarantined_events",
        kind: Kind::Gauge,
        labels: &[],
        meaning: "Events in quarantine.",
        worry: "Above 0: look at `portcullis outbox inspect`; `redrive` sends them again, `purge` deletes them.",
    },
    Definition {
        name: "portcullis_outbox_durable",
        kind: Kind::Switch,
        labels: &[],
        meaning: "1 if an accepted event survives a crash, 0 with the memory back end.",
        worry: "0 in production.",
    },
    Definition {
        name: "portcullis_durability_info",
        kind: Kind::Info,
        labels: &[closed("backend", || vec!["embedded", "redis", "memory"]), closed("mode", modes)],
        meaning: "What a crash can take of what was accepted. `full` with `backend` `embedded`: nothing. `none` with `memory`: \
            everything. With `redis` it is what was found when Redis was looked at last, which is at every connection and \
            every minute: `always` and `waitaof` nothing, `everysec` a second or two, `rdb` minutes, `none` everything; \
            `unknown`: it does not say.",
        worry: "Any `mode` but `full`, `always` and `waitaof`; with Redis only `redis.require_durable = false` lets the others in.",
    },
    Definition {
        name: "portcullis_ready",
        kind: Kind::Switch,
        labels: &[],
        meaning: "1 if `/readyz` answers 200: events can be accepted durably.",
        worry: "**Page on this.** 0 for a minute: callers are turned away.",
    },
    Definition {
        name: "portcullis_not_ready",
        kind: Kind::Switch,
        labels: &[closed("reason", unreadiness)],
        meaning: "1 for each reason for which `/readyz` answers 503. They stand under [Health](#health).",
        worry: "See `portcullis_ready`. `outbox` after a failed write passes only with a restart.",
    },
];

/// Modes of Redis, and before them that of a file.
fn modes() -> Vec<&'static str> {
    vec!["full", "always", "waitaof", "everysec", "rdb", "none", "unknown"]
}

/// What `/readyz` answers 503 for.
fn unreadiness() -> Vec<&'static str> {
    vec!["full", "disk", "redis", "outbox", "stopping"]
}
