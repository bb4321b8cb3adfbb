//! The rules as lists: what may stand where, and each exception with its reason.

/// A file with more lines than this needs an entry here, with the reason why it is better in one piece.
pub(super) const LONGEST: usize = 600;
pub(super) const LONG_FILES: &[(&str, &str)] = &[];
/// Nine in ten files are shorter than this, half are shorter than [`SHORT`].
pub(super) const LONG: usize = 400;
pub(super) const SHORT: usize = 150;

/// A module says what it promises in so many lines.
pub(super) const LONGEST_DOCS: usize = 10;
pub(super) const LONG_DOCS: &[(&str, &str)] = &[
    ("gateway/src/outbox/mod.rs", "the contract of every back end, point by point"),
    ("gateway/src/outbox/redis/mod.rs", "every key in Redis, and why it is one"),
];

/// Where a secret's text is read, and what for.
pub(super) const EXPOSE_SECRET: &[(&str, &str)] = &[
    ("gateway/src/dispatch/meta.rs", "the token and the proof go into the request to Meta"),
    ("gateway/src/ingest/events.rs", "the key outside the body must be the one inside it"),
    ("gateway/src/config/resolve.rs", "a secret file's last newline is trimmed, and key material is decoded"),
    ("gateway/src/config/resolve/redis.rs", "the address of Redis is taken apart, once"),
    ("gateway/src/shared/link/dial.rs", "the password goes to Redis when a connection is made"),
    ("gateway/src/telemetry/traces/export.rs", "headers that the collector of traces asks for go to it"),
    ("gateway/src/simulator/tokens.rs", "the stand-in compares tokens as Meta would"),
];

/// Where JSON may be handled without a type.
pub(super) const UNTYPED_JSON: &[(&str, &str)] = &[
    ("gateway/src/simulator/", "a stand-in for Meta judges whatever it is sent"),
    ("gateway/src/cli/demo", "shows events as they came and as they left"),
    ("gateway/src/config/json_schema.rs", "a schema of keys; no event is near"),
];

/// What a folder must not name, and why.
pub(super) const UNKNOWN_TO: &[(&str, &[&str], &str)] = &[
    (
        "filters/src/",
        &[
            "portcullis::",
            "tokio",
            "reqwest",
            "axum",
            "SystemTime",
            "Instant",
            "std::fs",
            "std::net::Tcp",
            "std::env",
            "std::thread",
            "async fn",
        ],
        "the filters are pure: no I/O, no clock, no async",
    ),
    (
        "gateway/src/listener/",
        &[
            "crate::ingest",
            "crate::dispatch",
            "crate::outbox",
            "crate::simulator",
            "crate::cli",
            "crate::admin",
            "rusqlite",
            "reqwest",
        ],
        "a listener knows connections, not what is asked on them",
    ),
    (
        "gateway/src/ingest/",
        &["crate::dispatch", "crate::simulator", "crate::cli", "rusqlite", "reqwest"],
        "receiving does not know sending",
    ),
    (
        "gateway/src/dispatch/",
        &["crate::ingest", "crate::simulator", "crate::cli", "rusqlite", "axum"],
        "sending does not know receiving",
    ),
    (
        "gateway/src/outbox/",
        &["crate::ingest", "crate::dispatch", "crate::cli", "axum", "reqwest"],
        "the outbox knows neither side",
    ),
    (
        "gateway/src/subject/",
        &["crate::ingest", "crate::dispatch", "crate::outbox", "crate::cli", "axum", "reqwest"],
        "the index of what was delivered is written by who sends and asked by who commands",
    ),
    (
        "gateway/src/config/",
        &["crate::ingest", "crate::dispatch", "crate::outbox::embedded", "crate::cli"],
        "configuration is read by others",
    ),
    (
        "gateway/src/telemetry/",
        &["crate::ingest", "crate::dispatch", "crate::outbox", "crate::cli"],
        "telemetry is written by others",
    ),
    ("gateway/src/admin/", &["crate::ingest", "crate::dispatch", "crate::cli"], "the admin listener only reads"),
];

/// Crates that the filters must not depend on: what can do I/O, or is not the same each time.
pub(super) const IMPURE: &[&str] =
    &["tokio", "reqwest", "axum", "hyper", "rusqlite", "redis", "portcullis", "tracing", "prometheus", "rand", "getrandom"];

/// Lines that may name what [`UNKNOWN_TO`] forbids there, and why.
pub(super) const KNOWN_TO: &[(&str, &str, &str)] = &[(
    "gateway/src/admin/",
    "use crate::dispatch::DispatchStatus;",
    "a handle that can only be read: which gates are closed",
)];

/// What no file of ours holds.
pub(super) const NOWHERE: &[(&str, &str)] = &[
    ("#[ignore", "a test runs or goes; assert the present behaviour in place of ignoring it"),
    ("#[allow(", "use #[expect(…, reason = …)], which is noticed when it is not needed any more"),
    ("#![allow(", "use #![expect(…, reason = …)], which is noticed when it is not needed any more"),
    ("thread::sleep", "wait for a condition"),
    ("todo!(", "finish it"),
];

/// Of which each suite uses a part, so that no expectation would hold in all of them.
pub(super) const SHARED_BY_SUITES: &str = "filters/tests/common/mod.rs";

/// Where a thread sleeps or a suite waits for a time, and what for.
pub(super) const WAITS: &[(&str, &str)] = &[
    ("gateway/src/outbox/embedded/writer/linger.rs", "a busy writer lingers, so that one fsync serves many callers"),
    ("gateway/src/failpoint.rs", "a disk that stalls, in debug builds"),
    ("tests/harness/eventually.rs", "the steps between two looks at a condition"),
    ("tests/harness/load.rs", "a caller that was answered 503 pauses, and one that keeps a rate waits for its turn"),
    ("tests/harness/chaos_proxy.rs", "a network that is slow"),
    ("tests/crash.rs", "the random moment of a kill"),
    ("tests/faults/stage.rs", "a fault lasts a time"),
    ("tests/load/pair.rs", "a measurement lasts a time"),
    ("tests/load/pace.rs", "a request waits until it is due"),
    ("tests/load/callers.rs", "a measurement lasts a time, and a caller that was answered 503 pauses"),
];
