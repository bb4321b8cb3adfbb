//! What a reload may change, key by key of the example.

use std::path::Path;

use super::super::{Config, EXAMPLE};
use super::example::key_line;
use super::{environment, load, text, with};

const SECOND: &str = "\n[[site]]\nid = 'other'\npolicy = 'retail@1'\ndatasets = ['1', '2']\nhosts = ['other.example']\n\
                      keys = [{ sha256 = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' }]\n\
                      [[dataset]]\nid = '2'\naccess_token = { env = 'META_TOKEN_SHOP' }\n";

/// Another value for each key that a running gateway may not change.
const FIXED: &[(&str, &str)] = &[
    ("subject_access", "retention_days = 30"),
    ("subject_access", "max_rows = 10_000"),
    ("server", "listen = '127.0.0.1:8081'"),
    ("server", "behind_tls_proxy = true"),
    ("server", "trusted_proxies = ['10.0.0.0/8']"),
    ("server", "max_body_bytes = 4_000_000"),
    ("server", "max_in_flight_bytes = 30_000_000"),
    ("server", "max_unauthenticated_bytes = 9_000_000"),
    ("server", "admission_wait_ms = 501"),
    ("server", "header_timeout_secs = 11"),
    ("server", "body_timeout_secs = 31"),
    ("server", "max_connections = 1025"),
    ("server", "stop_grace_secs = 21"),
    ("admin", "listen = '127.0.0.1:9465'"),
    ("admin", "allow_remote = true"),
    ("meta", "base_url = 'https://graph.facebook.com:444'\nallow_other_host = true"),
    ("meta", "api_version = 'v27.0'"),
    ("meta", "proxy = 'http://proxy.example:3128'"),
    ("meta", "token_in = 'body'"),
    ("meta", "partner_agent = 'example-shop'"),
    ("meta", "connect_timeout_secs = 9"),
    ("meta", "request_timeout_secs = 29"),
    ("outbox", "backend = 'memory'"),
    ("outbox", "path = 'elsewhere.db'"),
    ("outbox", "max_bytes = 2_000_000"),
    ("outbox", "deduplicate_max_events = 5_000"),
    ("redis", "url = { env = 'REDIS_URL' }"),
    ("redis", "topology = 'cluster'"),
    ("redis", "sentinel_primary = 'main'"),
    ("redis", "username = 'gate'"),
    ("redis", "password = { env = 'REDIS_PASSWORD' }"),
    ("redis", "client_cert = 'client.pem'"),
    ("redis", "client_key = 'client.key'"),
    ("redis", "prefix = 'other'"),
    ("redis", "require_durable = false"),
    ("redis", "replicas = 1"),
    ("redis", "on_unavailable = 'refuse'"),
    ("redis", "connect_timeout_ms = 1999"),
    ("redis", "command_timeout_ms = 1999"),
    ("suppression", "path = 'who.db'"),
    ("log", "format = 'json'"),
    ("log", "level = 'debug'"),
    ("telemetry", "sample_permille = 1"),
    ("telemetry", "timeout_secs = 1"),
];

fn changes(old: &str, new: &str) -> Result<Vec<String>, String> {
    load(old).changes_to(&load(new)).map_err(|error| error.to_string())
}

#[test]
fn p8_a_key_that_is_read_at_start_only_refuses_the_reload_by_its_name() {
    for (table, line) in FIXED {
        let key = format!("{table}.{}", line.split(' ').next().unwrap());
        let refused = changes(&text(""), &text(&format!("[{table}]\n{line}"))).unwrap_err();
        assert!(refused.starts_with("etc/portcullis.toml: ") && refused.contains(&key), "{line}: {refused}");
        assert!(refused.contains("is read at start only"), "{refused}");
    }
    let both = changes(&text(""), &text("[log]\nlevel = 'debug'\n[server]\nstop_grace_secs = 21")).unwrap_err();
    assert!(both.contains("server.stop_grace_secs, log.level: "), "{both}");
}

#[test]
fn each_key_of_a_single_table_is_of_dispatch_or_refuses_a_reload() {
    let mut table = "";
    for line in EXAMPLE.lines().take_while(|line| !line.starts_with("[[")) {
        if line.starts_with('[') {
            table = line.trim_matches(['[', ']']);
        } else if let Some(line) = key_line(line)
            && table != "dispatch"
        {
            let key = line.split(' ').next().unwrap();
            // Shown where files are at hand: `certificate`, and below.
            let elsewhere = matches!(
                key,
                "tls"
                    | "ca_file"
                    | "allow_other_host"
                    | "pseudonym_key"
                    | "encryption_key"
                    | "previous_encryption_keys"
                    | "deduplicate_hours"
                    | "key"
                    // With the feature `otlp` alone: the suite `traces`.
                    | "endpoint"
                    | "headers"
            );
            let tried = FIXED.iter().any(|(of, line)| *of == table && line.split(' ').next() == Some(key));
            assert!(elsewhere || tried, "{table}.{key} is in no test of reload");
        }
    }
}

