//! What every part of the outbox in Redis works with: the connection, the names, the clocks, and what is remembered between calls.
//!
//! Nothing that is remembered here decides what becomes of an event; it saves questions.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use portcullis_filters::policy::{PolicyDigest, StoredPolicy};
use redis::{Cmd, FromRedisValue, Value};
use tokio::sync::watch;
use tokio::time::Instant;

use super::answer::Answer;
use super::head::PLAIN;
use super::rewrite::Rewrites;
use super::scripts::DatasetKeys;
use crate::chance::Chance;
use crate::clock::Clock;
use crate::outbox::{Keys as SealKeys, OutboxError, Settings, Trouble, is_nearly_full};
use crate::shared::{Call, Keys, Link, LinkState, Script, SharedError};

/// Stored policies kept readable at hand; there are few at a time, one a site.
const MAX_READ_POLICIES: usize = 256;

/// For so long trouble is believed without being met again.
const TROUBLE_LASTS: Duration = Duration::from_secs(3);

/// What an outbox in Redis is opened with.
#[derive(Debug)]
pub struct Opening {
    /// The connection.
    pub link: Link,
    /// Names its keys.
    pub keys: Keys,
    /// Cap, encryption and deduplication.
    pub settings: Settings,
    /// Under which name this process holds leases: new at every start, without blanks.
    pub gateway: String,
    /// The time of day.
    pub clock: Clock,
    /// Seeded by the system: tokens, and what seals are bound to, are drawn from it.
    pub chance: Chance,
    /// For so long a change is asked for again while Redis is away.
    pub patience: Duration,
    /// Changes with every commit.
    pub changed: watch::Sender<u64>,
}

#[derive(Debug)]
pub(super) struct Core {
    pub(super) link: Link,
    pub(super) keys: Keys,
    pub(super) settings: Settings,
    pub(super) gateway: String,
    pub(super) clock: Clock,
    pub(super) chance: Chance,
    pub(super) patience: Duration,
    pub(super) changed: watch::Sender<u64>,
    pub(super) news: News,
    closed: AtomicBool,
    pub(super) rewrites: Rewrites,
    /// The turn of one command, within this gateway.
    pub(super) long_work: Arc<tokio::sync::Mutex<()>>,
    /// The keys under which we can read, as the scripts name them.
    pub(super) key_ids: Vec<String>,
    /// The time that the last look for work told. Leases end by it.
    now_ms: AtomicU64,
    /// The last lease.
    serial: AtomicI64,
    known: Mutex<Known>,
    trouble: Mutex<Option<(Trouble, Instant)>>,
}

/// What was learned from answers.
#[derive(Debug, Default)]
struct Known {
    keys: HashMap<Arc<str>, DatasetKeys>,
    /// Datasets that stand in `datasets`.
    listed: BTreeSet<Arc<str>>,
    policies: HashMap<PolicyDigest, Arc<StoredPolicy>>,
    /// What the groups of each dataset cost.
    costs: HashMap<Arc<str>, u64>,
    costs_looked_at: Option<Instant>,
    /// Leases of which nobody knows: the call that made them was not answered, or nobody waited for it.
    lost: Vec<(Arc<str>, i64)>,
}

/// Datasets that others should look at.
#[derive(Debug)]
pub(super) struct News {
    pub(super) changed: watch::Sender<u64>,
    datasets: Mutex<BTreeSet<Arc<str>>>,
}

impl News {
    fn add(&self, dataset: &Arc<str>) {
        self.datasets.lock().unwrap_or_else(PoisonError::into_inner).insert(Arc::clone(dataset));
        self.changed.send_modify(|changes| *changes = changes.wrapping_add(1));
    }

    pub(super) fn take(&self) -> Vec<Arc<str>> {
        std::mem::take(&mut *self.datasets.lock().unwrap_or_else(PoisonError::into_inner)).into_iter().collect()
    }
}

