//! The configuration of a gateway under test. Every key that the suites write stands here or is given by name to [`Setup::set`].

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::Meta;

/// The dataset of the one site.
pub const DATASET: &str = "1234567890123456";
/// The name of the one site.
pub const SITE: &str = "shop";
/// The key that the site's callers show.
pub const KEY: &str = "site-key-for-tests-qzsecret-0123456789abcdef";
/// The token that the gateway shows to Meta.
pub const TOKEN: &str = "EAAqzsecretTokenOfTheTests0123456789";
/// The environment variable that holds the token.
const TOKEN_VARIABLE: &str = "META_TOKEN_SHOP";

/// 32 bytes, made up, for keys that gateways must share.
const SHARED_KEY: &str = "c2hhcmVkLWtleS1vZi10aGUtdGVzdHMtMDEyMzQ1Njc=";

/// Lower-case hex of SHA-256.
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes text");
        text
    })
}

/// What the configuration file and the environment will say.
#[derive(Debug, Clone)]
pub struct Setup {
    keys: Vec<(String, String, String)>,
    tail: String,
    environment: Vec<(String, String)>,
    pub(crate) simulator: Option<std::net::SocketAddr>,
}

impl Setup {
    /// One site under the policy `retail@1`, which sends to one dataset at this simulator.
    pub fn new(meta: &Meta) -> Self {
        let mut setup = Self::to(&format!("http://{}", meta.address()));
        setup.simulator = Some(meta.address());
        setup
    }

    /// The same, with Meta at another address.
    pub fn to(base_url: &str) -> Self {
        let setup = Self { keys: Vec::new(), tail: String::new(), environment: Vec::new(), simulator: None };
        setup
            .set("server", "listen", "\"127.0.0.1:0\"")
            .set("admin", "listen", "\"127.0.0.1:0\"")
            .set("meta", "base_url", &format!("\"{base_url}\""))
            .set("meta", "allow_other_host", "true")
            .set("outbox", "path", "\"data/outbox.db\"")
            .set("server", "stop_grace_secs", "5")
            .set("meta", "connect_timeout_secs", "1")
            .set("meta", "request_timeout_secs", "2")
            .set("dispatch", "linger_ms", "20")
            .set("dispatch", "backoff_min_ms", "50")
            .set("dispatch", "backoff_max_ms", "500")
            .set("log", "format", "\"json\"")
            .env(TOKEN_VARIABLE, TOKEN)
            .site("retail@1")
    }

    /// Sends somewhere else, for example through a [`crate::ChaosProxy`]; the simulator behind it stays the same.
    #[must_use]
    pub fn through(self, address: std::net::SocketAddr) -> Self {
        self.set("meta", "base_url", &format!("\"http://{address}\""))
    }

    /// Sets a key of a single table to a TOML value.
    #[must_use]
    pub fn set(mut self, table: &str, key: &str, value: &str) -> Self {
        self.keys.retain(|(has_table, has_key, _)| has_table != table || has_key != key);
        self.keys.push((table.to_owned(), key.to_owned(), value.to_owned()));
        self
    }

    /// Leaves a key of a single table out.
    #[must_use]
    pub fn unset(mut self, table: &str, key: &str) -> Self {
        self.keys.retain(|(has_table, has_key, _)| has_table != table || has_key != key);
        self
    }

    /// Shares its outbox with other gateways through the Redis of this address. Keys that they must share come along, and they are
    /// the same in every setup.
    #[must_use]
    pub fn on_redis(self, url: &str) -> Self {
        self.set("outbox", "backend", "\"redis\"")
            .set("redis", "url", "{ env = \"REDIS_URL\" }")
            .set("redis", "connect_timeout_ms", "1000")
            .set("redis", "command_timeout_ms", "1000")
            .set("identity", "pseudonym_key", "{ env = \"PSEUDONYM_KEY\" }")
            .set("suppression", "key", "{ env = \"SUPPRESSION_KEY\" }")
            // What a gateway had in hand that died comes back soon.
            .set("dispatch", "lease_secs", "10")
            .env("REDIS_URL", url)
            .env("PSEUDONYM_KEY", SHARED_KEY)
            .env("SUPPRESSION_KEY", SHARED_KEY)
    }

    /// Takes TLS, with the files that [`crate::Gateway::start_tls`] writes.
    #[must_use]
    pub fn tls(self) -> Self {
        self.set("server", "tls", "{ cert = \"cert.pem\", key = \"key.pem\" }")
    }

    /// Sets an environment variable of the gateway.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(has, _)| has != name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Logs everything there is.
    #[must_use]
    pub fn trace(self) -> Self {
        self.env("PORTCULLIS__LOG__LEVEL", "trace")
    }

    /// Puts the one site under another policy: a built-in's name or a path relative to the configuration.
    #[must_use]
    pub fn site(mut self, policy: &str) -> Self {
        let key = sha256_hex(KEY.as_bytes());
        self.tail = format!(
            r#"
[[site]]
id = "{SITE}"
policy = "{policy}"
datasets = ["{DATASET}"]
hosts = ["www.shop.example"]
keys = [{{ sha256 = "{key}" }}]

[[dataset]]
id = "{DATASET}"
access_token = {{ env = "{TOKEN_VARIABLE}" }}
allow_test_events = true
"#
        );
        self
    }

    /// Adds text at the end of the file: more sites and datasets.
    #[must_use]
    pub fn append(mut self, text: &str) -> Self {
        self.tail.push_str(text);
        self
    }

    /// Replaces a piece of the sites and datasets.
    #[must_use]
    pub fn replace(mut self, old: &str, new: &str) -> Self {
        assert!(self.tail.contains(old), "not in the setup: {old}");
        self.tail = self.tail.replace(old, new);
        self
    }

    /// The file.
    pub fn toml(&self) -> String {
        let mut tables: Vec<&str> = self.keys.iter().map(|(table, _, _)| table.as_str()).collect();
        tables.dedup();
        tables.sort_unstable();
        tables.dedup();
        let mut text = String::new();
        for table in tables {
            writeln!(text, "[{table}]").expect("a string takes text");
            for (_, key, value) in self.keys.iter().filter(|(has, _, _)| has == table) {
                writeln!(text, "{key} = {value}").expect("a string takes text");
            }
        }
        text + &self.tail
    }

    /// The gateway's environment.
    pub fn environment(&self) -> &[(String, String)] {
        &self.environment
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_written_once_in_its_table() {
        let text = Setup::to("http://127.0.0.1:1").set("dispatch", "linger_ms", "7").toml();
        let parsed: toml::Table = text.parse().unwrap();
        assert_eq!(parsed["dispatch"]["linger_ms"].as_integer(), Some(7));
        assert_eq!(parsed["site"][0]["id"].as_str(), Some(SITE));
    }
}
