//! Metrics: that documents, rules and dashboards speak of those that are declared, and that callers cannot make series (P6).
//!
//! `PORTCULLIS_WRITE_DOCS=1 cargo test -p portcullis-tests --test metrics` writes the tables of `docs/metrics.md` anew.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper of a test may panic as the test may")]

mod document;
mod mentions;
mod observed;
mod storm;
mod tables;

use std::path::{Path, PathBuf};

/// A path of the repository.
fn at_root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}
