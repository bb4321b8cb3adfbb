//! Callers at work: each has one connection and sends its next request when the last one is answered.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::arguments::Point;
use crate::connection::Connection;
use crate::request::Template;

/// How long a caller waits that is turned away without being told how long.
const PAUSE_SECS: u64 = 1;

/// Open connections and what is sent on them.
#[derive(Debug)]
pub(crate) struct Callers {
    pub(crate) connections: Vec<Connection>,
    pub(crate) template: Rc<Template>,
    pub(crate) events: usize,
}

/// What came of some time of calling.
#[derive(Debug)]
pub(crate) struct Counts {
    /// Events that were answered 200.
    pub(crate) events: u64,
    /// Those of them that were answered before the time was over.
    pub(crate) events_in_time: u64,
    /// Requests answered 503.
    pub(crate) turned_away: u64,
    /// Connections that broke before an answer.
    pub(crate) broken: u64,
    /// Of requests answered 200, in microseconds.
    pub(crate) latency: Histogram<u64>,
}

impl Counts {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        let latency = Histogram::new_with_bounds(1, 600_000_000, 3).expect("bounds in order");
        Self { events: 0, events_in_time: 0, turned_away: 0, broken: 0, latency }
    }
}

/// What an answer says to whom so many events were taken.
pub(crate) fn taken(events: usize) -> String {
    format!("{{\"events_received\":{events},")
}

impl Callers {
    /// Connects all of them.
    pub(crate) async fn connect(address: SocketAddr, point: Point, template: &Rc<Template>) -> Self {
        let mut connections = Vec::with_capacity(point.connections);
        for _ in 0..point.connections {
            connections.push(Connection::open(address).await.expect("the server under test takes connections"));
        }
        Self { connections, template: Rc::clone(template), events: point.events }
    }

    /// Lets them call for so long. Requests in hand at its end are waited for.
    pub(crate) async fn call(&mut self, time: Duration) -> Counts {
        let (counts, over) = (Rc::new(RefCell::new(Counts::new())), CancellationToken::new());
        let all = LocalSet::new();
        let mut callers = JoinSet::new();
        for connection in self.connections.drain(..) {
            let caller = Caller {
                connection,
                template: Rc::clone(&self.template),
                events: self.events,
                counts: Rc::clone(&counts),
                over: over.clone(),
            };
            callers.spawn_local_on(caller.call(), &all);
        }
        let connections = &mut self.connections;
        all.run_until(async {
            tokio::time::sleep(time).await;
            over.cancel();
            while let Some(caller) = callers.join_next().await {
                connections.push(caller.expect("a caller ends well"));
            }
        })
        .await;
        Rc::into_inner(counts).expect("every caller has ended").into_inner()
    }
}

struct Caller {
    connection: Connection,
    template: Rc<Template>,
    events: usize,
    counts: Rc<RefCell<Counts>>,
    over: CancellationToken,
}

impl Caller {
    async fn call(mut self) -> Connection {
        let expected = taken(self.events);
        while !self.over.is_cancelled() {
            let request = self.template.request(self.events);
            let asked = Instant::now();
            let Ok(answer) = self.connection.post(request).await else {
                self.counts.borrow_mut().broken += 1;
                self.connection.renew().await.expect("the server under test takes connections");
                continue;
            };
            match answer.status {
                200 if answer.body.starts_with(expected.as_bytes()) => self.note(asked.elapsed()),
                503 => {
                    self.counts.borrow_mut().turned_away += 1;
                    let pause = Duration::from_secs(answer.retry_after_secs.unwrap_or(PAUSE_SECS));
                    self.over.run_until_cancelled(tokio::time::sleep(pause)).await;
                }
                status => panic!("answered {status}: {}", String::from_utf8_lossy(&answer.body)),
            }
        }
        self.connection
    }

    fn note(&self, took: Duration) {
        let counts = &mut *self.counts.borrow_mut();
        let events = self.events as u64;
        counts.events += events;
        if !self.over.is_cancelled() {
            counts.events_in_time += events;
        }
        counts.latency.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }
}
