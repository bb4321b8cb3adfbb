//! A dispatcher under test: an outbox in memory, a Meta that plays a script, and a clock that follows tokio's paused time.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use portcullis_filters::event::{SanitizedEnvelope, SanitizedEvent};
use portcullis_filters::policy::Policy;

use super::answer::{Answer, PaceHeaders};
use super::backoff::Backoff;
use super::batch::Limits;
use super::classify::{Fault, FaultKind, Verdict, classify};
use super::lane::Tuning;
use super::readmit::Sites;
use super::testing::{NOW_SECS, policy, sanitized};
use super::usage::UsageHeaders;
use super::*;
use crate::config::{OnPolicyChange, Site};
use crate::outbox::Append;
use crate::subject::Subjects;

pub(super) const SUCCESS: Step = Step::Answer(200, r#"{"events_received":1,"messages":[],"fbtrace_id":"A"}"#);
pub(super) const REFUSAL: &str =
    r#"{"error":{"code":100,"error_subcode":2804003,"is_transient":false,"message":"Invalid parameter"}}"#;
pub(super) const REFUSED: Step = Step::Answer(400, REFUSAL);
pub(super) const BAD_TOKEN: Step = Step::Answer(401, r#"{"error":{"code":190,"error_subcode":463}}"#);
pub(super) const BUSY: Step = Step::Answer(503, "");

#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Answer(u16, &'static str),
    RetryAfter(&'static str),
    /// A success with `X-App-Usage`.
    Usage(&'static str),
    /// Refused if it holds a bad event, as Meta does; taken otherwise.
    ByContent,
    Fault(FaultKind),
    Late(Duration),
    Never,
}

/// Plays Meta.
#[derive(Debug, Clone)]
pub(super) struct Script(Arc<Mutex<Play>>);

#[derive(Debug)]
pub(super) struct Play {
    pub(super) steps: VecDeque<Step>,
    pub(super) otherwise: Step,
    pub(super) slow_dataset: Option<&'static str>,
    /// Numbers of events that Meta refuses where it plays [`Step::ByContent`].
    pub(super) poison: BTreeSet<usize>,
    /// How long every answer takes.
    pub(super) takes: Duration,
    /// The credentials of every dataset.
    pub(super) token: u32,
    /// Those that its file holds.
    pub(super) token_file: u32,
    pub(super) requests: Vec<(String, Vec<String>, String)>,
    /// Numbers of the events that were taken, each time.
    pub(super) taken: Vec<usize>,
    pub(super) in_flight: HashSet<String>,
    pub(super) overlap: bool,
    pub(super) most_in_flight: usize,
    pub(super) now_in_flight: usize,
}

impl Script {
    pub(super) fn new(steps: &[Step], otherwise: Step) -> Self {
        Self(Arc::new(Mutex::new(Play {
            steps: steps.iter().copied().collect(),
            otherwise,
            slow_dataset: None,
            poison: BTreeSet::new(),
            takes: Duration::ZERO,
            token: 0,
            token_file: 0,
            requests: Vec::new(),
            taken: Vec::new(),
            in_flight: HashSet::new(),
            overlap: false,
            most_in_flight: 0,
            now_in_flight: 0,
        })))
    }

    pub(super) fn play<T>(&self, with: impl FnOnce(&mut Play) -> T) -> T {
        with(&mut self.0.lock().unwrap())
    }

    pub(super) fn requests(&self) -> usize {
        self.play(|play| play.requests.len())
    }

    pub(super) fn sizes(&self) -> Vec<usize> {
        self.play(|play| play.requests.iter().map(|(_, events, _)| events.len()).collect())
    }

    pub(super) fn now_plays(&self, step: Step) {
        self.play(|play| (play.steps.clear(), play.otherwise = step));
    }
}

/// Takes the events out of the set also when the request is dropped half-way.
pub(super) struct InFlight<'a>(&'a Script, Vec<String>);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.play(|play| {
            play.now_in_flight -= 1;
            for event in &self.1 {
                play.in_flight.remove(event);
            }
        });
    }
}

