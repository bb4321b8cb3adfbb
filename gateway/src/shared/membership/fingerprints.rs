//! What is known in Redis of the keys that all gateways must share: a digest under each, which tells two apart and nothing else.

use hmac::Mac as _;

use crate::config::{Config, OwnKeySource};
use crate::keyed::{half, hmac};

/// One of each key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprints {
    pub(super) pseudonyms: String,
    pub(super) suppression: String,
    /// Of the key of today and of those before it, with commas between; empty where events that come twice are not looked for.
    pub(super) deduplication: String,
}

impl Fingerprints {
    /// Of the keys that are configured.
    pub fn of(config: &Config) -> Self {
        let given = |source: &OwnKeySource, of: &str| match source {
            OwnKeySource::Given(key) => print(key, of),
            OwnKeySource::Kept(_) | OwnKeySource::Forgotten => String::new(),
        };
        let encryption = config.outbox.deduplicate.and(config.outbox.encryption.as_ref());
        let deduplication: Vec<String> = encryption
            .into_iter()
            .flat_map(|encryption| std::iter::once(&encryption.key).chain(&encryption.previous))
            .map(|key| print(key, "deduplication"))
            .collect();
        Self {
            pseudonyms: given(&config.identity.pseudonym_key, "pseudonyms"),
            suppression: config
                .suppression
                .store
                .as_ref()
                .map_or_else(String::new, |store| given(&store.key, "suppression")),
            deduplication: deduplication.join(","),
        }
    }
}

fn print(key: &[u8; 32], of: &str) -> String {
    let digest = half(hmac(key).chain_update(b"portcullis gateways 1 ").chain_update(of));
    format!("{:032x}", u128::from_be_bytes(digest))
}
