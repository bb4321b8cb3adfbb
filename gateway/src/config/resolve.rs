//! From what was written to what it means: layers are joined, secrets and policies read, and the whole is checked.

mod persons;
mod redis;
mod redis_address;
mod telemetry;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use portcullis_filters::policy::{Policy, Standing};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::catalog::Catalogs;
use super::document::{self, Document, KeySource, SecretSource};
use super::policy::PolicyText;
use super::reload::Written;
use super::validate::{self, of_dataset, of_site};
use super::{
    Admin, Backend, Config, ConfigError, Dataset, Deduplicate, Dispatch, Encryption, Endpoint, Environment, Log, Meta,
    Outbox, RateLimit, Server, Site, Tls, TlsFiles, default, file, secret,
};

pub(super) use persons::resolve_persons;

/// Shorter keys can be guessed.
const LEAST_KEY_CHARACTERS: usize = 32;
/// A certificate has 2 kB.
const MAX_CERTIFICATE_BYTES: usize = 256 * 1024;

/// Reads a text into a configuration.
pub(super) fn resolve(text: &str, path: &Path, environment: &Environment) -> Result<Config, ConfigError> {
    let file = path.display().to_string();
    let written: Document = portcullis_filters::document::read(text, &file)?;
    let layers = environment.layer()?.over(written).over(default::layer()?);
    let mut resolver = Resolver::new(file, path, environment);
    resolver.remark_on_unused(&layers, &default::layer()?);
    let mut config = resolver.config(layers)?;
    validate::relations(&config).map_err(|violation| resolver.fail(violation.key, violation.reason))?;
    resolver.tokens_are_no_keys(&config)?;
    resolver.remark(&config);
    config.warnings = resolver.warnings;
    Ok(config)
}

/// Reads where the outbox is, and nothing else: whoever asks may have none of the secrets.
pub(super) fn resolve_outbox(text: &str, path: &Path, environment: &Environment) -> Result<Outbox, ConfigError> {
    let file = path.display().to_string();
    let written: Document = portcullis_filters::document::read(text, &file)?;
    let layers = environment.layer()?.over(written).over(default::layer()?);
    Resolver::new(file, path, environment).outbox(layers.outbox, layers.redis)
}

/// Reads where metrics and health are shown, and nothing else, for the same reason.
pub(super) fn resolve_admin(text: &str, path: &Path, environment: &Environment) -> Result<Admin, ConfigError> {
    let file = path.display().to_string();
    let written: Document = portcullis_filters::document::read(text, &file)?;
    let layers = environment.layer()?.over(written).over(default::layer()?);
    Resolver::new(file, path, environment).admin(&layers.admin)
}

/// Whether two secrets are the same.
pub(super) fn is_same(one: Option<&SecretString>, other: Option<&SecretString>) -> bool {
    one.map(digest) == other.map(digest)
}

struct Resolver<'a> {
    file: String,
    base: &'a Path,
    environment: &'a Environment,
    catalogs: Catalogs,
    warnings: Vec<String>,
}

impl<'a> Resolver<'a> {
    fn new(file: String, path: &'a Path, environment: &'a Environment) -> Self {
        let base = path.parent().unwrap_or(Path::new(""));
        Self { file, base, environment, catalogs: Catalogs::default(), warnings: Vec::new() }
    }

    fn config(&mut self, layers: Document) -> Result<Config, ConfigError> {
        let written = layers.single_tables();
        let outbox = self.outbox(layers.outbox, layers.redis)?;
        Ok(Config {
            server: self.server(layers.server)?,
            admin: self.admin(&layers.admin)?,
            meta: self.meta(layers.meta)?,
            identity: self.identity(layers.identity, &outbox)?,
            suppression: self.suppression(layers.suppression, &outbox)?,
            subject_access: self.subject_access(layers.subject_access, &outbox.backend)?,
            outbox,
            dispatch: self.dispatch(&layers.dispatch)?,
            log: self.log(layers.log)?,
            telemetry: self.telemetry(layers.telemetry)?,
            sites: layers.site.into_iter().map(|site| self.site(site)).collect::<Result<_, _>>()?,
            datasets: layers.dataset.into_iter().map(|dataset| self.dataset(dataset)).collect::<Result<_, _>>()?,
            warnings: Vec::new(),
            file: self.file.clone(),
            written: Written(written),
        })
    }