#[test]
fn what_a_secret_file_holds_counts_where_a_new_secret_would_break_what_is_stored() {
    for key in ["identity.pseudonym_key", "outbox.encryption_key", "suppression.key", "subject_access.key"] {
        let (table, name) = key.split_once('.').unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("p.toml");
        std::fs::write(&file, text(&format!("[{table}]\n{name} = {{ file = 'key' }}"))).unwrap();
        let load = |secret: &str| {
            std::fs::write(folder.path().join("key"), secret).unwrap();
            Config::load(&file, &environment()).unwrap()
        };
        let old = load("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        let new = load("AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        let refused = old.changes_to(&new).unwrap_err().to_string();
        assert!(refused.contains(&format!("{key}: is read at start only")), "{refused}");
        assert_eq!(old.changes_to(&old).unwrap(), Vec::<String>::new());
        // A key that moved to those before it is a rotation, which needs a restart as well.
        if table == "outbox" {
            let rotated = folder.path().join("rotated.toml");
            let keys = "encryption_key = { file = 'key' }\nprevious_encryption_keys = [{ file = 'key' }]";
            std::fs::write(&rotated, text(&format!("[outbox]\n{keys}"))).unwrap();
            let rotated = Config::load(&rotated, &environment()).unwrap();
            assert!(new.changes_to(&rotated).unwrap_err().to_string().contains("outbox.previous_encryption_keys"));
        }
    }
}

#[test]
fn what_changed_is_named_and_no_secret_is_shown() {
    let plain = text("");
    assert_eq!(changes(&plain, &plain), Ok(Vec::new()));
    let tuned = text("[dispatch]\nlinger_ms = 300\non_policy_change = 'purge'");
    assert_eq!(changes(&plain, &tuned).unwrap(), ["dispatch.linger_ms", "dispatch.on_policy_change"]);
    let limited = plain.replacen("hosts", "rate_limit = { events_per_sec = 5, burst = 9 }\nhosts", 1);
    assert_eq!(changes(&plain, &limited).unwrap(), ["site `shop`: rate_limit"]);
    let two = plain.clone() + SECOND;
    assert_eq!(changes(&plain, &two).unwrap(), ["site `other`: added", "dataset `2`: added"]);
    let gone = changes(&two, &plain).unwrap();
    assert_eq!(gone[0], "site `other`: removed");
    assert!(gone[1].starts_with("dataset `2`: removed; what waits for it is kept"), "{gone:?}");
    let [policy, hosts] = &changes(&plain, &plain.replace("www.shop", "new.shop")).unwrap()[..] else { panic!() };
    assert!(policy.starts_with("site `shop`: policy: retail@1 ") && hosts == "site `shop`: hosts", "{policy} {hosts}");
    assert!(!policy.contains("what waits"), "the same is asked: {policy}");
    let asking = plain.replace("retail@1", "retail-consent@1");
    let said = |old, new| changes(old, new).unwrap().concat();
    assert!(said(&plain, &asking).ends_with("; it asks for more consent, so what waits is not sent"));
    assert!(!said(&asking, &plain).contains("what waits"), "less is asked");
    let token = with(&[("META_TOKEN_SHOP", "EAAcanaryOTHER")]);
    let other = Config::parse(&plain, Path::new("etc/portcullis.toml"), &token).unwrap();
    assert_eq!(load(&plain).changes_to(&other).unwrap(), ["dataset `1`: access_token"]);
}

#[test]
fn where_the_outbox_is_can_be_read_without_any_secret() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.toml");
    std::fs::write(&file, text("[outbox]\npath = 'o.db'")).unwrap();
    let nobody = super::Environment::of::<&str, &str>([]);
    assert!(Config::load(&file, &nobody).is_err());
    let outbox = Config::load_outbox(&file, &nobody).unwrap();
    assert_eq!(outbox.backend.file(), Some(&*folder.path().join("o.db")));
}

#[test]
fn a_socket_that_was_passed_keeps_the_rules_of_its_address() {
    let beyond = "0.0.0.0:443".parse().unwrap();
    let refused = load(&text("")).listening_at(Some(beyond), None).unwrap_err().to_string();
    assert!(refused.contains("server.listen: the socket that was passed is beyond loopback"), "{refused}");
    assert!(load(&text("")).listening_at(None, Some(beyond)).unwrap_err().to_string().contains("admin.listen"));
    let config = load(&text("[server]\nbehind_tls_proxy = true")).listening_at(Some(beyond), None).unwrap();
    assert_eq!(config.server.listen, beyond);
}
