//! Secrets are referred to, read once, and never shown.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use super::super::{Config, Environment, OwnKeySource};
use super::{KEY, TOKEN, environment, error, error_in, load, text, with};

#[test]
fn an_inline_secret_is_refused_without_being_quoted() {
    let cure = "secrets are never written here; use { env = \"NAME\" } or { file = \"PATH\" }";
    for (right, wrong) in [
        ("access_token = { env = 'META_TOKEN_SHOP' }", format!("access_token = '{TOKEN}'")),
        ("keys = [{ env = 'PORTCULLIS_SHOP_KEY' }]", format!("keys = ['{KEY}']")),
        ("id = '1'", format!("id = '1'\napp_secret = '{TOKEN}'")),
    ] {
        assert!(error(&text("").replace(right, &wrong)).ends_with(cure));
    }
    assert!(error(&text(&format!("[identity]\npseudonym_key = '{KEY}'"))).ends_with(cure));
}

#[test]
fn a_secret_in_the_wrong_place_is_not_quoted_either() {
    for wrong in [
        format!("access_token = {{ env = '{TOKEN}' }}"),
        format!("access_token = {{ file = '{TOKEN}' }}"),
        format!("access_token = {{ fiel = '{TOKEN}' }}"),
        format!("access_token = {{ value = '{TOKEN}' }}"),
        format!("access_token = {{ sha256 = '{TOKEN}' }}"),
        format!("access_token = {{ env = ['{TOKEN}'] }}"),
        format!("access_token = ['{TOKEN}']"),
        format!("access_token = {TOKEN}"),
        format!("access_token = '{TOKEN}"),
        format!("access_token = {{ env = 'A', file = '{TOKEN}' }}"),
        "access_token = {}".to_owned(),
        format!("token = '{TOKEN}'"),
        format!("access_token = {{ env = 'META_TOKEN_SHOP' }}\naccess_token = '{TOKEN}'"),
    ] {
        let message = error(&text("").replace("access_token = { env = 'META_TOKEN_SHOP' }", &wrong));
        assert!(
            message.contains("etc/portcullis.toml") && message.contains("dataset") || message.contains("line "),
            "{message}"
        );
    }
}

#[test]
fn digests_are_64_hex_digits() {
    let keys = |form: &str| text("").replace("{ env = 'PORTCULLIS_SHOP_KEY' }", form);
    let digest: [u8; 32] = Sha256::digest(KEY).into();
    let hex = digest.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    assert_eq!(load(&keys(&format!("{{ sha256 = '{hex}' }}"))).sites[0].keys, [digest]);
    assert_eq!(load(&keys(&format!("{{ sha256 = '{}' }}", hex.to_uppercase()))).sites[0].keys, [digest]);
    assert_eq!(load(&text("")).sites[0].keys, [digest], "a key of the environment has the same digest");
    for wrong in [&hex.replacen('a', "", 1), &format!("{hex}0"), &hex.replace('a', "g"), KEY, ""] {
        assert!(error(&keys(&format!("{{ sha256 = '{wrong}' }}"))).contains("64 hex digits"));
    }
}

#[test]
fn variables_that_are_missing_empty_or_odd_are_named() {
    for (value, answer) in [
        (None, "is not set"),
        (Some(""), "is empty"),
        (Some("EAA canary"), "spaces, line ends"),
        (Some("EAAcanary\r\nX-Injected: 1"), "spaces, line ends"),
        (Some("EAAcanary\n"), "spaces, line ends"),
    ] {
        let variables = [("PORTCULLIS_SHOP_KEY", KEY)].into_iter().chain(value.map(|value| ("META_TOKEN_SHOP", value)));
        let message = error_in(&text(""), &Environment::of(variables));
        assert!(
            message.starts_with("etc/portcullis.toml: dataset `1`: access_token: the environment variable META_TOKEN_SHOP ")
        );
        assert!(message.contains(answer), "{message}");
    }
}

#[test]
fn keys_are_long_and_no_tokens_of_metas() {
    let short = with(&[("PORTCULLIS_SHOP_KEY", "canary-31-characters-0123456789")]);
    let message = error_in(&text(""), &short);
    assert!(message.contains("site `shop`: keys: a key of 31 characters can be guessed"), "{message}");
    let message = error_in(&text(""), &with(&[("META_TOKEN_SHOP", KEY)]));
    assert!(message.contains("site `shop`: keys: is a secret of Meta's (dataset `1`)"), "{message}");
    let with_proof = text("") + "app_secret = { env = 'PORTCULLIS_SHOP_KEY' }\n";
    assert!(error(&with_proof).contains("is a secret of Meta's"));
}

