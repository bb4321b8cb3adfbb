//! A running gateway: the parts put together in the way of an event, and taken apart in the same order.

mod commands;
mod describe;
mod gateways;
mod kept;
mod reload;
mod sweep;
mod traces;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use tokio::signal::unix::Signal;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use reload::{ReloadError, Reloads, Source};

use self::commands::Commands;
use self::gateways::Gateways;
use self::kept::Kept;
use self::reload::Reloader;
use self::sweep::Sweeper;
use crate::admin::{Admin, Policies};
use crate::chance::Chance;
use crate::clock::Clock;
use crate::config::kept_key::OwnKeyError;
use crate::config::{self, Config};
use crate::control::{self, ControlError};
use crate::dispatch::{DispatchError, Dispatcher};
use crate::ingest::{Ingest, Rates};
use crate::lifecycle::{Lifecycle, Pulse, Sockets, systemd};
use crate::listener::{Bounds, Listener, Renewal, Tls};
use crate::outbox::{AnyOutbox, OpenError, OutboxError};
use crate::shared::SharedError;
use crate::shared::membership::RecordError;
use crate::subject::{SubjectError, Subjects};
use crate::suppression::{Changes, SuppressionError, Suppressions};
use crate::telemetry::metrics::Metrics;
#[cfg(feature = "otlp")]
use crate::telemetry::traces::ExportError;

/// Connections to the admin listener at once.
const ADMIN_CONNECTIONS: usize = 64;
/// How long a stop of the admin listener waits.
const ADMIN_GRACE: Duration = Duration::from_secs(1);
/// How long a stop waits for a command that is being done.
const COMMAND_GRACE: Duration = Duration::from_secs(5);

