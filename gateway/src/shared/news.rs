//! What other gateways did, heard at once: one blocking read of the stream `news`, on a connection of its own.
//!
//! News only say where to look: a dataset that got work, or the log of suppressed persons. One that is lost costs a second, as so
//! long the read blocks, and whatever it answers, everybody looks. Left to others: the looking. Absent on purpose: waiting for data
//! on the connection that everybody uses, and a stop that waits for a read.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::membership::Membership;
use super::{Link, SharedError};

/// How long one read blocks, in milliseconds: the poll under the news.
const BLOCK_MS: u64 = 1_000;
/// So many news in one answer.
const COUNT: usize = 1_000;
/// News are told at most this often.
const PAUSE: Duration = Duration::from_millis(100);
/// The pause after a read that failed.
const RETRY: Duration = Duration::from_secs(1);
/// About so many are kept: whoever was away longer looks everywhere anyway.
const KEPT: usize = 1_000;

/// A dataset got work.
const DATASET: &str = "dataset";
/// The log of suppressed persons got longer.
const PERSONS: &str = "persons";

/// An entry of the stream: its id, and its fields and values by turns.
type Entry = (String, Vec<Vec<u8>>);
/// What a read answers: the entries by stream; nothing if there was none in time.
type Answer = Option<Vec<(String, Vec<Entry>)>>;

/// Tells news and hears them. Cheap to clone.
#[derive(Debug, Clone)]
pub struct News(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    membership: Membership,
    /// What is to be told.
    datasets: Mutex<BTreeSet<Arc<str>>>,
    persons: AtomicBool,
    is_fresh: Notify,
    /// The log of suppressed persons is to be looked at.
    told_of_persons: Arc<Notify>,
}

impl News {
    /// Of a gateway.
    pub fn new(membership: Membership) -> Self {
        Self(Arc::new(Inner {
            membership,
            datasets: Mutex::default(),
            persons: AtomicBool::default(),
            is_fresh: Notify::new(),
            told_of_persons: Arc::default(),
        }))
    }

    /// Has the other gateways told that there is work in these datasets, if there are any.
    pub fn tell(&self, datasets: Vec<Arc<str>>) {
        if !datasets.is_empty() && !self.0.membership.is_alone() {
            self.0.datasets.lock().unwrap_or_else(PoisonError::into_inner).extend(datasets);
            self.0.is_fresh.notify_one();
        }
    }

    /// Has the other gateways told that the log of suppressed persons got longer.
    pub fn tell_of_persons(&self) {
        self.0.persons.store(true, Ordering::Release);
        self.0.is_fresh.notify_one();
    }

    /// Notified whenever another gateway told of persons, and whenever that may not have been heard.
    pub fn of_persons(&self) -> Arc<Notify> {
        Arc::clone(&self.0.told_of_persons)
    }

    /// Hears and tells until `stop`, for which neither is waited. `wake` is called whenever there may be work.
    pub async fn run(self, link: Link, wake: impl Fn() + Send + Sync, stop: CancellationToken) {
        let both = async { tokio::join!(self.hear(&link, &wake), self.speak(&link)) };
        // A read that is cut loses nothing: what it would have answered is in the stream.
        stop.run_until_cancelled(both).await;
    }

