//! What the operator wrote, and what it means.
//!
//! `document` is what was written (it refuses unknown keys), `resolve` turns it into this module's [`Config`], in which no
//! string still needs parsing and every secret has been read. Relations between keys stand in `validate`. Nothing outside this
//! module reads files of configuration or the environment.

mod catalog;
mod certificate;
mod default;
mod digest;
mod document;
mod endpoint;
mod environment;
mod file;
mod json_schema;
mod outbox;
mod policy;
mod redis;
mod reload;
mod resolve;
mod secret;
mod subject_access;
mod suppression;
mod telemetry;
mod validate;

pub mod kept_key;
pub mod pseudonym;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use portcullis_filters::document::{DocumentError, MAX_DOCUMENT_BYTES};
use portcullis_filters::policy::{Policy, PolicyError};
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

pub use catalog::Catalogs;
pub use certificate::{Certificate, CertificateError, TlsFiles};
pub use default::EXAMPLE;
pub use document::host;
pub use endpoint::Endpoint;
pub use environment::Environment;
pub use json_schema::json_schema;
pub use kept_key::OwnKeySource;
pub use outbox::{Backend, Deduplicate, Encryption, Outbox};
pub use policy::{PolicyText, PolicyTextError};
pub use redis::{Node, OnUnavailable, Redis, RedisTls, Topology};
pub use secret::SecretFile;
pub use subject_access::{SubjectAccess, SubjectIndex};
pub use suppression::{Persons, Suppression, SuppressionStore};
pub use telemetry::Collector;

/// Everything the gateway needs to run.
#[derive(Debug)]
pub struct Config {
    /// Where callers connect.
    pub server: Server,
    /// Where metrics and health are read.
    pub admin: Admin,
    /// How Meta is reached.
    pub meta: Meta,
    /// Where accepted events are kept.
    pub outbox: Outbox,
    /// The key of pseudonyms.
    pub identity: Identity,
    /// Where it is kept who must not be sent.
    pub suppression: Suppression,
    /// What is recorded of deliveries, for people who ask.
    pub subject_access: SubjectAccess,
    /// How events are sent.
    pub dispatch: Dispatch,
    /// What the log looks like.
    pub log: Log,
    /// To whom traces go, if to anybody.
    pub telemetry: Option<Collector>,
    /// Senders.
    pub sites: Vec<Site>,
    /// Receivers at Meta.
    pub datasets: Vec<Dataset>,
    /// See [`Config::warnings`].
    pub(crate) warnings: Vec<String>,
    /// Its path, for errors.
    pub(crate) file: String,
    /// The single tables as they were written.
    pub(crate) written: reload::Written,
}

impl Config {
    /// Reads the file, and over it the environment; under it lie the defaults.
    pub fn load(path: &Path, environment: &Environment) -> Result<Self, ConfigError> {
        let text = file::read_text(path, MAX_DOCUMENT_BYTES)
            .map_err(|reason| ConfigError::Unreadable { file: path.display().to_string(), reason })?;
        Self::parse(&text, path, environment)
    }

    /// The same for a text. `path` is named in errors, and relative paths are relative to its folder.
    pub fn parse(text: &str, path: &Path, environment: &Environment) -> Result<Self, ConfigError> {
        resolve::resolve(text, path, environment)
    }

    /// Where the outbox is, without a look at anything else: for commands of somebody who has none of the secrets.
    pub fn load_outbox(path: &Path, environment: &Environment) -> Result<Outbox, ConfigError> {
        let text = file::read_text(path, MAX_DOCUMENT_BYTES)
            .map_err(|reason| ConfigError::Unreadable { file: path.display().to_string(), reason })?;
        resolve::resolve_outbox(&text, path, environment)
    }

    /// Where the outbox's file is, as far as that can be read of a configuration that is wrong elsewhere; nothing if it cannot.
    pub fn find_outbox(path: &Path, environment: &Environment) -> Option<PathBuf> {
        let text = file::read_text(path, MAX_DOCUMENT_BYTES).ok()?;
        let written: toml::Table = text.parse().ok()?;
        let named = written.get("outbox").and_then(|outbox| outbox.get("path")).and_then(toml::Value::as_str);
        let relative = match (environment.layer().ok()?.outbox.path, named) {
            (Some(named), _) => named.0,
            (None, Some(named)) => named.into(),
            (None, None) => default::layer().ok()?.outbox.path?.0,
        };
        Some(path.parent().unwrap_or(Path::new("")).join(relative))
    }

