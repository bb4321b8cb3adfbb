//! TLS at the listener: which versions and protocols, how a certificate is renewed, and what a caller who never finishes costs.

use std::time::Duration;

use harness::{
    Authority, Connection, Curled, Gateway, KEY, Meta, Request, Setup, Signal, curl, eventually, executable,
    numbered_purchase,
};

/// Long enough for the gateway to look at its files several times.
const RENEWAL: Duration = Duration::from_secs(20);

/// A gateway behind TLS, and what its callers need.
struct Rig {
    meta: Meta,
    gateway: Gateway,
    authority: Authority,
}

impl Rig {
    async fn start(setup: impl FnOnce(Setup) -> Setup) -> Self {
        let executable = executable!();
        let authority = Authority::new();
        let meta = Meta::start(&executable).await;
        let gateway = Gateway::start_tls(&executable, setup(Setup::new(&meta)), &authority.issue()).await;
        Self { meta, gateway, authority }
    }

    /// Posts one event with curl.
    async fn curl(&self, number: u64, more: &[&str]) -> Curled {
        let url = format!("https://{}{}", self.gateway.address(), self.gateway.client().path());
        let (key, body) = (format!("authorization: Bearer {KEY}"), body(number));
        let mut arguments = vec!["--header", "content-type: application/json", "--header", &key, "--data-binary", &body];
        arguments.extend(more);
        arguments.push(&url);
        curl(&self.authority, &arguments).await
    }

    async fn handshakes(&self, outcome: &str) -> u64 {
        self.gateway.metrics().await.sum("portcullis_tls_handshakes_total", &[("outcome", outcome)])
    }

    /// Opens a connection that trusts an authority, or says why that fails.
    async fn connect(&self, authority: &Authority) -> std::io::Result<Connection> {
        Connection::open_tls(self.gateway.address(), authority).await
    }

    async fn finish(self) {
        self.gateway.finish().await;
        self.meta.finish().await;
    }
}

fn body(number: u64) -> String {
    serde_json::json!({ "data": [numbered_purchase("tls", number)] }).to_string()
}

fn post(gateway: &Gateway, number: u64) -> Request {
    Request::post(&gateway.client().path(), "application/json", body(number)).bearer(KEY)
}

#[tokio::test]
async fn every_offered_version_brings_events_in() {
    let rig = Rig::start(Setup::trace).await;
    let tls12 = ["--tlsv1.2", "--tls-max", "1.2"];
    let tls13 = ["--tlsv1.3"];
    for (number, (version, protocol, http)) in (0..).zip([
        (&tls12[..], "--http2", "2"),
        (&tls12, "--http1.1", "1.1"),
        (&tls13, "--http2", "2"),
        (&tls13, "--http1.1", "1.1"),
    ]) {
        let told = rig.curl(number, &[version, &[protocol]].concat()).await;
        assert_eq!((told.code, told.status, told.http.as_str()), (0, 200, http), "{told:?}");
        assert!(told.body.contains("\"events_received\":1"), "{told:?}");
    }
    // Our own caller offers no protocol, which means HTTP/1.1.
    let mut connection = rig.connect(&rig.authority).await.unwrap();
    for number in 4..6 {
        assert_eq!(connection.exchange(&post(&rig.gateway, number)).await.unwrap().status, 200);
    }
    assert_eq!(rig.handshakes("done").await, 5);
    rig.gateway.drained().await;
    assert_eq!(rig.meta.ids().await.len(), 6);
    rig.finish().await;
}