    async fn hear(&self, link: &Link, wake: &(impl Fn() + Sync)) {
        loop {
            if let Err(error) = self.read_on(link, wake).await {
                tracing::debug!(%error, "news are not heard for a while");
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    /// Reads on one connection until it breaks.
    async fn read_on(&self, link: &Link, wake: &(impl Fn() + Sync)) -> Result<(), SharedError> {
        let news = self.0.membership.keys().common("news");
        let mut reader = link.reader().await?;
        let mut heard = last_id(link, &news).await?;
        // What was told before may never have been heard.
        self.0.told_of_persons.notify_one();
        loop {
            wake();
            let mut command = redis::cmd("XREAD");
            command.arg("COUNT").arg(COUNT).arg("BLOCK").arg(BLOCK_MS).arg("STREAMS").arg(&news).arg(&heard);
            let answer: Answer = reader.read(&command).await?;
            for (id, fields) in answer.into_iter().flatten().flat_map(|(_, entries)| entries) {
                heard = id;
                if fields.iter().step_by(2).any(|field| field == PERSONS.as_bytes()) {
                    self.0.told_of_persons.notify_one();
                }
            }
        }
    }

    /// Tells what is fresh, at most so often.
    async fn speak(&self, link: &Link) {
        loop {
            self.0.is_fresh.notified().await;
            let datasets = std::mem::take(&mut *self.0.datasets.lock().unwrap_or_else(PoisonError::into_inner));
            let mut command = redis::cmd("XADD");
            command.arg(self.0.membership.keys().common("news")).arg("MAXLEN").arg("~").arg(KEPT).arg("*");
            command.arg("by").arg(self.0.membership.name());
            for dataset in &datasets {
                command.arg(DATASET).arg(&**dataset);
            }
            if self.0.persons.swap(false, Ordering::AcqRel) {
                command.arg(PERSONS).arg(1);
            }
            if let Err(error) = link.command::<String>("news", &command).await {
                tracing::debug!(%error, "news are not told; the other gateways look by themselves every second");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// The id after which everything in a stream is new.
async fn last_id(link: &Link, stream: &str) -> Result<String, SharedError> {
    let mut command = redis::cmd("XREVRANGE");
    command.arg(stream).arg("+").arg("-").arg("COUNT").arg(1);
    let last: Vec<Entry> = link.command("the last of the news", &command).await?;
    Ok(last.into_iter().next().map_or_else(|| "0-0".to_owned(), |(id, _)| id))
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::atomic::AtomicU64;

    use tokio::time::Instant;
    use tokio_util::task::TaskTracker;

    use super::*;
    use crate::chance::Chance;
    use crate::shared::Keys;
    use crate::shared::membership::Fingerprints;
    use crate::shared::testing::Server;
    use crate::telemetry::metrics::Metrics;

    /// A gateway that hears and tells.
    struct Gateway {
        news: News,
        woken: Arc<AtomicU64>,
        stop: CancellationToken,
        tasks: TaskTracker,
        link: Link,
    }

    impl Gateway {
        async fn start(server: &Server, folder: &Path, number: u64) -> Self {
            let link = Link::connect(&server.config()).await.unwrap();
            let outbox = folder.join(format!("{number}.db"));
            let (metrics, chance) = (Metrics::new().unwrap(), Chance::seeded(number));
            let keys = Keys::new("portcullis");
            let membership = Membership::open(&outbox, keys, Fingerprints::default(), metrics, chance).unwrap();
            membership.join(&link).await.unwrap();
            let (news, woken) = (News::new(membership), Arc::new(AtomicU64::new(0)));
            let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
            let wake = {
                let woken = Arc::clone(&woken);
                move || {
                    woken.fetch_add(1, Ordering::AcqRel);
                }
            };
            tasks.spawn(news.clone().run(link.clone(), wake, stop.clone()));
            tasks.close();
            Self { news, woken, stop, tasks, link }
        }

        /// Waits until it was woken so often.
        async fn is_woken(&self, times: u64) {
            while self.woken.load(Ordering::Acquire) < times {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }

        /// Waits until its read is in the server's hand.
        async fn blocks(&self, reads: usize) {
            loop {
                let clients: String = self.link.command("a test", redis::cmd("CLIENT").arg("LIST")).await.unwrap();
                if clients.lines().filter(|line| line.contains("cmd=xread") && line.contains("flags=b")).count() >= reads {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }

    /// Far below the second that a read blocks.
    const AT_ONCE: Duration = Duration::from_millis(500);

    /// The least time of some tries: a busy machine makes some of them slow, and a defect all, unless it stalls for half a second.
    async fn fastest(mut attempt: impl AsyncFnMut() -> Duration) -> Duration {
        let mut least = Duration::MAX;
        for _ in 0..5 {
            least = least.min(attempt().await);
        }
        least
    }

    #[tokio::test]
    async fn what_one_gateway_did_wakes_the_others_at_once() {
        let (server, folder) = (Server::start().await, tempfile::tempdir().unwrap());
        let first = Gateway::start(&server, folder.path(), 1).await;
        let second = Gateway::start(&server, folder.path(), 2).await;
        first.blocks(2).await;
        let told = fastest(async || {
            // A read has just begun, so that of itself the next second brings nothing.
            first.is_woken(first.woken.load(Ordering::Acquire) + 1).await;
            first.blocks(2).await;
            let (before, begun) = (first.woken.load(Ordering::Acquire), Instant::now());
            second.news.tell(vec!["1".into(), "2".into()]);
            first.is_woken(before + 1).await;
            begun.elapsed()
        });
        assert!(told.await < AT_ONCE);
        // The first look after a start is due in any case.
        first.news.of_persons().notified().await;
        second.news.tell_of_persons();
        tokio::time::timeout(Duration::from_secs(5), first.news.of_persons().notified()).await.unwrap();
    }

    #[tokio::test]
    async fn many_news_of_a_moment_are_told_once() {
        let (server, folder) = (Server::start().await, tempfile::tempdir().unwrap());
        let first = Gateway::start(&server, folder.path(), 1).await;
        let second = Gateway::start(&server, folder.path(), 2).await;
        for _ in 0..50 {
            second.news.tell(vec!["1".into()]);
            tokio::task::yield_now().await;
        }
        let before = first.woken.load(Ordering::Acquire);
        first.is_woken(before + 1).await;
        let told: usize = first.link.command("a test", redis::cmd("XLEN").arg("{portcullis}:news")).await.unwrap();
        assert!((1..=3).contains(&told), "{told}");
    }

    #[tokio::test]
    async fn c10_a_read_that_is_cut_while_it_blocks_is_made_again_and_nobody_waits_for_it() {
        let (server, folder) = (Server::start().await, tempfile::tempdir().unwrap());
        let first = Gateway::start(&server, folder.path(), 1).await;
        let second = Gateway::start(&server, folder.path(), 2).await;
        first.blocks(2).await;
        let asked = fastest(async || {
            let begun = Instant::now();
            let _: String = first.link.command("a test", &redis::cmd("PING")).await.unwrap();
            begun.elapsed()
        });
        assert!(asked.await < AT_ONCE, "the read must have a connection of its own");
        let clients: String = first.link.command("a test", redis::cmd("CLIENT").arg("LIST")).await.unwrap();
        for line in clients.lines().filter(|line| line.contains("cmd=xread")) {
            let id = line.split(' ').next().unwrap().trim_start_matches("id=");
            let _: u64 = first.link.command("a test", redis::cmd("CLIENT").arg("KILL").arg("ID").arg(id)).await.unwrap();
        }
        first.blocks(2).await;
        let before = first.woken.load(Ordering::Acquire);
        second.news.tell(vec!["1".into()]);
        tokio::time::timeout(Duration::from_secs(5), first.is_woken(before + 1)).await.unwrap();
    }

    #[tokio::test]
    async fn c13_a_stop_does_not_wait_for_a_read() {
        let (server, folder) = (Server::start().await, tempfile::tempdir().unwrap());
        let stopped = fastest(async || {
            let gateway = Gateway::start(&server, folder.path(), 1).await;
            gateway.blocks(1).await;
            let begun = Instant::now();
            gateway.stop.cancel();
            gateway.tasks.wait().await;
            begun.elapsed()
        });
        assert!(stopped.await < AT_ONCE);
    }

    #[tokio::test]
    async fn without_any_news_everybody_looks_every_second() {
        let (server, folder) = (Server::start().await, tempfile::tempdir().unwrap());
        let gateway = Gateway::start(&server, folder.path(), 1).await;
        tokio::time::timeout(Duration::from_secs(6), gateway.is_woken(3)).await.unwrap();
    }
}
