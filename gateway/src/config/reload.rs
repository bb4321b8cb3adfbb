//! What a reload may change, and what it did change.
//!
//! Reloadable are sites, datasets, what they name, the tuning of sending, and the certificate. Every other key is read at start
//! only: one that differs refuses the whole reload, by its name. That goes by what was written, table by table, so a key that is
//! added to a table is read at start only until somebody says otherwise here. Where a key names a file, what the file holds counts
//! too.

use portcullis_filters::policy::StoredPolicy;

use super::document::Document;
use super::resolve::is_same;
use super::validate::{of_dataset, of_site};
use super::{Config, ConfigError, Dataset, Redis, Site};

/// The single tables as they were written, the layers joined.
#[derive(Debug)]
pub(crate) struct Written(pub(super) Document);

/// Keys outside of `[dispatch]` that a reload may change.
const RELOADABLE: &[&str] = &["server.tls"];

impl Config {
    /// What is different in a newer one, a line each; an error if that is more than a reload may change.
    pub fn changes_to(&self, newer: &Self) -> Result<Vec<String>, ConfigError> {
        let fixed = self.fixed_differences(newer);
        if !fixed.is_empty() {
            return Err(ConfigError::Key {
                file: newer.file.clone(),
                key: fixed.join(", "),
                reason: "is read at start only, so the whole reload is refused; put it back, or restart the gateway"
                    .to_owned(),
            });
        }
        let mut changes = Vec::new();
        for site in &self.sites {
            match newer.sites.iter().find(|newer| newer.id == site.id) {
                None => changes.push(of_site(&site.id, "removed")),
                Some(newer) => changes.extend(of_site_changes(site, newer)),
            }
        }
        let is_new = |site: &&Site| !self.sites.iter().any(|old| old.id == site.id);
        changes.extend(newer.sites.iter().filter(is_new).map(|site| of_site(&site.id, "added")));
        for dataset in &self.datasets {
            match newer.datasets.iter().find(|newer| newer.id == dataset.id) {
                None => changes.push(of_dataset(&dataset.id, "removed; what waits for it is kept and not sent")),
                Some(newer) => changes.extend(of_dataset_changes(dataset, newer)),
            }
        }
        let is_new = |dataset: &&Dataset| !self.datasets.iter().any(|old| old.id == dataset.id);
        changes.extend(newer.datasets.iter().filter(is_new).map(|dataset| of_dataset(&dataset.id, "added")));
        let tuning = self.written.0.dispatch.differences(&newer.written.0.dispatch);
        changes.extend(tuning.into_iter().map(|key| format!("dispatch.{key}")));
        if self.has_other_certificate(newer) {
            changes.push("server.tls".to_owned());
        }
        Ok(changes)
    }

    /// The keys that differ and are read at start only.
    fn fixed_differences(&self, newer: &Self) -> Vec<String> {
        let (old, new) = (&self.written.0, &newer.written.0);
        let tables = [
            ("server", old.server.differences(&new.server)),
            ("admin", old.admin.differences(&new.admin)),
            ("meta", old.meta.differences(&new.meta)),
            ("outbox", old.outbox.differences(&new.outbox)),
            ("redis", old.redis.differences(&new.redis)),
            ("identity", old.identity.differences(&new.identity)),
            ("suppression", old.suppression.differences(&new.suppression)),
            ("subject_access", old.subject_access.differences(&new.subject_access)),
            ("log", old.log.differences(&new.log)),
            ("telemetry", old.telemetry.differences(&new.telemetry)),
        ];
        let named = |(table, keys): (&str, Vec<&str>)| -> Vec<String> {
            keys.into_iter().map(|key| format!("{table}.{key}")).collect()
        };
        let mut fixed: Vec<String> = tables.into_iter().flat_map(named).collect();
        fixed.retain(|key| !RELOADABLE.contains(&key.as_str()));
        // To speak TLS from now on, or not any more, is another listener.
        let contents = [
            ("server.tls", self.server.tls.is_some() == newer.server.tls.is_some()),
            ("meta.ca_file", self.meta.ca_pem == newer.meta.ca_pem),
            ("outbox.encryption_key", self.outbox.encryption == newer.outbox.encryption),
            ("suppression.key", self.has_same_suppression_key(newer)),
            ("subject_access.key", self.subject_access.index == newer.subject_access.index),
            ("identity.pseudonym_key", self.identity.pseudonym_key == newer.identity.pseudonym_key),
        ];
        let redis = match (self.outbox.backend.redis(), newer.outbox.backend.redis()) {
            (Some(old), Some(new)) => redis_contents(old, new).to_vec(),
            _ => Vec::new(),
        };
        for (key, is_same) in contents.into_iter().chain(redis) {
            if !is_same && !fixed.iter().any(|fixed| fixed == key) {
                fixed.push(key.to_owned());
            }
        }
        fixed
    }

    fn has_same_suppression_key(&self, newer: &Self) -> bool {
        let key = |config: &Self| config.suppression.store.as_ref().map(|store| store.key.clone());
        key(self) == key(newer)
    }

    fn has_other_certificate(&self, newer: &Self) -> bool {
        match (&self.server.tls, &newer.server.tls) {
            (Some(old), Some(new)) => old.files != new.files || !old.certificate.is_same_as(&new.certificate),
            _ => false,
        }
    }
}

/// What the secrets and files of `[redis]` hold.
fn redis_contents(old: &Redis, new: &Redis) -> [(&'static str, bool); 4] {
    let address = |redis: &Redis| (redis.nodes.clone(), redis.database, redis.username.clone(), redis.tls.is_some());
    let ca = |redis: &Redis| redis.tls.as_ref().and_then(|tls| tls.ca_pem.clone());
    let client = |redis: &Redis| redis.tls.as_ref().and_then(|tls| tls.client.clone());
    [
        ("redis.url", address(old) == address(new)),
        ("redis.password", is_same(old.password.as_ref(), new.password.as_ref())),
        ("redis.ca_file", ca(old) == ca(new)),
        ("redis.client_cert", client(old) == client(new)),
    ]
}

fn of_site_changes(old: &Site, new: &Site) -> Vec<String> {
    let policy = |site: &Site| format!("{}@{} {}", site.policy.name(), site.policy.version(), site.policy.digest());
    let before = StoredPolicy::read(old.policy.digest(), Some(old.policy.canonical()));
    let waiting =
        if before.asked_as_much(&new.policy) { "" } else { "; it asks for more consent, so what waits is not sent" };
    let changed_policy = format!("policy: {} to {}{waiting}", policy(old), policy(new));
    let keys = [
        (changed_policy.as_str(), old.policy.digest() != new.policy.digest()),
        ("datasets", old.datasets != new.datasets),
        ("hosts", old.hosts != new.hosts),
        ("keys", old.keys != new.keys),
        ("rate_limit", old.rate_limit != new.rate_limit),
    ];
    keys.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| of_site(&old.id, key)).collect()
}

fn of_dataset_changes(old: &Dataset, new: &Dataset) -> Vec<String> {
    let keys = [
        ("access_token", !is_same(Some(&old.access_token), Some(&new.access_token))),
        ("app_secret", !is_same(old.app_secret.as_ref(), new.app_secret.as_ref())),
        ("allow_test_events", old.allow_test_events != new.allow_test_events),
    ];
    keys.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| of_dataset(&old.id, key)).collect()
}
