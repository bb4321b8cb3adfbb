//! The one task that keeps what comes in, an intake at a time.
//!
//! An intake is all that waits, and becomes one call a dataset. A few of them are under way at once, so that the way to Redis and back
//! costs no throughput; while all are, what comes waits for the next and shares it. While many ask, and more keep coming, an intake
//! waits some moments for them, as in the embedded outbox. Dropping a request that waits takes nothing back.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio_util::task::TaskTracker;

use super::append::{Unkept, keep};
use super::core::Core;
use crate::outbox::{Append, OutboxError, Receipt};

/// Questions that may wait for the writer; whoever comes then waits to ask.
pub(super) const MAX_WAITING: usize = 1024;

/// Intakes under way at once.
const INTAKES: usize = 4;

/// From this number of appends in this intake and the one before, the writer waits for more: so many steps at most, and no further
/// once one of them brings nothing.
const BUSY_APPENDS: usize = 16;
const LINGER_STEP: Duration = Duration::from_millis(1);
const LINGER_STEPS: usize = 2;

/// Bounds of one intake.
const MAX_APPENDS: usize = 1024;
const MAX_APPEND_BYTES: u64 = 4 * 1024 * 1024;

/// How long intakes are waited for when the outbox is closed, beyond the patience that each of them has.
const CLOSE_GRACE: Duration = Duration::from_secs(1);

/// What the writer is asked.
#[derive(Debug)]
pub(super) enum Ask {
    Append(Asked),
    Close(oneshot::Sender<()>),
}

/// Events to be kept, and the way back for the answer.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) append: Append,
    pub(super) reply: oneshot::Sender<Result<Receipt, Box<Unkept>>>,
}

/// What is taken in at once.
#[derive(Debug, Default)]
struct Intake {
    asked: Vec<Asked>,
    bytes: u64,
    closes: Vec<oneshot::Sender<()>>,
}

/// Works until all askers are gone or one of them closes.
pub(super) async fn run(core: Arc<Core>, mut inbox: mpsc::Receiver<Ask>) {
    let permits = Arc::new(Semaphore::new(INTAKES));
    let calls = TaskTracker::new();
    let mut closes = Vec::new();
    let mut last = 0;
    while let Some(ask) = inbox.recv().await {
        let mut intake = Intake::default();
        intake.add(ask);
        // Nobody closes it, so there is always a permit to come.
        let permit = Arc::clone(&permits).acquire_owned().await.ok().map(Arc::new);
        intake.fill(&mut inbox);
        if intake.asked.len() + last > BUSY_APPENDS {
            intake.linger(&mut inbox).await;
        }
        last = intake.asked.len();
        if !intake.closes.is_empty() {
            // What was sent before is still received; who sends from now on is told that it is closed.
            inbox.close();
            closes.append(&mut intake.closes);
        }
        for (dataset, asked) in by_dataset(intake.asked) {
            let (core, permit) = (Arc::clone(&core), permit.clone());
            calls.spawn(async move {
                keep(&core, dataset, asked).await;
                drop(permit);
            });
        }
    }
    calls.close();
    if tokio::time::timeout(core.patience + CLOSE_GRACE, calls.wait()).await.is_err() {
        tracing::warn!("Redis did not answer before the outbox was closed; what was not answered was not accepted");
    }
    core.close();
    for close in closes {
        // Whoever closed may have stopped waiting, which changes nothing.
        close.send(()).unwrap_or_default();
    }
}

fn by_dataset(asked: Vec<Asked>) -> Vec<(Arc<str>, Vec<Asked>)> {
    let mut parted: Vec<(Arc<str>, Vec<Asked>)> = Vec::new();
    for one in asked {
        match parted.iter_mut().find(|(dataset, _)| *dataset == one.append.dataset) {
            Some((_, asked)) => asked.push(one),
            None => parted.push((Arc::clone(&one.append.dataset), vec![one])),
        }
    }
    parted
}

impl Intake {
    fn add(&mut self, ask: Ask) {
        match ask {
            Ask::Append(asked) => {
                self.bytes = self.bytes.saturating_add(asked.append.cost());
                self.asked.push(asked);
            }
            Ask::Close(close) => self.closes.push(close),
        }
    }

    fn fill(&mut self, inbox: &mut mpsc::Receiver<Ask>) {
        while self.asked.len() < MAX_APPENDS && self.bytes < MAX_APPEND_BYTES {
            match inbox.try_recv() {
                Ok(ask) => self.add(ask),
                Err(_) => return,
            }
        }
    }

    async fn linger(&mut self, inbox: &mut mpsc::Receiver<Ask>) {
        for _ in 0..LINGER_STEPS {
            let before = self.asked.len();
            tokio::time::sleep(LINGER_STEP).await;
            self.fill(inbox);
            if self.asked.len() == before {
                return;
            }
        }
    }
}

impl Asked {
    /// Answers. Nobody may wait any more, which changes nothing.
    pub(super) fn answer(self, receipt: Receipt) {
        drop(self.reply.send(Ok(receipt)));
    }

    /// Gives the events back.
    pub(super) fn refuse(self, error: OutboxError) {
        drop(self.reply.send(Err(Box::new(Unkept { append: Some(self.append), error }))));
    }
}
