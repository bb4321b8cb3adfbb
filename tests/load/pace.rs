//! Callers who keep a rate, whatever the server does (an open loop).
//!
//! Each request has a moment at which it is due, and its latency counts from that moment: where all connections are taken, a request
//! waits for one, and that waiting is latency too. So a server that stalls cannot hide it by being asked less (coordinated omission).
//! A thread of its own lets requests go, as the timers of the runtime know milliseconds only; what it is late by, about a tenth of
//! one, is in the latencies.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::Instant;

use crate::callers::{Callers, Counts, taken};
use crate::connection::Connection;
use crate::request::Template;

/// How long the thread sleeps at least, so that a high rate does not keep it busy.
const NAP: Duration = Duration::from_micros(100);

/// A rate for a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    /// Requests a second.
    pub(crate) rate: f64,
    pub(crate) time: Duration,
}

/// What came of a step.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) counts: Counts,
    /// How long after its end the last of its requests was answered.
    pub(crate) answered_after: Duration,
}

impl Callers {
    /// Sends requests at these rates, one step after the other, and waits for all answers.
    pub(crate) async fn keep(&mut self, steps: &[Step]) -> Vec<Kept> {
        let plan = Arc::new(Plan::of(steps));
        let kept = plan.steps.iter().map(|_| Kept { counts: Counts::new(), answered_after: Duration::ZERO }).collect();
        let (kept, next) = (Rc::new(RefCell::new(kept)), Rc::new(Cell::new(0)));
        let (turns, started) = (Arc::new(Semaphore::new(0)), Instant::now());
        let pacer = {
            let (plan, turns) = (Arc::clone(&plan), Arc::clone(&turns));
            std::thread::spawn(move || plan.let_go(started, &turns))
        };
        let all = LocalSet::new();
        let mut callers = JoinSet::new();
        for connection in self.connections.drain(..) {
            let caller = Caller {
                connection,
                template: Rc::clone(&self.template),
                events: self.events,
                plan: Arc::clone(&plan),
                turns: Arc::clone(&turns),
                started,
                next: Rc::clone(&next),
                kept: Rc::clone(&kept),
            };
            callers.spawn_local_on(caller.call(), &all);
        }
        let connections = &mut self.connections;
        all.run_until(async {
            while let Some(caller) = callers.join_next().await {
                connections.push(caller.expect("a caller ends well"));
            }
        })
        .await;
        pacer.join().expect("the thread ends with the last request");
        Rc::into_inner(kept).expect("every caller has ended").into_inner()
    }
}

/// When each request is due, counted from the start.
#[derive(Debug)]
struct Plan {
    steps: Vec<Planned>,
    requests: u64,
}

#[derive(Debug)]
struct Planned {
    /// Requests of the steps before it.
    first: u64,
    start: Duration,
    end: Duration,
    rate: f64,
}

impl Plan {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts of an hour at most")]
    fn of(steps: &[Step]) -> Self {
        let mut plan = Self { steps: Vec::new(), requests: 0 };
        let mut start = Duration::ZERO;
        for Step { rate, time } in steps {
            let requests = (rate * time.as_secs_f64()).round().max(1.0);
            let end = start + *time;
            // So that one request is due within its step, however low the rate is.
            let rate = rate.max(requests / time.as_secs_f64());
            plan.steps.push(Planned { first: plan.requests, start, end, rate });
            plan.requests += requests as u64;
            start = end;
        }
        plan
    }

    /// The step of a request, and when it is due.
    #[expect(clippy::cast_precision_loss, reason = "counts of an hour at most")]
    fn due(&self, request: u64) -> (usize, Duration) {
        let step = self.steps.iter().rposition(|step| step.first <= request).unwrap_or_default();
        let Planned { first, start, rate, .. } = self.steps.get(step).expect("a plan has steps");
        (step, *start + Duration::from_secs_f64((request - first) as f64 / rate))
    }

    /// Gives a turn for each request once it is due.
    fn let_go(&self, started: Instant, turns: &Semaphore) {
        let mut request = 0;
        while request < self.requests {
            let (elapsed, mut due) = (started.elapsed(), 0);
            while request < self.requests && self.due(request).1 <= elapsed {
                (request, due) = (request + 1, due + 1);
            }
            turns.add_permits(due);
            let next = self.due(request).1;
            std::thread::sleep(next.saturating_sub(started.elapsed()).max(NAP));
        }
    }
}

struct Caller {
    connection: Connection,
    template: Rc<Template>,
    events: usize,
    plan: Arc<Plan>,
    turns: Arc<Semaphore>,
    started: Instant,
    next: Rc<Cell<u64>>,
    kept: Rc<RefCell<Vec<Kept>>>,
}

impl Caller {
    async fn call(mut self) -> Connection {
        let expected = taken(self.events);
        loop {
            let request = self.next.replace(self.next.get() + 1);
            if request >= self.plan.requests {
                return self.connection;
            }
            // Turns are given in the order in which they were asked for, so this is the one of this request.
            self.turns.acquire().await.expect("turns do not end").forget();
            let answer = self.connection.post(self.template.request(self.events)).await;
            let answered = self.started.elapsed();
            match answer {
                Ok(answer) if answer.status == 200 && answer.body.starts_with(expected.as_bytes()) => {
                    self.note(request, answered);
                }
                Ok(answer) if answer.status == 503 => self.step(request, |kept| kept.counts.turned_away += 1),
                Ok(answer) => panic!("answered {}: {}", answer.status, String::from_utf8_lossy(&answer.body)),
                Err(_) => {
                    self.step(request, |kept| kept.counts.broken += 1);
                    self.connection.renew().await.expect("the server under test takes connections");
                }
            }
        }
    }

    fn note(&self, request: u64, answered: Duration) {
        let (step, due) = self.plan.due(request);
        let end = self.plan.steps.get(step).map(|step| step.end).unwrap_or_default();
        let (events, took) = (self.events as u64, answered.saturating_sub(due));
        self.step(request, |Kept { counts, answered_after }| {
            counts.events += events;
            if answered <= end {
                counts.events_in_time += events;
            }
            *answered_after = (*answered_after).max(answered.saturating_sub(end));
            counts.latency.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        });
    }

    fn step(&self, request: u64, change: impl FnOnce(&mut Kept)) {
        let (step, _) = self.plan.due(request);
        change(self.kept.borrow_mut().get_mut(step).expect("a step of the plan"));
    }
}
