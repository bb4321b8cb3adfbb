//! Where persons are kept back: the store and the keys of a configuration, and the gateway that runs with them, if one does.
//!
//! Where none runs and Redis is configured, the command does what a gateway would: it appends to the log of all gateways, and takes
//! over into the store what is in it.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use portcullis_filters::pseudonym::PseudonymKey;
use portcullis_filters::suppression::{Identifier, pseudonyms};
use tokio::runtime::{self, Runtime};

use super::Failure;
use crate::chance::Chance;
use crate::cli::redis;
use crate::cli::running::{self, unexpected};
use crate::clock::Clock;
use crate::config::kept_key::OwnKeyError;
use crate::config::{self, Backend, Config, Environment, OwnKeySource, SuppressionStore, pseudonym};
use crate::control::{self, Done};
use crate::outbox::has_held_events;
use crate::shared::{Keys as Names, Link, membership};
use crate::suppression::{
    Log, Mark, Marker, SuppressCommand, SuppressDone, SuppressTask, SuppressionError, Suppressions, marker_of,
};
use crate::telemetry::metrics::Metrics;

impl From<SuppressionError> for Failure {
    fn from(error: SuppressionError) -> Self {
        if error.is_of_configuration() { Self::Configuration(error.into()) } else { Self::Other(error.into()) }
    }
}

/// The store of a configuration.
#[derive(Debug)]
pub(super) struct Place {
    persons: config::Persons,
    store: SuppressionStore,
    /// The store itself, once it is known that no gateway has it.
    own: Option<Own>,
    keys: Option<Keys>,
}

/// The store in the hand of this command.
#[derive(Debug)]
enum Own {
    Here(Suppressions),
    /// With the log of all gateways, and what waits for Redis.
    Shared(Log, Runtime),
}

impl Own {
    fn open(persons: &config::Persons, store: &SuppressionStore) -> Result<Self, Failure> {
        let chance = Chance::from_system().context("the operating system gives no random bytes")?;
        let metrics = Metrics::new().context("metrics")?;
        let set = Suppressions::open(&persons.suppression, &metrics, &Clock::system(), &chance)?;
        let Backend::Redis(_, server) = &persons.outbox.backend else { return Ok(Self::Here(set)) };
        let runtime = runtime::Builder::new_current_thread().enable_all().build().context("the runtime")?;
        let names = Names::new(&server.prefix);
        let link = runtime.block_on(connect(server, &names, store))?;
        Ok(Self::Shared(Log::new(&names, set, None, chance).over(link), runtime))
    }

    fn obey(&self, command: &SuppressCommand) -> Result<SuppressDone, SuppressionError> {
        match self {
            Self::Here(set) => set.obey(command),
            Self::Shared(log, runtime) => runtime.block_on(log.obey(command)),
        }
    }
}

/// Not as a gateway, but under the same key as they.
async fn connect(server: &Arc<config::Redis>, names: &Names, store: &SuppressionStore) -> Result<Link, Failure> {
    let link = redis::connect(server).await?;
    if let OwnKeySource::Given(key) = &store.key {
        membership::check_suppression_key(&link, names, key).await.map_err(SuppressionError::from)?;
    }
    Ok(link)
}

/// What makes marks.
#[derive(Debug)]
struct Keys {
    marker: Marker,
    /// Nothing where there cannot be a pseudonym yet.
    pseudonyms: Option<PseudonymKey>,
}

impl Place {
    /// Reads of the configuration what concerns persons.
    pub(super) fn of(config: &Path) -> Result<Self, Failure> {
        let persons = Config::load_persons(config, &Environment::of_process())?;
        let store = persons.suppression.store.clone().ok_or(SuppressionError::NoStore)?;
        Ok(Self { persons, store, own: None, keys: None })
    }

    /// Where the store is, and under which key.
    pub(super) fn store(&self) -> &SuppressionStore {
        &self.store
    }

    /// What makes marks, for a look: nothing if there is no key, and so nobody in the store.
    pub(super) fn marker_to_look(&self) -> Result<Option<Marker>, Failure> {
        Ok(marker_of(&self.store)?)
    }

    /// What stands for a person in the store: every form, and the pseudonyms of them that may stand in stored events.
    pub(super) fn marks(&mut self, forms: &[Identifier]) -> Result<Vec<Mark>, Failure> {
        let Keys { marker, pseudonyms: key } = self.keys()?;
        let stored = key.as_ref().map(|key| pseudonyms(key, forms)).unwrap_or_default();
        Ok(forms.iter().chain(&stored).map(|identifier| marker.mark(identifier)).collect())
    }

    /// What makes marks. Takes the store where it has no key yet and no gateway runs.
    pub(super) fn marker(&mut self) -> Result<&Marker, Failure> {
        Ok(&self.keys()?.marker)
    }

    /// Has the gateway that runs do it, or does it here. How many marks changed.
    pub(super) fn perform(&mut self, task: SuppressTask, marks: Vec<Mark>) -> Result<u64, Failure> {
        let command = SuppressCommand { key: self.marker()?.fingerprint().clone(), task, marks };
        if self.own.is_none()
            && let Some(outbox) = self.persons.outbox.backend.file()
        {
            match running::ask(outbox, &control::Command::Suppress(command.clone()))? {
                Some(Done::Suppressed(done)) => return Ok(done.changed),
                Some(_) => return Err(unexpected()),
                None => {}
            }
        }
        Ok(self.own()?.obey(&command)?.changed)
    }

    /// Whether a gateway runs that did what was asked.
    pub(super) fn gateway_did_it(&self) -> bool {
        self.own.is_none()
    }

    fn own(&mut self) -> Result<&Own, Failure> {
        if self.own.is_none() {
            self.own = Some(Own::open(&self.persons, &self.store)?);
        }
        self.own.as_ref().ok_or_else(|| SuppressionError::NoStore.into())
    }

    fn keys(&mut self) -> Result<&Keys, Failure> {
        if self.keys.is_none() {
            if marker_of(&self.store)?.is_none() {
                // The first use, before any gateway has run.
                self.own()?;
            }
            let marker = marker_of(&self.store)?.ok_or_else(|| anyhow!("the key of suppressed persons was not kept"))?;
            self.keys = Some(Keys { marker, pseudonyms: self.pseudonym_key()? });
        }
        self.keys.as_ref().ok_or_else(|| anyhow!("there are no keys").into())
    }

    /// The key of the pseudonyms in stored events. Where the outbox has held events, it must be there.
    fn pseudonym_key(&self) -> Result<Option<PseudonymKey>, Failure> {
        let has_held_events = match self.persons.outbox.backend.file() {
            Some(path) => has_held_events(path).context("the outbox cannot be read")?,
            None => false,
        };
        match &self.persons.identity.pseudonym_key {
            OwnKeySource::Given(key) => Ok(Some(PseudonymKey::new(**key))),
            OwnKeySource::Kept(path) if path.exists() || has_held_events => {
                Ok(Some(pseudonym::read(path).map_err(of_configuration)?))
            }
            OwnKeySource::Kept(_) | OwnKeySource::Forgotten => Ok(None),
        }
    }
}

fn of_configuration(error: OwnKeyError) -> Failure {
    Failure::Configuration(error.into())
}
