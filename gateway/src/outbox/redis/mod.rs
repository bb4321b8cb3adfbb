//! The outbox in Redis, which several gateways share. Everything of one dataset lies together and is changed by scripts, each in
//! one step; `{prefix:dataset}:` stands before these names, `{prefix}:` before the common ones.
//!
//! | key | what | why |
//! |---|---|---|
//! | `queue` | stream, an entry a group; consumer group `gateways` | who has what: its pending list is the truth |
//! | `heads`, `bodies` | hashes by row | an entry of a stream cannot be changed, and a group narrows; what went must go at once (O8) |
//! | `due` | sorted set | ends of leases and retry times of all groups that were ever handed out |
//! | `condemned` | hash by row | what a purge found in hand |
//! | `policies`, `tally` | hashes | texts by digest; the last row, and totals, so that depth costs no scan |
//! | `quarantine`, `asides` | stream; hash by number | what was set aside; its events apart, as a deleted entry leaves its bytes |
//! | `seen`, `answer:TOKEN` | sorted set, text | marks of events that came; what a call did |
//! | `datasets`, `suspect` (common) | set, text | where to look; the one group that may be in hand as a suspect |
//! | `long_work` (common) | text, expiring | the one command that goes over everything: a redrive beside a purge would bring back |

mod append;
mod lease;
mod settle;

mod inspect;
mod purge;
mod purge_aside;
mod redrive;
mod rekey;
mod sweep;
mod visit;

mod alone;
mod answer;
mod aside;
mod bodies;
mod bury;
mod change;
mod core;
mod depth;
mod head;
mod look;
mod mend;
mod quarantine;
mod rewrite;
mod scripts;
mod suspect;
mod writer;

#[cfg(test)]
mod tests;

pub use self::append::Unkept;
pub use self::core::Opening;
pub use self::visit::Visit;

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};

use self::core::Core;
use self::writer::{Ask, MAX_WAITING};
use super::Trouble;

/// An outbox in Redis. Cheap to clone. Its writer ends when the last clone is gone or one was closed.
#[derive(Debug, Clone)]
pub struct Redis {
    core: Arc<Core>,
    inbox: mpsc::Sender<Ask>,
}

impl Redis {
    /// On a connection that was made; within a runtime, as it starts the writer.
    pub fn new(opening: Opening) -> Self {
        let (sender, inbox) = mpsc::channel(MAX_WAITING);
        let core = Arc::new(Core::new(opening));
        let tasks = tokio_util::task::TaskTracker::new();
        tasks.spawn(writer::run(Arc::clone(&core), inbox));
        Self { core, inbox: sender }
    }

    /// Changes after every commit of ours that adds or gives back work, and when [`Redis::wake`] was called.
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.core.changed.subscribe()
    }

    /// Something was added or given back by another gateway.
    pub fn wake(&self) {
        self.core.wake();
    }

    /// Changes when this gateway has added or given back work that others could do: [`Redis::take_news`] says of which datasets.
    pub fn news(&self) -> watch::Receiver<u64> {
        self.core.news.changed.subscribe()
    }

    /// The datasets to which this gateway has added or given back work since the last call.
    pub fn take_news(&self) -> Vec<Arc<str>> {
        self.core.news.take()
    }

    pub(super) fn health(&self) -> Result<(), Trouble> {
        self.core.health()
    }

    /// Ends the writer once it has done, or given up, what it was asked; it gives up at its deadline.
    pub(super) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.inbox.send(Ask::Close(done)).await.is_ok() {
            // An error means that the writer has ended by itself.
            closed.await.unwrap_or_default();
        }
        self.core.close();
    }
}
