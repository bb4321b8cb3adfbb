//! Callers that post without a pause, and note what they were promised.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::task::JoinSet;

use crate::{Client, Oracle, numbered_purchase};

/// How long a caller that was answered 503 waits before it asks again.
const PAUSE: Duration = Duration::from_millis(20);

/// Callers at work.
#[derive(Debug)]
pub struct Load {
    callers: JoinSet<Oracle>,
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
    turned_away: Arc<AtomicU64>,
}

impl Load {
    /// So many callers, each of whom posts requests of so many events, one after the other.
    pub fn start(client: &Client, prefix: &str, callers: usize, events: u64) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let answered = Arc::new(AtomicU64::new(0));
        let turned_away = Arc::new(AtomicU64::new(0));
        let mut tasks = JoinSet::new();
        for caller in 0..callers {
            tasks.spawn(call(Caller {
                client: client.clone(),
                prefix: format!("{prefix}-{caller}"),
                events,
                stop: Arc::clone(&stop),
                answered: Arc::clone(&answered),
                turned_away: Arc::clone(&turned_away),
            }));
        }
        Self { callers: tasks, stop, answered, turned_away }
    }

    /// How many requests were answered 2xx so far.
    pub fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    /// How many requests were answered 503 so far.
    pub fn turned_away(&self) -> u64 {
        self.turned_away.load(Ordering::Relaxed)
    }

    /// Lets each caller end its request and gives what they noted.
    pub async fn finish(mut self) -> Oracle {
        self.stop.store(true, Ordering::Relaxed);
        let mut oracle = Oracle::default();
        while let Some(noted) = self.callers.join_next().await {
            oracle.merge(noted.expect("a caller does not panic"));
        }
        oracle
    }
}

struct Caller {
    client: Client,
    prefix: String,
    events: u64,
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
    turned_away: Arc<AtomicU64>,
}

/// An answer that never came promises nothing: the events count as issued only, and the caller stops, for the gateway was
/// killed or stopped and will listen elsewhere.
async fn call(caller: Caller) -> Oracle {
    let mut oracle = Oracle::default();
    let mut number = 0;
    while !caller.stop.load(Ordering::Relaxed) {
        let numbers = number..number + caller.events;
        let batch: Vec<Value> = numbers.clone().map(|number| numbered_purchase(&caller.prefix, number)).collect();
        let ids: Vec<String> = numbers.map(|number| format!("{}-{number}", caller.prefix)).collect();
        for id in &ids {
            oracle.issue(id);
        }
        match caller.client.post(&batch).await {
            Ok(answer) if answer.is_success() => {
                assert_eq!(answer.json()["events_received"], caller.events, "{}", answer.text());
                for id in &ids {
                    oracle.owe(id);
                }
                caller.answered.fetch_add(1, Ordering::Relaxed);
                number += caller.events;
            }
            // Not now: the same events again after a pause, as a caller does.
            Ok(answer) => {
                assert_eq!(answer.status, 503, "{}", answer.text());
                caller.turned_away.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(PAUSE).await;
            }
            Err(_) => break,
        }
    }
    oracle
}
