//! `portcullis demo`: shows what the gateway does, with nothing but this executable.
//!
//! Everything is real but Meta and the shops: a gateway and the simulator on free loopback ports, events posted over HTTP, and
//! what is printed is read from the gateway's own metrics and from what the simulator received.

mod events;
mod series;
mod story;

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context as _, anyhow};

use tokio_util::task::TaskTracker;

use super::{Failure, Output};
use crate::chance::Chance;
use crate::clock::Clock;
use crate::config::{Config, Environment};
use crate::lifecycle::{Lifecycle, Sockets};
use crate::service::{Service, Start};
use crate::simulator::{Options, Simulator};
use events::SITES;
use story::Story;

/// Show it at work, with made-up events and a stand-in for Meta.
///
/// Events of a retailer, a pharmacy and a hospital go through a gateway in this process. For each you see what came in, what
/// was removed and why, and what Meta would have received. Nothing leaves the machine and nothing is left on it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  portcullis demo")]
pub struct Demo {}

/// Runs it.
pub(super) async fn run(_: Demo) -> Result<(), Failure> {
    let (clock, chance) = (Clock::system(), Chance::from_system()?);
    let lifecycle = Lifecycle::new();
    lifecycle.stop_on_signals()?;
    let options = Options {
        listen: ([127, 0, 0, 1], 0).into(),
        tokens: Vec::new(),
        keep: 100,
        keep_ids: 100,
        record: None,
        count_only: false,
    };
    let simulator = Simulator::bind(options, clock.clone(), chance.clone()).await.context("the simulator cannot start")?;
    let (meta, received) = (simulator.address(), simulator.received());
    let stop = lifecycle.stop.clone();
    let simulating = TaskTracker::new().spawn(async move { simulator.serve(stop).await });

    let keys: Vec<String> = SITES.iter().map(|_| format!("demo-{:032x}", u128::from_le_bytes(chance.bytes()))).collect();
    let variables = SITES.iter().zip(&keys).map(|(site, key)| (site.variable, key.as_str()));
    let environment = Environment::of(variables.chain([("DEMO_TOKEN", "made-up-token-of-the-demo")]));
    let config = Config::parse(&configuration(meta), Path::new("demo.toml"), &environment)?;
    let start = Start {
        config,
        source: None,
        sockets: Sockets::default(),
        lifecycle: lifecycle.clone(),
        clock: clock.clone(),
        chance,
    };
    let service = Service::start(start).await.context("the gateway cannot start")?;

    let story = Story { gateway: service.listen, admin: service.admin, received, now_secs: clock.unix_secs() };
    let mut output = Output::standard();
    let told = tokio::select! {
        told = story.tell(&mut output, &keys) => told,
        () = lifecycle.stop.cancelled() => Err(anyhow!("stopped by a signal")),
    };
    service.stop().await;
    lifecycle.stop.cancel();
    simulating.await.context("the simulator panicked")?.context("the simulator failed")?;
    Ok(told?)
}

/// Three sites, each with a built-in policy and a dataset of its own. The outbox is in memory, so that nothing is left behind.
fn configuration(meta: SocketAddr) -> String {
    let sites: String = SITES.iter().map(events::Site::configuration).collect();
    format!(
        r#"
[server]
listen = "127.0.0.1:0"
[admin]
listen = "127.0.0.1:0"
[meta]
base_url = "http://{meta}"
allow_other_host = true
[outbox]
backend = "memory"
[dispatch]
linger_ms = 0
{sites}"#
    )
}
