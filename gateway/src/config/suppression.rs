//! `[suppression]` as it was resolved: where the store of suppressed persons is, under which key, and what commands about persons
//! read besides.

use std::path::PathBuf;

use super::{Identity, Outbox, OwnKeySource, SubjectAccess};

/// `[suppression]`
#[derive(Debug, Clone)]
pub struct Suppression {
    /// Where it is kept who must not be sent; nothing with the memory back end, unless a path is given.
    pub store: Option<SuppressionStore>,
}

/// What a command about persons has to know.
#[derive(Debug)]
pub struct Persons {
    /// Where events are that wait.
    pub outbox: Outbox,
    /// The key of pseudonyms.
    pub identity: Identity,
    /// Where it is kept who must not be sent.
    pub suppression: Suppression,
    /// What is recorded of deliveries.
    pub subject_access: SubjectAccess,
}

/// The store of suppressed persons.
#[derive(Debug, Clone)]
pub struct SuppressionStore {
    /// Its file.
    pub path: PathBuf,
    /// The key under which persons are kept.
    pub key: OwnKeySource,
}
