//! Keys of our own, of 32 bytes: given, or made once and kept in a file beside the outbox.
//!
//! What was made with such a key means nothing under another one, so where something was, a missing file is an error and never
//! a fresh key; a person has to say so. The caller holds the lock of the outbox, so that no two processes make a key for the same
//! folder. What each key is for stands with it: `pseudonym` and others.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::file;
use crate::chance::Chance;

/// 32 bytes in base64 and a line end, with room for what an editor adds.
const MAX_KEY_FILE_BYTES: usize = 256;

/// A key of our own.
pub type OwnKey = Zeroizing<[u8; 32]>;

/// Where a key of our own comes from.
#[derive(Clone, PartialEq, Eq)]
pub enum OwnKeySource {
    /// Given by configuration.
    Given(OwnKey),
    /// Read from this file beside the outbox; made at first start.
    Kept(PathBuf),
    /// Made at every start and forgotten: only with the memory back end.
    Forgotten,
}

impl std::fmt::Debug for OwnKeySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Given(_) => f.write_str("Given(..)"),
            Self::Kept(path) => f.debug_tuple("Kept").field(path).finish(),
            Self::Forgotten => f.write_str("Forgotten"),
        }
    }
}

/// What a key is for, in the words of its errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyUse {
    /// Such as `the key of pseudonyms`.
    pub name: &'static str,
    /// What means nothing without it, such as `an outbox`.
    pub guards: &'static str,
    /// The key of the configuration by which it can be given.
    pub configured_as: &'static str,
    /// What another key would do.
    pub loss: &'static str,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum OwnKeyError {
    /// What it guards is there and the key is not.
    #[error(
        "{path}: {} is missing beside {} that exists; put it back from your copy, or give it as {}; {}",
        of.name, of.guards, of.configured_as, of.loss
    )]
    Missing {
        /// Its path.
        path: PathBuf,
        /// Which key.
        of: KeyUse,
    },
    /// The back end keeps nothing.
    #[error("{} is not kept with the memory back end", of.name)]
    NotKept {
        /// Which key.
        of: KeyUse,
    },
    /// The file holds something else.
    #[error("{path}: is not 32 bytes in base64; put {} back from your copy", of.name)]
    Malformed {
        /// Its path.
        path: PathBuf,
        /// Which key.
        of: KeyUse,
    },
    /// The disk refused.
    #[error("{path}: {} cannot be read or kept: {reason}", of.name)]
    File {
        /// Its path.
        path: PathBuf,
        /// Which key.
        of: KeyUse,
        /// Why.
        reason: io::Error,
    },
}

/// The key from its source. `is_needed` says whether anything was ever made with it that another one would not match: then none
/// is made.
pub fn load_or_make(source: &OwnKeySource, of: KeyUse, is_needed: bool, chance: &Chance) -> Result<OwnKey, OwnKeyError> {
    match source {
        OwnKeySource::Given(key) => Ok(key.clone()),
        OwnKeySource::Forgotten => Ok(Zeroizing::new(chance.bytes())),
        OwnKeySource::Kept(path) => kept(path, of, is_needed, chance),
    }
}

/// The key from its source, which must have one: for commands that look at what was made with it.
pub fn load(source: &OwnKeySource, of: KeyUse) -> Result<OwnKey, OwnKeyError> {
    match source {
        OwnKeySource::Given(key) => Ok(key.clone()),
        OwnKeySource::Forgotten => Err(OwnKeyError::NotKept { of }),
        OwnKeySource::Kept(path) => match read(path, of) {
            Err(OwnKeyError::File { path, reason, .. }) if reason.kind() == io::ErrorKind::NotFound => {
                Err(OwnKeyError::Missing { path, of })
            }
            other => other,
        },
    }
}

/// The key in a file.
pub fn read(path: &Path, of: KeyUse) -> Result<OwnKey, OwnKeyError> {
    let text =
        file::read(path, MAX_KEY_FILE_BYTES).map_err(|reason| OwnKeyError::File { path: path.to_owned(), of, reason })?;
    parse(path, of, &text)
}

