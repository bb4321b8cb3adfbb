//! Where it is recorded what was delivered: the index and the keys of a configuration, and the gateway that has it open, if one does.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use portcullis_filters::pseudonym::PseudonymKey;
use portcullis_filters::suppression::{Identifier, pseudonyms};

use super::Failure;
use crate::cli::running::{self, unexpected};
use crate::clock::Clock;
use crate::config::{self, Config, Environment, OwnKeySource, pseudonym};
use crate::control::{self, Done};
use crate::subject::{self, Alone, MOST_MARKS, SubjectCommand, SubjectDone, SubjectError, SubjectTask};
use crate::suppression::{Look, Mark, Marker, marker_of};

impl From<SubjectError> for Failure {
    fn from(error: SubjectError) -> Self {
        if error.is_of_configuration() { Self::Configuration(error.into()) } else { Self::Other(error.into()) }
    }
}

/// The index of a configuration.
#[derive(Debug)]
pub(super) struct Place {
    persons: config::Persons,
    outbox: PathBuf,
    marker: Marker,
    /// The index itself, once it is known that no gateway has it.
    own: Option<Alone>,
}

impl Place {
    /// Reads of the configuration what concerns persons.
    pub(super) fn of(config: &Path) -> Result<Self, Failure> {
        let persons = Config::load_persons(config, &Environment::of_process())?;
        let Some(outbox) = persons.outbox.backend.file().map(Path::to_owned) else { return Err(SubjectError::Off.into()) };
        let marker = subject::marker(&persons.subject_access)?;
        Ok(Self { persons, outbox, marker, own: None })
    }

    /// How many days a delivery is remembered.
    pub(super) fn retention_days(&self) -> u32 {
        self.persons.subject_access.retention_days
    }

    /// What stands for somebody in the index: every form of their ids, and the pseudonyms that may have left in their place.
    pub(super) fn marks(&self, persons: &[Vec<Identifier>]) -> Result<Vec<Mark>, Failure> {
        let key = match &self.persons.identity.pseudonym_key {
            OwnKeySource::Given(key) => Some(PseudonymKey::new(**key)),
            OwnKeySource::Kept(path) => Some(pseudonym::read(path).map_err(|error| Failure::Configuration(error.into()))?),
            OwnKeySource::Forgotten => None,
        };
        let forms: Vec<Identifier> = persons.iter().flatten().copied().collect();
        let stored = key.as_ref().map(|key| pseudonyms(key, &forms)).unwrap_or_default();
        let mut marks: Vec<Mark> = forms.iter().chain(&stored).map(|identifier| self.marker.mark(identifier)).collect();
        marks.sort_unstable();
        marks.dedup();
        if marks.len() > MOST_MARKS {
            return Err(Failure::Other(anyhow!("these are too many persons for one question; ask for fewer at once")));
        }
        Ok(marks)
    }

    /// How many of these persons are suppressed now; nothing if nobody knows.
    pub(super) fn suppressed(&self, persons: &[Vec<Identifier>]) -> Option<usize> {
        let store = self.persons.suppression.store.as_ref()?;
        let look = Look::into(store).ok()?;
        let Some(marker) = marker_of(store).ok()? else { return (look.count() == 0).then_some(0) };
        let is_suppressed =
            |forms: &Vec<Identifier>| look.holds_any(&marker, forms.iter().map(|form| marker.mark(form))).ok();
        let known: Option<Vec<bool>> = persons.iter().map(is_suppressed).collect();
        known.map(|known| known.into_iter().filter(|held| *held).count())
    }

    /// Asks the gateway that runs, or the index itself.
    pub(super) fn ask(&mut self, task: SubjectTask, marks: &[Mark]) -> Result<SubjectDone, Failure> {
        let command = SubjectCommand { key: self.marker.fingerprint().clone(), task, marks: marks.to_vec() };
        if self.own.is_none() {
            match running::ask(&self.outbox, &control::Command::Subject(command.clone()))? {
                Some(Done::Subject(done)) => return Ok(done),
                Some(_) => return Err(unexpected()),
                None => {}
            }
        }
        let own = match &mut self.own {
            Some(own) => own,
            none => none.insert(Alone::open(&self.outbox, &self.persons.subject_access, &Clock::system())?),
        };
        Ok(own.obey(&command)?)
    }
}
