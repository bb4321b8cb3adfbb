//! Every relation of `validate`, broken once.

use super::{error, load, text};

const SECOND_SITE: &str = "\n[[site]]\nid = 'other'\npolicy = 'retail@1'\ndatasets = ['1']\nhosts = ['other.example']\n";

/// The key and a piece of the answer for single tables that contradict themselves or others.
const BROKEN: &[(&str, &str, &str)] = &[
    ("[server]\nlisten = '0.0.0.0:8080'", "server.listen", "behind_tls_proxy = true"),
    ("[server]\nlisten = '[::]:8080'", "server.listen", "behind_tls_proxy = true"),
    ("[server]\nlisten = '10.1.2.3:8080'", "server.listen", "behind_tls_proxy = true"),
    ("[server]\nlisten = '0.0.0.0:8080'", "server.listen", "tls = { cert ="),
    ("[server]\ntrusted_proxies = ['10.0.0.0/8', '0.0.0.0/0']", "server.trusted_proxies", "any caller could name itself"),
    ("[server]\ntrusted_proxies = ['::/0']", "server.trusted_proxies", "name the networks"),
    ("[server]\ntrusted_proxies = ['::ffff:0.0.0.0/96']", "server.trusted_proxies", "name the networks"),
    ("[server]\nmax_body_bytes = 100", "server.max_body_bytes", "is 100; it can be 65536 to 67108864"),
    ("[server]\nmax_body_bytes = 1_000_000_000", "server.max_body_bytes", "it can be"),
    ("[server]\nmax_body_bytes = 20_000_000", "server.max_unauthenticated_bytes", "less than max_body_bytes"),
    ("[server]\nmax_in_flight_bytes = 1_000_000", "server.max_in_flight_bytes", "raise it"),
    ("[server]\nmax_unauthenticated_bytes = 100_000_000", "server.max_in_flight_bytes", "raise it"),
    ("[server]\nadmission_wait_ms = 60_000", "server.admission_wait_ms", "0 to 30000"),
    ("[server]\nheader_timeout_secs = 0", "server.header_timeout_secs", "1 to 300"),
    ("[server]\nbody_timeout_secs = 0", "server.body_timeout_secs", "1 to 600"),
    ("[server]\nmax_connections = 0", "server.max_connections", "1 to"),
    ("[server]\nstop_grace_secs = 0", "server.stop_grace_secs", "1 to"),
    ("[admin]\nlisten = '0.0.0.0:9464'", "admin.listen", "allow_remote = true"),
    ("[admin]\nlisten = '127.0.0.1:8080'", "admin.listen", "another port"),
    ("[meta]\nbase_url = 'http://graph.facebook.com'", "meta.base_url", "use https"),
    ("[meta]\nbase_url = 'https://graph.facebook.com.evil.example'", "meta.base_url", "allow_other_host = true"),
    ("[meta]\nbase_url = 'http://127.0.0.1:9100'", "meta.base_url", "allow_other_host = true"),
    ("[meta]\nbase_url = 'http://10.0.0.1'\nallow_other_host = true", "meta.base_url", "use https"),
    ("[meta]\nbase_url = 'http://localhost:9100'\nallow_other_host = true", "meta.base_url", "use https"),
    ("[meta]\nconnect_timeout_secs = 0", "meta.connect_timeout_secs", "1 to"),
    ("[meta]\nrequest_timeout_secs = 5", "meta.connect_timeout_secs", "more than request_timeout_secs"),
    ("[meta]\nca_file = 'missing.pem'", "meta.ca_file", "cannot be read"),
    ("[outbox]\nmax_bytes = 1000", "outbox.max_bytes", "1048576 to"),
    ("[dispatch]\nlinger_ms = 100_000", "dispatch.linger_ms", "0 to 60000"),
    ("[dispatch]\nmax_batch_events = 0", "dispatch.max_batch_events", "1 to 1000"),
    ("[dispatch]\nmax_batch_events = 1001", "dispatch.max_batch_events", "1 to 1000"),
    ("[dispatch]\nmax_batch_bytes = 100_000", "dispatch.max_batch_bytes", "2097152 to"),
    ("[dispatch]\nmax_batch_bytes = 1_000_000_000", "dispatch.max_batch_bytes", "it can be"),
    ("[dispatch]\nmax_requests = 0", "dispatch.max_requests", "1 to"),
    ("[dispatch]\nlease_secs = 65", "dispatch.lease_secs", "at least 66"),
    ("[meta]\nrequest_timeout_secs = 60", "dispatch.lease_secs", "at least 126"),
    ("[dispatch]\nbackoff_min_ms = 0", "dispatch.backoff_min_ms", "10 to"),
    ("[dispatch]\nbackoff_max_ms = 0", "dispatch.backoff_max_ms", "10 to"),
    ("[dispatch]\nbackoff_min_ms = 400_000", "dispatch.backoff_min_ms", "more than backoff_max_ms"),
];

#[test]
fn each_relation_that_does_not_hold_names_its_key_and_the_cure() {
    for (tables, key, cure) in BROKEN {
        let message = error(&text(tables));
        assert!(
            message.starts_with(&format!("etc/portcullis.toml: {key}: ")) && message.contains(cure),
            "{tables}: {message}"
        );
    }
}

#[test]
fn what_relations_allow_is_taken() {
    for tables in [
        "[server]\nlisten = '0.0.0.0:8080'\nbehind_tls_proxy = true",
        "[server]\nlisten = '[::1]:8080'",
        "[server]\nlisten = '127.0.0.1:0'\n[admin]\nlisten = '127.0.0.1:0'",
        "[admin]\nlisten = '0.0.0.0:9464'\nallow_remote = true",
        "[meta]\nbase_url = 'http://127.0.0.1:9100'\nallow_other_host = true",
        "[meta]\nbase_url = 'http://[::1]:9100'\nallow_other_host = true",
        "[meta]\nbase_url = 'https://meta.example'\nallow_other_host = true",
        "[dispatch]\nlease_secs = 66",
        "[outbox]\nmax_bytes = 1048576",
    ] {
        load(&text(tables));
    }
}

