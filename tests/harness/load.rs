//! Callers that post without a pause or at a rate, and note what they were promised.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Interval;

use crate::{Client, Oracle, numbered_purchase};

/// How long a caller waits that was answered 503, or whose gateway is gone, before it asks again.
const PAUSE: Duration = Duration::from_millis(20);

/// What callers ask for.
#[derive(Debug, Clone, Copy)]
pub struct Demand {
    /// How many of them.
    pub callers: u32,
    /// Events in each request.
    pub events: u64,
    /// Events a second of all of them together, kept up also by a caller that fell behind; without it as fast as they are
    /// answered.
    pub per_second: Option<u32>,
}

/// Callers at work.
#[derive(Debug)]
pub struct Load {
    callers: JoinSet<Oracle>,
    shared: Shared,
}

#[derive(Debug, Clone, Default)]
struct Shared {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
    turned_away: Arc<AtomicU64>,
}

impl Load {
    /// So many callers, each of whom posts requests of so many events, one after the other. Whoever gets no answer ends.
    pub fn start(client: &Client, prefix: &str, callers: u32, events: u64) -> Self {
        Self::with(client, None, prefix, Demand { callers, events, per_second: None })
    }

    /// Callers who go on when their gateway is gone, at the address that is told then. Of the events whose answer never came,
    /// every other request is posted again, as some callers do.
    pub fn following(addresses: &watch::Receiver<SocketAddr>, prefix: &str, demand: Demand) -> Self {
        let client = Client::new(*addresses.borrow());
        Self::with(&client, Some(addresses), prefix, demand)
    }

    fn with(client: &Client, addresses: Option<&watch::Receiver<SocketAddr>>, prefix: &str, demand: Demand) -> Self {
        let shared = Shared::default();
        let mut tasks = JoinSet::new();
        let every = demand.per_second.and_then(|rate| {
            let events = u32::try_from(demand.events).unwrap_or(u32::MAX).saturating_mul(demand.callers);
            (Duration::from_secs(1) * events).checked_div(rate)
        });
        for caller in 0..demand.callers {
            let caller = Caller {
                client: client.clone(),
                addresses: addresses.cloned(),
                prefix: format!("{prefix}-{caller}"),
                events: demand.events,
                // They take turns, or all would ask at once.
                turn: every.map(|every| {
                    tokio::time::interval_at(tokio::time::Instant::now() + every * caller / demand.callers, every)
                }),
                shared: shared.clone(),
                oracle: Oracle::default(),
            };
            tasks.spawn(caller.call());
        }
        Self { callers: tasks, shared }
    }

    /// How many requests were answered 2xx so far.
    pub fn answered(&self) -> u64 {
        self.shared.answered.load(Ordering::Relaxed)
    }

    /// How many requests were answered 503 so far.
    pub fn turned_away(&self) -> u64 {
        self.shared.turned_away.load(Ordering::Relaxed)
    }

    /// Lets each caller end its request and gives what they noted.
    pub async fn finish(mut self) -> Oracle {
        self.shared.stop.store(true, Ordering::Relaxed);
        let mut oracle = Oracle::default();
        while let Some(noted) = self.callers.join_next().await {
            oracle.merge(noted.expect("a caller does not panic"));
        }
        oracle
    }
}

struct Caller {
    client: Client,
    addresses: Option<watch::Receiver<SocketAddr>>,
    prefix: String,
    events: u64,
    turn: Option<Interval>,
    shared: Shared,
    oracle: Oracle,
}

impl Caller {
    async fn call(mut self) -> Oracle {
        let (mut number, mut asks_again) = (0, false);
        while !self.shared.stop.load(Ordering::Relaxed) {
            if let Some(turn) = &mut self.turn {
                turn.tick().await;
            }
            if let Some(addresses) = &mut self.addresses {
                self.client = self.client.at(*addresses.borrow_and_update());
            }
            let numbers = number..number + self.events;
            let batch: Vec<Value> = numbers.clone().map(|number| numbered_purchase(&self.prefix, number)).collect();
            let ids: Vec<String> = numbers.map(|number| format!("{}-{number}", self.prefix)).collect();
            for id in &ids {
                self.oracle.issue(id);
            }
            match self.client.post(&batch).await {
                Ok(answer) if answer.is_success() => {
                    assert_eq!(answer.json()["events_received"], self.events, "{}", answer.text());
                    for id in &ids {
                        self.oracle.owe(id);
                    }
                    self.shared.answered.fetch_add(1, Ordering::Relaxed);
                    number += self.events;
                }
                // Not now: the same events again after a pause, as a caller does.
                Ok(answer) => {
                    assert_eq!(answer.status, 503, "{}", answer.text());
                    self.shared.turned_away.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(PAUSE).await;
                }
                // An answer that never came promises nothing: the events count as issued only.
                Err(error) => {
                    let Some(addresses) = &mut self.addresses else { break };
                    // The new address, or the same gateway again, which only cut this connection.
                    drop(tokio::time::timeout(PAUSE, addresses.changed()).await);
                    // Nobody has seen them if there was nobody to connect to.
                    if error.kind() != ErrorKind::ConnectionRefused {
                        asks_again = !asks_again;
                        number += if asks_again { 0 } else { self.events };
                    }
                }
            }
        }
        self.oracle
    }
}
