//! `config.example.toml` documents every key, and runs as it stands.

use std::path::Path;
use std::time::Duration;

use serde::de::value::Error as Refused;
use serde::de::{Deserialize, Deserializer, Error, Visitor};

use super::super::document::{self, Document};
use super::super::{
    Config, EXAMPLE, LogFormat, OnPolicyChange, OwnKeySource, SubjectIndex, SuppressionStore, TokenPlace, default,
    json_schema,
};
use super::{environment, load, text};

#[test]
fn the_example_loads_as_it_stands() {
    let config = Config::parse(EXAMPLE, Path::new("config.example.toml"), &environment()).unwrap();
    assert_eq!(&*config.sites[0].id, "shop");
    assert_eq!(config.sites[0].hosts, ["www.shop.example"]);
    assert_eq!(config.sites[0].datasets, [std::sync::Arc::<str>::from("1234567890123456")]);
    assert_eq!(&*config.datasets[0].id, "1234567890123456");
    let [consent, goods] = config.warnings() else { panic!("{:?}", config.warnings()) };
    assert!(consent.starts_with("site `shop`: policy: nobody's consent is asked for"), "{consent}");
    assert!(
        goods.starts_with("site `shop`: policy: custom_data.content_ids, custom_data.contents: ids of goods leave"),
        "{goods}"
    );
}

#[test]
fn the_example_is_the_default_layer_without_its_site_and_dataset() {
    let config = load(&text(""));
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert!(config.server.tls.is_none() && !config.server.behind_tls_proxy && config.server.trusted_proxies.is_empty());
    assert_eq!(config.server.max_body_bytes, 8 * 1024 * 1024);
    assert_eq!(config.server.max_in_flight_bytes, 24 * 1024 * 1024);
    assert_eq!(config.admin.listen.to_string(), "127.0.0.1:9464");
    assert_eq!(config.meta.endpoint.base_url.as_str(), "https://graph.facebook.com/");
    assert_eq!(config.meta.endpoint.api_version, "v26.0");
    assert_eq!(config.meta.token_in, TokenPlace::Header);
    assert_eq!(config.dispatch.linger, Duration::from_millis(200));
    assert_eq!(config.dispatch.max_batch_events, 1000);
    assert_eq!(config.dispatch.on_policy_change, OnPolicyChange::Readmit);
    assert_eq!((config.log.format, config.log.level.as_str()), (LogFormat::Text, "info"));
    assert_eq!(config.sites.len(), 1);
    assert_eq!(&*config.datasets[0].id, "1");
    let layer = default::layer().unwrap();
    assert!(layer.site.is_empty() && layer.dataset.is_empty());
}

#[test]
fn the_example_with_every_comment_of_a_key_taken_away_is_still_a_document() {
    let whole: String = EXAMPLE.lines().map(|line| key_line(line).unwrap_or(line).to_owned() + "\n").collect();
    let document: Document = portcullis_filters::document::read(&whole, "example").unwrap();
    assert!(document.meta.proxy.is_some() && document.dataset[0].app_secret.is_some());
}

#[test]
fn every_key_of_every_table_stands_in_the_example_with_a_comment() {
    for (table, keys) in [
        ("[server]", keys::<document::Server>()),
        ("[admin]", keys::<document::Admin>()),
        ("[meta]", keys::<document::Meta>()),
        ("[outbox]", keys::<document::Outbox>()),
        ("[redis]", keys::<document::Redis>()),
        ("[identity]", keys::<document::Identity>()),
        ("[suppression]", keys::<document::Suppression>()),
        ("[subject_access]", keys::<document::SubjectAccess>()),
        ("[dispatch]", keys::<document::Dispatch>()),
        ("[log]", keys::<document::Log>()),
        ("[telemetry]", keys::<document::Telemetry>()),
        ("[[site]]", keys::<document::Site>()),
        ("[[dataset]]", keys::<document::Dataset>()),
    ] {
        let lines: Vec<&str> = EXAMPLE.lines().skip_while(|line| *line != table).skip(1).collect();
        let end = lines.iter().position(|line| line.starts_with('[')).unwrap_or(lines.len());
        let mut documented = Vec::new();
        let mut before = "";
        for line in &lines[..end] {
            if let Some(line) = key_line(line) {
                documented.push(line.split(' ').next().unwrap());
                assert!(before.starts_with("# ") || line.starts_with("id "), "{table} {line}: no comment above");
            }
            before = line;
        }
        assert_eq!(documented, keys, "{table}");
    }
    assert_eq!(keys::<Document>().len(), 13);
}

