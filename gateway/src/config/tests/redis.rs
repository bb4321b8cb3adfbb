//! `[redis]`: what it comes to, what contradicts itself, and what is said of it. No password and no address is shown.

use std::path::Path;
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair};
use secrecy::ExposeSecret as _;

use super::super::{Config, Environment, Node, OnUnavailable, Redis, Topology};
use super::{error_in, load, text, with};

const URL: &str = "redis://gate:canary-password@127.0.0.1:7000/2";

/// A configuration with Redis, and these lines under `[redis]`.
fn tables(redis: &str) -> String {
    text(&format!(
        "[outbox]\nbackend = 'redis'\nencryption_key = {{ env = 'KEY' }}\n[redis]\n{redis}\n\
         [identity]\npseudonym_key = {{ env = 'KEY' }}\n[suppression]\nkey = {{ env = 'KEY' }}\n"
    ))
}

fn variables(url: &str) -> Environment {
    with(&[("KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="), ("URL", url), ("PASSWORD", "canary-other")])
}

fn resolved(redis: &str, url: &str) -> (Redis, Vec<String>) {
    let config = Config::parse(&tables(redis), Path::new("etc/p.toml"), &variables(url)).unwrap();
    for shown in [format!("{config:?}"), format!("{:?}", config.warnings())] {
        assert!(!shown.contains("canary"), "{shown}");
    }
    assert_eq!(config.outbox.backend.file(), Some(Path::new("etc/portcullis-data/outbox.db")), "what Redis cannot take");
    let warnings = config.warnings().iter().filter(|warning| !warning.contains(": policy: ")).cloned().collect();
    (Redis::clone(config.outbox.backend.redis().unwrap()), warnings)
}

fn refused(redis: &str, url: &str) -> String {
    error_in(&tables(redis), &variables(url))
}

#[test]
fn a_url_is_enough_and_the_rest_has_defaults() {
    let (redis, warnings) = resolved("url = { env = 'URL' }", URL);
    assert_eq!(redis.nodes, [Node { host: "127.0.0.1".to_owned(), port: 7000 }]);
    assert_eq!((redis.topology, redis.database, redis.prefix.as_str()), (Topology::Single, 2, "portcullis"));
    assert_eq!(redis.username.as_deref(), Some("gate"));
    assert_eq!(redis.password.unwrap().expose_secret(), "canary-password");
    assert!(redis.tls.is_none() && redis.require_durable && redis.replicas == 0);
    assert_eq!(redis.on_unavailable, OnUnavailable::Spill);
    assert_eq!((redis.connect_timeout, redis.command_timeout), (Duration::from_secs(2), Duration::from_secs(2)));
    assert_eq!(warnings, [""; 0], "nothing to say about a server of this machine and encrypted events");
}

#[test]
fn each_topology_is_read_with_its_usual_port() {
    let (cluster, _) = resolved("url = { env = 'URL' }\ntopology = 'cluster'", "redis://a,b:7001");
    assert_eq!(cluster.topology, Topology::Cluster);
    assert_eq!(cluster.nodes.iter().map(|node| node.port).collect::<Vec<_>>(), [6379, 7001]);
    let sentinels = "url = { env = 'URL' }\ntopology = 'sentinel'\nsentinel_primary = 'main'";
    let (sentinel, _) = resolved(sentinels, "redis://a,b");
    assert_eq!(sentinel.topology, Topology::Sentinel("main".to_owned()));
    assert_eq!(sentinel.nodes.iter().map(|node| node.port).collect::<Vec<_>>(), [26_379, 26_379]);
}

#[test]
fn user_and_password_may_stand_in_keys_of_their_own() {
    let keys = "url = { env = 'URL' }\nusername = 'gate'\npassword = { env = 'PASSWORD' }";
    let (redis, _) = resolved(keys, "redis://127.0.0.1");
    assert_eq!(redis.username.as_deref(), Some("gate"));
    assert_eq!(redis.password.unwrap().expose_secret(), "canary-other");
}

