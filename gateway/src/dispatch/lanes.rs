//! The lanes of all datasets: started, replaced and ended as the configuration says.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Sink;
use super::backoff::Backoff;
use super::batch::Limits;
use super::complaints::Complaints;
use super::gate::{Cause, Gate};
use super::lane::{Lane, Settings, Tuning};
use super::pace::Pace;
use super::portion::Portion;
use super::readmit::Sites;
use super::refusals::Refusals;
use super::share::Shares;
use crate::chance::Chance;
use crate::clock::Clock;
use crate::config::Config;
use crate::lifecycle::Lifecycle;
use crate::outbox::AnyOutbox;
use crate::subject::Subjects;
use crate::suppression::Suppressions;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::traces::Tracer;

/// What stays the same for as long as the process lives.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings {
    /// Where events are kept.
    pub(crate) outbox: AnyOutbox,
    /// Who must not be sent.
    pub(crate) suppressions: Suppressions,
    /// What is recorded of what Meta took.
    pub(crate) subjects: Subjects,
    /// What is counted.
    pub(crate) metrics: Metrics,
    /// What is traced.
    pub(crate) tracer: Tracer,
    /// The time.
    pub(crate) clock: Clock,
    /// For jitter, and where probes are looked for.
    pub(crate) chance: Chance,
}

/// Who owns the tasks, and when they end.
#[derive(Debug, Clone)]
pub(crate) struct Tasks {
    /// Waited for at the stop.
    pub(crate) tracker: TaskTracker,
    /// The stop.
    pub(crate) stop: CancellationToken,
    /// What a panic fails.
    pub(crate) lifecycle: Lifecycle,
}

impl Tasks {
    /// Spawns a part of the sending.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(self.lifecycle.vital("the sending", work));
    }
}

/// What a configuration says about sending.
#[derive(Debug)]
pub(crate) struct Plan<S> {
    /// Where events go.
    pub(crate) sink: S,
    /// To which datasets.
    pub(crate) datasets: Vec<Arc<str>>,
    /// Who may send.
    pub(crate) sites: Sites,
    /// The schedule of the gates.
    pub(crate) backoff: Backoff,
    /// Times and sizes.
    pub(crate) tuning: Tuning,
    /// Requests at once, over all datasets.
    pub(crate) max_requests: usize,
}

impl<S> Plan<S> {
    /// What this one says.
    pub(crate) fn new(config: &Config, sink: S) -> Self {
        let dispatch = &config.dispatch;
        let tuning = Tuning {
            linger: dispatch.linger,
            limits: Limits::new(dispatch.max_batch_events, dispatch.max_batch_bytes),
            lease: dispatch.lease,
            request_timeout: config.meta.request_timeout,
            // The rest of the grace is for settling.
            stop_grace: config.server.stop_grace * 3 / 4,
        };
        Self {
            sink,
            datasets: config.datasets.iter().map(|dataset| dataset.id.clone()).collect(),
            sites: Sites::new(&config.sites, dispatch.on_policy_change),
            backoff: Backoff::new(dispatch.backoff_min, dispatch.backoff_max),
            tuning,
            max_requests: dispatch.max_requests,
        }
    }
}

/// Every lane that runs.
#[derive(Debug)]
pub(crate) struct Lanes<S> {
    surroundings: Surroundings,
    tasks: Tasks,
    running: Mutex<Running<S>>,
    gates: Gates,
}

#[derive(Debug)]
struct Running<S> {
    lanes: BTreeMap<Arc<str>, Arc<Lane<S>>>,
    max_requests: usize,
}

/// The gates of the configured datasets.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gates(Arc<Mutex<BTreeMap<Arc<str>, Arc<Gate>>>>);

impl Gates {
    /// Those that are closed, and why.
    pub(crate) fn closed(&self) -> Vec<(Arc<str>, Cause)> {
        let gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        gates.iter().filter_map(|(dataset, gate)| Some((Arc::clone(dataset), gate.closed()?))).collect()
    }
}

impl<S: Sink> Lanes<S> {
    /// Starts a lane for each dataset.
    pub(crate) fn start(surroundings: Surroundings, plan: Plan<S>, tasks: Tasks) -> Self {
        let running = Mutex::new(Running { lanes: BTreeMap::new(), max_requests: 0 });
        let lanes = Self { surroundings, tasks, running, gates: Gates::default() };
        lanes.apply(plan);
        lanes
    }

    /// The gates, to be looked at.
    pub(crate) fn gates(&self) -> Gates {
        self.gates.clone()
    }

    /// The sink that is in use, if there is a dataset.
    pub(crate) fn sink(&self) -> Option<Arc<S>> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.lanes.values().next().map(|lane| lane.settings().sink.clone())
    }

    /// Goes on by another plan. Rounds in hand are finished by the old one. New datasets get a lane; of those that are gone nothing
    /// more is leased. A dataset whose credentials changed is tried at once if it was held for want of them.
    pub(crate) fn apply(&self, plan: Plan<S>) {
        let Plan { sink, datasets, sites, backoff, tuning, max_requests } = plan;
        let (sink, sites) = (Arc::new(sink), Arc::new(sites));
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let datasets: BTreeSet<Arc<str>> = datasets.into_iter().collect();
        let are_same = running.max_requests == max_requests && running.lanes.keys().eq(datasets.iter());
        // Requests in hand keep their old permits: for as long as they last, more may be under way than are allowed.
        let shares = Shares::new(max_requests, datasets.len());
        running.max_requests = max_requests;
        running.lanes.retain(|dataset, lane| {
            let stays = datasets.contains(dataset);
            if !stays {
                lane.retire();
            }
            stays
        });
        for dataset in datasets {
            let (sink, sites) = (Arc::clone(&sink), Arc::clone(&sites));
            if let Some(lane) = running.lanes.get(&dataset) {
                let old = lane.settings();
                let is_other = !sink.shows_same(&old.sink, &dataset);
                let share = if are_same { old.share.clone() } else { shares.share() };
                lane.set(Settings { sink, sites, tuning, share });
                lane.gate.retune(backoff);
                if is_other {
                    lane.gate.try_now();
                }
            } else {
                let settings = Settings { sink, sites, tuning, share: shares.share() };
                let lane = self.new_lane(dataset.clone(), settings, backoff);
                running.lanes.insert(dataset, lane.clone());
                self.tasks.spawn(lane.run(self.tasks.clone()));
            }
        }
        let gates = running.lanes.iter().map(|(dataset, lane)| (Arc::clone(dataset), Arc::clone(&lane.gate))).collect();
        *self.gates.0.lock().unwrap_or_else(PoisonError::into_inner) = gates;
    }

    fn new_lane(&self, dataset: Arc<str>, settings: Settings<S>, backoff: Backoff) -> Arc<Lane<S>> {
        let Surroundings { outbox, suppressions, subjects, metrics, tracer, clock, chance } = self.surroundings.clone();
        Arc::new(Lane {
            gate: Arc::new(Gate::new(dataset.clone(), backoff, chance.clone(), metrics.gate_closed.clone())),
            delivery_age: metrics.delivery_age_seconds.with_label_values(&[&*dataset]),
            pace: Pace::new(metrics.usage_percent.with_label_values(&[&*dataset])),
            portion: Portion::default(),
            is_behind: AtomicBool::new(false),
            refusals: Refusals::default(),
            complaints: Complaints::default(),
            settings: Mutex::new(Arc::new(settings)),
            stop: self.tasks.stop.clone(),
            retired: self.tasks.stop.child_token(),
            dataset,
            outbox,
            suppressions,
            subjects,
            metrics,
            tracer,
            clock,
            chance,
        })
    }
}
