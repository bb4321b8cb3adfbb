//! Reads the catalogues that policies name, piece by piece, each file once however many sites use it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use portcullis_filters::catalog::{Catalog, CatalogError, CatalogReader};

/// Bytes that are read at once.
const PIECE_BYTES: usize = 64 * 1024;

/// Why there is no catalogue.
#[derive(Debug, thiserror::Error)]
pub(super) enum CatalogFileError {
    /// The file cannot be read.
    #[error("{file} cannot be read: {reason}")]
    Unreadable {
        /// Its path.
        file: String,
        /// Why.
        reason: io::Error,
    },
    /// It is no catalogue.
    #[error("{file}: {reason}")]
    Wrong {
        /// Its path.
        file: String,
        /// Why, with the line.
        reason: CatalogError,
    },
}

/// What was read so far, by path.
#[derive(Debug, Default)]
pub struct Catalogs(HashMap<PathBuf, Arc<Catalog>>);

impl Catalogs {
    /// The catalogue in this file.
    pub(super) fn read(&mut self, path: PathBuf) -> Result<Arc<Catalog>, CatalogFileError> {
        if let Some(known) = self.0.get(&path) {
            return Ok(Arc::clone(known));
        }
        let catalog = Arc::new(read(&path)?);
        self.0.insert(path, Arc::clone(&catalog));
        Ok(catalog)
    }
}

fn read(path: &Path) -> Result<Catalog, CatalogFileError> {
    let file = || path.display().to_string();
    let unreadable = |reason| CatalogFileError::Unreadable { file: file(), reason };
    let wrong = |reason| CatalogFileError::Wrong { file: file(), reason };
    // A pipe to which nobody writes would hold up the start for ever.
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(unreadable(io::Error::new(io::ErrorKind::InvalidInput, "is no file")));
    }
    let mut source = File::open(path).map_err(unreadable)?;
    let mut reader = CatalogReader::default();
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match source.read(&mut piece) {
            Ok(0) => return reader.finish().map_err(wrong),
            Ok(count) => reader.read(piece.get(..count).unwrap_or_default()).map_err(wrong)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_is_not_waited_for() {
        for path in [".", "/dev/null"] {
            let said = read(Path::new(path)).unwrap_err().to_string();
            assert_eq!(said, format!("{path} cannot be read: is no file"));
        }
    }
}
