//! Spans that ended and wait for the collector: bounded, and what does not fit is counted and gone. Nobody waits for it.

use prometheus::IntCounter;
use tokio::sync::mpsc;

use super::span::Record;

/// So many wait at most, about 1 KiB each.
const MOST: usize = 2048;

/// Where ended spans go.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: mpsc::Sender<Record>,
    dropped: IntCounter,
}

impl Queue {
    /// An empty one, and its other end.
    pub(super) fn new(dropped: IntCounter) -> (Self, mpsc::Receiver<Record>) {
        let (waiting, ended) = mpsc::channel(MOST);
        (Self { waiting, dropped }, ended)
    }

    /// Takes one if there is room.
    pub(super) fn take(&self, record: Record) {
        if self.waiting.try_send(record).is_err() {
            self.dropped.inc();
        }
    }
}
