//! The connection to Redis that everything but the blocking read shares.
//!
//! It is up only after the server was looked at and found fit (`survey`) and after the work of joining was done (`hook`). What breaks
//! it is met by connecting anew, for as long as anybody holds it, and meanwhile every call fails at once. Every command has a
//! deadline, and none is done twice: repeating is for [`Link::insist`] alone. Left to others: what is asked of Redis.

mod confirm;
mod dial;
mod fault;
mod layout;
mod reader;
mod sentinel;
mod server;
mod session;
mod state;
mod upkeep;

use std::sync::Arc;
use std::time::Duration;

use redis::{Cmd, FromRedisValue};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

pub use reader::Reader;
pub(super) use server::Server;
pub use state::LinkState;

use self::session::Session;
use self::upkeep::Upkeep;
use super::{AtConnect, Call, Durability, Script, SharedError};
use crate::chance::Chance;
use crate::clock::Clock;
use crate::config;
use crate::telemetry::metrics::Metrics;

/// A connection to Redis that is made again when it breaks. Cheap to clone; all clones share it, and with the last it ends.
#[derive(Clone)]
pub struct Link(Source);

#[derive(Clone)]
enum Source {
    /// Whatever connection stands.
    Kept(Arc<Kept>),
    /// This one alone: for what is done before it is anybody's.
    Fixed(Arc<Session>),
}

struct Kept {
    upkeep: Arc<Upkeep>,
    _end: DropGuard,
}

/// What a link needs besides its configuration.
#[derive(Debug)]
pub struct LinkParts {
    /// Our clock, from which the server's may differ.
    pub clock: Clock,
    /// For pauses that gateways do not take together.
    pub chance: Chance,
    /// Where it is shown how it goes.
    pub metrics: Metrics,
    /// Done at every connection, in this order, before anybody else may use it.
    pub hooks: Vec<Arc<dyn AtConnect>>,
    /// Owns the task that keeps the connection.
    pub tasks: TaskTracker,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}

impl Link {
    /// Begins to connect, and returns at once.
    pub fn start(config: Arc<config::Redis>, parts: LinkParts) -> Self {
        let tasks = parts.tasks.clone();
        let upkeep = Arc::new(Upkeep::new(config, parts));
        let end = CancellationToken::new();
        tasks.spawn(Arc::clone(&upkeep).run(end.clone()));
        Self(Source::Kept(Arc::new(Kept { upkeep, _end: end.drop_guard() })))
    }

    fn fixed(session: Arc<Session>) -> Self {
        Self(Source::Fixed(session))
    }

    /// Waits for what came of the first try to connect.
    pub async fn first_try(&self) -> Result<(), SharedError> {
        let mut state = self.state();
        // The sender lives as long as we do.
        match state.wait_for(|state| *state != LinkState::Connecting).await.as_deref() {
            Ok(LinkState::Away(why)) => Err(why.clone()),
            _ => Ok(()),
        }
    }

    /// Whether it is up, and if not, why.
    pub fn state(&self) -> watch::Receiver<LinkState> {
        match &self.0 {
            Source::Kept(kept) => kept.upkeep.state(),
            Source::Fixed(_) => watch::Sender::new(LinkState::Up).subscribe(),
        }
    }

    /// For how long there has been no connection; nothing while there is one.
    pub fn away_for(&self) -> Duration {
        match &self.0 {
            Source::Kept(kept) => kept.upkeep.away_for(),
            Source::Fixed(_) => Duration::ZERO,
        }
    }

    /// How far the server's clock is ahead of ours, in milliseconds; less than 100 counts as nothing, as the measurement is not better.
    pub fn skew_ms(&self) -> i64 {
        match &self.0 {
            Source::Kept(kept) => kept.upkeep.skew_ms(),
            Source::Fixed(session) => session.skew_ms,
        }
    }

    /// How durable the server is that was reached last; nothing before the first.
    pub fn durability(&self) -> Option<Durability> {
        match &self.0 {
            Source::Kept(kept) => kept.upkeep.durability(),
            Source::Fixed(session) => Some(session.fitness.durability),
        }
    }

    /// Runs a script once. [`SharedError::Away`] leaves open whether it ran.
    pub async fn call<T: FromRedisValue>(&self, script: &Script, call: &Call) -> Result<T, SharedError> {
        let session = self.session()?;
        let answer = session.call(script, call).await;
        self.judged(&session, answer)
    }

    /// Runs a script that does its work once however often it is asked to (it carries a token, or changes nothing twice), again and
    /// again while the connection breaks, for so long.
    pub async fn insist<T: FromRedisValue>(
        &self,
        script: &Script,
        call: &Call,
        patience: Duration,
    ) -> Result<T, SharedError> {
        let until = Instant::now() + patience;
        let mut state = self.state();
        loop {
            let answer = self.call(script, call).await;
            let Err(why @ SharedError::Away(_)) = answer else { return answer };
            // On a connection of hooks there is nothing to wait for: the next one brings the hooks again.
            if matches!(self.0, Source::Fixed(_)) {
                return Err(why);
            }
            match tokio::time::timeout_at(until, state.wait_for(|state| *state == LinkState::Up)).await {
                Ok(Ok(_)) => {}
                Ok(Err(_)) | Err(_) => return Err(why),
            }
        }
    }

    /// Runs a plain command on the node that has its key. `what` is what errors call it.
    pub async fn command<T: FromRedisValue>(&self, what: &'static str, command: &Cmd) -> Result<T, SharedError> {
        let session = self.session()?;
        let answer = session.command(what, command).await;
        self.judged(&session, answer)
    }

    /// Runs a command, which is of no key, on every server that has keys of ours.
    pub async fn on_each<T: FromRedisValue>(&self, what: &'static str, command: &Cmd) -> Result<Vec<T>, SharedError> {
        let session = self.session()?;
        let answers = session.on_each(what, command).await;
        self.judged(&session, answers)
    }

    /// One more connection, to the node of the common keys, for commands that wait for data.
    pub async fn reader(&self) -> Result<Reader, SharedError> {
        let session = self.session()?;
        let server = session.of_common_keys()?.again().await;
        Ok(Reader::new(self.clone(), Arc::clone(&session), self.judged(&session, server)?))
    }

    /// Has it looked at now whether the server is fit, as every minute.
    #[cfg(test)]
    pub(super) fn look(&self) {
        if let Source::Kept(kept) = &self.0 {
            kept.upkeep.look();
        }
    }

    fn deadline(&self) -> Duration {
        match &self.0 {
            Source::Kept(kept) => kept.upkeep.deadline(),
            Source::Fixed(_) => Duration::ZERO,
        }
    }

    fn session(&self) -> Result<Arc<Session>, SharedError> {
        match &self.0 {
            Source::Kept(kept) => kept.upkeep.session(),
            Source::Fixed(session) => Ok(Arc::clone(session)),
        }
    }

    /// An answer, by which it may be known that the connection is of no use any more.
    fn judged<T>(&self, session: &Arc<Session>, answer: Result<T, SharedError>) -> Result<T, SharedError> {
        if let (Source::Kept(kept), Err(why @ SharedError::Away(_))) = (&self.0, &answer) {
            kept.upkeep.breaks(session, why);
        }
        answer
    }
}
