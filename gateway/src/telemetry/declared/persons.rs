//! Who must not be sent, and what is recorded for those who ask.

use super::{Definition, Kind, closed};

/// In the order in which they are read.
pub(super) const METRICS: &[Definition] = &[
    Definition {
        name: "portcullis_suppression_marks",
        kind: Kind::Gauge,
        labels: &[],
        meaning: "What stands for suppressed persons: several marks for each of them.",
        worry: "It falls, and nobody ran `portcullis suppress remove`.",
    },
    Definition {
        name: "portcullis_suppression_looks_total",
        kind: Kind::Counter,
        labels: &[closed("result", || vec!["held", "not_held", "failed"])],
        meaning: "Looks into the store of suppressed persons. `result` is `held`, `not_held` or `failed`. The filter in memory answers for nearly everybody who is not in it.",
        worry: "`failed` above 0: the disk does not answer, and events are dropped that might be those of a suppressed person.",
    },
    Definition {
        name: "portcullis_suppression_sweep_due",
        kind: Kind::Switch,
        labels: &[],
        meaning: "1 while what waits is still to be looked through for persons who were added. They are not sent meanwhile.",
        worry: "1 for hours.",
    },
    Definition {
        name: "portcullis_subject_index_rows",
        kind: Kind::Gauge,
        labels: &[],
        meaning: "Rows of the index of subject access: one for each day, id of a person and kind of event. 0 while none is kept; \
            see [subject-access.md](subject-access.md).",
        worry: "It nears `subject_access.max_rows`: then the oldest days go before their time.",
    },
    Definition {
        name: "portcullis_subject_index_failures_total",
        kind: Kind::Counter,
        labels: &[closed("reason", || vec!["late", "queue_full", "rows_full", "unreadable", "write"])],
        meaning: "Delivered events that the index does not hold, or got late. With `late` they are recorded, but were not on the disk within a \
            second.",
        worry: "Above 0: reports on those days miss events, and say so. `write`: see the log, and restart the gateway.",
    },
];
