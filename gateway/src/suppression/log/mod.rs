//! The log of changes of who is suppressed, in Redis: every gateway applies it in order to its own store, so all hold the same.
//!
//! A change is in the log durably, and then here, before it is answered; the others have it when they hear the news, or within a
//! second. It is appended only behind what this gateway has applied, so what is appended changes something, and twice is once. An
//! entry that cannot be read ends everything: nothing is taken and nothing sent before a person has looked. Left to others: the
//! store. Absent on purpose: trimming, since a new gateway needs all of it.

mod applied;
mod bring;
mod entry;
mod follow;
mod position;

#[cfg(test)]
mod tests;

use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

pub(super) use self::entry::Entry;
pub(super) use self::position::Position;

use self::entry::MOST;
use super::mark::{Mark, Marker};
use super::{SuppressCommand, SuppressDone, SuppressTask, SuppressionError, Suppressions};
use crate::chance::Chance;
use crate::shared::news::News;
use crate::shared::{Call, Keys, Link, Script, SharedError};

static APPEND: LazyLock<Script> = LazyLock::new(|| Script::durable("the suppression log", include_str!("append.lua")));

/// How long a change is tried again while the connection is broken, or while those of other gateways overtake it.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(100);

/// The log, and the set to which it is applied. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Log(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Once there is one.
    link: OnceLock<Link>,
    /// By which the others hear of a change at once; a command has none, and they look every second.
    news: Option<News>,
    /// Its key.
    name: String,
    /// The key of what is known of logs that were lost.
    bases: String,
    set: Suppressions,
    chance: Chance,
    /// Names this process to the others.
    caller: String,
    /// The set follows the log, and this gateway appends to it, by one at a time.
    turn: Mutex<()>,
}

/// What came of an entry.
#[derive(Debug)]
enum Appended {
    Done,
    /// Others appended up to here; nothing was done.
    Behind(Position),
}

impl Log {
    /// For this set, which has a store.
    pub fn new(keys: &Keys, set: Suppressions, news: Option<News>, chance: Chance) -> Self {
        let caller = format!("{:016x}", u64::from_le_bytes(chance.bytes()));
        let (name, bases) = (keys.common("suppression"), keys.common("suppression_bases"));
        Self(Arc::new(Inner { link: OnceLock::new(), news, name, bases, set, chance, caller, turn: Mutex::new(()) }))
    }

    /// Over this connection from now on. What is done at a joining goes over the one that is being made, and needs none before.
    #[must_use]
    pub fn over(self, link: Link) -> Self {
        // There is one for the life of the process.
        self.0.link.set(link).ok();
        self
    }

    /// Does what was asked, here and for all gateways. It is durable in both when this returns.
    pub async fn obey(&self, command: &SuppressCommand) -> Result<SuppressDone, SuppressionError> {
        self.set().check_key(&command.key)?;
        let mut changed = 0;
        for marks in command.marks.chunks(MOST) {
            changed += self.change(command.task, marks).await?;
        }
        Ok(SuppressDone { changed })
    }

    /// What becomes one entry. How many marks changed.
    async fn change(&self, task: SuppressTask, marks: &[Mark]) -> Result<u64, SuppressionError> {
        let until = Instant::now() + PATIENCE;
        let mut changed = None;
        loop {
            match self.try_to_change(task, marks, &mut changed).await {
                // What was asked may have been done: then it is found when it is tried again.
                Err(error) if error.may_pass() && Instant::now() < until => tokio::time::sleep(PAUSE).await,
                Err(error) => return Err(error),
                Ok(()) => return Ok(changed.unwrap_or_default()),
            }
        }
    }

    /// `changed` is how many marks there were to change at the first try.
    async fn try_to_change(
        &self,
        task: SuppressTask,
        marks: &[Mark],
        changed: &mut Option<u64>,
    ) -> Result<(), SuppressionError> {
        let _turn = self.0.turn.lock().await;
        let (link, set) = (self.link()?, self.set());
        self.follow_to_the_end(link).await?;
        let asked = marks.to_vec();
        let marks = blocking(set, move |set| set.lacking(task, asked)).await?;
        changed.get_or_insert(marks.len() as u64);
        if marks.is_empty() {
            return Ok(());
        }
        let last = set.position()?;
        let entry = Entry { position: last.next(&self.0.chance), task, day: set.today()?, marks };
        match self.append(link, last, &entry, &set.marker()?).await? {
            Appended::Done => {
                if let Some(news) = &self.0.news {
                    news.tell_of_persons();
                }
                blocking(set, move |set| set.apply(&[entry])).await
            }
            Appended::Behind(_) => Err(self.busy()),
        }
    }

    async fn append(
        &self,
        link: &Link,
        last: Position,
        entry: &Entry,
        marker: &Marker,
    ) -> Result<Appended, SuppressionError> {
        let mut call = Call::on([self.name()]).with(last.to_string()).with(entry.position.to_string());
        entry.parts(marker).into_iter().for_each(|part| call.push(part));
        let answer: (String, String) = link.call(&APPEND, &call).await?;
        let (word, rest) = answer;
        match word.as_str() {
            "appended" => Ok(Appended::Done),
            "behind" => Position::parse(&rest).map(Appended::Behind).ok_or_else(strange),
            "foreign" => {
                let configured = marker.fingerprint().to_string();
                Err(SuppressionError::LogOfOtherKey { log: self.name(), found: rest, configured })
            }
            _ => Err(strange()),
        }
    }

    fn link(&self) -> Result<&Link, SuppressionError> {
        self.0.link.get().ok_or_else(|| SharedError::Away("there is no connection yet".to_owned()).into())
    }

    fn set(&self) -> &Suppressions {
        &self.0.set
    }

    fn chance(&self) -> &Chance {
        &self.0.chance
    }

    fn name(&self) -> String {
        self.0.name.clone()
    }

    fn bases(&self) -> String {
        self.0.bases.clone()
    }

    fn caller(&self) -> &str {
        &self.0.caller
    }

    fn torn(&self, entry: &str, detail: &'static str) -> SuppressionError {
        SuppressionError::LogTorn { log: self.name(), entry: entry.to_owned(), detail }
    }

    fn busy(&self) -> SuppressionError {
        SuppressionError::LogBusy { log: self.name() }
    }
}

fn strange() -> SuppressionError {
    SuppressionError::Shared(SharedError::Strange("the suppression log"))
}

/// Off the threads that answer callers: it waits for the disk.
async fn blocking<T: Send + 'static>(
    set: &Suppressions,
    work: impl FnOnce(&Suppressions) -> Result<T, SuppressionError> + Send + 'static,
) -> Result<T, SuppressionError> {
    let set = set.clone();
    let done = tokio::task::spawn_blocking(move || work(&set)).await;
    // Whoever waits for this ends with the runtime.
    done.unwrap_or(Err(SuppressionError::Stopping))
}
