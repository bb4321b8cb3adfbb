//! What is known in Redis of the keys that all gateways must share: a digest under each, which tells two apart and nothing else.

use hmac::Mac as _;

use super::{Keys, Link, Refusal, SharedError};
use crate::config::{Config, OwnKeySource};
use crate::keyed::{half, hmac};

/// One of each key.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Fingerprints {
    pub(crate) pseudonyms: String,
    pub(crate) suppression: String,
    /// Of the key of today and of those before it, with commas between; empty where events that come twice are not looked for.
    pub(crate) deduplication: String,
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

/// Refuses a key of suppressed persons that is not that of the gateways: for a command that changes their log without being one of
/// them.
pub async fn check_suppression_key(link: &Link, keys: &Keys, key: &[u8; 32]) -> Result<(), SharedError> {
    let outbox = keys.common("outbox");
    let command = redis::Cmd::hget(outbox, "suppression_key");
    let found: Option<String> = link.command("the fingerprints of keys", &command).await?;
    if found.is_some_and(|found| found != print(key, "suppression")) {
        return Err(Refusal::SuppressionKey.into());
    }
    Ok(())
}

fn print(key: &[u8; 32], of: &str) -> String {
    let digest = half(hmac(key).chain_update(b"portcullis gateways 1 ").chain_update(of));
    format!("{:032x}", u128::from_be_bytes(digest))
}
