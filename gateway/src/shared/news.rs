//! What other gateways did, heard at once: one blocking read, on a connection of its own, of the stream `news` and of every stream
//! that somebody follows.
//!
//! A wake-up that is lost costs a second: so long the read blocks, and whatever it answers, the outbox looks for work. Left to
//! others: what a followed stream holds. Absent on purpose: waiting for data on the connection that everybody uses, and a stop
//! that waits for a read.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::membership::Membership;
use super::{Keys, Link, SharedError, Work};

/// How long one read blocks, in milliseconds. It is the poll as well: after it the outbox looks for work in any case.
const BLOCK_MS: u64 = 1_000;
/// So many entries of a stream in one answer.
const COUNT: usize = 1_000;
/// News are told at most this often.
const PAUSE: Duration = Duration::from_millis(100);
/// The pause after a read that failed, or after entries that nobody could take.
const RETRY: Duration = Duration::from_secs(1);
/// About so many news are kept: whoever was away longer looks for himself.
const KEPT: usize = 1_000;

/// An entry of a stream: its id, and its fields and values by turns.
pub type Entry = (String, Vec<Vec<u8>>);
/// What a read answers: the entries by stream; nothing if there was none in time.
type Answer = Option<Vec<(String, Vec<Entry>)>>;

/// Whoever reads a stream from where it stands to the end, and then what is appended to it.
pub trait Follower: Debug + Send + Sync {
    /// The key of the stream; a common one.
    fn key(&self) -> String;
    /// The id after which it reads on. Asked before every read.
    fn position(&self) -> String;
    /// Takes what follows, in order, and moves on. What it does not move past is handed to it again after a pause.
    fn take(&self, entries: Vec<Entry>) -> Work<'_>;
}

/// Tells news and hears them. Cheap to clone.
#[derive(Debug, Clone)]
pub struct News(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    membership: Membership,
    followers: Mutex<Vec<Arc<dyn Follower>>>,
    /// Datasets that got events since news were told last.
    fresh: Mutex<BTreeSet<Arc<str>>>,
    is_fresh: Notify,
}

impl News {
    /// Of a gateway.
    pub fn new(membership: Membership) -> Self {
        Self(Arc::new(Inner { membership, followers: Mutex::default(), fresh: Mutex::default(), is_fresh: Notify::new() }))
    }

    /// Has somebody follow a stream, from the next read on.
    pub fn follow(&self, follower: Arc<dyn Follower>) {
        self.0.followers.lock().unwrap_or_else(PoisonError::into_inner).push(follower);
    }

    /// Has the other gateways told that there is work in this dataset, if there are any.
    pub fn tell(&self, dataset: &Arc<str>) {
        if self.0.membership.is_alone() {
            return;
        }
        let mut fresh = self.0.fresh.lock().unwrap_or_else(PoisonError::into_inner);
        if !fresh.contains(dataset) {
            fresh.insert(Arc::clone(dataset));
            drop(fresh);
            self.0.is_fresh.notify_one();
        }
    }

    /// Hears and tells until `stop`, for which neither is waited. `wake` is called whenever there may be work.
    pub async fn run(self, link: Link, wake: impl Fn() + Send, stop: CancellationToken) {
        let both = async { tokio::join!(self.hear(&link, &wake), self.speak(&link)) };
        // A read that is cut loses nothing: what it would have answered is in the stream.
        stop.run_until_cancelled(both).await;
    }

    async fn hear(&self, link: &Link, wake: &impl Fn()) {
        loop {
            if let Err(error) = self.read_on(link, wake).await {
                tracing::debug!(%error, "news are not heard for a while");
            }
            // What was told meanwhile may never be heard.
            wake();
            tokio::time::sleep(RETRY).await;
        }
    }

    /// Reads on one connection until it breaks.
    async fn read_on(&self, link: &Link, wake: &impl Fn()) -> Result<(), SharedError> {
        let mut reader = link.reader().await?;
        let news = self.keys().common("news");
        let mut heard = last_id(link, &news).await?;
        wake();
        loop {
            let followers = self.followers();
            let mut command = redis::cmd("XREAD");
            command.arg("COUNT").arg(COUNT).arg("BLOCK").arg(BLOCK_MS).arg("STREAMS").arg(&news);
            command.arg(followers.iter().map(|follower| follower.key()).collect::<Vec<_>>()).arg(&heard);
            command.arg(followers.iter().map(|follower| follower.position()).collect::<Vec<_>>());
            let answer: Answer = reader.read(&command).await?;
            for (key, entries) in answer.into_iter().flatten() {
                if key == news {
                    heard = entries.into_iter().next_back().map_or(heard, |(id, _)| id);
                } else if let Some(follower) = followers.iter().find(|follower| follower.key() == key) {
                    hand(&**follower, entries).await;
                }
            }
            wake();
        }
    }

    /// Tells what is fresh, at most so often.
    async fn speak(&self, link: &Link) {
        loop {
            self.0.is_fresh.notified().await;
            let fresh = std::mem::take(&mut *self.0.fresh.lock().unwrap_or_else(PoisonError::into_inner));
            let mut command = redis::cmd("XADD");
            command.arg(self.keys().common("news")).arg("MAXLEN").arg("~").arg(KEPT).arg("*");
            command.arg("by").arg(self.0.membership.name());
            for dataset in &fresh {
                command.arg("dataset").arg(&**dataset);
            }
            if let Err(error) = link.command::<String>("news", &command).await {
                tracing::debug!(%error, "news are not told; the other gateways look by themselves every second");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn keys(&self) -> &Keys {
        self.0.membership.keys()
    }

    fn followers(&self) -> Vec<Arc<dyn Follower>> {
        self.0.followers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The id after which everything in a stream is new.
async fn last_id(link: &Link, stream: &str) -> Result<String, SharedError> {
    let mut command = redis::cmd("XREVRANGE");
    command.arg(stream).arg("+").arg("-").arg("COUNT").arg(1);
    let last: Vec<Entry> = link.command("the last of the news", &command).await?;
    Ok(last.into_iter().next().map_or_else(|| "0-0".to_owned(), |(id, _)| id))
}

/// Hands entries to whoever follows. What is not taken would be read again at once, for ever.
async fn hand(follower: &dyn Follower, entries: Vec<Entry>) {
    let before = follower.position();
    if let Err(error) = follower.take(entries).await {
        tracing::error!(%error, "what other gateways told is not taken; it is tried again");
    }
    if follower.position() == before {
        tokio::time::sleep(RETRY).await;
    }
}
