//! Whether the files that are open are those that the next start will find.
//!
//! A file that was deleted, moved or replaced while it is open goes on taking writes and syncs, and what was kept in it is gone
//! with the process. So nothing new is kept in such a file; what is in it is still sent.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::private::with_suffix;

/// Device and number of a file.
type Identity = (u64, u64);

/// The files of a database, by the names under which they are looked for at a start.
#[derive(Debug)]
pub(crate) struct Place {
    /// The file itself, its log and its lock. The engine makes the log when it first needs one.
    files: [(PathBuf, Option<Identity>); 3],
}

impl Place {
    /// The files as they are now.
    pub(crate) fn of(path: &Path) -> Self {
        let known = |path: PathBuf| {
            let identity = identity(&path);
            (path, identity)
        };
        Self { files: [known(path.to_owned()), known(with_suffix(path, ".lock")), known(with_suffix(path, "-wal"))] }
    }

    /// Whether every file that was once seen is still in its place. Three questions to the system, about 2 µs.
    pub(crate) fn is_intact(&mut self) -> bool {
        self.files.iter_mut().all(|(path, seen)| {
            let found = identity(path);
            if seen.is_none() {
                *seen = found;
            }
            found == *seen
        })
    }
}

fn identity(path: &Path) -> Option<Identity> {
    // A file that cannot be asked for cannot be found at the next start either.
    std::fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}
