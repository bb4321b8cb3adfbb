//! Keys that are made once and kept in a file of their own: written whole or not at all, for their owner alone.
//!
//! The caller holds the lock of what the key belongs to, so that no two processes make one for the same folder, and says whether a
//! key may be made: where something was kept under one that is gone, a person has to decide.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::file;
use crate::chance::Chance;

/// 32 bytes in base64 and a line end, with room for what an editor adds.
const MAX_KEY_FILE_BYTES: usize = 256;

/// A key.
pub type KeptKey = Zeroizing<[u8; 32]>;

/// Where a key comes from.
#[derive(Clone, PartialEq, Eq)]
pub enum KeySource {
    /// Given by configuration.
    Given(KeptKey),
    /// Read from this file; made when it is first needed.
    Kept(PathBuf),
}

impl std::fmt::Debug for KeySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Given(_) => f.write_str("Given(..)"),
            Self::Kept(path) => f.debug_tuple("Kept").field(path).finish(),
        }
    }
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeptKeyError {
    /// It is not there, and none may be made.
    #[error("{0}: the key is missing")]
    Missing(PathBuf),
    /// The file holds something else.
    #[error("{0}: is not 32 bytes in base64")]
    Malformed(PathBuf),
    /// The disk refused.
    #[error("{path}: the key cannot be read or kept: {reason}")]
    File {
        /// Its path.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
}

/// The key in a file.
pub fn read(path: &Path) -> Result<KeptKey, KeptKeyError> {
    let text = file::read(path, MAX_KEY_FILE_BYTES).map_err(|reason| match reason.kind() {
        io::ErrorKind::NotFound => KeptKeyError::Missing(path.to_owned()),
        _ => KeptKeyError::File { path: path.to_owned(), reason },
    })?;
    let bytes = Zeroizing::new(STANDARD.decode(text.trim_ascii()).unwrap_or_default());
    let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| KeptKeyError::Malformed(path.to_owned()))?;
    Ok(Zeroizing::new(key))
}

/// The same, made if it is missing.
pub fn read_or_make(path: &Path, chance: &Chance) -> Result<KeptKey, KeptKeyError> {
    match read(path) {
        Err(KeptKeyError::Missing(path)) => {
            let key = Zeroizing::new(chance.bytes::<32>());
            write(&path, &key).map_err(|reason| KeptKeyError::File { path: path.clone(), reason })?;
            Ok(key)
        }
        read => read,
    }
}

/// Written aside, synced, then renamed and the folder synced: after a crash there is the whole key or none.
fn write(path: &Path, key: &[u8; 32]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let aside = path.with_extension("key.new");
    let text = Zeroizing::new(STANDARD.encode(key) + "\n");
    // What a crash left there is no key of anybody's.
    match fs::remove_file(&aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&aside, path)?;
    File::open(folder)?.sync_all()
}