    fn server(&mut self, written: document::Server) -> Result<Server, ConfigError> {
        let tls = written.tls.map(|tls| self.tls(&tls)).transpose()?;
        let networks = self.need(written.trusted_proxies, "server.trusted_proxies")?;
        Ok(Server {
            listen: self.need(written.listen, "server.listen")?.0,
            tls,
            trusted_proxies: networks.into_iter().map(|network| network.0).collect(),
            behind_tls_proxy: self.need(written.behind_tls_proxy, "server.behind_tls_proxy")?,
            max_body_bytes: self.need(written.max_body_bytes, "server.max_body_bytes")?,
            max_in_flight_bytes: self.need(written.max_in_flight_bytes, "server.max_in_flight_bytes")?,
            max_unauthenticated_bytes: self.need(written.max_unauthenticated_bytes, "server.max_unauthenticated_bytes")?,
            admission_wait: self.millis(written.admission_wait_ms, "server.admission_wait_ms")?,
            header_timeout: self.secs(written.header_timeout_secs, "server.header_timeout_secs")?,
            body_timeout: self.secs(written.body_timeout_secs, "server.body_timeout_secs")?,
            max_connections: self.need(written.max_connections, "server.max_connections")?,
            stop_grace: self.secs(written.stop_grace_secs, "server.stop_grace_secs")?,
        })
    }

    fn tls(&mut self, written: &document::Tls) -> Result<Tls, ConfigError> {
        let files = TlsFiles { cert: self.base.join(&written.cert.0), key: self.base.join(&written.key.0) };
        let certificate = files.read().map_err(|error| self.fail(error.key(), error))?;
        if certificate.key_is_open() {
            self.warn("server.tls.key", "the file that it names can be read by others; its mode should be 0600");
        }
        Ok(Tls { files, certificate: Arc::new(certificate) })
    }

    fn admin(&self, written: &document::Admin) -> Result<Admin, ConfigError> {
        Ok(Admin {
            listen: self.need(written.listen.clone(), "admin.listen")?.0,
            allow_remote: self.need(written.allow_remote, "admin.allow_remote")?,
        })
    }

    fn meta(&self, written: document::Meta) -> Result<Meta, ConfigError> {
        let base_url = self.need(written.base_url, "meta.base_url")?.0;
        let api_version = self.need(written.api_version, "meta.api_version")?.0;
        let allow_other_host = self.need(written.allow_other_host, "meta.allow_other_host")?;
        Ok(Meta {
            endpoint: Endpoint::new(base_url, api_version, allow_other_host)
                .map_err(|error| self.fail("meta.base_url", error))?,
            ca_pem: written.ca_file.map(|path| self.certificate("meta.ca_file", &path.0)).transpose()?,
            proxy: written.proxy.map(|address| address.0),
            token_in: self.need(written.token_in, "meta.token_in")?,
            partner_agent: written.partner_agent.map(|name| name.0),
            connect_timeout: self.secs(written.connect_timeout_secs, "meta.connect_timeout_secs")?,
            request_timeout: self.secs(written.request_timeout_secs, "meta.request_timeout_secs")?,
        })
    }

    fn certificate(&self, key: &str, path: &Path) -> Result<Vec<u8>, ConfigError> {
        let fail = |reason: String| self.fail(key, reason);
        let text = file::read_text(&self.base.join(path), MAX_CERTIFICATE_BYTES)
            .map_err(|error| fail(format!("the file that it names cannot be read: {error}")))?;
        if text.contains("-----BEGIN CERTIFICATE-----") {
            Ok(text.into_bytes())
        } else {
            Err(fail("the file that it names holds no certificate in PEM form".to_owned()))
        }
    }

    fn outbox(&mut self, written: document::Outbox, redis: document::Redis) -> Result<Outbox, ConfigError> {
        let backend = self.backend(written.backend, written.path, redis)?;
        let encryption = match (&written.encryption_key, written.previous_encryption_keys.unwrap_or_default()) {
            (Some(_), _) if matches!(backend, Backend::Memory) => {
                return Err(self.fail("outbox.encryption_key", "is of no use to the memory back end, which writes nothing"));
            }
            (Some(today), previous) => Some(Encryption {
                key: self.key_of_32_bytes(today, "outbox.encryption_key")?,
                previous: previous
                    .iter()
                    .map(|source| self.key_of_32_bytes(source, "outbox.previous_encryption_keys"))
                    .collect::<Result<_, _>>()?,
            }),
            (None, previous) if previous.is_empty() => None,
            (None, _) => {
                let reason = "stands without outbox.encryption_key, which encrypts what comes in; give it";
                return Err(self.fail("outbox.previous_encryption_keys", reason));
            }
        };
        let hours = self.need(written.deduplicate_hours, "outbox.deduplicate_hours")?;
        let max_events = self.need(written.deduplicate_max_events, "outbox.deduplicate_max_events")?;
        if hours > 0 && encryption.is_none() {
            let reason = "stands without outbox.encryption_key, under which ids of events are kept as digests; give it";
            return Err(self.fail("outbox.deduplicate_hours", reason));
        }
        let keep_ms = hours.saturating_mul(3_600_000);
        let deduplicate = (hours > 0).then_some(Deduplicate { keep_ms, max_events });
        Ok(Outbox { backend, max_bytes: self.need(written.max_bytes, "outbox.max_bytes")?, encryption, deduplicate })
    }