#[test]
fn without_sites_there_is_nothing_to_do() {
    assert_eq!(error(""), "etc/portcullis.toml: [[site]]: there is none; add a table for each sender");
}

#[test]
fn sites_and_datasets_fit_each_other() {
    let written = text("");
    let site_key = "keys = [{ sha256 = '".to_owned() + &"ab".repeat(32) + "' }]\n";
    for (text, answer) in [
        (
            written.replace("datasets = ['1']", "datasets = ['2']"),
            "site `shop`: datasets: there is no [[dataset]] with id = \"2\"",
        ),
        (written.replace("datasets = ['1']", "datasets = []"), "site `shop`: datasets: is empty"),
        (written.replace("datasets = ['1']", "datasets = ['1', '1']"), "site `shop`: datasets: 1 stands twice"),
        (written.replace("hosts = ['www.shop.example']", "hosts = []"), "site `shop`: hosts: is empty"),
        (written.replace("keys = [{ env = 'PORTCULLIS_SHOP_KEY' }]", "keys = []"), "site `shop`: keys: is empty"),
        (written.replace("access_token = { env = 'META_TOKEN_SHOP' }", ""), "dataset `1`: access_token: is missing"),
        (
            format!("{written}[[dataset]]\nid = '1'\naccess_token = {{ env = 'META_TOKEN_SHOP' }}"),
            "dataset `1`: id: stands in two tables",
        ),
        (
            written.replacen("hosts", "rate_limit = { events_per_sec = 0, burst = 1 }\nhosts", 1),
            "site `shop`: rate_limit.events_per_sec: is 0; it can be 1 to 1000000",
        ),
        (
            written.replacen("hosts", "rate_limit = { events_per_sec = 1, burst = 0 }\nhosts", 1),
            "site `shop`: rate_limit.burst: is 0; it can be 1 to 10000000",
        ),
        (written.clone() + &SECOND_SITE.replace("other'", "shop'") + &site_key, "site `shop`: id: stands in two tables"),
    ] {
        let message = error(&text);
        assert!(message.starts_with("etc/portcullis.toml: ") && message.contains(answer), "{message}");
    }
}

#[test]
fn two_sites_with_one_key_are_both_named() {
    let message = error(&(text("") + SECOND_SITE + "keys = [{ env = 'PORTCULLIS_SHOP_KEY' }]\n"));
    assert!(message.contains("site `other`: keys: site `shop` has the same key"), "{message}");
    let twice = text("").replace("}]", "}, { env = 'PORTCULLIS_SHOP_KEY' }]");
    assert!(error(&twice).contains("site `shop`: keys: the same key stands twice"));
}

#[test]
fn what_is_allowed_but_should_be_known_is_a_warning() {
    // The policy of the test warns of its goods and that it asks for no consent, everywhere alike.
    let of_policy = ["ids of goods leave", "nobody's consent is asked for"];
    let warnings = |text: &str| -> Vec<String> {
        let config = load(text);
        let others = config.warnings().iter().filter(|warning| !of_policy.iter().any(|part| warning.contains(part)));
        others.cloned().collect()
    };
    assert_eq!(load(&text("")).warnings().len(), of_policy.len());
    assert_eq!(
        warnings(&text("[outbox]\nbackend = 'memory'")),
        ["outbox.backend: `memory` is not durable: what waits is lost at a stop"]
    );
    let proxied = warnings(&text("[server]\nbehind_tls_proxy = true"));
    assert_eq!(proxied.len(), 1, "{proxied:?}");
    assert!(proxied[0].starts_with("server.trusted_proxies: is empty, "));
    assert_eq!(warnings(&text("[server]\nbehind_tls_proxy = true\ntrusted_proxies = ['10.0.0.1']")), [""; 0]);
    let newest = warnings(&text("").replace("retail@1", "retail"));
    assert_eq!(newest.len(), 1, "{newest:?}");
    assert!(newest[0].starts_with("site `shop`: policy: `retail` is the newest of its name, today retail@1"));
    let unused = text("") + "[[dataset]]\nid = '2'\naccess_token = { env = 'META_TOKEN_SHOP' }\n";
    assert_eq!(warnings(&unused), ["dataset `2`: id: no site sends to it"]);
    let pharmacy = warnings(&text("").replace("retail@1", "pharmacy@1"));
    assert!(pharmacy.iter().any(|warning| warning.contains("prescriptions that share a checkout")), "{pharmacy:?}");
}

#[test]
fn a_network_of_ipv4_is_the_same_however_it_is_written() {
    for (written, network) in [
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::ffff:10.1.2.3", "10.1.2.3/32"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("2001:db8::/32", "2001:db8::/32"),
        ("::/64", "::/64"),
    ] {
        let config = load(&text(&format!("[server]\ntrusted_proxies = ['{written}']")));
        let trusted: Vec<String> = config.server.trusted_proxies.iter().map(ToString::to_string).collect();
        assert_eq!(trusted, [network], "{written}");
    }
}

#[cfg(not(feature = "otlp"))]
#[test]
fn a_collector_is_refused_by_an_executable_that_makes_no_traces() {
    let refused = error(&text("[telemetry]\nendpoint = 'http://127.0.0.1:4318/v1/traces'"));
    assert!(refused.contains("telemetry.endpoint: ") && refused.contains("--features otlp"), "{refused}");
}
