//! One measurement: a fresh server, callers that warm it up, callers that count, and what it cost.

use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use harness::Siege;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::arguments::{Arguments, Fsync, Kind, Point};
use crate::callers::Callers;
use crate::cores::Cores;
use crate::meter::Meter;
use crate::pace::Step;
use crate::request::Template;
use crate::server::Server;
use crate::usage::{Cost, Usage};

/// What all measurements share.
#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) gateway: PathBuf,
    pub(crate) policy: String,
    pub(crate) time: Duration,
    pub(crate) cores: Cores,
    /// Connections that ask nothing.
    pub(crate) siege: usize,
    /// When Redis syncs its file.
    pub(crate) appendfsync: Fsync,
    /// Commands that the plain client of Redis sends at once.
    pub(crate) pipeline: usize,
    /// Callers of a profile.
    pub(crate) connections: usize,
    /// Of the soak.
    pub(crate) soak: Step,
}

/// What a measurement came to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Run {
    /// Of the whole process, delivery included.
    pub(crate) cpu_us_per_event: f64,
    /// Of the time of the server's core, what others took meanwhile: the more, the less the figures are worth.
    pub(crate) others_percent: f64,
    /// Events that were answered within the time.
    pub(crate) events_per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) peak_rss_mib: f64,
    /// How long it took to deliver what had been accepted when the callers stopped.
    pub(crate) drain_seconds: f64,
    /// Requests answered 503.
    pub(crate) turned_away: u64,
    /// Connections that broke before an answer.
    pub(crate) broken: u64,
    pub(crate) events: u64,
    /// What it cost Redis, where there is one.
    pub(crate) redis: Option<Cost>,
}

impl Bench {
    pub(crate) fn new(arguments: &Arguments, gateway: PathBuf, cores: Cores) -> Self {
        Self {
            gateway,
            policy: arguments.policy.clone(),
            time: arguments.time(),
            cores,
            siege: arguments.siege,
            appendfsync: arguments.appendfsync,
            pipeline: arguments.pipeline,
            connections: arguments.connections,
            soak: Step { rate: arguments.rate, time: arguments.soak() },
        }
    }

    /// A fifth of a measurement goes before it: caches fill, and the allocator takes what it will need.
    pub(crate) fn warm_up(&self) -> Duration {
        self.time / 5
    }

    pub(crate) async fn run(&self, kind: Kind, point: Point) -> Run {
        let mut server = self.start(kind).await;
        let run = self.measure(&mut server, &mut 0, point, &Template::new()).await;
        server.finish().await;
        run
    }

    /// Measures a server that runs, to which so many events were sent before; these are added to them.
    #[expect(clippy::cast_precision_loss, reason = "counts of a few seconds")]
    pub(crate) async fn measure(&self, server: &mut Server, events: &mut u64, point: Point, template: &Rc<Template>) -> Run {
        let mut callers = Callers::connect(server.address(), point, template).await;
        *events += callers.call(self.warm_up()).await.events;
        server.drained(*events).await;
        let siege = match self.siege {
            0 => None,
            connections => Some(Siege::lay(server.address(), connections).await),
        };
        let meter = Meter::start(server, self.cores);
        let usage_before = usage(server).await;
        let counts = callers.call(self.time).await;
        let stopped = Instant::now();
        *events += counts.events;
        server.drained(*events).await;
        let drain_seconds = stopped.elapsed().as_secs_f64();
        let spent = meter.read(server, counts.events);
        let redis = match (usage_before, usage(server).await) {
            (Some(before), Some(after)) => Some(after.since(&before, counts.events)),
            _ => None,
        };
        let peak_rss_mib = server.peak_rss_mib();
        drop((callers, siege));
        let quantile_ms = |quantile| counts.latency.value_at_quantile(quantile) as f64 / 1000.0;
        Run {
            cpu_us_per_event: spent.cpu_us_per_event,
            others_percent: spent.others_percent,
            events_per_second: counts.events_in_time as f64 / self.time.as_secs_f64(),
            p50_ms: quantile_ms(0.5),
            p99_ms: quantile_ms(0.99),
            peak_rss_mib,
            drain_seconds,
            turned_away: counts.turned_away,
            broken: counts.broken,
            events: counts.events,
            redis,
        }
    }
}

/// What the server's Redis has used so far, if it has one.
async fn usage(server: &Server) -> Option<Usage> {
    match server.redis() {
        Some(redis) => Some(Usage::of(redis).await),
        None => None,
    }
}