    /// Where metrics and health are shown, without a look at anything else: for the same.
    pub fn load_admin(path: &Path, environment: &Environment) -> Result<Admin, ConfigError> {
        let text = file::read_text(path, MAX_DOCUMENT_BYTES)
            .map_err(|reason| ConfigError::Unreadable { file: path.display().to_string(), reason })?;
        resolve::resolve_admin(&text, path, environment)
    }

    /// What concerns persons, without a look at anything else: for commands of somebody who has none of the other secrets.
    pub fn load_persons(path: &Path, environment: &Environment) -> Result<Persons, ConfigError> {
        let text = file::read_text(path, MAX_DOCUMENT_BYTES)
            .map_err(|reason| ConfigError::Unreadable { file: path.display().to_string(), reason })?;
        resolve::resolve_persons(&text, path, environment)
    }

    /// With sockets that were bound by somebody else in place of its addresses, if they may be that.
    pub fn listening_at(mut self, callers: Option<SocketAddr>, admin: Option<SocketAddr>) -> Result<Self, ConfigError> {
        self.server.listen = callers.unwrap_or(self.server.listen);
        self.admin.listen = admin.unwrap_or(self.admin.listen);
        validate::relations(&self).map_err(|validate::Violation { key, reason }| {
            let file = self.file.clone();
            ConfigError::Key { file, key, reason: format!("the socket that was passed {reason}") }
        })?;
        Ok(self)
    }

    /// What is allowed and works, but should be known before it does.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// What the time of day has to say, in seconds since 1970: an error if the listener's certificate is not valid, and what
    /// should be known about its end.
    pub fn judge_at(&self, now: u64) -> Result<Vec<String>, ConfigError> {
        let Some(tls) = &self.server.tls else { return Ok(Vec::new()) };
        tls.certificate.valid_at(now).map_err(|error| error.in_file(&self.file))?;
        Ok(tls.certificate.ends_soon(now).map(|remark| format!("server.tls.cert: {remark}")).into_iter().collect())
    }
}

/// Why there is no configuration. The text names file, key and cure, and never a value that could be a secret.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file itself.
    #[error("{file}: cannot be read: {reason}")]
    Unreadable {
        /// Its path.
        file: String,
        /// Why.
        reason: std::io::Error,
    },
    /// It is not TOML, or its keys are not ours.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A variable that is to replace a key.
    #[error("environment variable {name}: {reason}")]
    Variable {
        /// Its name.
        name: String,
        /// Why, and what would do.
        reason: String,
    },
    /// A key that contradicts another one or the world.
    #[error("{file}: {key}: {reason}")]
    Key {
        /// The path of the file.
        file: String,
        /// The key, as `table.key` or with the id of its site or dataset.
        key: String,
        /// Why, and what would do.
        reason: String,
    },
    /// A site's policy.
    #[error("site `{site}`: policy: {reason}")]
    Policy {
        /// Id of the site.
        site: String,
        /// Why, with file and key.
        reason: PolicyError,
    },
}

/// `[server]`
#[derive(Debug, Clone)]
pub struct Server {
    /// Address of the listener for callers.
    pub listen: SocketAddr,
    /// What it shows to callers; without, they are spoken to in clear.
    pub tls: Option<Tls>,
    /// Whether TLS ends at a proxy in front.
    pub behind_tls_proxy: bool,
    /// The networks of proxies whose word on a caller is taken.
    pub trusted_proxies: Vec<IpNet>,
    /// Largest request body after decoding.
    pub max_body_bytes: usize,
    /// Request bodies held in memory at once, over all requests.
    pub max_in_flight_bytes: usize,
    /// Bodies held in memory at once of requests that carry no key in header or query.
    pub max_unauthenticated_bytes: usize,
    /// How long a request waits for room before it is answered 503.
    pub admission_wait: Duration,
    /// How long the headers of a request may take.
    pub header_timeout: Duration,
    /// How long the body of a request may take.
    pub body_timeout: Duration,
    /// Connections at once; more wait in the listener's queue.
    pub max_connections: usize,
    /// How long a stop waits for requests in hand.
    pub stop_grace: Duration,
}