fn parse(path: &Path, of: KeyUse, text: &[u8]) -> Result<OwnKey, OwnKeyError> {
    let bytes = Zeroizing::new(STANDARD.decode(text.trim_ascii()).unwrap_or_default());
    let key = <[u8; 32]>::try_from(bytes.as_slice());
    key.map(Zeroizing::new).map_err(|_| OwnKeyError::Malformed { path: path.to_owned(), of })
}

fn kept(path: &Path, of: KeyUse, is_needed: bool, chance: &Chance) -> Result<OwnKey, OwnKeyError> {
    let fail = |reason| OwnKeyError::File { path: path.to_owned(), of, reason };
    match file::read(path, MAX_KEY_FILE_BYTES) {
        Ok(text) => parse(path, of, &text),
        Err(error) if error.kind() == io::ErrorKind::NotFound && is_needed => {
            Err(OwnKeyError::Missing { path: path.to_owned(), of })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let key = Zeroizing::new(chance.bytes::<32>());
            write(path, &key).map_err(fail)?;
            Ok(key)
        }
        Err(error) => Err(fail(error)),
    }
}

/// Written aside, synced, then renamed and the folder synced: after a crash there is the whole key or none.
fn write(path: &Path, key: &[u8; 32]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_private_folder(folder)?;
    let aside = path.with_extension("key.new");
    let text = Zeroizing::new(STANDARD.encode(key) + "\n");
    // What a crash left there is no key of anybody's.
    match fs::remove_file(&aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = create_private(&aside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&aside, path)?;
    File::open(folder)?.sync_all()
}

fn make_private_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const USE: KeyUse = KeyUse {
        name: "the key of samples",
        guards: "a sample",
        configured_as: "sample.key",
        loss: "a new key would match nothing",
    };

    fn source(folder: &Path) -> OwnKeySource {
        OwnKeySource::Kept(folder.join("data").join("sample.key"))
    }

    #[test]
    fn a_fresh_start_makes_a_key_and_the_next_one_finds_it() {
        let folder = tempfile::tempdir().unwrap();
        load_or_make(&source(folder.path()), USE, false, &Chance::seeded(1)).unwrap();
        let path = folder.path().join("data/sample.key");
        let made = fs::read(&path).unwrap();
        assert_eq!(STANDARD.decode(made.trim_ascii()).unwrap(), Chance::seeded(1).bytes::<32>());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left aside");

        let found = load_or_make(&source(folder.path()), USE, true, &Chance::seeded(2)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), made);
        assert_eq!(load(&source(folder.path()), USE).unwrap(), found);
    }

    #[test]
    fn a_key_that_is_needed_and_missing_is_never_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        for error in [
            load_or_make(&source(folder.path()), USE, true, &Chance::seeded(1)).unwrap_err(),
            load(&source(folder.path()), USE).unwrap_err(),
        ] {
            assert!(matches!(error, OwnKeyError::Missing { .. }));
            let path = folder.path().join("data/sample.key");
            let said = "the key of samples is missing beside a sample that exists; put it back from your copy, or give it as \
                        sample.key; a new key would match nothing";
            assert_eq!(error.to_string(), format!("{}: {said}", path.display()));
        }
        assert!(!folder.path().join("data").exists());
    }

    #[test]
    fn a_torn_or_foreign_key_file_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/sample.key");
        fs::create_dir(path.parent().unwrap()).unwrap();
        for text in ["", "AAAA", "canary-not-base64-at-all!!", &"A".repeat(1000)] {
            fs::write(&path, text).unwrap();
            let error = load_or_make(&source(folder.path()), USE, false, &Chance::seeded(1)).unwrap_err();
            assert!(!error.to_string().contains("canary"));
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[test]
    fn what_a_crash_left_aside_does_not_hinder() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        fs::write(folder.path().join("data/sample.key.new"), "torn").unwrap();
        load_or_make(&source(folder.path()), USE, false, &Chance::seeded(1)).unwrap();
        assert!(!folder.path().join("data/sample.key.new").exists());
    }
}
