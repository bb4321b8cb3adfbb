//! One of the gateways that share an outbox in Redis: its name, whether its keys are those of the others, who else lives.
//!
//! A gateway joins at every connection, before anything else goes over it, and says every few seconds that it lives. One that was
//! silent for half a minute, in the server's time, is dead, and what it held is given back by whichever gateway finds that: the
//! caller does it, as this module knows no groups. Redis that lost its data is known by another id of the outbox: it is joined anew,
//! and that is told loudly.

mod fingerprints;
mod record;
mod refusal;
mod roster;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

pub use fingerprints::{Fingerprints, check_suppression_key};
pub use record::RecordError;
pub use refusal::Refusal;
pub use roster::{About, Gateway, roster};

use self::record::Record;
use super::{AtConnect, AtJoin, Call, Joined, Keys, Link, Script, SharedError, Work};
use crate::chance::Chance;
use crate::clock::millis;
use crate::config::{self, Config};
use crate::telemetry::metrics::Metrics;

/// How often a gateway says that it lives.
pub const BEAT: Duration = Duration::from_secs(5);
/// After this silence it is dead.
pub const SILENT: Duration = Duration::from_secs(30);
/// How long a gateway may take to give back what a dead one held, before another one does it.
const BURIAL: Duration = Duration::from_secs(60);
/// The layout of all keys.
const FORMAT: u32 = 1;

/// These run also while the server's memory is full: a gateway that cannot say that it lives would be taken for dead.
macro_rules! script {
    ($name:literal, $file:literal) => {
        LazyLock::new(|| Script::new($name, concat!("#!lua flags=allow-oom\n", include_str!($file))))
    };
}

static JOIN: LazyLock<Script> = script!("join", "join.lua");
static ALIVE: LazyLock<Script> = script!("alive", "alive.lua");
static FORGET: LazyLock<Script> = script!("forget", "forget.lua");

/// This gateway among the others. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Membership(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    keys: Keys,
    name: String,
    fingerprints: Fingerprints,
    record: Mutex<Record>,
    about: Mutex<About>,
    /// Nothing until it is known what is to be done, and after the end.
    hooks: watch::Sender<Option<Vec<Arc<dyn AtJoin>>>>,
    joined: watch::Sender<Option<Joined>>,
    others: AtomicUsize,
    /// Whether some of those who live encrypt and others do not, as was seen last.
    half_encrypted: AtomicBool,
    chance: Chance,
    metrics: Metrics,
}

impl Membership {
    /// Reads what an earlier process of this outbox left, and takes a new name. The caller holds the lock of the outbox.
    pub fn open(
        outbox: &Path,
        keys: Keys,
        fingerprints: Fingerprints,
        metrics: Metrics,
        chance: Chance,
    ) -> Result<Self, RecordError> {
        let record = Record::renew(outbox, &chance)?;
        // Brought into being, so that it reads as 0.
        metrics.redis_lost.with_label_values(&[] as &[&str; 0]);
        Ok(Self(Arc::new(Inner {
            keys,
            name: record.name().to_owned(),
            fingerprints,
            record: Mutex::new(record),
            about: Mutex::new(About { version: crate::VERSION.to_owned(), ..About::default() }),
            half_encrypted: AtomicBool::new(false),
            hooks: watch::Sender::new(None),
            joined: watch::Sender::new(None),
            others: AtomicUsize::new(0),
            chance,
            metrics,
        })))
    }

    /// Under which name this process holds groups.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// How keys are named.
    pub fn keys(&self) -> &Keys {
        &self.0.keys
    }

    /// Has this done, in this order, whenever this gateway joined. No connection is up before this was called, as some of it may hold
    /// the connection.
    pub fn at_join(&self, hooks: Vec<Arc<dyn AtJoin>>) {
        self.0.hooks.send_replace(Some(hooks));
    }

    /// Has nothing done any more: what is done at a joining may hold the connection that does it.
    pub fn drop_hooks(&self) {
        self.0.hooks.send_replace(None);
    }

