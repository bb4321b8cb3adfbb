//! What is measured: the command line.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};

/// Connections of callers, if nothing else is said.
const CONNECTIONS: usize = 64;

/// Measure CPU time an event, events a second, latency and memory under load.
#[derive(Debug, Parser)]
#[command(
    name = "load",
    after_help = "\
Examples:
  load                                       every point: about six minutes
  load --points 1x64 --seconds 2 --rounds 1  one point, quickly
  load --points 1x64 --mix --json out.json   small requests beside large ones as well
  load --points 1x64 --siege 1024            beside callers who are silent or slow, to compare with the same without
  load --profile steady,burst --report DIR   latency over load, and a second of ten times as much
  load --profile soak --minutes 60           an hour at 500 events a second
  load report --from FILE                    the report again, from its figures
  load --backend redis                       what Redis costs, beside the file and beside a plain client of Redis; two gateways

PORTCULLIS_BIN=FILE measures that executable instead of the one that cargo builds."
)]
pub(crate) struct Arguments {
    /// Events a request and connections
    #[arg(long, value_delimiter = ',', default_value = "1x64,1x512,10x64,10x512,1000x64,1000x512")]
    pub(crate) points: Vec<Point>,

    /// How long one measurement lasts; a fifth as much goes before it to warm up
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,

    /// How often everything is measured
    #[arg(long, default_value_t = 3)]
    pub(crate) rounds: usize,

    /// The policy of the site
    #[arg(long, default_value = "pharmacy@1")]
    pub(crate) policy: String,

    /// What is measured
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "bare,memory,embedded",
        default_value_if("backend", "redis", "embedded,redis")
    )]
    pub(crate) servers: Vec<Kind>,

    /// Also measure what is only there with this back end. For redis: redis-server under a plain client that adds the same events
    /// one by one, how much a gateway reads at once behind a backlog, and two gateways beside one where Meta is slow
    #[arg(long, value_name = "BACKEND")]
    pub(crate) backend: Option<Backend>,

    /// When Redis syncs its file. With `everysec` it is told to a gateway that events may be lost, so that it takes such a server
    #[arg(long, value_name = "WHEN", default_value = "always")]
    pub(crate) appendfsync: Fsync,

    /// How many commands the plain client of Redis sends before it waits for an answer
    #[arg(long, value_name = "COMMANDS", default_value_t = 100)]
    pub(crate) pipeline: usize,

    /// Also measure the latency of small requests alone and beside a caller who sends 1000 events at a time
    #[arg(long)]
    pub(crate) mix: bool,

    /// So many connections of another process that hold their places and ask nothing, while it is measured
    #[arg(long, value_name = "CONNECTIONS", default_value_t = 0)]
    pub(crate) siege: usize,

    /// Run these profiles in place of the points; all but `soak` take the time that `--seconds` says
    #[arg(long = "profile", value_name = "PROFILE", value_delimiter = ',')]
    pub(crate) profiles: Vec<Profile>,

    /// How many connections the callers of a profile have
    #[arg(long, value_name = "COUNT", default_value_t = CONNECTIONS)]
    pub(crate) connections: usize,

    /// Events a second of the soak
    #[arg(long, value_name = "EVENTS", default_value_t = 500.0)]
    pub(crate) rate: f64,

    /// How long the soak lasts
    #[arg(long, default_value_t = 60.0)]
    minutes: f64,

    /// Write the figures of profiles, a report on them and its plots into this folder; profiles of an earlier run stay in it
    #[arg(long, value_name = "DIR", requires = "profiles")]
    pub(crate) report: Option<PathBuf>,

    /// Also write the figures of the points to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// The date in the report, if it is not to be now
    #[arg(long, value_name = "TEXT")]
    pub(crate) date: Option<String>,

    #[command(subcommand)]
    pub(crate) role: Option<Role>,
}

/// What this process is, if it is not the one that measures.
#[derive(Debug, Subcommand)]
pub(crate) enum Role {
    /// The server that only parses
    #[command(hide = true)]
    Bare,
    /// Writes a report from figures that were measured before
    Report {
        /// Files that `--report` wrote; of profiles that stand in several, the last one counts
        #[arg(long, value_name = "FILE", required = true)]
        from: Vec<PathBuf>,
        /// The folder of the report; that of the first file if not said
        #[arg(long, value_name = "DIR")]
        to: Option<PathBuf>,
    },
}

/// A kind of load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    /// Fixed rates, from a tenth of what it can do to all of it
    Steady,
    /// Ten times as much for a second
    Burst,
    /// From one site to a thousand
    ManySites,
    /// From one event a request to a thousand, and from half a KiB an event to fifty
    LargeBatches,
    /// Meta answers late, or never
    SlowMeta,
    /// An hour at a modest rate
    Soak,
}

/// When Redis syncs its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Fsync {
    /// Before it answers.
    Always,
    /// Every second, whatever was answered meanwhile.
    Everysec,
}

/// A back end that is looked at more closely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Backend {
    /// Nothing but what is measured of every server.
    Embedded,
    /// Redis.
    Redis,
}

/// A server under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// The server that only parses.
    Bare,
    /// The gateway with its outbox in memory.
    Memory,
    /// The gateway as it is meant to be run.
    Embedded,
    /// The gateway with its outbox in a Redis of its own.
    Redis,
}

/// How it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Point {
    /// Events in each request.
    #[serde(rename = "events_per_request")]
    pub(crate) events: usize,
    /// Connections, each with one request at a time.
    pub(crate) connections: usize,
}

impl Arguments {
    /// How long one measurement lasts.
    pub(crate) fn time(&self) -> Duration {
        Duration::try_from_secs_f64(self.seconds).unwrap_or_default()
    }

    /// How long the soak lasts.
    pub(crate) fn soak(&self) -> Duration {
        Duration::try_from_secs_f64(60.0 * self.minutes).unwrap_or_default()
    }

    /// The command that measures the same again.
    pub(crate) fn command(&self, profile: Profile) -> String {
        let name = profile.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        let Self { seconds, minutes, rate, policy, connections, .. } = self;
        let time = match profile {
            Profile::Soak => format!("--rate {rate} --minutes {minutes}"),
            _ => format!("--seconds {seconds}"),
        };
        let run = "cargo run --release -p portcullis-tests --bin load --";
        format!("{run} --profile {name} {time} --connections {connections} --policy {policy}")
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Bare => "bare",
            Self::Memory => "memory",
            Self::Embedded => "embedded",
            Self::Redis => "redis",
        })
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}x{}", self.events, self.connections))
    }
}

impl FromStr for Point {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (events, connections) = text.split_once('x').ok_or("a point is EVENTSxCONNECTIONS, such as 10x64")?;
        match (events.parse(), connections.parse()) {
            (Ok(events @ 1..=1000), Ok(connections @ 1..=1000)) => Ok(Self { events, connections }),
            _ => Err("1 to 1000 events a request, and 1 to 1000 connections"),
        }
    }
}