#[test]
fn every_key_of_a_single_table_has_a_default_or_is_optional() {
    let optional: Vec<_> = EXAMPLE.lines().filter(|line| line.starts_with("# ")).filter_map(key_line).collect();
    let names: Vec<_> = optional.iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(
        names,
        [
            "tls",
            "ca_file",
            "proxy",
            "partner_agent",
            "encryption_key",
            "previous_encryption_keys",
            "url",
            "sentinel_primary",
            "username",
            "password",
            "ca_file",
            "client_cert",
            "client_key",
            "pseudonym_key",
            "path",
            "key",
            "key",
            "endpoint",
            "headers",
            "rate_limit",
            "app_secret",
            "allow_test_events"
        ]
    );
}

#[test]
fn relative_paths_are_relative_to_the_file() {
    let config = load(&text(""));
    assert_eq!(config.outbox.backend.file(), Some(Path::new("etc/portcullis-data/outbox.db")));
    let OwnKeySource::Kept(path) = &config.identity.pseudonym_key else { panic!("not kept") };
    assert_eq!(path, Path::new("etc/portcullis-data/pseudonym.key"));
    let SuppressionStore { path, key } = config.suppression.store.unwrap();
    assert_eq!(path, Path::new("etc/portcullis-data/suppression.db"));
    assert_eq!(key, OwnKeySource::Kept("etc/portcullis-data/suppression.key".into()));
    let SubjectIndex { path, key } = config.subject_access.index.unwrap();
    assert_eq!(path, Path::new("etc/portcullis-data/subjects.db"));
    assert_eq!(key, OwnKeySource::Kept("etc/portcullis-data/subjects.key".into()));
    assert_eq!(config.subject_access.retention_days, 0, "off by default");
    let elsewhere = load(&text("[suppression]\npath = 'who.db'")).suppression.store.unwrap();
    assert_eq!(elsewhere.path, Path::new("etc/who.db"));
    assert_eq!(elsewhere.key, OwnKeySource::Kept("etc/who.key".into()));
    assert_eq!(load(&text("[outbox]\npath = '/var/o.db'")).outbox.backend.file(), Some(Path::new("/var/o.db")));

    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("policies")).unwrap();
    std::fs::write(folder.path().join("key"), super::KEY).unwrap();
    let (_, policy) = portcullis_filters::policy::Policy::builtin("retail@1").unwrap();
    std::fs::write(folder.path().join("policies/own.toml"), policy).unwrap();
    let written =
        text("").replace("'retail@1'", "'policies/own.toml'").replace("env = 'PORTCULLIS_SHOP_KEY'", "file = 'key'");
    std::fs::write(folder.path().join("p.toml"), written).unwrap();
    Config::load(&folder.path().join("p.toml"), &environment()).unwrap();
    // Whoever reads `retail@1` in a metric must be able to rely on what that is.
    let other = policy.replace("fbp               = \"keep\"\n", "");
    std::fs::write(folder.path().join("policies/own.toml"), &other).unwrap();
    let error = Config::load(&folder.path().join("p.toml"), &environment()).unwrap_err().to_string();
    assert!(error.contains("own.toml: name: retail@1 is a built-in policy, and this file decides otherwise"), "{error}");
    std::fs::write(folder.path().join("policies/own.toml"), other.replacen("\"retail\"", "\"own\"", 1)).unwrap();
    Config::load(&folder.path().join("p.toml"), &environment()).unwrap();
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let error = Config::load(Path::new("/nonexistent/portcullis.toml"), &environment()).unwrap_err().to_string();
    assert!(error.starts_with("/nonexistent/portcullis.toml: cannot be read: "), "{error}");
}

/// The line, without its comment sign if it is an optional key.
pub(super) fn key_line(line: &str) -> Option<&str> {
    json_schema::key_line(line).map(|_| line.strip_prefix("# ").unwrap_or(line))
}

/// The keys that a table knows, asked of serde.
fn keys<'de, T: Deserialize<'de>>() -> Vec<&'static str> {
    let mut known = Vec::new();
    T::deserialize(Asked(&mut known)).err().unwrap();
    known
}

struct Asked<'a>(&'a mut Vec<&'static str>);

impl<'de> Deserializer<'de> for Asked<'_> {
    type Error = Refused;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Refused> {
        Err(Refused::custom("asked"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.0.extend(fields);
        self.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