    /// What the others are to know of the configuration in force: its policies, and whether events are encrypted.
    pub fn tell(&self, config: &Config) {
        let digest = |site: &config::Site| (site.id.to_string(), site.policy.digest().to_string());
        let in_force: BTreeMap<String, String> = config.sites.iter().map(digest).collect();
        let before = {
            let mut about = lock(&self.0.about);
            about.encrypts = config.outbox.encryption.is_some();
            std::mem::replace(&mut about.policies, in_force.clone())
        };
        for gone in before.keys().filter(|site| !in_force.contains_key(*site)) {
            // It was there if a beat put it there.
            self.0.metrics.policy_differs.remove_label_values(&[gone]).ok();
        }
    }

    /// Whether this outbox, whatever process had it, ever joined the gateways of a Redis.
    pub fn has_joined_before(&self) -> bool {
        lock(&self.0.record).outbox().is_some()
    }

    /// What was found at the last joining; nothing before the first.
    pub fn joined(&self) -> watch::Receiver<Option<Joined>> {
        self.0.joined.subscribe()
    }

    /// Whether no other gateway lived a few seconds ago.
    pub fn is_alone(&self) -> bool {
        self.0.others.load(Ordering::Relaxed) == 0
    }

    /// Joins, and does what is to be done then.
    pub async fn join(&self, link: &Link) -> Result<(), SharedError> {
        let inner = &*self.0;
        let hooks = inner.hooks.borrow().clone().unwrap_or_default();
        let (known, former) = {
            let record = lock(&inner.record);
            (record.outbox().map(str::to_owned), record.former().to_vec())
        };
        let mut call = Call::on([inner.keys.common("outbox"), inner.keys.common("gateways")])
            .with(&inner.name)
            .with(format!("{:032x}", u128::from_be_bytes(inner.chance.bytes())))
            .with(FORMAT)
            .with(&inner.fingerprints.pseudonyms)
            .with(&inner.fingerprints.suppression)
            .with(&inner.fingerprints.deduplication)
            .with(lock(&inner.about).rest_of_object())
            .with(millis(SILENT));
        for name in &former {
            call.push(name);
        }
        let (verdict, outbox, others): (String, String, usize) = link.call(&JOIN, &call).await?;
        if verdict != "joined" {
            return Err(Refusal::of(&verdict, &outbox, &inner.keys).into());
        }
        inner.others.store(others, Ordering::Relaxed);
        let is_after_loss = known.as_ref().is_some_and(|known| *known != outbox);
        let joined = Joined { outbox, is_after_loss, is_alone: others == 0 };
        if is_after_loss {
            inner.metrics.redis_lost.with_label_values(&[] as &[&str; 0]).inc();
            tracing::error!(
                "Redis holds another outbox than before, as it came back empty or is another server: what waited there is lost, unless \
                 it is put back from a backup of it; look into the server's own log, and at docs/redis.md"
            );
        }
        for hook in hooks {
            hook.joined(link, &joined).await?;
        }
        self.keep(joined.outbox.clone()).await;
        inner.joined.send_replace(Some(joined));
        Ok(())
    }

    /// Says that this gateway lives, and looks who else does. Gives the names of dead gateways: what they held is to be given back
    /// by this one now, and then they are [`Membership::buried`].
    pub async fn beat(&self, link: &Link) -> Result<Vec<String>, SharedError> {
        let inner = &*self.0;
        let keys = ["outbox", "gateways", "burials"].map(|name| inner.keys.common(name));
        let mut call = Call::on(keys)
            .with(&inner.name)
            .with(lock(&inner.about).rest_of_object())
            .with(millis(SILENT))
            .with(millis(BURIAL));
        for name in lock(&inner.record).former() {
            call.push(name);
        }
        let answer = link.call(&ALIVE, &call).await?;
        let (outbox, now_ms, entries, dead): (Option<String>, u64, BTreeMap<String, String>, Vec<String>) = answer;
        let is_known = inner.joined.borrow().as_ref().is_some_and(|joined| Some(&joined.outbox) == outbox.as_ref());
        if !is_known {
            // Emptied while the connection stood.
            self.join(link).await?;
        }
        let gateways: Vec<Gateway> =
            entries.into_iter().map(|(name, text)| roster::read(name, &text, now_ms)).filter(|found| found.lives).collect();
        inner.others.store(gateways.iter().filter(|found| found.name != inner.name).count(), Ordering::Relaxed);
        self.show(&gateways);
        Ok(dead)
    }