impl Core {
    pub(super) fn new(opening: Opening) -> Self {
        let Opening { link, keys, settings, gateway, clock, chance, patience, changed } = opening;
        let sealed = settings.keys.iter().flat_map(SealKeys::ids).map(str::to_owned);
        let key_ids = std::iter::once(PLAIN.to_owned()).chain(sealed).collect();
        // In microseconds, so that a process that starts again begins far behind the leases of the one before.
        let serial = i64::try_from(clock.unix_ms().saturating_mul(1_000)).unwrap_or(0);
        Self {
            link,
            keys,
            settings,
            gateway,
            clock,
            chance,
            patience,
            changed,
            news: News { changed: watch::Sender::new(0), datasets: Mutex::default() },
            closed: AtomicBool::new(false),
            rewrites: Rewrites::default(),
            long_work: Arc::default(),
            key_ids,
            now_ms: AtomicU64::new(0),
            serial: AtomicI64::new(serial),
            known: Mutex::default(),
            trouble: Mutex::default(),
        }
    }

    /// The names of a dataset's keys.
    pub(super) fn of(&self, dataset: &str) -> DatasetKeys {
        let mut known = self.known();
        if let Some(keys) = known.keys.get(dataset) {
            return keys.clone();
        }
        let keys = DatasetKeys::new(&self.keys, dataset);
        known.keys.insert(dataset.into(), keys.clone());
        keys
    }

    /// Asks once, for what may be asked later again.
    pub(super) async fn ask(&self, script: &Script, call: &Call) -> Result<Answer, OutboxError> {
        self.is_open()?;
        self.note(script.name, self.link.call::<Value>(script, call).await)
    }

    /// Asks again while Redis is away, for so long.
    pub(super) async fn insist(&self, script: &Script, call: &Call, patience: Duration) -> Result<Answer, OutboxError> {
        self.is_open()?;
        self.note(script.name, self.link.insist::<Value>(script, call, patience).await)
    }

    /// Remembers how a call went, for readiness.
    fn note(&self, what: &'static str, answer: Result<Value, SharedError>) -> Result<Answer, OutboxError> {
        let answer = match answer {
            Ok(Value::Array(values)) => Ok(Answer::new(what, values)),
            Ok(value) => Ok(Answer::new(what, vec![value])),
            Err(error) => Err(OutboxError::from(error)),
        };
        match &answer {
            Ok(_) => self.recovered(),
            Err(OutboxError::Full) => self.is_in_trouble(Trouble::Full),
            Err(OutboxError::Away(why)) => self.is_in_trouble(Trouble::Away(why.clone())),
            Err(error) => self.is_in_trouble(Trouble::Broken(error.to_string())),
        }
        answer
    }

    /// Runs a plain command. `what` is what errors call it.
    pub(super) async fn plain<T: FromRedisValue>(&self, what: &'static str, command: &Cmd) -> Result<T, OutboxError> {
        self.is_open()?;
        Ok(self.link.command(what, command).await?)
    }

