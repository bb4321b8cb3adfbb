//! The dispatcher against an outbox in memory and a scripted Meta, in time that does not pass by itself.

use std::collections::{HashSet, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use portcullis_filters::event::{SanitizedEnvelope, SanitizedEvent};
use portcullis_filters::policy::Policy;

use super::answer::{Answer, WaitHeaders};
use super::classify::{Fault, FaultKind};
use super::testing::{NOW_SECS, policy, sanitized, sanitized_at};
use super::*;
use crate::config::{OnPolicyChange, Site};
use crate::outbox::Append;

const SUCCESS: Step = Step::Answer(200, r#"{"events_received":1,"messages":[],"fbtrace_id":"A"}"#);
const REFUSED: Step = Step::Answer(400, r#"{"error":{"code":100,"error_subcode":2804003,"is_transient":false}}"#);
const BAD_TOKEN: Step = Step::Answer(401, r#"{"error":{"code":190,"error_subcode":463}}"#);
const BUSY: Step = Step::Answer(503, "");

#[derive(Debug, Clone, Copy)]
enum Step {
    Answer(u16, &'static str),
    RetryAfter(&'static str),
    Fault(FaultKind),
    Late(Duration),
    Never,
}

/// Plays Meta.
#[derive(Debug, Clone)]
struct Script(Arc<Mutex<Play>>);

#[derive(Debug)]
struct Play {
    steps: VecDeque<Step>,
    otherwise: Step,
    slow_dataset: Option<&'static str>,
    requests: Vec<(String, Vec<String>, String)>,
    in_flight: HashSet<String>,
    overlap: bool,
    most_in_flight: usize,
    now_in_flight: usize,
}

impl Script {
    fn new(steps: &[Step], otherwise: Step) -> Self {
        Self(Arc::new(Mutex::new(Play {
            steps: steps.iter().copied().collect(),
            otherwise,
            slow_dataset: None,
            requests: Vec::new(),
            in_flight: HashSet::new(),
            overlap: false,
            most_in_flight: 0,
            now_in_flight: 0,
        })))
    }

    fn play<T>(&self, with: impl FnOnce(&mut Play) -> T) -> T {
        with(&mut self.0.lock().unwrap())
    }

    fn requests(&self) -> usize {
        self.play(|play| play.requests.len())
    }

    fn sizes(&self) -> Vec<usize> {
        self.play(|play| play.requests.iter().map(|(_, events, _)| events.len()).collect())
    }

    fn now_plays(&self, step: Step) {
        self.play(|play| (play.steps.clear(), play.otherwise = step));
    }
}

/// Takes the events out of the set also when the request is dropped half-way.
struct InFlight<'a>(&'a Script, Vec<String>);

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
        let step = self.play(|play| {
            for event in &events {
                play.overlap |= !play.in_flight.insert(event.clone());
            }
            play.now_in_flight += 1;
            play.most_in_flight = play.most_in_flight.max(play.now_in_flight);
            let envelope = batch.envelope().as_str().to_owned();
            play.requests.push((batch.dataset().to_owned(), events.clone(), envelope));
            if play.slow_dataset == Some(batch.dataset()) {
                return Step::Never;
            }
            play.steps.pop_front().unwrap_or(play.otherwise)
        });
        let _in_flight = InFlight(self, events);
        let answer = |status, retry_after, body: &str| {
            let waits = WaitHeaders { retry_after, usage: None };
            Delivery::Answered(Answer::read(status, waits, body.as_bytes(), 0))
        };
        let fault = |kind| Delivery::Failed(Fault { kind, text: String::new() });
        match step {
            Step::Answer(status, body) => answer(status, None, body),
            Step::RetryAfter(seconds) => answer(429, Some(seconds), ""),
            Step::Fault(kind) => fault(kind),
            Step::Late(by) => {
                tokio::time::sleep(by).await;
                answer(200, None, r#"{"events_received":1}"#)
            }
            Step::Never => {
                tokio::time::sleep(REQUEST_TIMEOUT).await;
                fault(FaultKind::Timeout)
            }
        }
    }
}

const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const STOP_GRACE: Duration = Duration::from_secs(15);

struct Rig {
    outbox: AnyOutbox,
    clock: Clock,
    metrics: Metrics,
    script: Script,
    tracker: TaskTracker,
    stop: CancellationToken,
    datasets: Vec<Arc<str>>,
    linger: Duration,
    max_events: usize,
    max_requests: usize,
    policy: Arc<Policy>,
    on_policy_change: OnPolicyChange,
}

impl Rig {
    fn new(steps: &[Step], otherwise: Step) -> Self {
        Self {
            outbox: AnyOutbox::memory(1 << 30),
            clock: Clock::set(NOW_SECS * 1000),
            metrics: Metrics::new().unwrap(),
            script: Script::new(steps, otherwise),
            tracker: TaskTracker::new(),
            stop: CancellationToken::new(),
            datasets: vec!["d".into()],
            linger: Duration::from_millis(200),
            max_events: 1000,
            max_requests: 4,
            policy: policy(),
            on_policy_change: OnPolicyChange::Readmit,
        }
    }

    /// Starts the dispatcher, and lets the clock follow tokio's time.
    fn start(&self) -> DispatchStatus {
        let sites =
            [Site { id: "shop".into(), policy: self.policy.clone(), datasets: self.datasets.clone(), keys: Vec::new() }];
        let parts = Parts {
            outbox: self.outbox.clone(),
            metrics: self.metrics.clone(),
            clock: self.clock.clone(),
            chance: Chance::seeded(3),
            datasets: self.datasets.clone(),
            sites: Arc::new(Sites::new(&sites, self.on_policy_change)),
            backoff: Backoff::new(Duration::from_secs(1), Duration::from_secs(60)),
            tuning: Tuning {
                linger: self.linger,
                limits: Limits::new(self.max_events, 1 << 20),
                lease: Duration::from_secs(70) + self.linger,
                request_timeout: REQUEST_TIMEOUT,
                stop_grace: STOP_GRACE,
            },
            max_requests: self.max_requests,
        };
        let (clock, stop) = (self.clock.clone(), self.stop.clone());
        self.tracker.spawn(async move {
            while stop.run_until_cancelled(tokio::time::sleep(Duration::from_millis(5))).await.is_some() {
                clock.advance(Duration::from_millis(5));
            }
        });
        parts.start(self.script.clone(), &self.tracker, &self.stop)
    }

    async fn append_as(&self, site: &str, dataset: &str, envelope: &str, events: Vec<SanitizedEvent>) {
        let append = Append {
            site: site.into(),
            dataset: dataset.into(),
            envelope: SanitizedEnvelope::from_stored(envelope).unwrap(),
            policy: policy(),
            events,
            received_ms: self.clock.unix_ms(),
        };
        assert!(self.outbox.append(append).await.unwrap().events() > 0);
    }

    async fn append(&self, numbers: std::ops::Range<usize>) {
        self.append_as("shop", "d", "{}", numbers.map(sanitized).collect()).await;
    }

    async fn pending(&self) -> u64 {
        self.outbox.depth().await.unwrap().pending_events
    }

    async fn quarantined(&self) -> u64 {
        self.outbox.depth().await.unwrap().quarantined_events
    }

    fn delivered(&self) -> u64 {
        self.metrics.events_delivered.with_label_values(&["d"]).get()
    }

    fn gate(&self, cause: Cause) -> i64 {
        self.metrics.gate_closed.with_label_values(&["d", cause.as_str()]).get()
    }

    /// Waits for a condition, at most a virtual hour.
    async fn until(&self, mut condition: impl FnMut() -> bool) {
        let wait = async {
            while !condition() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(3600), wait).await.expect("the condition never held");
    }

    async fn drained(&self) {
        let wait = async {
            while self.pending().await > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(3600), wait).await.expect("the outbox was never empty");
    }

    fn now(&self) -> u64 {
        self.clock.unix_ms()
    }

    /// Stops and waits; says how long that took.
    async fn stop(&self) -> Duration {
        let started = tokio::time::Instant::now();
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
        // Failure case B7, whatever the test is about.
        assert!(!self.script.play(|play| play.overlap), "an event was in two requests at once");
        started.elapsed()
    }
}

#[tokio::test(start_paused = true)]
async fn accepted_events_are_delivered_once_settled_and_counted() {
    let rig = Rig::new(&[], SUCCESS);
    let status = rig.start();
    rig.append(0..3).await;
    rig.drained().await;
    assert_eq!(rig.script.sizes(), [3]);
    assert_eq!(rig.delivered(), 3);
    let dataset = &status.datasets()[0];
    assert_eq!((&*dataset.dataset, dataset.closed), ("d", None));
    assert!(dataset.last_success_ms.is_some());
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn events_that_come_within_the_linger_share_a_request() {
    let rig = Rig::new(&[], SUCCESS);
    let _status = rig.start();
    let started = rig.now();
    for number in 0..5 {
        rig.append(number..number + 1).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    rig.drained().await;
    assert_eq!(rig.script.sizes(), [5]);
    assert!((200..300).contains(&(rig.now() - started)), "{} ms", rig.now() - started);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_full_batch_does_not_wait_and_a_large_group_is_cut() {
    let mut rig = Rig::new(&[], SUCCESS);
    rig.linger = Duration::from_secs(20);
    rig.max_events = 10;
    let _status = rig.start();
    let started = rig.now();
    rig.append(0..25).await;
    rig.drained().await;
    assert_eq!(rig.script.sizes(), [10, 10, 5]);
    assert!(rig.now() - started < 1000);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a9_a_single_event_after_idling_is_delivered_soon() {
    let rig = Rig::new(&[], SUCCESS);
    let _status = rig.start();
    for number in 0..200 {
        let started = rig.now();
        rig.append(number..number + 1).await;
        rig.drained().await;
        assert!(rig.now() - started < 500, "event {number} took {} ms", rig.now() - started);
    }
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn one_envelope_a_request() {
    let rig = Rig::new(&[], SUCCESS);
    rig.append_as("shop", "d", r#"{"test_event_code":"TEST1"}"#, vec![sanitized(1)]).await;
    rig.append_as("shop", "d", "{}", vec![sanitized(2)]).await;
    rig.append_as("shop", "d", r#"{"test_event_code":"TEST1"}"#, vec![sanitized(3)]).await;
    let _status = rig.start();
    rig.drained().await;
    let mut envelopes: Vec<_> =
        rig.script.play(|play| play.requests.iter().map(|(_, events, envelope)| (envelope.clone(), events.len())).collect());
    envelopes.sort();
    assert_eq!(envelopes, [(r#"{"test_event_code":"TEST1"}"#.to_owned(), 2), ("{}".to_owned(), 1)]);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b1_a_meta_that_is_busy_for_long_is_asked_seldom_and_then_gets_everything() {
    let rig = Rig::new(&[], BUSY);
    for number in 0..50 {
        rig.append(number * 10..number * 10 + 10).await;
    }
    let _status = rig.start();
    let end = rig.now() + 600_000;
    rig.until(|| rig.now() >= end).await;
    assert!(rig.script.requests() < 60, "{} requests", rig.script.requests());
    assert!(rig.script.play(|play| play.most_in_flight) <= 4);
    assert_eq!((rig.pending().await, rig.delivered(), rig.gate(Cause::Unavailable)), (500, 0, 1));
    rig.script.now_plays(SUCCESS);
    rig.drained().await;
    assert_eq!((rig.delivered(), rig.gate(Cause::Unavailable)), (500, 0));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b2_a_meta_that_never_answers_has_few_requests_and_loses_nothing() {
    let rig = Rig::new(&[], Step::Never);
    for number in 0..50 {
        rig.append(number * 100..number * 100 + 100).await;
    }
    let _status = rig.start();
    let end = rig.now() + 600_000;
    rig.until(|| rig.now() >= end).await;
    assert!(rig.script.requests() < 30, "{} requests", rig.script.requests());
    rig.script.now_plays(SUCCESS);
    rig.drained().await;
    assert_eq!(rig.delivered(), 5000);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b2_a_wait_that_meta_asks_for_is_kept() {
    let rig = Rig::new(&[Step::RetryAfter("120")], SUCCESS);
    rig.append(0..1).await;
    let _status = rig.start();
    rig.until(|| rig.script.requests() == 1).await;
    let asked = rig.now();
    rig.drained().await;
    assert!((119_000..130_000).contains(&(rig.now() - asked)), "{} ms", rig.now() - asked);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn one_probe_goes_first_after_the_gate_closed() {
    let rig = Rig::new(&[BUSY, BUSY, BUSY, BUSY], Step::Late(Duration::from_secs(10)));
    for number in 0..8 {
        rig.append(number * 1000..number * 1000 + 1000).await;
    }
    let _status = rig.start();
    rig.until(|| rig.gate(Cause::Unavailable) == 1).await;
    rig.until(|| rig.script.play(|play| play.steps.is_empty() && play.now_in_flight == 1)).await;
    let probe = rig.now();
    rig.until(|| rig.gate(Cause::Unavailable) == 0).await;
    assert!(rig.now() - probe >= 9_000, "the gate opened before the probe was answered");
    rig.drained().await;
    assert!(rig.script.play(|play| play.most_in_flight) > 1);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b4_a_bad_token_holds_the_dataset_and_drops_nothing() {
    let rig = Rig::new(&[], BAD_TOKEN);
    let status = rig.start();
    rig.append(0..7).await;
    rig.until(|| rig.gate(Cause::Token) == 1).await;
    assert_eq!(status.datasets()[0].closed.unwrap().cause, Cause::Token);
    let end = rig.now() + 600_000;
    rig.until(|| rig.now() >= end).await;
    assert_eq!((rig.pending().await, rig.quarantined().await), (7, 0));
    rig.script.now_plays(SUCCESS);
    rig.drained().await;
    assert_eq!((rig.delivered(), rig.gate(Cause::Token)), (7, 0));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b6_a_broken_connection_is_tried_again_at_once_with_the_same_events() {
    for kind in [FaultKind::Broken, FaultKind::Connect] {
        let rig = Rig::new(&[Step::Fault(kind)], SUCCESS);
        rig.append(0..2).await;
        let _status = rig.start();
        rig.drained().await;
        assert_eq!(rig.script.sizes(), [2, 2]);
        assert!(rig.script.play(|play| play.requests[0].1 == play.requests[1].1));
        assert_eq!((rig.delivered(), rig.gate(Cause::Unreachable)), (2, 0));
        rig.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn b5_an_unreachable_meta_holds_the_gate_after_one_retry_in_hand() {
    let rig = Rig::new(&[Step::Fault(FaultKind::Connect), Step::Fault(FaultKind::Connect)], SUCCESS);
    rig.append(0..2).await;
    let _status = rig.start();
    rig.until(|| rig.gate(Cause::Unreachable) == 1).await;
    assert_eq!(rig.script.requests(), 2);
    rig.drained().await;
    assert_eq!((rig.delivered(), rig.script.requests()), (2, 3));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b10_a_refused_batch_goes_to_quarantine_with_its_reason_and_the_rest_goes_on() {
    let rig = Rig::new(&[REFUSED], SUCCESS);
    rig.append(0..2).await;
    let _status = rig.start();
    rig.drained().await;
    rig.append(2..5).await;
    rig.drained().await;
    assert_eq!((rig.quarantined().await, rig.delivered()), (2, 3));
    assert_eq!(rig.metrics.events_quarantined.with_label_values(&["d", "refused"]).get(), 2);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_too_large_is_halved_until_it_fits() {
    let too_large = Step::Answer(413, "<html>");
    let rig = Rig::new(&[too_large, too_large, too_large], SUCCESS);
    rig.append(0..8).await;
    let _status = rig.start();
    rig.drained().await;
    assert_eq!(rig.script.sizes(), [8, 4, 2, 1, 1, 2, 4]);
    assert_eq!((rig.delivered(), rig.quarantined().await), (8, 0));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_too_large_even_alone_harms_only_itself() {
    let too_large = Step::Answer(413, "");
    let rig = Rig::new(&[too_large, too_large], SUCCESS);
    rig.append(0..2).await;
    let _status = rig.start();
    rig.drained().await;
    assert_eq!((rig.delivered(), rig.quarantined().await), (1, 1));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b15_events_past_metas_age_expire_and_are_never_sent() {
    let rig = Rig::new(&[], SUCCESS);
    let eight_days = NOW_SECS - 8 * 86_400;
    let events = vec![
        sanitized_at(1, eight_days, "website"),
        sanitized_at(2, NOW_SECS, "website"),
        sanitized_at(3, eight_days, "physical_store"),
        sanitized_at(4, NOW_SECS - 63 * 86_400, "physical_store"),
    ];
    rig.append_as("shop", "d", "{}", events).await;
    let _status = rig.start();
    rig.drained().await;
    assert_eq!(rig.script.sizes(), [2]);
    assert_eq!((rig.delivered(), rig.metrics.events_expired.with_label_values(&["d"]).get()), (2, 2));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b15_events_that_waited_too_long_expire_from_their_receipt() {
    let rig = Rig::new(&[], SUCCESS);
    rig.append_as("shop", "d", "{}", vec![sanitized_at(1, NOW_SECS + 500, "website")]).await;
    rig.clock.advance(Duration::from_secs(7 * 86_400));
    let _status = rig.start();
    rig.drained().await;
    assert_eq!((rig.script.requests(), rig.metrics.events_expired.with_label_values(&["d"]).get()), (0, 1));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn groups_of_a_site_that_left_the_configuration_are_kept_and_harm_nobody() {
    let rig = Rig::new(&[], SUCCESS);
    rig.append_as("gone", "d", "{}", (0..10).map(sanitized).collect()).await;
    rig.append_as("shop", "elsewhere", "{}", (20..30).map(sanitized).collect()).await;
    rig.append(100..103).await;
    let _status = rig.start();
    rig.until(|| rig.delivered() == 3).await;
    assert_eq!(rig.pending().await, 20);
    assert_eq!(rig.script.sizes(), [3]);
    // Out of the way for an hour: nothing is due before.
    let due = rig.outbox.next_due_ms("d", rig.now()).await.unwrap().unwrap();
    assert!(due > rig.now() + 3_500_000);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b7_a_slow_meta_never_has_an_event_in_two_requests() {
    let rig = Rig::new(&[], Step::Late(Duration::from_secs(29)));
    for number in 0..30 {
        rig.append(number * 400..number * 400 + 400).await;
    }
    let _status = rig.start();
    rig.drained().await;
    assert_eq!(rig.delivered(), 12_000);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_slow_dataset_delays_no_other() {
    let mut rig = Rig::new(&[], SUCCESS);
    rig.datasets = vec!["d".into(), "slow".into()];
    rig.script.play(|play| play.slow_dataset = Some("slow"));
    for number in 0..20 {
        rig.append_as("shop", "slow", "{}", (number * 1000..number * 1000 + 1000).map(sanitized).collect()).await;
    }
    let _status = rig.start();
    rig.until(|| rig.script.requests() >= 2).await;
    for number in 0..20 {
        let started = rig.now();
        rig.append(50_000 + number..50_001 + number).await;
        rig.until(|| rig.delivered() == number as u64 + 1).await;
        assert!(rig.now() - started < 500, "{} ms", rig.now() - started);
    }
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn more_datasets_than_requests_take_turns() {
    let mut rig = Rig::new(&[], SUCCESS);
    rig.max_requests = 2;
    rig.datasets = (0..7).map(|number| format!("d{number}").into()).collect();
    for number in 0..70 {
        let dataset = format!("d{}", number % 7);
        rig.append_as("shop", &dataset, "{}", vec![sanitized(number)]).await;
    }
    let _status = rig.start();
    rig.drained().await;
    assert!(rig.script.play(|play| play.most_in_flight) <= 2);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn events_of_another_policy_are_purged_where_that_is_configured() {
    let mut rig = Rig::new(&[], SUCCESS);
    rig.append(0..5).await;
    let (name, text) = Policy::builtin("retail").unwrap();
    let hosts = ["www.shop.example".to_owned(), "other.shop.example".to_owned()];
    rig.policy = Arc::new(Policy::compile(text, name, &hosts).unwrap());
    assert_ne!(rig.policy.digest(), policy().digest());
    rig.on_policy_change = OnPolicyChange::Purge;
    let _status = rig.start();
    rig.drained().await;
    assert_eq!((rig.script.requests(), rig.metrics.events_purged.with_label_values(&["d"]).get()), (0, 5));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn d1_a_long_linger_does_not_delay_a_stop_and_loses_nothing() {
    let mut rig = Rig::new(&[], SUCCESS);
    rig.linger = Duration::from_secs(300);
    let _status = rig.start();
    rig.append(0..3).await;
    let end = rig.now() + 1000;
    rig.until(|| rig.now() >= end).await;
    assert!(rig.stop().await < Duration::from_secs(1));
    assert_eq!((rig.script.requests(), rig.pending().await), (0, 3));
    // Given back, not left to its lease.
    assert!(rig.outbox.next_due_ms("d", rig.now()).await.unwrap().unwrap() <= rig.now());
}

#[tokio::test(start_paused = true)]
async fn d1_a_hanging_meta_does_not_hold_a_stop_past_the_grace() {
    let mut rig = Rig::new(&[], Step::Late(Duration::from_secs(10)));
    let _status = rig.start();
    rig.append(0..3).await;
    rig.until(|| rig.script.requests() == 1).await;
    // An answer within the grace still counts.
    assert!(rig.stop().await <= Duration::from_secs(11));
    assert_eq!((rig.delivered(), rig.pending().await), (3, 0));

    rig = Rig::new(&[], Step::Never);
    let _status = rig.start();
    rig.append(0..3).await;
    rig.until(|| rig.script.requests() == 1).await;
    assert!(rig.stop().await <= STOP_GRACE + Duration::from_secs(1));
    assert_eq!((rig.delivered(), rig.pending().await), (0, 3));
}

#[tokio::test(start_paused = true)]
async fn d10_a_stop_at_any_moment_settles_or_gives_back_what_is_in_hand() {
    for delay in 0..200 {
        let rig = Rig::new(&[], Step::Late(Duration::from_millis(20)));
        let _status = rig.start();
        rig.append(0..5).await;
        tokio::time::sleep(Duration::from_millis(delay * 2)).await;
        rig.stop().await;
        let pending = rig.pending().await;
        assert_eq!(rig.delivered() + pending, 5);
        if pending > 0 {
            assert!(rig.outbox.next_due_ms("d", rig.now()).await.unwrap().unwrap() <= rig.now(), "left to its lease");
        }
    }
}

#[test]
fn b12_dropping_the_dispatcher_at_any_moment_loses_nothing() {
    let rig = Rig::new(&[], Step::Late(Duration::from_millis(30)));
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    for delay in 0..60 {
        let once = runtime();
        once.block_on(async {
            let _status = rig.start();
            rig.append(delay * 3..delay * 3 + 3).await;
            tokio::time::sleep(Duration::from_millis(delay as u64 * 5)).await;
        });
        // Every task ends at the await at which it stands.
        drop(once);
    }
    rig.clock.advance(Duration::from_secs(120));
    runtime().block_on(async {
        let _status = rig.start();
        rig.drained().await;
        let sent: HashSet<String> =
            rig.script.play(|play| play.requests.iter().flat_map(|(_, events, _)| events.clone()).collect());
        assert_eq!(sent.len(), 180);
        rig.stop().await;
    });
}