    fn key_of_32_bytes(&mut self, source: &SecretSource, key: &str) -> Result<Zeroizing<[u8; 32]>, ConfigError> {
        let text = self.secret(source, key)?;
        let bytes = Zeroizing::new(STANDARD.decode(text.expose_secret()).unwrap_or_default());
        let fixed = <[u8; 32]>::try_from(bytes.as_slice())
            .map_err(|_| self.fail(key, "is not 32 bytes in base64; `openssl rand -base64 32` makes one"))?;
        Ok(Zeroizing::new(fixed))
    }

    fn dispatch(&self, written: &document::Dispatch) -> Result<Dispatch, ConfigError> {
        Ok(Dispatch {
            linger: self.millis(written.linger_ms, "dispatch.linger_ms")?,
            max_batch_events: self.need(written.max_batch_events, "dispatch.max_batch_events")?,
            max_batch_bytes: self.need(written.max_batch_bytes, "dispatch.max_batch_bytes")?,
            max_requests: self.need(written.max_requests, "dispatch.max_requests")?,
            lease: self.secs(written.lease_secs, "dispatch.lease_secs")?,
            backoff_min: self.millis(written.backoff_min_ms, "dispatch.backoff_min_ms")?,
            backoff_max: self.millis(written.backoff_max_ms, "dispatch.backoff_max_ms")?,
            on_policy_change: self.need(written.on_policy_change, "dispatch.on_policy_change")?,
        })
    }

    fn log(&self, written: document::Log) -> Result<Log, ConfigError> {
        Ok(Log { format: self.need(written.format, "log.format")?, level: self.need(written.level, "log.level")?.0 })
    }

    fn site(&mut self, written: document::Site) -> Result<Site, ConfigError> {
        let id = written.id.0;
        let hosts: Vec<String> = written.hosts.into_iter().map(|host| host.0).collect();
        let policy = self.policy(&id, &written.policy.0, &hosts)?;
        let keys = written.keys.iter().map(|source| self.key(&id, source)).collect::<Result<_, _>>()?;
        let datasets = written.datasets.into_iter().map(|dataset| dataset.0.into()).collect();
        let rate_limit =
            written.rate_limit.map(|limit| RateLimit { events_per_sec: limit.events_per_sec, burst: limit.burst });
        Ok(Site { id: id.into(), policy: Arc::new(policy), datasets, hosts, keys, rate_limit })
    }

    fn policy(&mut self, site: &str, source: &str, hosts: &[String]) -> Result<Policy, ConfigError> {
        // Without hosts there is nothing to bind a policy to; asked here because compiling comes before `validate`.
        if hosts.is_empty() {
            return Err(self.fail(of_site(site, "hosts"), "is empty; name at least one"));
        }
        let text =
            PolicyText::find(source, self.base).map_err(|error| self.fail(of_site(site, "policy"), error.to_string()))?;
        let name = text.name();
        if name.split_once('@').is_some_and(|(bare, _)| bare == source) {
            let remark = format!("`{source}` is the newest of its name, today {name}; write {name} to stay with it");
            self.warn(&of_site(site, "policy"), &remark);
        }
        text.compile(hosts, &mut self.catalogs).map_err(|reason| ConfigError::Policy { site: site.to_owned(), reason })
    }

    fn key(&mut self, site: &str, source: &KeySource) -> Result<[u8; 32], ConfigError> {
        let source = match source {
            KeySource::Sha256(digest) => return Ok(*digest),
            KeySource::Secret(source) => source,
        };
        let key = of_site(site, "keys");
        let secret = self.secret(source, &key)?;
        let length = secret.expose_secret().len();
        if length < LEAST_KEY_CHARACTERS {
            let reason = format!(
                "a key of {length} characters can be guessed; it needs {LEAST_KEY_CHARACTERS}, and `portcullis key new` makes one"
            );
            return Err(self.fail(key, reason));
        }
        Ok(digest(&secret))
    }

