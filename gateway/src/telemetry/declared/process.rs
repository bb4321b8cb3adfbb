//! The process and its configuration.

use super::{Definition, Kind, closed, follows};

/// In the order in which they are read.
pub(super) const METRICS: &[Definition] = &[
    Definition {
        name: "portcullis_build_info",
        kind: Kind::Info,
        labels: &[follows("version")],
        meaning: "The version of the executable.",
        worry: "Gateways differ.",
    },
    Definition {
        name: "portcullis_config_info",
        kind: Kind::Info,
        labels: &[follows("digest")],
        meaning: "The SHA-256 of the configuration in force, without secrets. Every key of the single tables, every site with its \
            policy and every dataset counts; the form is that of this version, so compare only gateways of one version.",
        worry: "It changes, and nobody changed the configuration.",
    },
    Definition {
        name: "portcullis_reloads_total",
        kind: Kind::Counter,
        labels: &[closed("result", || vec!["done", "refused"])],
        meaning: "Reloads of the configuration, by SIGHUP or `portcullis reload`: `done` or `refused`.",
        worry: "-",
    },
    Definition {
        name: "portcullis_config_last_reload_success",
        kind: Kind::Switch,
        labels: &[],
        meaning: "1 if the last reload was done, or there was none; 0 if it was refused, and the configuration before it stays in \
            force.",
        worry: "0: the log names the key. Unless that is only one that is read at start, the next start would refuse the file.",
    },
    Definition {
        name: "portcullis_config_last_reload_success_timestamp_seconds",
        kind: Kind::Gauge,
        labels: &[],
        meaning: "When the configuration in force was read, in seconds since 1970.",
        worry: "It is older than your last change.",
    },
    Definition {
        name: "portcullis_spans_dropped_total",
        kind: Kind::Counter,
        labels: &[],
        meaning: "Spans that the collector of traces did not take, or for which there was no room. Without a collector it stays 0.",
        worry: "It grows: `[telemetry] endpoint` cannot be reached or refuses them. Events are not concerned.",
    },
];

/// What the library tells of the process, on Linux.
pub(super) const FROM_THE_LIBRARY: &[Definition] = &[
    Definition {
        name: "process_cpu_seconds_total",
        kind: Kind::Counter,
        labels: &[],
        meaning: "CPU time of the process, in whole seconds.",
        worry: "Its rate nears the number of cores: requests wait for their turn.",
    },
    Definition {
        name: "process_resident_memory_bytes",
        kind: Kind::Gauge,
        labels: &[],
        meaning: "Memory of the process that is in RAM.",
        worry: "It grows for hours with the same load: a defect of ours.",
    },
    Definition {
        name: "process_virtual_memory_bytes",
        kind: Kind::Gauge,
        labels: &[],
        meaning: "Address space of the process; most of it costs nothing.",
        worry: "-",
    },
    Definition {
        name: "process_open_fds",
        kind: Kind::Gauge,
        labels: &[],
        meaning: "Files and sockets that are open.",
        worry: "It nears `process_max_fds`: connections will be refused.",
    },
    Definition {
        name: "process_max_fds",
        kind: Kind::Gauge,
        labels: &[],
        meaning: "How many may be open at most.",
        worry: "-",
    },
    Definition { name: "process_threads", kind: Kind::Gauge, labels: &[], meaning: "Threads of the process.", worry: "-" },
    Definition {
        name: "process_start_time_seconds",
        kind: Kind::Gauge,
        labels: &[],
        meaning: "When the process was started, in seconds since 1970.",
        worry: "It changes again and again: the process dies and is started anew.",
    },
];