    /// What this gateway held was given back: it is taken off the list, unless it lives after all.
    pub async fn buried(&self, link: &Link, name: &str) -> Result<(), SharedError> {
        let inner = &*self.0;
        let is_former = lock(&inner.record).former().iter().any(|former| former == name);
        self.forget(link, name, is_former).await?;
        if is_former && let Err(error) = lock(&inner.record).buried(name) {
            tracing::warn!(%error, "that what an earlier process held was given back is not noted; it is looked for again");
        }
        Ok(())
    }

    /// Takes this gateway off the list: it stops, and holds nothing any more.
    pub async fn leave(&self, link: &Link) -> Result<(), SharedError> {
        self.forget(link, &self.0.name, true).await
    }

    async fn forget(&self, link: &Link, name: &str, surely: bool) -> Result<(), SharedError> {
        let keys = ["gateways", "burials"].map(|name| self.0.keys.common(name));
        let call = Call::on(keys).with(name).with(millis(SILENT)).with(u8::from(surely));
        link.call::<u8>(&FORGET, &call).await.map(drop)
    }

    /// Remembers the outbox, off the threads that answer callers: it waits for the disk.
    async fn keep(&self, outbox: String) {
        let inner = Arc::clone(&self.0);
        let kept = tokio::task::spawn_blocking(move || lock(&inner.record).joined(&outbox)).await;
        if let Ok(Err(error)) = kept {
            tracing::warn!(%error, "which outbox this gateway joined is not noted; a loss of it would not be told after a restart");
        }
    }

    /// Shows how many live, and whether they have other policies, or encrypt what this one does not.
    fn show(&self, gateways: &[Gateway]) {
        let metrics = &self.0.metrics;
        metrics.gateways.set(i64::try_from(gateways.len()).unwrap_or(i64::MAX));
        let own = lock(&self.0.about).clone();
        for (site, digest) in &own.policies {
            let differs = |gateway: &Gateway| gateway.about.policies.get(site).is_some_and(|other| other != digest);
            metrics.policy_differs.with_label_values(&[site]).set(i64::from(gateways.iter().any(differs)));
        }
        let half = gateways.iter().any(|gateway| gateway.lives && gateway.about.encrypts != own.encrypts);
        let was_half = self.0.half_encrypted.swap(half, Ordering::Relaxed);
        if half && !was_half {
            tracing::warn!(
                here = own.encrypts,
                "some gateways of this Redis encrypt what waits and others do not: give all of them the same `outbox.encryption_key`"
            );
        }
    }
}

/// Whether what rests in this Redis, if anything, is laid out as this version reads it: for whoever looks without joining.
pub async fn is_readable(link: &Link, keys: &Keys) -> Result<(), SharedError> {
    let mut command = redis::cmd("HGET");
    command.arg(keys.common("outbox")).arg("format");
    let found: Option<String> = link.command("the format of the outbox", &command).await?;
    match found {
        Some(found) if found != FORMAT.to_string() => Err(Refusal::of("format", &found, keys).into()),
        _ => Ok(()),
    }
}

impl AtConnect for Membership {
    fn connected<'a>(&'a self, link: &'a Link) -> Work<'a> {
        Box::pin(async move {
            // Fails only where the sender is gone, which is ours.
            self.0.hooks.subscribe().wait_for(Option::is_some).await.ok();
            self.join(link).await
        })
    }
}

/// A panic cannot leave any of it half-way in a manner that matters.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