/// Why a gateway did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A listener's address cannot be bound.
    #[error("{key} = {address} cannot be bound")]
    Bind {
        /// The key of the configuration.
        key: &'static str,
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The control socket cannot be made.
    #[error("outbox.path: {0}")]
    Control(#[from] ControlError),
    /// The outbox cannot be opened.
    #[error("outbox.path")]
    Open(#[from] OpenError),
    /// The outbox cannot be read.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    /// Redis cannot be reached, does not suit, or does not take this gateway.
    #[error("[redis]")]
    Shared(#[from] SharedError),
    /// The name of this gateway cannot be kept.
    #[error("outbox.path")]
    Record(#[from] RecordError),
    /// A key of our own cannot be had.
    #[error(transparent)]
    OwnKey(#[from] OwnKeyError),
    /// Nobody knows who must not be sent.
    #[error(transparent)]
    Suppression(#[from] SuppressionError),
    /// The index of subject access cannot be had.
    #[error(transparent)]
    Subject(#[from] SubjectError),
    /// The client for Meta cannot be made.
    #[error(transparent)]
    Dispatch(#[from] DispatchError),
    /// The listener cannot speak TLS with its certificate.
    #[error("server.tls: {0}")]
    Tls(#[from] rustls::Error),
    /// Nothing can be sent to the collector of traces.
    #[cfg(feature = "otlp")]
    #[error(transparent)]
    Traces(#[from] ExportError),
    /// A metric is declared twice: a defect.
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
}

/// What a gateway is started with.
#[derive(Debug)]
pub struct Start {
    /// How it runs.
    pub config: Config,
    /// From where that is read again.
    pub source: Option<Source>,
    /// What a service manager has bound.
    pub sockets: Sockets,
    /// What stops it if it breaks.
    pub lifecycle: Lifecycle,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub chance: Chance,
}

/// A gateway that accepts and sends.
#[derive(Debug)]
pub struct Service {
    /// Where callers connect.
    pub listen: SocketAddr,
    /// Where metrics and health are read.
    pub admin: SocketAddr,
    reloads: Reloads,
    outbox: AnyOutbox,
    subjects: Subjects,
    gateways: Option<Gateways>,
    listeners: TaskTracker,
    commands: TaskTracker,
    requests: TaskTracker,
    senders: TaskTracker,
    overseers: TaskTracker,
    stop_listening: CancellationToken,
    stop_sending: CancellationToken,
    stop_overseeing: CancellationToken,
}

impl Service {
    /// Opens the outbox, starts sending what it holds, and then accepts.
    pub async fn start(start: Start) -> Result<Self, StartError> {
        let Start { config, source, sockets, lifecycle, clock, chance } = start;
        let metrics = Metrics::new()?;
        let Kept { outbox, gateways, pseudonyms, suppressions, subjects } =
            Kept::open(&config, &metrics, &clock, &chance).await?;
        let (rates, changes) = alone_or_shared(gateways.as_ref(), &suppressions);

        // All addresses first: a port that is taken must not leave a gateway that only sends.
        let control = control_socket(&config)?;
        let (tls, renewal, certificate) = tls(&config, &clock, &metrics)?;
        let listener = bind("server.listen", config.server.listen, sockets.callers).await?.with_tls(tls);
        let admin_listener = bind("admin.listen", config.admin.listen, sockets.admin).await?;
        let (listen, admin_address) = (listener.address(), admin_listener.address());

        let (reloads, reloads_asked) = Reloads::new();
        let service = Self { gateways, ..Self::still((listen, admin_address), reloads.clone(), &outbox, &subjects) };
        // To the end, so that the last deliveries are in them.
        let tracer =
            service.trace(&config, traces::Parts { metrics: &metrics, clock: &clock, chance: &chance }, &lifecycle)?;
        let dispatcher = Dispatcher::new(
            outbox.clone(),
            suppressions.clone(),
            subjects.clone(),
            &config,
            metrics.clone(),
            tracer.clone(),
            clock.clone(),
            chance.clone(),
        )?;
        let sweeper = Sweeper::new(outbox.clone(), suppressions.clone(), metrics.clone());
        let dispatching = dispatcher.start(&service.senders, service.stop_sending.clone(), lifecycle.clone());
        let ingest = Arc::new(Ingest::new(
            &config,
            pseudonyms,
            suppressions.clone(),
            outbox.clone(),
            metrics.clone(),
            tracer,
            clock.clone(),
            chance,
            rates,
            service.requests.clone(),
        ));
        let policies = Arc::new(ArcSwap::from_pointee(policies(&config)));
        let pulse = Pulse::new();
        let admin = Admin {
            metrics: metrics.clone(),
            outbox: outbox.clone(),
            suppressions: suppressions.clone(),
            subjects: subjects.clone(),
            pulse: pulse.clone(),
            dispatch: dispatching.status(),
            policies: Arc::clone(&policies),
            stopping: service.stop_listening.clone(),
            clock: clock.clone(),
        };
        let bounds = Bounds {
            max_connections: config.server.max_connections,
            header_timeout: config.server.header_timeout,
            stop_grace: config.server.stop_grace,
        };
        let admin_bounds = Bounds { max_connections: ADMIN_CONNECTIONS, stop_grace: ADMIN_GRACE, ..bounds };

        if let Some(renewal) = renewal {
            service
                .listeners
                .spawn(lifecycle.vital("the renewal of the certificate", renewal.run(service.stop_listening.clone())));
        }
        serve((listener, Arc::clone(&ingest).router(), bounds), &service.listeners, &service.stop_listening, &lifecycle);
        // Tells to the end that the gateway stops, and how far that is.
        serve((admin_listener, admin.router(), admin_bounds), &service.overseers, &service.stop_overseeing, &lifecycle);
        if let Some(gateways) = &service.gateways {
            // To the end: a gateway that is silent is taken for dead, and its groups are given to others.
            gateways.start(&service.overseers, &lifecycle, &service.stop_overseeing);
        }
        if let Some(control) = control {
            let commands = Commands {
                reloads,
                outbox: outbox.clone(),
                suppressions: changes,
                subjects: subjects.clone(),
                metrics: metrics.clone(),
            };
            service.listen_to(control, commands, &lifecycle);
        }
        let sweep = sweeper.run(service.stop_listening.clone());
        service.commands.spawn(lifecycle.vital("the sweep of suppressed persons", sweep));
        let status = format!("accepting at {listen}, metrics at {admin_address}");
        systemd::tell_ready(&status);
        let reloader = Reloader {
            source,
            current: config,
            dispatching,
            ingest,
            policies,
            membership: service.gateways.as_ref().map(|gateways| gateways.membership.clone()),
            certificate,
            metrics,
            clock,
            status,
        };
        let reload = reloader.run(reloads_asked, service.stop_listening.clone());
        service.commands.spawn(lifecycle.vital("the reload of the configuration", reload));
        let beat = pulse.run(outbox, lifecycle.clone(), service.stop_overseeing.clone());
        service.overseers.spawn(lifecycle.vital("the watch over the outbox", beat));
        Ok(service)
    }

    /// Of which nothing runs yet.
    fn still((listen, admin): (SocketAddr, SocketAddr), reloads: Reloads, outbox: &AnyOutbox, subjects: &Subjects) -> Self {
        Self {
            listen,
            admin,
            reloads,
            outbox: outbox.clone(),
            subjects: subjects.clone(),
            gateways: None,
            listeners: TaskTracker::new(),
            commands: TaskTracker::new(),
            requests: TaskTracker::new(),
            senders: TaskTracker::new(),
            overseers: TaskTracker::new(),
            stop_listening: CancellationToken::new(),
            stop_sending: CancellationToken::new(),
            stop_overseeing: CancellationToken::new(),
        }
    }

    /// Does what is asked through the control socket.
    fn listen_to(&self, control: control::Server, commands: Commands, lifecycle: &Lifecycle) {
        let (tracker, stop) = (self.commands.clone(), self.stop_listening.clone());
        let serve = async move { control.run(move |command| commands.clone().obey(command), &tracker, stop).await };
        self.commands.spawn(lifecycle.vital("the control socket", serve));
    }

    /// The name of this gateway among those that share its Redis, if it shares one.
    pub fn gateway(&self) -> Option<&str> {
        self.gateways.as_ref().map(|gateways| gateways.membership.name())
    }

    /// Reloads at every one of these signals.
    pub fn reload_on(&self, mut hangups: Signal) {
        let (reloads, stop) = (self.reloads.clone(), self.stop_listening.clone());
        self.commands.spawn(async move {
            while let Some(Some(())) = stop.run_until_cancelled(hangups.recv()).await {
                // The reloader has told the log what came of it.
                drop(reloads.reload().await);
            }
        });
    }

    /// Stops. All parts are told at once, so that one grace covers them, and waited for in the way of an event: no new requests,
    /// those in hand answered, sending ended, the outbox closed. What is not sent stays in the outbox.
    pub async fn stop(self) {
        self.stop_listening.cancel();
        self.stop_sending.cancel();
        self.listeners.close();
        self.listeners.wait().await;
        // What a listener cut off may still be in the writer's hand: it is waited for, so that what was committed was counted.
        self.requests.close();
        self.requests.wait().await;
        self.commands.close();
        if tokio::time::timeout(COMMAND_GRACE, self.commands.wait()).await.is_err() {
            tracing::warn!("a command did not end within its grace and was cut");
        }
        self.senders.close();
        self.senders.wait().await;
        self.stop_overseeing.cancel();
        self.overseers.close();
        self.overseers.wait().await;
        self.subjects.close().await;
        if let Some(gateways) = &self.gateways {
            gateways.leave().await;
        }
        self.outbox.close().await;
    }
}

/// How events are counted for rate limits, and where changes of who is suppressed go.
fn alone_or_shared(gateways: Option<&Gateways>, suppressions: &Suppressions) -> (Rates, Changes) {
    let here = || (Rates::alone(), Changes::Here(suppressions.clone()));
    gateways.map_or_else(here, |gateways| (gateways.rates(), gateways.changes()))
}

/// The control socket, beside the outbox whose lock we hold.
fn control_socket(config: &Config) -> Result<Option<control::Server>, ControlError> {
    config.outbox.backend.file().map(control::Server::bind).transpose()
}

/// Serves on a listener until `stop`.
fn serve(
    (listener, router, bounds): (Listener, Router, Bounds),
    tracker: &TaskTracker,
    stop: &CancellationToken,
    lifecycle: &Lifecycle,
) {
    let (connections, stop) = (tracker.clone(), stop.clone());
    let serve = async move { listener.serve(router, bounds, &connections, stop).await };
    tracker.spawn(lifecycle.vital("a listener", serve));
}

/// TLS of the listener for callers, what keeps its certificate fresh, and how that is told of other files.
type Secured = (Option<Tls>, Option<Renewal>, Option<watch::Sender<config::Tls>>);

fn tls(config: &Config, clock: &Clock, metrics: &Metrics) -> Result<Secured, rustls::Error> {
    let Some(configured) = &config.server.tls else { return Ok((None, None, None)) };
    let (tls, replace) = Tls::new(&configured.certificate, metrics)?;
    let (name, named) = watch::channel(configured.clone());
    Ok((Some(tls), Some(Renewal::new(named, replace, clock.clone(), metrics)), Some(name)))
}

async fn bind(
    key: &'static str,
    address: SocketAddr,
    passed: Option<std::net::TcpListener>,
) -> Result<Listener, StartError> {
    let bound = match passed {
        Some(socket) => Listener::passed(socket),
        None => Listener::bind(address).await,
    };
    bound.map_err(|source| StartError::Bind { key, address, source })
}

/// Each site and its policy.
fn policies(config: &Config) -> Policies {
    config.sites.iter().map(|site| (Arc::clone(&site.id), Arc::clone(&site.policy))).collect()
}