    /// Nothing more is asked of Redis.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    fn is_open(&self) -> Result<(), OutboxError> {
        if self.closed.load(Ordering::Acquire) { Err(OutboxError::Closed) } else { Ok(()) }
    }

    fn is_in_trouble(&self, trouble: Trouble) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some((trouble, Instant::now()));
    }

    /// An answer came, so Redis is there. That its memory is full is not over by that.
    fn recovered(&self) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(&*trouble, Some((Trouble::Away(_) | Trouble::Broken(_), _))) {
            *trouble = None;
        }
    }

    pub(super) fn health(&self) -> Result<(), Trouble> {
        self.is_open().map_err(|closed| Trouble::Broken(closed.to_string()))?;
        let state = self.link.state();
        match &*state.borrow() {
            LinkState::Up => {}
            away => return Err(Trouble::Away(away.to_string())),
        }
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        // While nobody is let in nothing is tried, so trouble that nobody meets again is forgotten.
        match &*trouble {
            Some((known, met)) if met.elapsed() < TROUBLE_LASTS => return Err(known.clone()),
            _ => *trouble = None,
        }
        drop(trouble);
        let cost: u64 = self.known().costs.values().sum();
        if is_nearly_full(cost, self.settings.max_bytes) { Err(Trouble::Full) } else { Ok(()) }
    }

    pub(super) fn wake(&self) {
        self.changed.send_modify(|commits| *commits = commits.wrapping_add(1));
    }

    /// There is work in this dataset: ours, and others'.
    pub(super) fn gave_work(&self, dataset: &Arc<str>) {
        self.wake();
        self.news.add(dataset);
    }

    /// A time of our clock in the server's.
    pub(super) fn server_ms(&self, ours_ms: u64) -> u64 {
        ours_ms.saturating_add_signed(self.link.skew_ms())
    }

    /// A time of the server's clock in ours.
    pub(super) fn our_ms(&self, servers_ms: u64) -> u64 {
        servers_ms.saturating_add_signed(self.link.skew_ms().saturating_neg())
    }

    /// Notes what time a look for work told; gives it in the server's.
    pub(super) fn told(&self, now_ms: u64) -> u64 {
        self.now_ms.store(now_ms, Ordering::Relaxed);
        self.server_ms(now_ms)
    }

    /// The time that the last look for work told, in ours and in the server's.
    pub(super) fn now_ms(&self) -> (u64, u64) {
        let now_ms = self.now_ms.load(Ordering::Relaxed);
        (now_ms, self.server_ms(now_ms))
    }

    pub(super) fn next_serial(&self) -> i64 {
        self.serial.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Names a call.
    pub(super) fn token(&self) -> String {
        format!("{:032x}", u128::from_le_bytes(self.chance.bytes()))
    }

    pub(super) fn seat(&self) -> i64 {
        i64::from_le_bytes(self.chance.bytes())
    }

    /// Whether nobody has to list this dataset any more.
    pub(super) fn is_listed(&self, dataset: &str) -> bool {
        self.known().listed.contains(dataset)
    }

    /// The datasets that this gateway saw listed.
    pub(super) fn listed(&self) -> BTreeSet<Arc<str>> {
        self.known().listed.clone()
    }

    pub(super) fn set_listed(&self, dataset: &Arc<str>, is_listed: bool) {
        if is_listed {
            self.known().listed.insert(Arc::clone(dataset));
        } else {
            self.known().listed.remove(dataset);
        }
    }

    pub(super) fn set_cost(&self, dataset: &Arc<str>, cost: u64) {
        self.known().costs.insert(Arc::clone(dataset), cost);
    }

    /// What all datasets cost, as it was just counted.
    pub(super) fn set_costs(&self, costs: HashMap<Arc<str>, u64>) {
        let mut known = self.known();
        known.costs = costs;
        known.costs_looked_at = Some(Instant::now());
    }

    /// Whether what other gateways keep in other datasets should be looked at again.
    pub(super) fn are_costs_older_than(&self, age: Duration) -> bool {
        self.known().costs_looked_at.is_none_or(|at| at.elapsed() > age)
    }

    /// What the groups of this dataset may cost, as far as it is known what the others do.
    pub(super) fn room_of(&self, dataset: &str) -> u64 {
        let known = self.known();
        let others: u64 = known.costs.iter().filter(|(of, _)| &***of != dataset).map(|(_, cost)| *cost).sum();
        self.settings.max_bytes.saturating_sub(others)
    }

    pub(super) fn read_policy(&self, digest: PolicyDigest) -> Option<Arc<StoredPolicy>> {
        self.known().policies.get(&digest).cloned()
    }

    pub(super) fn keep_policy(&self, policy: Arc<StoredPolicy>) {
        let mut known = self.known();
        if known.policies.len() >= MAX_READ_POLICIES {
            known.policies.clear();
        }
        known.policies.insert(policy.digest(), policy);
    }

    /// Leases were made that nobody holds.
    pub(super) fn lost(&self, dataset: &Arc<str>, serial: i64) {
        self.known().lost.push((Arc::clone(dataset), serial));
    }

    pub(super) fn take_lost(&self, dataset: &str) -> Vec<i64> {
        let mut known = self.known();
        if known.lost.is_empty() {
            return Vec::new();
        }
        known.lost.extract_if(.., |(of, _)| &**of == dataset).map(|(_, serial)| serial).collect()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<SharedError> for OutboxError {
    fn from(error: SharedError) -> Self {
        match error {
            SharedError::Full => Self::Full,
            // One that is not fit to keep events, or that refuses to, is as good as none.
            SharedError::Away(_)
            | SharedError::Unfit(_)
            | SharedError::Unjoined(_)
            | SharedError::Refused { .. }
            | SharedError::Strange(_) => Self::Away(error.to_string()),
        }
    }
}
