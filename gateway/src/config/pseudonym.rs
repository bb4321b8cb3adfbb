//! The key of pseudonyms: given, or made once and kept beside the outbox.
//!
//! Whoever has another key makes other pseudonyms, and Meta would take every customer for a new one. So an outbox whose key
//! is gone does not start with a fresh one; a person has to say so. The caller holds the lock of the outbox, so that no two
//! processes make a key for the same folder.

use std::io;
use std::path::{Path, PathBuf};

use portcullis_filters::pseudonym::PseudonymKey;

use super::PseudonymKeySource;
use super::kept_key::{self, KeptKeyError};
use crate::chance::Chance;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum PseudonymKeyError {
    /// The outbox is there and its key is not.
    #[error(
        "{0}: the key of pseudonyms is missing beside an outbox that exists; put it back from your copy, or give it as \
         identity.pseudonym_key; a new key would make a new person of every customer"
    )]
    Missing(PathBuf),
    /// The file holds something else.
    #[error("{0}: is not 32 bytes in base64; put the key of pseudonyms back from your copy")]
    Malformed(PathBuf),
    /// The disk refused.
    #[error("{path}: the key of pseudonyms cannot be read or kept: {reason}")]
    File {
        /// Its path.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
}

impl From<KeptKeyError> for PseudonymKeyError {
    fn from(error: KeptKeyError) -> Self {
        match error {
            KeptKeyError::Missing(path) => Self::Missing(path),
            KeptKeyError::Malformed(path) => Self::Malformed(path),
            KeptKeyError::File { path, reason } => Self::File { path, reason },
        }
    }
}

/// The key from its source. `has_held_events` says whether the outbox ever held an event: pseudonyms of it may be at Meta.
pub fn load_or_make(
    source: &PseudonymKeySource,
    has_held_events: bool,
    chance: &Chance,
) -> Result<PseudonymKey, PseudonymKeyError> {
    match source {
        PseudonymKeySource::Given(key) => Ok(PseudonymKey::new(**key)),
        PseudonymKeySource::Forgotten => Ok(PseudonymKey::new(chance.bytes())),
        PseudonymKeySource::Kept(path) if has_held_events => read(path),
        PseudonymKeySource::Kept(path) => Ok(PseudonymKey::new(*kept_key::read_or_make(path, chance)?)),
    }
}

/// The key in a file.
pub fn read(path: &Path) -> Result<PseudonymKey, PseudonymKeyError> {
    Ok(PseudonymKey::new(*kept_key::read(path)?))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn source(folder: &Path) -> PseudonymKeySource {
        PseudonymKeySource::Kept(folder.join("data").join("pseudonym.key"))
    }

    #[test]
    fn a_fresh_outbox_makes_a_key_and_the_next_start_finds_it() {
        let folder = tempfile::tempdir().unwrap();
        load_or_make(&source(folder.path()), false, &Chance::seeded(1)).unwrap();
        let path = folder.path().join("data/pseudonym.key");
        let made = fs::read(&path).unwrap();
        assert_eq!(STANDARD.decode(made.trim_ascii()).unwrap(), Chance::seeded(1).bytes::<32>());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left aside");

        load_or_make(&source(folder.path()), true, &Chance::seeded(2)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), made);
    }

    #[test]
    fn an_outbox_whose_key_is_missing_does_not_start() {
        let folder = tempfile::tempdir().unwrap();
        let error = load_or_make(&source(folder.path()), true, &Chance::seeded(1)).unwrap_err();
        assert!(matches!(error, PseudonymKeyError::Missing(_)));
        assert!(error.to_string().contains("pseudonym.key") && error.to_string().contains("identity.pseudonym_key"));
        assert!(!folder.path().join("data").exists());
    }

    #[test]
    fn a_torn_or_foreign_key_file_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/pseudonym.key");
        fs::create_dir(path.parent().unwrap()).unwrap();
        for text in ["", "AAAA", "canary-not-base64-at-all!!", &"A".repeat(1000)] {
            fs::write(&path, text).unwrap();
            let error = load_or_make(&source(folder.path()), false, &Chance::seeded(1)).unwrap_err();
            assert!(!error.to_string().contains("canary"));
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[test]
    fn what_a_crash_left_aside_does_not_hinder() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        fs::write(folder.path().join("data/pseudonym.key.new"), "torn").unwrap();
        load_or_make(&source(folder.path()), false, &Chance::seeded(1)).unwrap();
        assert!(!folder.path().join("data/pseudonym.key.new").exists());
    }
}
