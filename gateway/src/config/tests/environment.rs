//! Variables replace single values, and nothing else (D11).

use std::path::Path;

use super::super::{Config, LogFormat};
use super::{error_in, text, with};

fn load(tables: &str, variables: &[(&str, &str)]) -> Config {
    Config::parse(&text(tables), Path::new("portcullis.toml"), &with(variables)).unwrap()
}

#[test]
fn a_variable_replaces_a_value_of_the_file_and_of_the_defaults() {
    let config = load(
        "[server]\nlisten = '127.0.0.1:1'\nmax_connections = 7",
        &[
            ("PORTCULLIS__SERVER__LISTEN", "0.0.0.0:2"),
            ("PORTCULLIS__SERVER__BEHIND_TLS_PROXY", "true"),
            ("PORTCULLIS__SERVER__TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1"),
            ("PORTCULLIS__DISPATCH__LINGER_MS", "5"),
            ("PORTCULLIS__LOG__FORMAT", "json"),
            ("PORTCULLIS__LOG__LEVEL", "debug"),
            ("PORTCULLIS__META__PROXY", "http://proxy.example:3128"),
            ("PORTCULLIS__OUTBOX__PATH", "/data/o.db"),
        ],
    );
    assert_eq!(config.server.listen.to_string(), "0.0.0.0:2");
    assert_eq!(config.server.max_connections, 7, "its neighbours stay");
    let trusted: Vec<String> = config.server.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(trusted, ["10.0.0.0/8", "192.0.2.1/32"], "a list has commas");
    assert_eq!(config.dispatch.linger.as_millis(), 5);
    assert_eq!((config.log.format, config.log.level.as_str()), (LogFormat::Json, "debug"));
    assert_eq!(config.meta.proxy.unwrap().as_str(), "http://proxy.example:3128/");
    assert_eq!(config.outbox.backend.file(), Some(Path::new("/data/o.db")));
}

#[test]
fn d11_a_variable_with_line_ends_and_toml_inside_changes_only_its_leaf() {
    let injected = "x.db\"\n[admin]\nlisten = \"0.0.0.0:1\"\nallow_remote = true\n[[site]]\nid = \"evil\"";
    let config = load("", &[("PORTCULLIS__OUTBOX__PATH", injected)]);
    assert_eq!(config.outbox.backend.file(), Some(Path::new(injected)));
    assert_eq!(config.admin.listen.to_string(), "127.0.0.1:9464");
    assert_eq!(config.sites.len(), 1);
    for name in ["SERVER__LISTEN", "META__BASE_URL", "META__API_VERSION", "LOG__LEVEL", "LOG__FORMAT", "DISPATCH__LINGER_MS"]
    {
        let name = format!("PORTCULLIS__{name}");
        let message = error_in(&text(""), &with(&[(&name, "1\n[admin]\nlisten = 'canary'")]));
        assert!(message.starts_with(&format!("environment variable {name}: ")), "{message}");
    }
}

#[test]
fn a_variable_that_names_no_key_is_refused_with_the_nearest() {
    for (name, answer) in [
        ("PORTCULLIS__SERVER__LISTN", "unknown key `listn`; did you mean `listen`?"),
        ("PORTCULLIS__SERVR__LISTEN", "unknown key `servr`; did you mean `server`?"),
        ("PORTCULLIS__SERVER__TLS__CERT", "PORTCULLIS__TABLE__KEY"),
        ("PORTCULLIS__SERVER", "PORTCULLIS__TABLE__KEY"),
        ("PORTCULLIS__SERVER__", "PORTCULLIS__TABLE__KEY"),
        ("PORTCULLIS____LISTEN", "PORTCULLIS__TABLE__KEY"),
        ("PORTCULLIS__server__listen", "in capitals"),
        ("PORTCULLIS__SERVER__LISTEN__MORE", "PORTCULLIS__TABLE__KEY"),
        ("PORTCULLIS__SITE__ID", "tables in single brackets"),
        ("PORTCULLIS__SITE__0__ID", "tables in single brackets"),
        ("PORTCULLIS__DATASET__ACCESS_TOKEN", "tables in single brackets"),
    ] {
        let message = error_in(&text(""), &with(&[(name, "canary")]));
        assert!(message.starts_with(&format!("environment variable {name}: ")) && message.contains(answer), "{message}");
    }
}

#[test]
fn a_variable_is_read_as_the_type_of_its_key() {
    for (name, value, answer) in [
        ("PORTCULLIS__SERVER__MAX_CONNECTIONS", "many", "a whole number"),
        ("PORTCULLIS__SERVER__MAX_CONNECTIONS", "-1", "a whole number"),
        ("PORTCULLIS__SERVER__MAX_CONNECTIONS", "", "a whole number"),
        ("PORTCULLIS__SERVER__BEHIND_TLS_PROXY", "canary", "true or false"),
        ("PORTCULLIS__SERVER__TRUSTED_PROXIES", "10.0.0.0/8,canary", "10.0.0.0/8"),
        ("PORTCULLIS__SERVER__TLS", "canary.pem", "a table"),
        ("PORTCULLIS__OUTBOX__BACKEND", "memry", "did you mean `memory`?"),
        ("PORTCULLIS__META__BASE_URL", "canary", "https://graph.facebook.com"),
        ("PORTCULLIS__OUTBOX__PATH", "", "the path of a file"),
    ] {
        let message = error_in(&text(""), &with(&[(name, value)]));
        assert!(message.starts_with(&format!("environment variable {name}: ")) && message.contains(answer), "{message}");
    }
}

#[test]
fn secrets_are_not_given_as_replaced_values() {
    let message = error_in(&text(""), &with(&[("PORTCULLIS__IDENTITY__PSEUDONYM_KEY", "canary")]));
    assert!(message.ends_with("secrets are never written here; use { env = \"NAME\" } or { file = \"PATH\" }"), "{message}");
}

#[test]
fn other_variables_are_of_no_interest() {
    load("", &[("PORTCULLIS_LISTEN", "x"), ("PORTCULLIS", "x"), ("portcullis__server__listen", "x")]);
}
