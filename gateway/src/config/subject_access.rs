//! `[subject_access]` as it was resolved: how long it is remembered what was delivered, and where.

use std::path::PathBuf;

use super::OwnKeySource;

/// `[subject_access]`
#[derive(Debug, Clone)]
pub struct SubjectAccess {
    /// How many days a delivery is remembered; 0: nothing is recorded, and what was is deleted.
    pub retention_days: u32,
    /// Of how many rows at most.
    pub max_rows: u64,
    /// The index; nothing with the memory back end.
    pub index: Option<SubjectIndex>,
}

/// Where deliveries are remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectIndex {
    /// Its file, beside the outbox.
    pub path: PathBuf,
    /// The key under which persons are kept.
    pub key: OwnKeySource,
}
