//! The index in the hand of a command, while no gateway runs with its outbox.

use std::fs::File;
use std::path::Path;

use super::index::Index;
use super::{KEY, SubjectCommand, SubjectDone, SubjectError};
use crate::clock::Clock;
use crate::config::{SubjectAccess, SubjectIndex, kept_key};
use crate::disk;
use crate::suppression::Marker;

/// An index that is open here. No gateway starts with its outbox until this is dropped.
#[derive(Debug)]
pub struct Alone {
    index: Index,
    marker: Marker,
    _lock: File,
}

impl Alone {
    /// Takes the lock of the outbox and opens the index beside it.
    pub fn open(outbox: &Path, config: &SubjectAccess, clock: &Clock) -> Result<Self, SubjectError> {
        let SubjectIndex { path, .. } = place(config)?;
        let marker = marker(config)?;
        let lock = disk::lock(outbox)?;
        let index = Index::open(path, config.max_rows, clock.unix_days())?;
        index.is_of(&marker)?;
        Ok(Self { index, marker, _lock: lock })
    }

    /// Does what is asked.
    pub fn obey(&mut self, command: &SubjectCommand) -> Result<SubjectDone, SubjectError> {
        command.is_for(Some(&self.marker))?;
        command.run(&mut self.index)
    }
}

/// What makes the marks of an index.
pub fn marker(config: &SubjectAccess) -> Result<Marker, SubjectError> {
    let SubjectIndex { key, .. } = place(config)?;
    Ok(Marker::new(&*kept_key::load(key, KEY)?))
}

/// An index that is there.
fn place(config: &SubjectAccess) -> Result<&SubjectIndex, SubjectError> {
    let index = config.index.as_ref().filter(|_| config.retention_days > 0).ok_or(SubjectError::Off)?;
    if index.path.exists() { Ok(index) } else { Err(SubjectError::Missing { path: index.path.clone() }) }
}
