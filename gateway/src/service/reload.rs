//! Reads the configuration again while everything runs: all of it is taken, or nothing.
//!
//! The whole is loaded and judged first, off the threads that answer callers. Then come the parts, first the one that can still
//! refuse. A request in hand keeps the sites with which it began. What was refused is logged, counted, and told whoever asked.

use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::{describe, policies};
use crate::admin::Policies;
use crate::clock::Clock;
use crate::config::{self, Config, ConfigError, Environment};
use crate::control::{Answer, Done, Refusal};
use crate::dispatch::{DispatchError, Dispatching};
use crate::ingest::Ingest;
use crate::lifecycle::systemd;
use crate::listener;
use crate::shared::membership::Membership;
use crate::telemetry::declared;
use crate::telemetry::metrics::Metrics;

/// Reloads that may be asked for while one is done.
const MAX_WAITING: usize = 16;

/// Where the configuration is read from.
#[derive(Debug, Clone)]
pub struct Source {
    /// The file.
    pub path: PathBuf,
    /// What lies over it, and where secrets are.
    pub environment: Environment,
}

/// Why everything stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// The new configuration is none, or changes what a reload cannot.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Nothing could be sent with it.
    #[error(transparent)]
    Dispatch(#[from] DispatchError),
    /// The listener could not speak TLS with its certificate.
    #[error("server.tls: {0}")]
    Tls(#[from] rustls::Error),
    /// The gateway runs without a file, as that of the demonstration.
    #[error("this gateway was not started from a file")]
    NoFile,
    /// It ends.
    #[error("the gateway stops")]
    Stopping,
}

impl ReloadError {
    fn is_of_configuration(&self) -> bool {
        matches!(self, Self::Config(_) | Self::Dispatch(_) | Self::Tls(_))
    }
}

type Outcome = Result<Vec<String>, ReloadError>;
type Asked = oneshot::Sender<Outcome>;

/// By which a reload is asked for.
#[derive(Debug, Clone)]
pub struct Reloads(mpsc::Sender<Asked>);

impl Reloads {
    /// The handle, and what the reloader waits on.
    pub(super) fn new() -> (Self, mpsc::Receiver<Asked>) {
        let (sender, asked) = mpsc::channel(MAX_WAITING);
        (Self(sender), asked)
    }

    /// Has the configuration read again, and waits for what changed.
    pub async fn reload(&self) -> Outcome {
        let (reply, outcome) = oneshot::channel();
        self.0.send(reply).await.map_err(|_| ReloadError::Stopping)?;
        outcome.await.unwrap_or(Err(ReloadError::Stopping))
    }

    /// The same as the answer to a command.
    pub(super) async fn answer(&self) -> Answer {
        match self.reload().await {
            Ok(changes) => Answer::Ok(Done::Reloaded(changes)),
            Err(error) => {
                Answer::Error(Refusal { of_configuration: error.is_of_configuration(), reason: error.to_string() })
            }
        }
    }
}

/// What a reload gives the new configuration to.
pub(super) struct Reloader {
    pub(super) source: Option<Source>,
    /// The configuration in force.
    pub(super) current: Config,
    pub(super) dispatching: Dispatching,
    pub(super) ingest: Arc<Ingest>,
    pub(super) policies: Arc<ArcSwap<Policies>>,
    /// This gateway among those that share its Redis.
    pub(super) membership: Option<Membership>,
    pub(super) certificate: Option<watch::Sender<config::Tls>>,
    pub(super) metrics: Metrics,
    pub(super) clock: Clock,
    /// What the service manager shows after a reload.
    pub(super) status: String,
}

impl Reloader {
    /// Reloads whenever it is asked to, one after the other, until `stop`.
    pub(super) async fn run(mut self, mut asked: mpsc::Receiver<Asked>, stop: CancellationToken) {
        for result in declared::words("portcullis_reloads_total", "result") {
            self.metrics.reloads.with_label_values(&[result]);
        }
        self.tell_success();
        while let Some(Some(reply)) = stop.run_until_cancelled(asked.recv()).await {
            systemd::tell_reloading();
            let outcome = self.reload().await;
            match &outcome {
                Ok(changes) => {
                    self.metrics.reloads.with_label_values(&["done"]).inc();
                    self.tell_success();
                    tracing::info!(changes = changes.join("; "), "the configuration was reloaded");
                    systemd::tell_ready(&self.status);
                }
                Err(error) => {
                    self.metrics.reloads.with_label_values(&["refused"]).inc();
                    self.metrics.config_last_reload_success.set(0);
                    tracing::error!(%error, "the reload was refused; the configuration before it stays in force");
                    systemd::tell_ready(&format!("{}; the last reload was refused: {error}", self.status));
                }
            }
            // Whoever asked may have gone.
            drop(reply.send(outcome));
        }
    }

    fn tell_success(&self) {
        self.metrics.config_last_reload_success.set(1);
        self.metrics.config_last_reload_success_time.set(i64::try_from(self.clock.unix_secs()).unwrap_or(i64::MAX));
    }

    async fn reload(&mut self) -> Outcome {
        let Source { path, environment } = self.source.clone().ok_or(ReloadError::NoFile)?;
        // Policies and catalogues are compiled here, which takes a while.
        let load = tokio::task::spawn_blocking(move || Config::load(&path, &environment));
        let config = load.await.map_err(|_| ReloadError::Stopping)??;
        let of_today = config.judge_at(self.clock.unix_secs())?;
        let changes = self.current.changes_to(&config)?;
        if let Some(tls) = &config.server.tls {
            listener::Tls::can_show(&tls.certificate)?;
        }
        // The last that can refuse, and does so before it changes anything. First what takes events away, so that none comes in
        // for a dataset that nobody sends to.
        self.dispatching.apply(&config)?;
        self.take(config, &of_today);
        Ok(changes)
    }

    /// From here on nothing can fail.
    fn take(&mut self, config: Config, of_today: &[String]) {
        describe::datasets(&config, &self.metrics);
        self.ingest.apply(&config);
        self.policies.store(Arc::new(policies(&config)));
        describe::policies(&config, Some(&self.current), &self.metrics);
        describe::configuration(&config, &self.metrics);
        if let Some(membership) = &self.membership {
            membership.tell(&config);
        }
        if let (Some(certificate), Some(tls)) = (&self.certificate, &config.server.tls) {
            certificate.send_replace(tls.clone());
        }
        let is_new = |warning: &&String| !self.current.warnings().contains(warning);
        for warning in config.warnings().iter().filter(is_new).chain(of_today) {
            tracing::warn!(warning, "configuration");
        }
        self.current = config;
    }
}
