//! A running gateway: the parts put together in the way of an event, and taken apart in the same order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admin::Admin;
use crate::chance::Chance;
use crate::clock::Clock;
use crate::config::{Backend, Config, pseudonym};
use crate::dispatch::{DispatchError, Dispatcher};
use crate::ingest::Ingest;
use crate::listener::{Bounds, Listener, Reload, Tls};
use crate::outbox::{AnyOutbox, OpenError, OutboxError};
use crate::telemetry::metrics::Metrics;

/// Connections to the admin listener at once.
const ADMIN_CONNECTIONS: usize = 64;
/// How long a stop of the admin listener waits.
const ADMIN_GRACE: Duration = Duration::from_secs(1);

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
    /// The outbox cannot be opened.
    #[error("outbox.path")]
    Open(#[from] OpenError),
    /// The outbox cannot be read.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    /// The key of pseudonyms cannot be had.
    #[error(transparent)]
    Pseudonym(#[from] pseudonym::PseudonymKeyError),
    /// The client for Meta cannot be made.
    #[error(transparent)]
    Dispatch(#[from] DispatchError),
    /// The listener cannot speak TLS with its certificate.
    #[error("server.tls: {0}")]
    Tls(#[from] rustls::Error),
    /// A metric is declared twice: a defect.
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
}

/// A gateway that accepts and sends.
#[derive(Debug)]
pub struct Service {
    /// Where callers connect.
    pub listen: SocketAddr,
    /// Where metrics and health are read.
    pub admin: SocketAddr,
    outbox: AnyOutbox,
    listeners: TaskTracker,
    requests: TaskTracker,
    senders: TaskTracker,
    stop_listening: CancellationToken,
    stop_sending: CancellationToken,
}

impl Service {
    /// Opens the outbox, starts sending what it holds, and then accepts.
    pub async fn start(config: &Config, clock: Clock, chance: Chance) -> Result<Self, StartError> {
        let metrics = Metrics::new()?;
        let outbox = open(config)?;
        // After the outbox, whose lock keeps a second process from making another key. A start that was killed between the two
        // leaves an outbox that never held anything, and that may get a key.
        let pseudonyms = pseudonym::load_or_make(&config.identity.pseudonym_key, outbox.has_held_events(), &chance)?;
        describe(config, &outbox, &metrics).await?;

        // Both addresses first: a port that is taken must not leave a gateway that only sends.
        let (tls, reload) = tls(config, &clock, &metrics)?.unzip();
        let listener = bind("server.listen", config.server.listen).await?.with_tls(tls);
        let admin_listener = bind("admin.listen", config.admin.listen).await?;
        let (listen, admin_address) = (listener.address(), admin_listener.address());

        let (listeners, requests, senders) = (TaskTracker::new(), TaskTracker::new(), TaskTracker::new());
        let (stop_listening, stop_sending) = (CancellationToken::new(), CancellationToken::new());

        let dispatcher = Dispatcher::new(outbox.clone(), config, metrics.clone(), clock.clone(), chance.clone())?;
        let dispatch = dispatcher.start(&senders, stop_sending.clone()).status();

        let ingest =
            Ingest::new(config, pseudonyms, outbox.clone(), metrics.clone(), clock.clone(), chance, requests.clone());
        let policies = config.sites.iter().map(|site| (Arc::clone(&site.id), Arc::clone(&site.policy))).collect();
        let admin = Admin { metrics, outbox: outbox.clone(), dispatch, policies, clock };

        if let Some(reload) = reload {
            listeners.spawn(reload.run(stop_listening.clone()));
        }
        let bounds = Bounds {
            max_connections: config.server.max_connections,
            header_timeout: config.server.header_timeout,
            stop_grace: config.server.stop_grace,
        };
        let admin_bounds = Bounds { max_connections: ADMIN_CONNECTIONS, stop_grace: ADMIN_GRACE, ..bounds };
        for (listener, router, bounds, stop) in [
            (listener, ingest.router(), bounds, stop_listening.clone()),
            // Ends with the sending: a gateway that stops is not ready.
            (admin_listener, admin.router(), admin_bounds, stop_sending.clone()),
        ] {
            let tracker = listeners.clone();
            listeners.spawn(async move { listener.serve(router, bounds, &tracker, stop).await });
        }
        Ok(Self { listen, admin: admin_address, outbox, listeners, requests, senders, stop_listening, stop_sending })
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
        self.senders.close();
        self.senders.wait().await;
        self.outbox.close().await;
    }
}

fn open(config: &Config) -> Result<AnyOutbox, OpenError> {
    match &config.outbox.backend {
        Backend::Embedded(path) => AnyOutbox::open_embedded(path, config.outbox.max_bytes),
        Backend::Memory => Ok(AnyOutbox::memory(config.outbox.max_bytes)),
    }
}

/// TLS of the listener for callers, and what keeps its certificate fresh.
fn tls(config: &Config, clock: &Clock, metrics: &Metrics) -> Result<Option<(Tls, Reload)>, rustls::Error> {
    let Some(configured) = &config.server.tls else { return Ok(None) };
    let (tls, replace) = Tls::new(&configured.certificate, metrics)?;
    let certificate = Arc::clone(&configured.certificate);
    let reload = Reload::new(configured.files.clone(), certificate, replace, clock.clone(), metrics);
    Ok(Some((tls, reload)))
}

async fn bind(key: &'static str, address: SocketAddr) -> Result<Listener, StartError> {
    Listener::bind(address).await.map_err(|source| StartError::Bind { key, address, source })
}

/// Shows what runs, and brings the series of every dataset's accounts into being, so that a counter that never moved reads as 0.
async fn describe(config: &Config, outbox: &AnyOutbox, metrics: &Metrics) -> Result<(), OutboxError> {
    metrics.outbox_durable.set(i64::from(outbox.is_durable()));
    for site in &config.sites {
        let version = site.policy.version().to_string();
        let digest = site.policy.digest().to_string();
        metrics.policy_info.with_label_values(&[&site.id, site.policy.name(), &version, &digest]).set(1);
    }
    for dataset in &config.datasets {
        for counter in [
            &metrics.events_recovered,
            &metrics.events_redriven,
            &metrics.events_delivered,
            &metrics.events_expired,
            &metrics.events_purged,
        ] {
            counter.with_label_values(&[&dataset.id]);
        }
    }
    for (_, dataset, events) in outbox.pending_by_dataset().await? {
        metrics.events_recovered.with_label_values(&[&dataset]).inc_by(events);
    }
    for (dataset, events) in outbox.set_aside_at_open() {
        metrics.events_recovered.with_label_values(&[dataset]).inc_by(*events);
        metrics.events_quarantined.with_label_values(&[dataset.as_ref(), "aborts_process"]).inc_by(*events);
        tracing::error!(dataset = %dataset, events, "events that were in hand whenever the process died were set aside");
    }
    Ok(())
}