/// `[server] tls`
#[derive(Debug, Clone)]
pub struct Tls {
    /// Where the pair is found, now and when it is renewed.
    pub files: TlsFiles,
    /// What was found at start.
    pub certificate: Arc<Certificate>,
}

/// `[admin]`
#[derive(Debug, Clone)]
pub struct Admin {
    /// Address of the read-only listener.
    pub listen: SocketAddr,
    /// Whether it may be beyond loopback.
    pub allow_remote: bool,
}

/// `[meta]`
#[derive(Debug, Clone)]
pub struct Meta {
    /// Where events are sent.
    pub endpoint: Endpoint,
    /// PEM text of a root certificate to trust besides the built-in ones.
    pub ca_pem: Option<Vec<u8>>,
    /// The only proxy that is used.
    pub proxy: Option<Url>,
    /// Where the token travels.
    pub token_in: TokenPlace,
    /// `partner_agent` of every request, a literal of ours.
    pub partner_agent: Option<String>,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// How long a request may take in all.
    pub request_timeout: Duration,
}

/// Where the token to Meta travels; never in a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenPlace {
    /// `Authorization: Bearer …`
    Header,
    /// The body's `access_token`.
    Body,
}

/// `[identity]`
#[derive(Debug, Clone)]
pub struct Identity {
    /// The key of pseudonyms, or where it is made.
    pub pseudonym_key: OwnKeySource,
}

/// `[dispatch]`
#[derive(Debug, Clone)]
pub struct Dispatch {
    /// How long an event may wait for others to share its request.
    pub linger: Duration,
    /// Most events in one request to Meta.
    pub max_batch_events: usize,
    /// Most bytes in one request to Meta.
    pub max_batch_bytes: usize,
    /// Requests to Meta at once, over all datasets.
    pub max_requests: usize,
    /// How long a lease lasts; longer than the request time-out.
    pub lease: Duration,
    /// First wait after a failure.
    pub backoff_min: Duration,
    /// Longest wait between tries.
    pub backoff_max: Duration,
    /// What happens to stored events when their policy changed.
    pub on_policy_change: OnPolicyChange,
}

/// What happens to stored events when their policy changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnPolicyChange {
    /// They are narrowed to the policy of today.
    Readmit,
    /// They are purged.
    Purge,
}

/// `[log]`
#[derive(Debug, Clone)]
pub struct Log {
    /// Text or JSON lines.
    pub format: LogFormat,
    /// The least level shown, or a filter such as `info,portcullis::dispatch=debug`.
    pub level: String,
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// `[[site]]`
#[derive(Debug)]
pub struct Site {
    /// Its name in metrics.
    pub id: Arc<str>,
    /// What of its events may leave.
    pub policy: Arc<Policy>,
    /// To which datasets it may send.
    pub datasets: Vec<Arc<str>>,
    /// The only hosts that may appear in an address that leaves.
    pub hosts: Vec<String>,
    /// SHA-256 of each key that it may show.
    pub keys: Vec<[u8; 32]>,
    /// How many events it may send; without, as many as it likes.
    pub rate_limit: Option<RateLimit>,
}

/// `[[site]] rate_limit`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Events a second that it may send for as long as it likes.
    pub events_per_sec: u32,
    /// Events that it may send at once after a pause.
    pub burst: u32,
}

/// `[[dataset]]`
#[derive(Debug, Clone)]
pub struct Dataset {
    /// Meta's id.
    pub id: Arc<str>,
    /// Meta's token.
    pub access_token: SecretString,
    /// Where the token was read, if that was a file: another one may be put there.
    pub access_token_file: Option<SecretFile>,
    /// For `appsecret_proof`.
    pub app_secret: Option<SecretString>,
    /// Whether a `test_event_code` may pass.
    pub allow_test_events: bool,
}

#[cfg(test)]
mod tests;