#[test]
fn what_contradicts_itself_is_named_by_its_key_without_the_url() {
    const LOCAL: &str = "redis://127.0.0.1";
    for (redis, url, key, cure) in [
        ("", LOCAL, "redis.url", "add url = { env = \"NAME\" }"),
        ("url = { env = 'URL' }", "canary", "redis.url", "redis[s]://[user[:password]@]host"),
        ("url = { env = 'URL' }", "http://canary", "redis.url", "redis:// or rediss://"),
        ("url = { env = 'URL' }", "redis://canary.a,canary.b", "redis.url", "set topology ="),
        ("url = { env = 'URL' }\ntopology = 'cluster'", "redis://canary/1", "redis.url", "a cluster has none but 0"),
        ("url = { env = 'URL' }\ntopology = 'sentinel'", LOCAL, "redis.sentinel_primary", "is missing"),
        ("url = { env = 'URL' }\nsentinel_primary = 'main'", LOCAL, "redis.sentinel_primary", "leave it out"),
        ("url = { env = 'URL' }\nusername = 'gate'", LOCAL, "redis.username", "give redis.password"),
        ("url = { env = 'URL' }\nusername = 'other'", URL, "redis.username", "keep one of them"),
        ("url = { env = 'URL' }\npassword = { env = 'PASSWORD' }", URL, "redis.password", "keep one of them"),
        ("url = { env = 'URL' }\npassword = { env = 'NOBODY' }", LOCAL, "redis.password", "NOBODY is not set"),
        ("url = { env = 'URL' }\nca_file = 'ca.pem'", LOCAL, "redis.ca_file", "write rediss://"),
        ("url = { env = 'URL' }\nclient_cert = 'c.pem'", LOCAL, "redis.client_cert", "write rediss://"),
        ("url = { env = 'URL' }\nca_file = 'ca.pem'", "rediss://canary", "redis.ca_file", "cannot be read"),
        ("url = { env = 'URL' }\nclient_cert = 'c.pem'", "rediss://canary", "redis.client_key", "give both or none"),
        ("url = { env = 'URL' }\nclient_key = 'c.key'", "rediss://canary", "redis.client_cert", "give both or none"),
        ("url = { env = 'URL' }\nreplicas = 17", LOCAL, "redis.replicas", "0 to 16"),
        ("url = { env = 'URL' }\nconnect_timeout_ms = 1", LOCAL, "redis.connect_timeout_ms", "50 to 60000"),
        ("url = { env = 'URL' }\ncommand_timeout_ms = 0", LOCAL, "redis.command_timeout_ms", "50 to 60000"),
    ] {
        let message = refused(redis, url);
        assert!(
            message.starts_with(&format!("etc/portcullis.toml: {key}: ")) && message.contains(cure),
            "{redis}: {message}"
        );
    }
}

#[test]
fn a_url_is_never_written_here() {
    let cure = "secrets are never written here; use { env = \"NAME\" } or { file = \"PATH\" }";
    for key in ["url", "password"] {
        assert!(refused(&format!("{key} = 'redis://u:canary@a'"), URL).ends_with(cure));
        let name = format!("PORTCULLIS__REDIS__{}", key.to_uppercase());
        assert!(error_in(&text(""), &with(&[(&name, "redis://u:canary@a")])).ends_with(cure));
    }
}

#[test]
fn the_environment_replaces_its_leaves() {
    let more = [
        ("PORTCULLIS__REDIS__TOPOLOGY", "cluster"),
        ("PORTCULLIS__REDIS__REPLICAS", "1"),
        ("PORTCULLIS__REDIS__REQUIRE_DURABLE", "false"),
        ("PORTCULLIS__REDIS__ON_UNAVAILABLE", "refuse"),
        ("KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
        ("URL", "redis://127.0.0.1"),
    ];
    let config = Config::parse(&tables("url = { env = 'URL' }"), Path::new("p.toml"), &with(&more)).unwrap();
    let redis = config.outbox.backend.redis().unwrap();
    assert_eq!((&redis.topology, redis.replicas, redis.require_durable), (&Topology::Cluster, 1, false));
    assert_eq!(redis.on_unavailable, OnUnavailable::Refuse);
}

#[test]
fn gateways_that_share_must_be_given_the_keys_that_they_share() {
    let written = tables("url = { env = 'URL' }");
    for (table, key, why) in [
        ("[identity]\npseudonym_key = { env = 'KEY' }\n", "identity.pseudonym_key", "Meta takes one customer for several"),
        ("[suppression]\nkey = { env = 'KEY' }\n", "suppression.key", "know nobody by digests under another key"),
    ] {
        let message = error_in(&written.replace(table, ""), &variables(URL));
        assert!(message.contains(&format!("{key}: is missing: ")) && message.contains(why), "{message}");
    }
}

#[test]
fn what_travels_or_rests_readable_is_warned_of() {
    let (_, warnings) = resolved("url = { env = 'URL' }", "redis://redis.example");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].starts_with("redis.url: leads beyond this machine without TLS"), "{warnings:?}");
    for (url, count) in
        [("rediss://redis.example", 0), ("redis://localhost", 0), ("redis://[::1]", 0), ("redis://10.0.0.1", 1)]
    {
        assert_eq!(resolved("url = { env = 'URL' }", url).1.len(), count, "{url}");
    }
    let plain = tables("url = { env = 'URL' }").replace("encryption_key = { env = 'KEY' }\n", "");
    let config = Config::parse(&plain, Path::new("p.toml"), &variables(URL)).unwrap();
    assert!(
        config
            .warnings()
            .iter()
            .any(|warning| warning.starts_with("outbox.encryption_key: is missing, so events rest in Redis"))
    );
}

