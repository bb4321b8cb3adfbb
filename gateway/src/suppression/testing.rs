//! A set of suppressed persons for tests elsewhere: a store in a folder of its own, whose disk may die.

use std::path::PathBuf;

use portcullis_filters::suppression::{Kind, forms};
use tempfile::TempDir;

use super::*;

/// A set, and the folder in which it is kept.
#[derive(Debug)]
pub(crate) struct Kept {
    /// The set.
    pub(crate) set: Suppressions,
    folder: TempDir,
}

impl Kept {
    /// Nobody yet.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("suppression.db");
        let key = OwnKeySource::Kept(path.with_extension("key"));
        let config = config::Suppression { store: Some(SuppressionStore { path, key }) };
        let (metrics, chance) = (Metrics::new().unwrap(), Chance::from_system().unwrap());
        let set = Suppressions::open(&config, &metrics, &Clock::set(1_791_000_000_000), &chance).unwrap();
        Self { set, folder }
    }

    /// Suppresses somebody.
    pub(crate) fn add(&self, email: &str) {
        let marker = &self.set.set().unwrap().marker;
        let marks: Vec<Mark> = forms(Kind::Email, email).iter().map(|form| marker.mark(form)).collect();
        assert_eq!(self.set.add(&marks).unwrap(), marks.len() as u64);
    }

    /// From now on the disk does not give what is in the store. What it held is given back, to be put there again.
    pub(crate) fn breaks(&self) -> Vec<u8> {
        let whole = std::fs::read(self.path()).unwrap();
        let mut broken = whole.clone();
        broken.get_mut(4096..).unwrap().fill(0xff);
        std::fs::write(self.path(), broken).unwrap();
        whole
    }

    /// The disk is well again.
    pub(crate) fn heals(&self, whole: &[u8]) {
        std::fs::write(self.path(), whole).unwrap();
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("suppression.db")
    }
}