#[test]
fn files_lose_one_line_end_and_are_warned_of_when_others_can_read_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    let written = text("").replace("env = 'META_TOKEN_SHOP'", "file = 'token'");
    let about_secrets = |config: &Config| -> Vec<String> {
        config.warnings().iter().filter(|warning| !warning.contains(": policy: ")).cloned().collect()
    };
    let read = |content: &[u8], mode: u32| {
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        Config::parse(&written, &folder.path().join("portcullis.toml"), &environment())
    };
    for content in [TOKEN.to_owned(), format!("{TOKEN}\n"), format!("{TOKEN}\r\n")] {
        let config = read(content.as_bytes(), 0o600).unwrap();
        assert_eq!(config.datasets[0].access_token.expose_secret(), TOKEN);
        assert!(about_secrets(&config).is_empty());
    }
    for mode in [0o640, 0o604, 0o644] {
        let config = read(TOKEN.as_bytes(), mode).unwrap();
        let warnings = about_secrets(&config);
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].starts_with("dataset `1`: access_token: "), "{warnings:?}");
    }
    for (content, answer) in [
        (&b""[..], "is empty"),
        (b"\n", "is empty"),
        (b"EAAcanary\n\n", "line ends"),
        (b"canary\xff", "not UTF-8"),
        (&vec![b'a'; 20_000], "larger than 16384 bytes"),
    ] {
        let error = read(content, 0o600).unwrap_err().to_string();
        assert!(error.contains("dataset `1`: access_token: ") && error.contains(answer), "{error}");
        assert!(!error.contains("canary"));
    }
    fs::remove_file(&path).unwrap();
    let error = Config::parse(&written, &folder.path().join("portcullis.toml"), &environment()).unwrap_err().to_string();
    assert!(error.contains("dataset `1`: access_token: the file that it names cannot be read: "), "{error}");
}

#[test]
fn a_given_key_of_pseudonyms_is_32_bytes_in_base64() {
    let table = text("[identity]\npseudonym_key = { env = 'PSEUDONYM_KEY' }");
    let given = with(&[("PSEUDONYM_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")]);
    let config = Config::parse(&table, Path::new("p.toml"), &given).unwrap();
    let OwnKeySource::Given(key) = &config.identity.pseudonym_key else { panic!("not given") };
    assert!(key.iter().copied().eq(0..32));
    assert!(!format!("{config:?}").contains("[0, 1, 2"));
    for wrong in ["canary", "AAECAwQFBgcICQoLDA0ODw==", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"] {
        let message = error_in(&table, &with(&[("PSEUDONYM_KEY", wrong)]));
        assert!(message.contains("identity.pseudonym_key: is not 32 bytes in base64"), "{message}");
    }
    let forgotten = load(&text("[outbox]\nbackend = 'memory'"));
    assert!(matches!(forgotten.identity.pseudonym_key, OwnKeySource::Forgotten));
}

#[test]
fn the_key_of_suppressed_persons_is_32_bytes_and_needs_a_store() {
    let table = text("[suppression]\nkey = { env = 'KEY' }");
    let given = with(&[("KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")]);
    let config = Config::parse(&table, Path::new("p.toml"), &given).unwrap();
    let OwnKeySource::Given(key) = &config.suppression.store.as_ref().unwrap().key else { panic!("not given") };
    assert!(key.iter().copied().eq(0..32));
    assert!(!format!("{config:?}").contains("[0, 1, 2"));
    let message = error_in(&table, &with(&[("KEY", "canary")]));
    assert!(message.contains("suppression.key: is not 32 bytes in base64"), "{message}");
    let memory = "\n[outbox]\nbackend = 'memory'";
    assert!(load(&text(memory)).suppression.store.is_none());
    assert!(load(&text(&format!("[suppression]\npath = 'who.db'{memory}"))).suppression.store.is_some());
    let message = error_in(&text(&format!("[suppression]\nkey = {{ env = 'KEY' }}{memory}")), &given);
    assert!(message.contains("suppression.key: is of no use without suppression.path"), "{message}");
    let message = error(&text("[suppression]\npath = 'portcullis-data/outbox.db'"));
    assert!(message.contains("suppression.path: is the file of the outbox"), "{message}");
}

#[test]
fn nothing_secret_is_in_the_debug_text() {
    let config = load(&(text("") + "app_secret = { env = 'META_TOKEN_SHOP' }\n"));
    for shown in [format!("{config:?}"), format!("{config:#?}"), format!("{:?}", environment())] {
        assert!(!shown.to_lowercase().contains("canary"), "{shown}");
    }
}

#[test]
fn keys_of_the_outbox_are_32_bytes_and_the_previous_ones_need_one_of_today() {
    let variables =
        [("NOW", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="), ("OLD", "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=")];
    let variables = with(&[&variables[..], &[("SHORT", "MDEyMw==")]].concat());
    let outbox = |keys: &str| text(&format!("[outbox]\n{keys}"));
    let both = outbox("encryption_key = { env = 'NOW' }\nprevious_encryption_keys = [{ env = 'OLD' }]");
    let config = Config::parse(&both, Path::new("p.toml"), &variables).unwrap();
    let encryption = config.outbox.encryption.as_ref().unwrap();
    assert_eq!(*encryption.key, *b"01234567890123456789012345678901");
    assert_eq!(encryption.previous.len(), 1);
    assert!(!format!("{config:?}").contains("48, 49, 50"), "a key is not shown");
    assert!(load(&text("")).outbox.encryption.is_none());
    for (keys, answer) in [
        ("encryption_key = { env = 'SHORT' }", "outbox.encryption_key: is not 32 bytes in base64"),
        ("previous_encryption_keys = [{ env = 'OLD' }]", "outbox.previous_encryption_keys: stands without"),
        ("encryption_key = { env = 'NOW' }\nbackend = 'memory'", "outbox.encryption_key: is of no use"),
        ("deduplicate_hours = 1", "outbox.deduplicate_hours: stands without outbox.encryption_key"),
        ("encryption_key = { env = 'NOW' }\ndeduplicate_hours = 49", "outbox.deduplicate_hours"),
    ] {
        let message = error_in(&outbox(keys), &variables);
        assert!(message.contains(answer), "{message}");
    }
    assert!(
        error(&outbox("encryption_key = 'MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE='")).contains("never written here")
    );
}