#[test]
fn keys_without_the_back_end_are_of_no_use_and_said_to_be() {
    let config = load(&text("[redis]\nurl = { env = 'NOBODY' }\nprefix = 'mine'"));
    let said: Vec<&String> = config.warnings().iter().filter(|warning| warning.starts_with("redis.")).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].starts_with("redis.url: is of no use") && said[1].starts_with("redis.prefix: is of no use"), "{said:?}");
}

#[test]
fn a_certificate_for_the_server_is_read_and_must_fit_its_key() {
    let key = KeyPair::generate().unwrap();
    let cert = CertificateParams::new(["gate".to_owned()]).unwrap().self_signed(&key).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("cert.pem", &cert.pem());
    write("key.pem", &key.serialize_pem());
    write("other.pem", &KeyPair::generate().unwrap().serialize_pem());
    let files = "url = { env = 'URL' }\nca_file = 'cert.pem'\nclient_cert = 'cert.pem'\nclient_key = 'key.pem'";
    let read =
        |files: &str| Config::parse(&tables(files), &folder.path().join("p.toml"), &variables("rediss://redis.example"));
    let config = read(files).unwrap();
    let tls = config.outbox.backend.redis().unwrap().tls.clone().unwrap();
    assert_eq!(tls.ca_pem.as_deref(), Some(cert.pem().as_bytes()));
    let (shown, private) = tls.client.unwrap();
    assert_eq!((shown.as_slice(), private.as_slice()), (cert.pem().as_bytes(), key.serialize_pem().as_bytes()));
    assert!(
        config.warnings().iter().any(|warning| warning.starts_with("redis.client_key: the file that it names can be read"))
    );
    assert!(!format!("{config:?}").contains("PRIVATE"));
    for (right, wrong, answer) in [
        ("'key.pem'", "'other.pem'", "redis.client_key: is the key of another certificate"),
        ("'key.pem'", "'cert.pem'", "redis.client_key: the file that it names holds no private key"),
        (
            "client_cert = 'cert.pem'",
            "client_cert = 'key.pem'",
            "redis.client_cert: the file that it names holds no certificate",
        ),
        ("ca_file = 'cert.pem'", "ca_file = 'key.pem'", "redis.ca_file: the file that it names holds no certificate"),
    ] {
        let message = read(&files.replace(right, wrong)).unwrap_err().to_string();
        assert!(message.contains(answer), "{message}");
    }
}

#[test]
fn another_secret_behind_the_same_key_refuses_a_reload() {
    let text = tables("url = { env = 'URL' }");
    let of = |url: &str| Config::parse(&text, Path::new("p.toml"), &variables(url)).unwrap();
    let (old, same) = (of(URL), of(URL));
    assert_eq!(old.changes_to(&same).unwrap(), [""; 0]);
    let other_host = old.changes_to(&of("redis://gate:canary-password@127.0.0.2:7000/2")).unwrap_err().to_string();
    assert!(other_host.contains("redis.url: is read at start only") && !other_host.contains("canary"), "{other_host}");
    let other_password = old.changes_to(&of(&URL.replace("password", "other"))).unwrap_err().to_string();
    assert!(other_password.contains("redis.password: is read at start only"), "{other_password}");
}