    fn dataset(&mut self, written: document::Dataset) -> Result<Dataset, ConfigError> {
        let id = written.id.0;
        let key = of_dataset(&id, "access_token");
        let Some(source) = &written.access_token else {
            return Err(self.fail(key, "is missing; add access_token = { env = \"NAME\" } or { file = \"PATH\" }"));
        };
        let access_token = self.secret(source, &key)?;
        let access_token_file = super::SecretFile::of(source, self.base);
        let app_secret = match &written.app_secret {
            Some(source) => Some(self.secret(source, &of_dataset(&id, "app_secret"))?),
            None => None,
        };
        Ok(Dataset {
            id: id.into(),
            access_token,
            access_token_file,
            app_secret,
            allow_test_events: written.allow_test_events,
        })
    }

    /// A site that holds Meta's token could go round the gateway, and one that leaks its key would leak the token.
    fn tokens_are_no_keys(&self, config: &Config) -> Result<(), ConfigError> {
        for dataset in &config.datasets {
            for secret in std::iter::once(&dataset.access_token).chain(&dataset.app_secret) {
                let digest = digest(secret);
                if let Some(site) = config.sites.iter().find(|site| site.keys.contains(&digest)) {
                    let reason = format!(
                        "is a secret of Meta's (dataset `{}`); give the site a key of its own, made by `portcullis key new`",
                        dataset.id
                    );
                    return Err(self.fail(of_site(&site.id, "keys"), reason));
                }
            }
        }
        Ok(())
    }

    /// What is allowed but should be known.
    fn remark(&mut self, config: &Config) {
        if config.server.behind_tls_proxy && config.server.trusted_proxies.is_empty() {
            self.warn(
                "server.trusted_proxies",
                "is empty, so a request that reaches the proxy over http is not noticed, and a refused key is logged with the \
                 proxy's address; name the network of the proxy",
            );
        }
        if matches!(config.outbox.backend, Backend::Memory) {
            self.warn("outbox.backend", "`memory` is not durable: what waits is lost at a stop");
        }
        self.remark_on_redis(&config.outbox);
        for site in &config.sites {
            for channel in site.policy.explain().channels.iter().filter(|channel| channel.standing == Standing::Warned) {
                self.warn(&of_site(&site.id, "policy"), &channel.text);
            }
            let rests_plain = config.outbox.encryption.is_none() && config.outbox.backend.file().is_some();
            if rests_plain && is_for_health_care(site.policy.name()) {
                let remark = format!(
                    "{} is meant for health care, and what waits rests unencrypted; give outbox.encryption_key, which \
                     `openssl rand -base64 32` makes",
                    site.policy.name()
                );
                self.warn(&of_site(&site.id, "policy"), &remark);
            }
        }
        for dataset in &config.datasets {
            if !config.sites.iter().any(|site| site.datasets.contains(&dataset.id)) {
                self.warn(&of_dataset(&dataset.id, "id"), "no site sends to it");
            }
        }
    }

    fn secret(&mut self, source: &SecretSource, key: &str) -> Result<SecretString, ConfigError> {
        let found = secret::find(source, self.base, self.environment).map_err(|error| self.fail(key, error))?;
        if let Some(warning) = found.warning {
            self.warn(key, warning);
        }
        Ok(found.secret)
    }

    fn need<T>(&self, value: Option<T>, key: &str) -> Result<T, ConfigError> {
        // The default layer has them all, which a test of the example shows.
        value.ok_or_else(|| self.fail(key, "has no value"))
    }

    fn secs(&self, number: Option<u64>, key: &str) -> Result<Duration, ConfigError> {
        Ok(Duration::from_secs(self.need(number, key)?))
    }

    fn millis(&self, number: Option<u64>, key: &str) -> Result<Duration, ConfigError> {
        Ok(Duration::from_millis(self.need(number, key)?))
    }

    fn fail(&self, key: impl Into<String>, reason: impl std::fmt::Display) -> ConfigError {
        ConfigError::Key { file: self.file.clone(), key: key.into(), reason: reason.to_string() }
    }

    fn warn(&mut self, key: &str, remark: &str) {
        self.warnings.push(format!("{key}: {remark}"));
    }
}

fn is_for_health_care(policy: &str) -> bool {
    policy.starts_with("pharmacy") || policy.starts_with("hospital")
}

fn digest(secret: &SecretString) -> [u8; 32] {
    Sha256::digest(secret.expose_secret()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_of_health_care_are_told_from_others() {
        assert!(is_for_health_care("pharmacy") && is_for_health_care("hospital-north"));
        assert!(!is_for_health_care("retail"));
    }
}