#[tokio::test]
async fn what_is_not_offered_is_refused_at_once_and_counted() {
    let rig = Rig::start(Setup::trace).await;
    // OpenSSL itself needs to be talked into the old version.
    let told = rig.curl(0, &["--tlsv1.1", "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0"]).await;
    assert_eq!((told.code, told.status), (35, 0), "{told:?}");
    assert_eq!(rig.handshakes("incompatible").await, 1, "{told:?}");

    let mut plain = Connection::open(rig.gateway.address()).await.unwrap();
    let refused = plain.exchange(&post(&rig.gateway, 1)).await;
    assert!(refused.is_err(), "{refused:?}");
    assert_eq!(rig.handshakes("not_tls").await, 1);

    assert!(rig.connect(&Authority::new()).await.is_err(), "an authority that the certificate is not of");
    eventually("the refusal is counted", RENEWAL, async || (rig.handshakes("refused_by_caller").await == 1).then_some(()))
        .await;

    let no_protocol = rig.curl(2, &["--http2", "--no-alpn"]).await;
    assert_eq!((no_protocol.status, no_protocol.http.as_str()), (200, "1.1"), "{no_protocol:?}");
    assert_eq!(rig.gateway.metrics().await.events("received"), 1);
    rig.finish().await;
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_to_new_connections_and_the_living_ones_stay() {
    let rig = Rig::start(|setup| setup).await;
    let mut living = rig.connect(&rig.authority).await.unwrap();
    assert_eq!(living.exchange(&post(&rig.gateway, 0)).await.unwrap().status, 200);
    let expiry = "portcullis_tls_certificate_expiry_timestamp_seconds";
    let before = rig.gateway.metrics().await.sum(expiry, &[]);

    // Another authority: whoever trusts it alone is served by the new certificate alone.
    let next = Authority::new();
    let pair = next.issue_until(3999);
    rig.gateway.replace_file("key.pem", &pair.key);
    rig.gateway.replace_file("cert.pem", &pair.cert);
    let mut fresh = eventually("the new certificate is shown", RENEWAL, async || rig.connect(&next).await.ok()).await;
    assert_eq!(fresh.exchange(&post(&rig.gateway, 1)).await.unwrap().status, 200);
    assert!(rig.connect(&rig.authority).await.is_err(), "the old certificate is still shown");
    assert_eq!(living.exchange(&post(&rig.gateway, 2)).await.unwrap().status, 200);

    let metrics = rig.gateway.metrics().await;
    assert!(metrics.sum(expiry, &[]) < before, "{before}");
    assert_eq!(metrics.sum("portcullis_tls_certificate_reload_failing", &[]), 0);
    rig.finish().await;
}

#[tokio::test]
async fn p8_a_pair_that_cannot_be_used_is_kept_out_and_said_once() {
    let mut rig = Rig::start(|setup| setup).await;
    rig.gateway.expect_log("the new certificate cannot be used; the old one stays");
    let failing = "portcullis_tls_certificate_reload_failing";
    let (good, other, over) = (rig.authority.issue(), rig.authority.issue(), rig.authority.issue_until(2021));
    // The other ways to be of no use are tried where the files are read.
    let cases = [
        (&other.cert, &good.key, "is not the key of the certificate"),
        (&over.cert, &over.key, "the certificate is valid only until"),
    ];
    for (number, (cert, key, reason)) in (0..).zip(cases) {
        rig.gateway.replace_file("cert.pem", cert);
        rig.gateway.replace_file("key.pem", key);
        let said = |log: &str| (log.matches(reason).count() == 1).then_some(());
        rig.gateway.process().wait_for(reason, said).await;
        assert_eq!(rig.gateway.metrics().await.sum(failing, &[]), 1, "{reason}");
        let mut connection = rig.connect(&rig.authority).await.expect("the old certificate is shown");
        assert_eq!(connection.exchange(&post(&rig.gateway, number)).await.unwrap().status, 200);
    }
    rig.gateway.replace_file("cert.pem", &good.cert);
    rig.gateway.replace_file("key.pem", &good.key);
    rig.gateway
        .process()
        .wait_for("the good one is taken", |log| log.contains("a new certificate is shown").then_some(()))
        .await;
    assert_eq!(rig.gateway.metrics().await.sum(failing, &[]), 0);
    let log = rig.gateway.process().stderr();
    for (_, _, reason) in cases {
        assert_eq!(log.matches(reason).count(), 1, "said once: {reason}");
    }
    rig.finish().await;
}

/// Whoever opens such a pipe waits until somebody writes to it.
#[tokio::test]
async fn p8_a_pipe_in_place_of_a_certificate_holds_up_neither_a_renewal_nor_the_stop() {
    let mut rig = Rig::start(|setup| setup).await;
    rig.gateway.expect_log("the new certificate cannot be used; the old one stays");
    let path = rig.gateway.config().with_file_name("cert.pem");
    let pipe = async || {
        std::fs::remove_file(&path).unwrap();
        assert!(tokio::process::Command::new("mkfifo").arg(&path).status().await.unwrap().success());
    };
    pipe().await;
    let said = |log: &str| log.contains("is no file but a folder, a pipe or a device").then_some(());
    rig.gateway.process().wait_for("the pipe is named", said).await;
    let (next, mut living) = (Authority::new(), rig.connect(&rig.authority).await.expect("the old certificate is shown"));
    assert_eq!(living.exchange(&post(&rig.gateway, 0)).await.unwrap().status, 200);
    let pair = next.issue();
    rig.gateway.replace_file("key.pem", &pair.key);
    rig.gateway.replace_file("cert.pem", &pair.cert);
    eventually("the new certificate is shown", RENEWAL, async || rig.connect(&next).await.ok()).await;
    pipe().await;
    rig.gateway.drained().await;
    let took = rig.gateway.stop(Signal::Terminate).await;
    assert!(took < Duration::from_secs(10), "the stop took {took:?}");
    rig.finish().await;
}

#[tokio::test]
async fn d12_unfinished_handshakes_do_not_fill_the_listener() {
    let rig =
        Rig::start(|setup| setup.set("server", "max_connections", "4").set("server", "header_timeout_secs", "1")).await;
    let mut silent = Vec::new();
    for _ in 0..4 {
        let mut connection = Connection::open(rig.gateway.address()).await.unwrap();
        connection.write(b"\x16\x03\x01\x02\x00\x01").await.unwrap();
        silent.push(connection);
    }
    let told = rig.curl(0, &[]).await;
    assert_eq!(told.status, 200, "{told:?}");
    eventually("all four are ended", RENEWAL, async || (rig.handshakes("too_slow").await == 4).then_some(())).await;
    for mut connection in silent {
        assert!(connection.is_closed().await);
    }
    rig.finish().await;
}

#[tokio::test]
async fn d2_neither_a_handshake_nor_an_idle_connection_holds_the_stop() {
    let mut rig =
        Rig::start(|setup| setup.set("server", "stop_grace_secs", "30").set("server", "header_timeout_secs", "60")).await;
    let mut idle = rig.connect(&rig.authority).await.unwrap();
    assert_eq!(idle.exchange(&post(&rig.gateway, 0)).await.unwrap().status, 200);
    let mut half = Connection::open(rig.gateway.address()).await.unwrap();
    half.write(b"\x16\x03\x01").await.unwrap();
    rig.gateway.drained().await;
    let took = rig.gateway.stop(Signal::Terminate).await;
    assert!(took < Duration::from_secs(5), "the stop took {took:?}");
    rig.finish().await;
}

#[tokio::test]
async fn p2_no_log_line_tells_who_came_and_for_which_name() {
    let mut rig = Rig::start(Setup::trace).await;
    let name = "qzcanary-name.example";
    rig.gateway.canaries.add("the name that a caller asked for", name);
    rig.gateway.canaries.add("the certificate's owner", "a gateway of a test");
    let resolve = format!("{name}:{}:127.0.0.1", rig.gateway.address().port());
    let url = format!("https://{name}:{}/", rig.gateway.address().port());
    // The name is in no certificate of ours: curl refuses, and the handshake fails here.
    let told = curl(&rig.authority, &["--resolve", &resolve, &url]).await;
    assert_ne!(told.code, 0, "{told:?}");
    let told = curl(&rig.authority, &["--resolve", &resolve, "--insecure", &url]).await;
    assert_eq!(told.status, 404, "{told:?}");
    let log = rig.gateway.process().stderr();
    let peers = log.lines().filter(|line| line.contains("\"127.0.0.1:") && !line.contains("\"ready\""));
    assert_eq!(peers.collect::<Vec<_>>(), Vec::<&str>::new());
    rig.finish().await;
}

#[tokio::test]
async fn check_says_until_when_the_certificate_is_valid() {
    let executable = executable!();
    let folder = tempfile::tempdir().unwrap();
    let pair = Authority::new().issue();
    let setup = Setup::to("http://127.0.0.1:9").tls();
    for (name, text) in [("portcullis.toml", &setup.toml()), ("cert.pem", &pair.cert), ("key.pem", &pair.key)] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let environment: Vec<(&str, &str)> =
        setup.environment().iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let run = async |arguments: &[&str]| executable.run(arguments, &environment, folder.path()).await;
    let text = run(&["check", "--config", "portcullis.toml"]).await;
    assert_eq!(text.code, Some(0), "{}", text.stderr);
    assert!(text.stdout.contains("tls      cert.pem, valid until Sun, 31 Dec 4000 00:00:00 GMT\n"), "{}", text.stdout);
    let json = run(&["check", "--config", "portcullis.toml", "--json"]).await;
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["tls"]["valid_until"], "Sun, 31 Dec 4000 00:00:00 GMT");

    let over = Authority::new().issue_until(2021);
    for (name, text) in [("cert.pem", &over.cert), ("key.pem", &over.key)] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    for command in ["check", "serve"] {
        let refused = run(&[command, "--config", "portcullis.toml"]).await;
        assert_eq!(refused.code, Some(64), "{command}: {}", refused.stderr);
        for word in ["portcullis.toml", "server.tls.cert", "cert.pem", "valid only until Fri, 31 Dec 2021"] {
            assert!(refused.stderr.contains(word), "{command} does not say {word:?}: {}", refused.stderr);
        }
    }
}
