//! `[suppression]` as it was resolved: where the store of suppressed persons is, and under which key.

use std::path::PathBuf;

use super::kept_key::KeySource;

/// `[suppression]`
#[derive(Debug, Clone)]
pub struct Suppression {
    /// Where it is kept who must not be sent; nothing with the memory back end, unless a path is given.
    pub store: Option<SuppressionStore>,
}

/// The store of suppressed persons.
#[derive(Debug, Clone)]
pub struct SuppressionStore {
    /// Its file.
    pub path: PathBuf,
    /// The key under which persons are kept.
    pub key: KeySource,
}
