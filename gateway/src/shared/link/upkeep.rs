//! Keeps a connection: connects, looks at it now and then, and connects again when it broke.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::dial::Dialer;
use super::session::Session;
use super::{Link, LinkParts, LinkState};
use crate::clock::millis;
use crate::config;
use crate::shared::{Durability, SharedError};

/// How often it is looked whether the server answers and is the primary.
const PROBE: Duration = Duration::from_secs(1);
/// How often it is looked whether it is fit.
const SURVEY: Duration = Duration::from_secs(60);
/// The first pause after a try that failed; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// A connection that broke earlier counts as one more try that failed.
const STEADY: Duration = Duration::from_secs(5);

/// The connection that stands, and what is known of it.
pub(super) struct Upkeep {
    dialer: Arc<Dialer>,
    parts: LinkParts,
    session: Mutex<Option<Arc<Session>>>,
    state: watch::Sender<LinkState>,
    /// Since when there is none, if there was one or a try failed.
    away_since: Mutex<Option<Instant>>,
    /// Something is to be looked at: the connection broke, or is doubted.
    look: Notify,
    skew_ms: AtomicI64,
    durability: Mutex<Option<Durability>>,
}

impl Upkeep {
    pub(super) fn new(config: Arc<config::Redis>, parts: LinkParts) -> Self {
        parts.metrics.redis_up.with_label_values::<&str>(&[]).set(0);
        parts.metrics.redis_reconnects.with_label_values::<&str>(&[]);
        Self {
            dialer: Arc::new(Dialer(config)),
            parts,
            session: Mutex::default(),
            state: watch::Sender::new(LinkState::Connecting),
            away_since: Mutex::default(),
            look: Notify::new(),
            skew_ms: AtomicI64::new(0),
            durability: Mutex::default(),
        }
    }

    pub(super) fn state(&self) -> watch::Receiver<LinkState> {
        self.state.subscribe()
    }

    pub(super) fn skew_ms(&self) -> i64 {
        self.skew_ms.load(Ordering::Relaxed)
    }

    pub(super) fn durability(&self) -> Option<Durability> {
        *lock(&self.durability)
    }

    pub(super) fn away_for(&self) -> Duration {
        lock(&self.away_since).map_or(Duration::ZERO, |since| since.elapsed())
    }

    pub(super) fn deadline(&self) -> Duration {
        self.dialer.deadline()
    }

    /// The connection that stands, or why there is none.
    pub(super) fn session(&self) -> Result<Arc<Session>, SharedError> {
        if let Some(session) = &*lock(&self.session) {
            return Ok(Arc::clone(session));
        }
        Err(SharedError::Away(match &*self.state.borrow() {
            LinkState::Away(SharedError::Away(reason)) => reason.clone(),
            LinkState::Away(why) => why.to_string(),
            LinkState::Connecting | LinkState::Up => "it is being connected to".to_owned(),
        }))
    }

    /// This connection is of no use any more. From now on, not from when the task comes to it: calls fail at once.
    pub(super) fn breaks(&self, session: &Arc<Session>, why: &SharedError) {
        let mut current = lock(&self.session);
        // Of an earlier one that is known.
        if current.as_ref().is_some_and(|current| Arc::ptr_eq(current, session)) {
            *current = None;
            // Under the lock, or a connection that stands could be shown as away.
            self.is_away(why.clone());
            self.look.notify_one();
        }
    }

    /// Whether this connection is of use is to be looked at now.
    pub(super) fn doubts(&self, session: &Arc<Session>) {
        if lock(&self.session).as_ref().is_some_and(|current| Arc::ptr_eq(current, session)) {
            self.look.notify_one();
        }
    }

    /// Has it looked at now.
    #[cfg(test)]
    pub(super) fn look(&self) {
        self.look.notify_one();
    }

