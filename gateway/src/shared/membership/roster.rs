//! The gateways that use an outbox in Redis, as each says of itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::SILENT;
use crate::clock::millis;
use crate::shared::{Keys, Link, SharedError};

/// What a gateway says of itself, but for when it said it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The version of its executable.
    pub version: String,
    /// Site and digest of its policy.
    pub policies: BTreeMap<String, String>,
    /// Whether it encrypts what it puts into Redis. A gateway that does not say so does not.
    #[serde(default)]
    pub encrypts: bool,
}

/// A gateway on the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gateway {
    /// Its name: new at every start.
    pub name: String,
    /// How long it has been silent.
    pub silent_ms: u64,
    /// Whether it counts as living.
    pub lives: bool,
    /// What it says of itself.
    pub about: About,
}

/// All gateways on the list, by name. The dead are on it until another one has given back what they held.
pub async fn roster(link: &Link, keys: &Keys) -> Result<Vec<Gateway>, SharedError> {
    let (secs, micros): (u64, u64) = link.command("the time", &redis::cmd("TIME")).await?;
    let mut command = redis::cmd("HGETALL");
    command.arg(keys.common("gateways"));
    let entries: BTreeMap<String, String> = link.command("the gateways", &command).await?;
    Ok(entries.into_iter().map(|(name, text)| read(name, &text, secs * 1000 + micros / 1000)).collect())
}

/// An entry of the list. One that cannot be read is that of somebody who lives no more.
pub(super) fn read(name: String, text: &str, now_ms: u64) -> Gateway {
    #[derive(Deserialize)]
    struct Entry {
        alive_ms: u64,
        #[serde(flatten)]
        about: About,
    }
    let Entry { alive_ms, about } = serde_json::from_str(text).unwrap_or(Entry { alive_ms: 0, about: About::default() });
    let silent_ms = now_ms.saturating_sub(alive_ms);
    Gateway { name, silent_ms, lives: silent_ms < millis(SILENT), about }
}

impl About {
    /// As the scripts take it: they put the time before it.
    pub(super) fn rest_of_object(&self) -> String {
        // A map of texts can always be written.
        let text = serde_json::to_string(self).unwrap_or_default();
        text.strip_prefix('{').unwrap_or("}").to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_gateway_says_is_read_as_it_was_written() {
        let about =
            About { version: "1".to_owned(), policies: [("shop".to_owned(), "abc".to_owned())].into(), encrypts: true };
        let text = format!("{{\"alive_ms\":1000,{}", about.rest_of_object());
        let gateway = read("a".to_owned(), &text, 1_000 + 29_999);
        assert_eq!(gateway, Gateway { name: "a".to_owned(), silent_ms: 29_999, lives: true, about });
        assert!(!read("a".to_owned(), &text, 1_000 + 30_000).lives);
        assert!(!read("a".to_owned(), "torn", 1_800_000_000_000).lives);
    }
}
