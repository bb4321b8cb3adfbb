//! The outbox of a configuration: a file of this machine, and with the Redis back end what all gateways share there.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::ValueEnum;

use super::Failure;
use crate::chance::Chance;
use crate::cli::running::{self, unexpected};
use crate::clock::Clock;
use crate::config::{self, Config, Environment};
use crate::control::{self, Done};
use crate::outbox::{
    AnyOutbox, Inspection, Keys, OutboxCommand, OutboxDone, OutboxPlace, Settings, SharedInspection, Shown, Visit, inspect,
    show,
};

/// Where events rest, where that is two places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum In {
    /// The file of this machine
    File,
    /// Redis, for all gateways
    Redis,
}

impl From<In> for OutboxPlace {
    fn from(place: In) -> Self {
        match place {
            In::File => Self::File,
            In::Redis => Self::Redis,
        }
    }
}

/// Where to look and what to change.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) outbox: config::Outbox,
    /// The file. With the Redis back end there may be none yet.
    pub(super) path: PathBuf,
}

impl Place {
    /// Reads of the configuration what concerns the outbox.
    pub(super) fn of(config: &Path) -> Result<Self, Failure> {
        let outbox = Config::load_outbox(config, &Environment::of_process())?;
        match outbox.backend.file() {
            Some(path) => Ok(Self { path: path.to_owned(), outbox }),
            None => Err(Failure::Other(anyhow!("outbox.backend is memory: there is nothing on disk"))),
        }
    }

    /// Whether other gateways keep their events in the same place.
    pub(super) fn is_shared(&self) -> bool {
        self.outbox.backend.is_shared()
    }

    /// Looks into the file. With Redis, one that is not there holds nothing.
    pub(super) fn inspect_file(&self) -> Result<Inspection, Failure> {
        if self.has_no_file() {
            return Ok(Inspection::default());
        }
        Ok(inspect(&self.path, self.keys()?.as_ref()).context("the outbox cannot be read")?)
    }

    /// One entry of the quarantine in the file.
    pub(super) fn show_in_file(&self, id: i64) -> Result<Option<Shown>, Failure> {
        if self.has_no_file() {
            return Ok(None);
        }
        Ok(show(&self.path, self.keys()?.as_ref(), id).context("the outbox cannot be read")?)
    }

    /// Looks into what is shared; nothing where nothing is.
    pub(super) async fn inspect_shared(&self) -> Result<Option<SharedInspection>, Failure> {
        let Some(visit) = self.visit().await? else { return Ok(None) };
        Ok(Some(visit.inspect().await.context("what the gateways share cannot be read")?))
    }

    /// Entries of the quarantine that is shared.
    pub(super) async fn show_shared(&self, dataset: Option<&str>, id: i64) -> Result<Vec<Shown>, Failure> {
        let Some(visit) = self.visit().await? else { return Ok(Vec::new()) };
        Ok(visit.show(dataset, id).await.context("what the gateways share cannot be read")?)
    }

    /// What is shared, for a look or a change from outside; nothing where nothing is.
    pub(super) async fn visit(&self) -> Result<Option<Visit>, Failure> {
        let Some(redis) = self.outbox.backend.redis() else { return Ok(None) };
        let chance = chance()?;
        let visit = Visit::to(redis, Settings::of(&self.outbox, &chance), Clock::system(), chance).await;
        Ok(Some(visit.context("what the gateways share cannot be reached")?))
    }

    /// Has the gateway that runs do it, or does it here.
    pub(super) async fn perform(&self, command: OutboxCommand) -> Result<OutboxDone, Failure> {
        match running::ask(&self.path, &control::Command::Outbox(command.clone()))? {
            Some(Done::Outbox(done)) => return Ok(done),
            Some(_) => return Err(unexpected()),
            None => {}
        }
        // Reached first: where it is away, nothing was done in the file either.
        let visit = self.visit().await?;
        let here = if self.has_no_file() { None } else { Some(self.perform_in_file(command.clone()).await?) };
        let Some(visit) = visit else { return here.ok_or_else(unexpected) };
        let there = visit.obey(command).await.map_err(anyhow::Error::from)?;
        here.map_or(Ok(there.clone()), |here| here.and(there).ok_or_else(unexpected))
    }

    async fn perform_in_file(&self, command: OutboxCommand) -> Result<OutboxDone, Failure> {
        // Opening would make one.
        std::fs::metadata(&self.path).with_context(|| format!("{}: there is no outbox", self.path.display()))?;
        let settings = Settings::of(&self.outbox, &chance()?);
        let outbox = AnyOutbox::open_embedded(&self.path, settings).context("the outbox cannot be opened")?;
        let done = outbox.obey(command).await;
        outbox.close().await;
        Ok(done.map_err(anyhow::Error::from)?)
    }

    /// What opens events that rest encrypted, if they do.
    fn keys(&self) -> Result<Option<Keys>, Failure> {
        Ok(Keys::of(&self.outbox, &chance()?))
    }

    fn has_no_file(&self) -> bool {
        self.is_shared() && !self.path.exists()
    }
}

/// For nonces of what is encrypted here.
fn chance() -> Result<Chance, Failure> {
    Ok(Chance::from_system().context("the operating system gives no random bytes")?)
}
