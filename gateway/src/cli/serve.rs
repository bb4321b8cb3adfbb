//! `portcullis serve`: the gateway.

use std::path::PathBuf;

use anyhow::Context as _;

use super::Failure;
use crate::chance::Chance;
use crate::clock::Clock;
use crate::config::{Config, Environment};
use crate::lifecycle::Lifecycle;
use crate::service::Service;
use crate::telemetry::logs;

/// Run the gateway until SIGTERM or SIGINT.
///
/// It starts only with a configuration that `portcullis check` accepts. On a stop it finishes the requests in hand; what is
/// accepted and not yet sent stays in the outbox and goes out after the next start.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  portcullis serve --config portcullis.toml
  PORTCULLIS__LOG__FORMAT=json portcullis serve --config /etc/portcullis/portcullis.toml")]
pub struct Serve {
    /// The configuration; config.example.toml shows every key
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

/// Runs it.
pub(super) async fn run(command: Serve) -> Result<(), Failure> {
    let clock = Clock::system();
    let config = Config::load(&command.config, &Environment::of_process())?;
    let of_today = config.judge_at(clock.unix_secs())?;
    logs::start(&config.log).map_err(|error| Failure::Configuration(error.into()))?;
    let lifecycle = Lifecycle::new();
    lifecycle.stop_on_signals()?;
    warn(&config, &of_today);
    let service = Service::start(&config, clock, Chance::from_system()?).await.context("the gateway cannot start")?;
    tracing::info!(listen = %service.listen, admin = %service.admin, version = crate::VERSION, "ready");
    lifecycle.stop.cancelled().await;
    service.stop().await;
    tracing::info!("stopped");
    Ok(())
}

/// Says what an operator should know before the first event comes.
fn warn(config: &Config, of_today: &[String]) {
    for warning in config.warnings().iter().chain(of_today) {
        tracing::warn!(warning, "configuration");
    }
}