impl Sink for Script {
    async fn deliver(&self, batch: &Batch) -> Delivery {
        let events: Vec<String> = batch.events().map(|event| event.as_str().to_owned()).collect();
        let (step, refused, takes) = self.play(|play| {
            for event in &events {
                play.overlap |= !play.in_flight.insert(event.clone());
            }
            play.now_in_flight += 1;
            play.most_in_flight = play.most_in_flight.max(play.now_in_flight);
            let envelope = batch.envelope().as_str().to_owned();
            play.requests.push((batch.dataset().to_owned(), events.clone(), envelope));
            if play.slow_dataset == Some(batch.dataset()) {
                return (Step::Never, false, Duration::ZERO);
            }
            let refused = events.iter().any(|event| play.poison.contains(&number(event)));
            (play.steps.pop_front().unwrap_or(play.otherwise), refused, play.takes)
        });
        let _in_flight = InFlight(self, events);
        if !takes.is_zero() {
            tokio::time::sleep(takes).await;
        }
        let answer = |status, retry_after, usage, body: &str| {
            let pace = PaceHeaders { retry_after, usage: UsageHeaders { app: usage, ..UsageHeaders::default() } };
            Delivery::Answered(Answer::read(status, pace, body.as_bytes(), 0))
        };
        let fault = |kind| Delivery::Failed(Fault { kind, text: String::new() });
        let delivery = match step {
            Step::Answer(status, body) => answer(status, None, None, body),
            Step::RetryAfter(seconds) => answer(429, Some(seconds), None, ""),
            Step::Usage(usage) => answer(200, None, Some(usage), r#"{"events_received":1}"#),
            Step::ByContent => {
                if refused {
                    answer(400, None, None, REFUSAL)
                } else {
                    answer(200, None, None, r#"{"events_received":1}"#)
                }
            }
            Step::Fault(kind) => fault(kind),
            Step::Late(by) => {
                tokio::time::sleep(by).await;
                answer(200, None, None, r#"{"events_received":1}"#)
            }
            Step::Never => {
                tokio::time::sleep(REQUEST_TIMEOUT).await;
                fault(FaultKind::Timeout)
            }
        };
        if classify(&delivery) == Verdict::Delivered {
            self.play(|play| play.taken.extend(batch.events().map(|event| number(event.as_str()))));
        }
        delivery
    }

    fn shows_same(&self, other: &Self, _dataset: &str) -> bool {
        self.play(|play| play.token) == other.play(|play| play.token)
    }

    async fn refresh(&self, _dataset: &str) -> bool {
        self.play(|play| std::mem::replace(&mut play.token, play.token_file) != play.token_file)
    }
}

/// The number with which [`sanitized`] made an event.
pub(super) fn number(event: &str) -> usize {
    let (_, rest) = event.split_once("order-").expect("an event of ours");
    rest.get(..5).and_then(|digits| digits.parse().ok()).expect("a number")
}

pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
pub(super) const STOP_GRACE: Duration = Duration::from_secs(15);

pub(super) struct Rig {
    pub(super) outbox: AnyOutbox,
    pub(super) suppressions: Suppressions,
    pub(super) clock: Clock,
    pub(super) metrics: Metrics,
    pub(super) script: Script,
    pub(super) tracker: TaskTracker,
    pub(super) stop: CancellationToken,
    pub(super) datasets: Vec<Arc<str>>,
    pub(super) linger: Duration,
    pub(super) max_events: usize,
    pub(super) max_requests: usize,
    pub(super) lease: Duration,
    pub(super) policy: Arc<Policy>,
    pub(super) on_policy_change: OnPolicyChange,
}

impl Rig {
    pub(super) fn new(steps: &[Step], otherwise: Step) -> Self {
        Self {
            outbox: AnyOutbox::memory(1 << 30),
            suppressions: Suppressions::without_store(),
            clock: Clock::set(NOW_SECS * 1000),
            metrics: Metrics::new().unwrap(),
            script: Script::new(steps, otherwise),
            tracker: TaskTracker::new(),
            stop: CancellationToken::new(),
            datasets: vec!["d".into()],
            linger: Duration::from_millis(200),
            max_events: 1000,
            max_requests: 4,
            lease: Duration::from_secs(70),
            policy: policy(),
            on_policy_change: OnPolicyChange::Readmit,
        }
    }

    /// Starts the dispatcher, and lets the clock follow tokio's time.
    pub(super) fn start(&self) -> Lanes<Script> {
        let (clock, stop) = (self.clock.clone(), self.stop.clone());
        self.tracker.spawn(async move {
            while stop.run_until_cancelled(tokio::time::sleep(Duration::from_millis(5))).await.is_some() {
                clock.advance(Duration::from_millis(5));
            }
        });
        let surroundings = Surroundings {
            outbox: self.outbox.clone(),
            suppressions: self.suppressions.clone(),
            subjects: Subjects::default(),
            metrics: self.metrics.clone(),
            tracer: Tracer::off(),
            clock: self.clock.clone(),
            chance: Chance::seeded(3),
        };
        let tasks = Tasks { tracker: self.tracker.clone(), stop: self.stop.clone(), lifecycle: Lifecycle::new() };
        Lanes::start(surroundings, self.plan(&self.script), tasks)
    }

    /// What a configuration would say, with this Meta.
    pub(super) fn plan(&self, script: &Script) -> Plan<Script> {
        let sites = [Site {
            id: "shop".into(),
            policy: self.policy.clone(),
            datasets: self.datasets.clone(),
            hosts: Vec::new(),
            keys: Vec::new(),
            rate_limit: None,
        }];
        Plan {
            sink: script.clone(),
            datasets: self.datasets.clone(),
            sites: Sites::new(&sites, self.on_policy_change),
            backoff: Backoff::new(Duration::from_secs(1), Duration::from_secs(60)),
            tuning: Tuning {
                linger: self.linger,
                limits: Limits::new(self.max_events, 1 << 20),
                lease: self.lease + self.linger,
                request_timeout: REQUEST_TIMEOUT,
                stop_grace: STOP_GRACE,
            },
            max_requests: self.max_requests,
        }
    }

    pub(super) async fn append_as(&self, site: &str, dataset: &str, envelope: &str, events: Vec<SanitizedEvent>) {
        let append = Append {
            site: site.into(),
            dataset: dataset.into(),
            envelope: SanitizedEnvelope::from_stored(envelope).unwrap(),
            policy: self.policy.clone(),
            events,
            received_ms: self.clock.unix_ms(),
        };
        assert!(self.outbox.append(append).await.unwrap().events() > 0);
    }

    pub(super) async fn append(&self, numbers: std::ops::Range<usize>) {
        self.append_as("shop", "d", "{}", numbers.map(sanitized).collect()).await;
    }

    pub(super) async fn pending(&self) -> u64 {
        self.outbox.depth().await.unwrap().pending_events
    }

    pub(super) async fn quarantined(&self) -> u64 {
        self.outbox.depth().await.unwrap().quarantined_events
    }

    /// Numbers of the events that Meta took, each time.
    pub(super) fn taken(&self) -> Vec<usize> {
        self.script.play(|play| play.taken.clone())
    }

    /// Numbers of the events that were sent alone, each time.
    pub(super) fn sent_alone(&self) -> Vec<usize> {
        let single = |events: &Vec<String>| (events.len() == 1).then(|| number(&events[0]));
        self.script.play(|play| play.requests.iter().filter_map(|(_, events, _)| single(events)).collect())
    }

    pub(super) fn delivered(&self) -> u64 {
        self.metrics.events_delivered.with_label_values(&["d"]).get()
    }

    pub(super) fn gate(&self, cause: Cause) -> i64 {
        self.metrics.gate_closed.with_label_values(&["d", cause.as_str()]).get()
    }

    /// Waits for a condition, at most a virtual hour.
    pub(super) async fn until(&self, mut condition: impl FnMut() -> bool) {
        let wait = async {
            while !condition() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(3600), wait).await.expect("the condition never held");
    }

    pub(super) async fn drained(&self) {
        let wait = async {
            while self.pending().await > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(3600), wait).await.expect("the outbox was never empty");
    }

    pub(super) fn now(&self) -> u64 {
        self.clock.unix_ms()
    }

    /// Stops and waits; says how long that took.
    pub(super) async fn stop(&self) -> Duration {
        let started = tokio::time::Instant::now();
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
        // Failure case B7, whatever the test is about.
        assert!(!self.script.play(|play| play.overlap), "an event was in two requests at once");
        started.elapsed()
    }
}
