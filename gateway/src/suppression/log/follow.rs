//! Follows the log: whenever this gateway joins the others, and so before it takes requests; when it is heard that there is more;
//! and every second in case that was not heard.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::entry::{Entry, PARTS};
use super::{Log, Position, blocking, strange};
use crate::shared::news::News;
use crate::shared::{AtJoin, Call, Joined, Link, Script, SharedError, Work};
use crate::suppression::{SuppressTask, SuppressionError, Suppressions};

static FOLLOW: LazyLock<Script> =
    LazyLock::new(|| Script::new("the reading of the suppression log", include_str!("follow.lua")));

/// How often the log is looked at though nobody told of a change.
const LOOK: Duration = Duration::from_secs(1);
/// So many entries are read at once.
const MOST_ENTRIES: u32 = 1_024;
/// And about so many bytes of them.
const MOST_BYTES: u32 = 4 * 1024 * 1024;

/// A part of the log.
struct Page {
    /// Whether the entry is in it after which was asked.
    is_known: bool,
    /// Its last entry.
    last: Position,
    entries: Vec<Entry>,
}

impl Log {
    /// Applies all that the log holds. Where it does not hold what this gateway knows, that is written into it first.
    pub async fn catch_up(&self) -> Result<(), SuppressionError> {
        self.catch_up_on(self.link()?).await
    }

    async fn catch_up_on(&self, link: &Link) -> Result<(), SuppressionError> {
        let _turn = self.0.turn.lock().await;
        self.follow_to_the_end(link).await
    }

    /// Looks whenever it is told of a change, and every second, until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let told = self.told();
        let next = || async { drop(tokio::time::timeout(LOOK, told.notified()).await) };
        let mut was_failing = false;
        while let Some(()) = stop.run_until_cancelled(next()).await {
            let Some(followed) = stop.run_until_cancelled(self.catch_up()).await else { return };
            let failure = followed.err().filter(SuppressionError::is_of_this_machine);
            if let Some(error) = failure.as_ref().filter(|_| !was_failing) {
                tracing::error!(%error, "who is suppressed cannot be taken over from Redis; it is tried again");
            }
            was_failing = failure.is_some();
        }
    }

    /// Never notified without news.
    fn told(&self) -> Arc<Notify> {
        self.0.news.as_ref().map_or_else(Arc::default, News::of_persons)
    }

    /// For whoever has the turn.
    pub(super) async fn follow_to_the_end(&self, link: &Link) -> Result<(), SuppressionError> {
        let followed = self.follow(link).await;
        match &followed {
            Ok(()) if self.set().is_blind() => {
                self.set().set_blind(false);
                tracing::info!("the log of suppressed persons is read to its end again");
            }
            Err(error) if error.is_of_log() && !self.set().is_blind() => {
                self.set().set_blind(true);
                tracing::error!(%error, "nobody knows who is suppressed, so no event is taken and none is sent");
            }
            Ok(()) | Err(_) => {}
        }
        followed
    }

    async fn follow(&self, link: &Link) -> Result<(), SuppressionError> {
        let (set, former) = (self.set(), self.set().position()?);
        let mut page = self.page(link, former).await?;
        let is_new = former == Position::START && set.count() > 0;
        if !page.is_known {
            tracing::warn!(
                "the log of suppressed persons in Redis is not the one that this gateway followed: it was lost, or is another one"
            );
        }
        if is_new || !page.is_known {
            if set.count() > 0 {
                self.bring(link, former, page.last).await?;
            }
            page = self.page(link, Position::START).await?;
        }
        loop {
            let (last, end) = (page.last, page.entries.last().map(|entry| entry.position));
            let Some(end) = end else { return Ok(()) };
            // Whoever is let go in this page may be kept back again in a later one, and must not be sent in between.
            if end != last && page.entries.iter().any(|entry| entry.task == SuppressTask::Remove) {
                set.set_blind(true);
            }
            blocking(set, move |set: &Suppressions| set.apply(&page.entries)).await?;
            if end == last {
                return Ok(());
            }
            page = self.page(link, end).await?;
            if !page.is_known {
                // Lost while it was read: from the beginning the next time.
                return Err(self.busy());
            }
        }
    }

    /// What follows after an entry, read and checked.
    async fn page(&self, link: &Link, after: Position) -> Result<Page, SuppressionError> {
        let call = Call::on([self.name()]).with(after.to_string()).with(MOST_ENTRIES).with(MOST_BYTES);
        let (word, last, parts): (String, String, Vec<Vec<u8>>) = link.call(&FOLLOW, &call).await?;
        let last = Position::parse(&last).ok_or_else(strange)?;
        let (marker, mut before) = (self.set().marker()?, after);
        let mut entries = Vec::with_capacity(parts.len() / PARTS);
        let mut parts = parts.into_iter();
        while let Some(id) = parts.next() {
            let mut part = || parts.next().unwrap_or_default();
            let entry = Entry::read([id, part(), part(), part(), part(), part()], &marker, self)?;
            if !before.is_followed_by(entry.position) {
                return Err(self.torn(&entry.position.to_string(), "does not follow the one before it: entries are missing"));
            }
            before = entry.position;
            entries.push(entry);
        }
        Ok(Page { is_known: word == "here", last, entries })
    }
}

impl AtJoin for Log {
    fn joined<'a>(&'a self, link: &'a Link, _joined: &'a Joined) -> Work<'a> {
        Box::pin(async move { self.catch_up_on(link).await.map_err(shared) })
    }
}

/// For those who know Redis and not persons. The log of the gateway has the rest.
fn shared(error: SuppressionError) -> SharedError {
    match error {
        SuppressionError::Shared(error) => error,
        error => {
            if error.is_of_this_machine() {
                tracing::error!(%error, "who is suppressed cannot be taken over from Redis; it is tried again");
            }
            SharedError::Strange("the log of suppressed persons")
        }
    }
}
