//! The certificate of the listener: what is wrong with a pair is said with file and key, and with nothing that the files hold.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use tempfile::TempDir;

use super::super::{Config, ConfigError};
use super::{environment, error, load, text};

const DAY: u64 = 86_400;
/// Noon of the first of June 2026.
const NOW: u64 = 1_780_315_200;
const TABLE: &str = "[server]\ntls = { cert = 'cert.pem', key = 'key.pem' }";

struct Made {
    cert: String,
    key: String,
}

/// A certificate that is valid from the first of May 2026 to the last of June.
fn made() -> Made {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(["canary.example".to_owned()]).unwrap();
    params.not_before = date_time_ymd(2026, 5, 1);
    params.not_after = date_time_ymd(2026, 7, 1);
    let cert = params.self_signed(&key).unwrap();
    Made { cert: cert.pem(), key: key.serialize_pem() }
}

fn folder(cert: &str, key: &str, mode: u32) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("cert.pem"), cert).unwrap();
    std::fs::write(folder.path().join("key.pem"), key).unwrap();
    std::fs::set_permissions(folder.path().join("key.pem"), Permissions::from_mode(mode)).unwrap();
    folder
}

fn read(folder: &Path) -> Result<Config, ConfigError> {
    Config::parse(&text(TABLE), &folder.join("portcullis.toml"), &environment())
}

#[test]
fn a_pair_that_fits_is_taken_from_two_files_or_from_one() {
    let made = made();
    let both = format!("{}{}", made.key, made.cert);
    for (cert, key) in [(&made.cert, &made.key), (&both, &both)] {
        let folder = folder(cert, key, 0o600);
        let config = read(folder.path()).unwrap();
        let tls = config.server.tls.as_ref().unwrap();
        assert_eq!(tls.certificate.until_date(), "Wed, 01 Jul 2026 00:00:00 GMT");
        assert!(!config.warnings().iter().any(|warning| warning.starts_with("server.tls")), "{:?}", config.warnings());
    }
}

#[test]
fn with_tls_a_listener_may_be_beyond_loopback() {
    let made = made();
    let folder = folder(&made.cert, &made.key, 0o600);
    let table = format!("{TABLE}\nlisten = '0.0.0.0:8443'");
    let path = folder.path().join("portcullis.toml");
    Config::parse(&text(&table), &path, &environment()).unwrap();
    // A proxy that encrypts again.
    let both = format!("{table}\nbehind_tls_proxy = true\ntrusted_proxies = ['10.0.0.0/8']");
    Config::parse(&text(&both), &path, &environment()).unwrap();
}

#[test]
fn what_is_wrong_with_a_pair_names_the_key_and_the_file() {
    let (made, other) = (made(), made());
    let cut = |pem: &str| pem.chars().take(pem.len() - 40).collect::<String>();
    let garbled = made.cert.replacen("MII", "AAA", 1);
    for (cert, key, named, answer) in [
        (&made.cert, &other.key, "key", "is not the key of the certificate in "),
        (&String::new(), &made.key, "cert", "holds no certificate in PEM form"),
        (&made.key, &made.key, "cert", "holds no certificate in PEM form"),
        (&cut(&made.cert), &made.key, "cert", "is cut off"),
        (&garbled, &made.key, "cert", "holds a certificate that cannot be read"),
        (&made.cert, &String::new(), "key", "holds no private key in PEM form"),
        (&made.cert, &made.cert, "key", "holds no private key in PEM form"),
        (&made.cert, &cut(&made.key), "key", "is cut off"),
        (&made.cert, &made.key.replace("PRIVATE", "ENCRYPTED PRIVATE"), "key", "one with a passphrase cannot be used"),
        (&made.cert, &made.key.replacen("MI", "AA", 1), "key", "holds a key that cannot be used"),
    ] {
        let folder = folder(cert, key, 0o600);
        let file = folder.path().join("portcullis.toml").display().to_string();
        let message = read(folder.path()).unwrap_err().to_string();
        let start = format!("{file}: server.tls.{named}: {}/{named}.pem: ", folder.path().display());
        assert!(message.starts_with(&start) && message.contains(answer), "{message}\nexpected {start}{answer}");
        assert!(!message.contains("MII") && !message.contains("canary"), "{message}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let made = made();
    for gone in ["cert", "key"] {
        let folder = folder(&made.cert, &made.key, 0o600);
        std::fs::remove_file(folder.path().join(format!("{gone}.pem"))).unwrap();
        let message = read(folder.path()).unwrap_err().to_string();
        assert!(message.contains(&format!(": server.tls.{gone}: ")) && message.contains("cannot be read: "), "{message}");
    }
}

#[test]
fn p8_what_is_no_file_is_not_waited_for() {
    let made = made();
    for name in ["cert", "key"] {
        let folder = folder(&made.cert, &made.key, 0o600);
        let path = folder.path().join(format!("{name}.pem"));
        std::fs::remove_file(&path).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let pipe = read(folder.path()).unwrap_err().to_string();
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        for message in [pipe, read(folder.path()).unwrap_err().to_string()] {
            let answer = format!(": server.tls.{name}: {}: is no file but a folder, a pipe or a device", path.display());
            assert!(message.contains(&answer), "{message}");
        }
    }
}

#[test]
fn a_key_that_others_can_read_is_warned_of() {
    let made = made();
    let folder = folder(&made.cert, &made.key, 0o644);
    let config = read(folder.path()).unwrap();
    let warned = |warning: &String| warning.starts_with("server.tls.key: the file that it names can be read by others");
    assert!(config.warnings().iter().any(warned), "{:?}", config.warnings());
}

#[test]
fn the_time_of_day_decides_whether_it_is_valid_and_when_to_renew() {
    let made = made();
    let folder = folder(&made.cert, &made.key, 0o600);
    let config = read(folder.path()).unwrap();
    assert_eq!(config.judge_at(NOW).unwrap(), [""; 0]);
    let soon = config.judge_at(NOW + 20 * DAY).unwrap();
    assert!(
        soon[0].starts_with("server.tls.cert: ") && soon[0].ends_with("ends on Wed, 01 Jul 2026 00:00:00 GMT; renew it")
    );
    let over = config.judge_at(NOW + 31 * DAY).unwrap_err().to_string();
    assert!(
        over.contains("portcullis.toml: server.tls.cert: ") && over.contains("valid only until Wed, 01 Jul 2026"),
        "{over}"
    );
    let early = config.judge_at(NOW - 40 * DAY).unwrap_err().to_string();
    assert!(early.contains("valid only from Fri, 01 May 2026") && early.contains("is the clock right?"), "{early}");
    assert_eq!(load(&text("")).judge_at(NOW).unwrap(), [""; 0]);
}

#[test]
fn both_halves_are_needed_and_no_half_is_the_key_itself() {
    for (table, answer) in [
        ("[server]\ntls = { cert = 'a.pem' }", "the key `key` is missing"),
        ("[server]\ntls = { key = 'a.pem' }", "the key `cert` is missing"),
        ("[server]\ntls = { cert = 'a', kye = 'b' }", "did you mean `key`?"),
        ("[server]\ntls = 'a.pem'", "server.tls"),
        ("[server]\ntls = { cert = 'a', key = '' }", "the path of a PEM file"),
        ("[server]\ntls = { cert = 'a', key = '-----BEGIN PRIVATE KEY-----canary' }", "not what it holds"),
        ("[server]\ntls = { cert = 'a', key = \"canary\\ncanary\" }", "not what it holds"),
    ] {
        let message = error(&text(table));
        assert!(message.contains("server") && message.contains(answer), "{message}");
    }
}
