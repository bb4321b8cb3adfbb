//! What the suites share: the real executable, run against real parts, and judged when it is done.
//!
//! [`Gateway`] writes a configuration, starts the executable on free ports and waits until it accepts. [`Gateway::finish`]
//! must be called; it asserts what holds after every test: each event is accounted for (P5), no canary is anywhere (P2), no
//! unknown warning was logged, the process ended with 0. [`Meta`] is the executable's own strict stand-in for Meta.
//! [`Oracle`] compares what was promised with what arrived. Nothing here sleeps for a fixed time: everything waits for a
//! condition, with a deadline.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a harness reports by panicking, with the story of what happened"
)]
#![expect(clippy::missing_panics_doc, reason = "every function here panics when what it waits for does not come")]

mod authority;
mod canary;
mod chaos_proxy;
mod client;
mod corpus;
mod curl;
mod disturbance;
mod encoding;
mod eventually;
mod executable;
mod fields;
mod fleet;
mod gateway;
mod haproxy;
mod http2;
mod load;
mod meta;
mod metrics;
mod nginx;
mod oracle;
mod process;
mod prometheus;
mod redis;
mod sdk;
mod settings;
mod setup;
mod siege;
mod tcf;

pub use self::redis::{Redis, RedisCluster, RedisSetup, Sentinel};
pub use authority::{Authority, Pair};
pub use canary::{Canaries, MARK};
pub use chaos_proxy::{ChaosProxy, Mode};
pub use client::{Answer, Client, Connection, Request};
pub use corpus::{now_millis, now_secs, numbered_purchase, purchase};
pub use curl::{Curled, curl};
pub use disturbance::{Disturbances, Repeats};
pub use encoding::{Compression, Encoding, Endpoint};
pub use eventually::{eventually, holds};
pub use executable::{Executable, Output};
pub use fields::{place, restriction};
pub use fleet::Fleet;
pub use gateway::Gateway;
pub use haproxy::Haproxy;
pub use http2::{Flood, Http2};
pub use load::{Demand, Load};
pub use meta::{Arrival, Meta, Sent};
pub use metrics::{Metrics, declared_of};
pub use nginx::{Nginx, free_address};
pub use oracle::{Figures, Oracle, Verdict};
pub use portcullis_hostile::Chance;
pub use process::{Process, Signal};
pub use prometheus::{Prometheus, promtool, promtool_approves};
pub use sdk::{Sdk, installed};
pub use settings::Settings;
pub use setup::{DATASET, KEY, SITE, Setup, TOKEN, sha256_hex};
pub use siege::Siege;
pub use tcf::tcf_string;

/// The executable under test. A macro, because cargo tells the path only while it compiles a suite.
#[macro_export]
macro_rules! executable {
    () => {
        $crate::Executable::new(env!("CARGO_BIN_EXE_portcullis-under-test"))
    };
}