    /// Keeps the connection until `end`.
    pub(super) async fn run(self: Arc<Self>, end: CancellationToken) {
        end.run_until_cancelled(self.keep()).await;
        *lock(&self.session) = None;
        self.state.send_replace(LinkState::Away(SharedError::Away("the gateway has ended the connection".to_owned())));
    }

    async fn keep(&self) {
        let mut failures = 0;
        loop {
            let begin = Instant::now();
            match self.connect().await {
                Ok(session) => {
                    let why = self.watch_over(&session).await;
                    self.breaks(&session, &why);
                    self.parts.metrics.redis_reconnects.with_label_values::<&str>(&[]).inc();
                    failures = if begin.elapsed() < STEADY { failures + 1 } else { 0 };
                }
                Err(why) => {
                    self.is_away(why);
                    failures += 1;
                }
            }
            tokio::time::sleep(self.pause(failures)).await;
        }
    }

    /// Connects, and has done what is to be done before others use the connection.
    async fn connect(&self) -> Result<Arc<Session>, SharedError> {
        let session = Arc::new(Session::open(&self.dialer, &self.parts.clock).await?);
        self.skew_ms.store(session.skew_ms, Ordering::Relaxed);
        let link = Link::fixed(Arc::clone(&session));
        for hook in &self.parts.hooks {
            hook.connected(&link).await?;
        }
        self.shows(session.fitness.durability);
        let topology = self.dialer.0.topology.as_str();
        tracing::info!(topology, durability = session.fitness.durability.as_str(), "Redis is connected");
        for warning in &session.fitness.warnings {
            tracing::warn!("Redis: {warning}");
        }
        let mut current = lock(&self.session);
        *current = Some(Arc::clone(&session));
        *lock(&self.away_since) = None;
        self.parts.metrics.redis_up.with_label_values::<&str>(&[]).set(1);
        self.state.send_replace(LinkState::Up);
        drop(current);
        Ok(session)
    }

    /// Returns when the connection is of no use any more.
    async fn watch_over(&self, session: &Arc<Session>) -> SharedError {
        let mut next_survey = Instant::now() + SURVEY;
        loop {
            let is_doubted = tokio::time::timeout(PROBE, self.look.notified()).await.is_ok();
            if !lock(&self.session).as_ref().is_some_and(|current| Arc::ptr_eq(current, session)) {
                return SharedError::Away("the connection broke".to_owned());
            }
            match session.probe(&self.parts.clock).await {
                Ok(skew_ms) => self.skew_ms.store(skew_ms, Ordering::Relaxed),
                Err(why) => return why,
            }
            if is_doubted || Instant::now() >= next_survey {
                next_survey = Instant::now() + SURVEY;
                match session.survey(&self.dialer).await {
                    Ok(fitness) if fitness.wait == session.fitness.wait => self.shows(fitness.durability),
                    Ok(_) => return SharedError::Away("its settings changed".to_owned()),
                    Err(why) => return why,
                }
            }
        }
    }

    fn shows(&self, durability: Durability) {
        *lock(&self.durability) = Some(durability);
        self.parts.metrics.durability.reset();
        self.parts.metrics.durability.with_label_values(&["redis", durability.as_str()]).set(1);
    }

    fn is_away(&self, why: SharedError) {
        self.parts.metrics.redis_up.with_label_values::<&str>(&[]).set(0);
        lock(&self.away_since).get_or_insert_with(Instant::now);
        let away = LinkState::Away(why);
        let is_new = self.state.send_if_modified(|state| {
            let is_new = *state != away;
            state.clone_from(&away);
            is_new
        });
        if is_new {
            tracing::warn!("{away}");
        }
    }

    /// Evenly from half of a ceiling up to it: gateways that lost a server together do not come back together.
    fn pause(&self, failures: u32) -> Duration {
        let ceiling = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(failures)).min(LONGEST_PAUSE);
        ceiling / 2 + Duration::from_millis(self.parts.chance.below(millis(ceiling / 2)))
    }
}

/// A panic cannot leave half of it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
