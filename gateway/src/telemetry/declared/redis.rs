//! What gateways share.

use super::{Definition, Kind, SITE};

/// In the order in which they are read.
pub(super) const METRICS: &[Definition] = &[
    Definition {
        name: "portcullis_redis_up",
        kind: Kind::Switch,
        labels: &[],
        meaning: "1 while Redis can be asked: it answers, is the primary, and is fit.",
        worry: "0 over a minute: `/readyz` and the log say why. Events go to `outbox.path` meanwhile, or are answered 503 \
            (`redis.on_unavailable`).",
    },
    Definition {
        name: "portcullis_redis_reconnects_total",
        kind: Kind::Counter,
        labels: &[],
        meaning: "Connections to Redis that broke and were made again.",
        worry: "It grows without a restart or a failover: the network, or a server that is slower than \
            `redis.command_timeout_ms`.",
    },
    Definition {
        name: "portcullis_redis_lost_total",
        kind: Kind::Counter,
        labels: &[],
        meaning: "How often Redis was found with another outbox than before, or with none.",
        worry: "**Page on any.** What waited there is lost, unless a backup brings it back.",
    },
    Definition {
        name: "portcullis_outbox_spilled_events_total",
        kind: Kind::Counter,
        labels: &[SITE],
        meaning: "Events that the file of this machine took because Redis could not be reached.",
        worry: "It grows: see `/readyz` for the reason.",
    },
    Definition {
        name: "portcullis_outbox_file_events",
        kind: Kind::Gauge,
        labels: &[],
        meaning: "Pending events in the file of this machine. The other gateways neither see nor send them.",
        worry: "Above 0 for longer than an outage explains; never remove a machine with it.",
    },
    Definition {
        name: "portcullis_gateways",
        kind: Kind::Gauge,
        labels: &[],
        meaning: "Gateways that live, this one too, as Redis said last.",
        worry: "Less than you run, for longer than a restart or a rollout takes: an alert needs a `for:` of that time.",
    },
    Definition {
        name: "portcullis_policy_differs",
        kind: Kind::Switch,
        labels: &[SITE],
        meaning: "1 while a living gateway has another policy for the same site.",
        worry: "1 for longer than a rollout takes: what leaves depends on which gateway took it.",
    },
];
