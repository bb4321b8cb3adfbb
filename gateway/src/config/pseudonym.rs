//! The key of pseudonyms.
//!
//! Whoever has another key makes other pseudonyms, and Meta would take every customer for a new one. So an outbox that ever held
//! an event, and whose key is gone, does not start with a fresh one. Where the key is kept is left to `kept_key`.

use std::path::Path;

use portcullis_filters::pseudonym::PseudonymKey;

use super::kept_key::{self, KeyUse, OwnKeyError, OwnKeySource};
use crate::chance::Chance;

const USE: KeyUse = KeyUse {
    name: "the key of pseudonyms",
    guards: "an outbox",
    configured_as: "identity.pseudonym_key",
    loss: "a new key would make a new person of every customer",
};

/// The key from its source. `has_held_events` says whether the outbox ever held an event: pseudonyms of it may be at Meta.
pub fn load_or_make(source: &OwnKeySource, has_held_events: bool, chance: &Chance) -> Result<PseudonymKey, OwnKeyError> {
    kept_key::load_or_make(source, USE, has_held_events, chance).map(|key| PseudonymKey::new(*key))
}

/// The key in a file.
pub fn read(path: &Path) -> Result<PseudonymKey, OwnKeyError> {
    kept_key::read(path, USE).map(|key| PseudonymKey::new(*key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outbox_whose_key_is_missing_does_not_start() {
        let folder = tempfile::tempdir().unwrap();
        let source = OwnKeySource::Kept(folder.path().join("data/pseudonym.key"));
        let error = load_or_make(&source, true, &Chance::seeded(1)).unwrap_err().to_string();
        assert!(error.contains("pseudonym.key") && error.contains("identity.pseudonym_key"), "{error}");
        assert!(!folder.path().join("data").exists());
        load_or_make(&source, false, &Chance::seeded(1)).unwrap();
    }
}
