//! What is to go wrong, and for how long: the command line.

use std::time::Duration;

use clap::Parser;

/// Let things go wrong under load, and judge what became of every event.
#[derive(Debug, Parser)]
#[command(
    name = "faults",
    after_help = "\
Examples:
  faults --minutes 10                   each fault alone, then mixes with kills
  faults --minutes 1 --fault reset_after --fault kill
  faults --kills 1000                   so many kills, as fast as it starts again
  faults --outage 10 --rate 2000        Meta away for ten minutes while events come in
  faults --pending 200000               a start on a large backlog
  faults --redis --minutes 10           three gateways that share one Redis, any of the four killed at random

--outage and --pending measure, and want an executable that was optimized: cargo run --release.
PORTCULLIS_BIN=FILE tests that executable instead of the one that cargo builds."
)]
pub(crate) struct Arguments {
    /// How long it lasts in all; the last drain comes on top
    #[arg(long, default_value_t = 2.0)]
    minutes: f64,

    /// Repeat a run: the same moments and choices, as far as the machine allows
    #[arg(long)]
    pub(crate) seed: Option<u64>,

    /// Only this fault, and no mixes; may be repeated
    #[arg(long = "fault", value_name = "NAME", value_parser = crate::fault::named)]
    pub(crate) faults: Vec<&'static crate::fault::Fault>,

    /// Say which faults there are
    #[arg(long)]
    pub(crate) list: bool,

    /// Events a second while faults come and go, and during an outage
    #[arg(long, default_value_t = 300)]
    pub(crate) rate: u32,

    /// Only kill and start again, so many times
    #[arg(long, value_name = "COUNT", conflicts_with_all = ["outage", "pending", "faults"])]
    pub(crate) kills: Option<u32>,

    /// Only keep Meta away for so long
    #[arg(long, value_name = "MINUTES", conflicts_with_all = ["pending", "faults"])]
    pub(crate) outage: Option<f64>,

    /// Only start with so many events waiting
    #[arg(long, value_name = "EVENTS", conflicts_with = "faults")]
    pub(crate) pending: Option<u64>,

    /// Only three gateways that share one Redis, of whom any, and Redis, is killed at random
    #[arg(long, conflicts_with_all = ["kills", "outage", "pending", "faults"])]
    pub(crate) redis: bool,
}

impl Arguments {
    /// How long all runs may take.
    pub(crate) fn time(&self) -> Duration {
        minutes(self.minutes)
    }
}

/// So many minutes.
pub(crate) fn minutes(minutes: f64) -> Duration {
    Duration::try_from_secs_f64(minutes * 60.0).unwrap_or_default()
}
