//! Callers that post without a pause, and note what they were promised.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde_json::Value;
use tokio::task::JoinSet;

use crate::{Client, Oracle, numbered_purchase};

/// Callers at work.
#[derive(Debug)]
pub struct Load {
    callers: JoinSet<Oracle>,
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
}

impl Load {
    /// So many callers, each of whom posts requests of so many events, one after the other.
    pub fn start(client: &Client, prefix: &str, callers: usize, events: u64) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let answered = Arc::new(AtomicU64::new(0));
        let mut tasks = JoinSet::new();
        for caller in 0..callers {
            let prefix = format!("{prefix}-{caller}");
            tasks.spawn(call(client.clone(), prefix, events, Arc::clone(&stop), Arc::clone(&answered)));
        }
        Self { callers: tasks, stop, answered }
    }

    /// How many requests were answered 2xx so far.
    pub fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
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

/// An answer that never came promises nothing; the events count as issued only.
async fn call(client: Client, prefix: String, events: u64, stop: Arc<AtomicBool>, answered: Arc<AtomicU64>) -> Oracle {
    let mut oracle = Oracle::default();
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        let batch: Vec<Value> = (number..number + events).map(|number| numbered_purchase(&prefix, number)).collect();
        let ids: Vec<String> = (number..number + events).map(|number| format!("{prefix}-{number}")).collect();
        number += events;
        ids.iter().for_each(|id| oracle.issue(id));
        match client.post(&batch).await {
            Ok(answer) if answer.is_success() => {
                assert_eq!(answer.json()["events_received"], events, "{}", answer.text());
                ids.iter().for_each(|id| oracle.owe(id));
                answered.fetch_add(1, Ordering::Relaxed);
            }
            // 503: not now. A refused or broken connection: it is being killed or stopped. Both yield to the others.
            Ok(answer) => {
                assert_eq!(answer.status, 503, "{}", answer.text());
                tokio::task::yield_now().await;
            }
            Err(_) => tokio::task::yield_now().await,
        }
    }
    oracle
}
