//! `portcullis serve`: the gateway.

use std::path::PathBuf;

use anyhow::anyhow;

use super::Failure;
use crate::chance::Chance;
use crate::clock::Clock;
use crate::config::{Config, Environment};
use crate::lifecycle::{self, Lifecycle, Sockets, systemd};
use crate::service::{Service, Source, Start, StartError};
use crate::telemetry::logs;

/// Run the gateway until SIGTERM or SIGINT.
///
/// It starts only with a configuration that `portcullis check` accepts. SIGHUP has it read again, see `portcullis reload`. On a
/// stop it finishes the requests in hand; what is accepted and not yet sent stays in the outbox and goes out after the next
/// start. A second signal ends it at once, which loses nothing either.
///
/// Under systemd it tells when it is ready, answers the watchdog, and takes the sockets of a .socket unit that are named
/// `callers` and `admin`.
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

/// Takes the sockets that were passed, while there is one thread, and then runs it.
pub(super) fn run(command: Serve) -> Result<(), Failure> {
    let environment = Environment::of_process();
    let sockets = Sockets::passed(&environment).map_err(|error| Failure::Configuration(error.into()))?;
    super::block_on(serve(Source { path: command.config, environment }, sockets))
}

async fn serve(source: Source, sockets: Sockets) -> Result<(), Failure> {
    let clock = Clock::system();
    let (callers, admin) = sockets.addresses();
    let config = Config::load(&source.path, &source.environment)?.listening_at(callers, admin)?;
    let of_today = config.judge_at(clock.unix_secs())?;
    logs::start(&config.log).map_err(|error| Failure::Configuration(error.into()))?;
    let lifecycle = Lifecycle::new();
    lifecycle.stop_on_signals()?;
    // From here on, so that one that comes early is a reload and no end.
    let hangups = lifecycle::hangups()?;
    warn(&config, &of_today);
    let configuration = config.digest();
    let start =
        Start { config, source: Some(source), sockets, lifecycle: lifecycle.clone(), clock, chance: Chance::from_system()? };
    let service = Service::start(start).await.map_err(refused)?;
    service.reload_on(hangups);
    let (listen, admin, gateway) = (service.listen, service.admin, service.gateway());
    tracing::info!(%listen, %admin, gateway, version = crate::VERSION, configuration, "ready");
    lifecycle.stop.cancelled().await;
    systemd::tell_stopping();
    service.stop().await;
    tracing::info!("stopped");
    if lifecycle.has_failed() {
        return Err(Failure::Other(anyhow!(
            "a part of the gateway broke, so it was stopped; nothing that was accepted is lost"
        )));
    }
    Ok(())
}

/// What a person has to put right before a start can succeed is told from what may pass.
fn refused(error: StartError) -> Failure {
    let is_of_configuration = match &error {
        StartError::Suppression(error) => error.is_of_configuration(),
        StartError::Subject(error) => error.is_of_configuration(),
        StartError::Shared(error) => error.is_of_configuration(),
        _ => false,
    };
    let error = anyhow::Error::from(error).context("the gateway cannot start");
    if is_of_configuration { Failure::Configuration(error) } else { Failure::Other(error) }
}

/// Says what an operator should know before the first event comes.
fn warn(config: &Config, of_today: &[String]) {
    for warning in config.warnings().iter().chain(of_today) {
        tracing::warn!(warning, "configuration");
    }
}
