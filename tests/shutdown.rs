//! A stop is as safe as a crash, and prompt: exit 0 within the grace, nothing lost, and no caller can hold it up.

use std::net::SocketAddr;
use std::time::Duration;

use harness::{
    ChaosProxy, Client, Connection, Gateway, Load, Meta, Mode, Oracle, Process, Request, Setup, Signal, eventually,
    executable, numbered_purchase,
};

const REST: Duration = Duration::from_secs(60);
/// A stop with nothing to wait for.
const PROMPT: Duration = Duration::from_secs(5);

#[tokio::test]
async fn sigterm_under_load_loses_nothing() {
    a_stop_under_load_loses_nothing(Signal::Terminate).await;
}

#[tokio::test]
async fn sigint_under_load_loses_nothing() {
    a_stop_under_load_loses_nothing(Signal::Interrupt).await;
}

async fn a_stop_under_load_loses_nothing(signal: Signal) {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let mut gateway = Gateway::start(&executable, Setup::new(&meta)).await;
    let mut oracle = Oracle::default();
    for round in 0..3 {
        let load = Load::start(&gateway.client(), &format!("stop-{round}"), 4, 5);
        eventually("the load is answered", Duration::from_secs(60), async || (load.answered() > 10).then_some(())).await;
        gateway.stop(signal).await;
        oracle.merge(load.finish().await);
        gateway.restart().await;
    }
    oracle.settled(&meta, REST).await;
    gateway.drained().await;
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn d1_a18_a_long_linger_and_a_silent_meta_do_not_hold_the_stop() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let proxy = ChaosProxy::start(meta.address()).await;
    proxy.set(Mode::Blackhole);
    let setup = Setup::new(&meta).through(proxy.address());
    let mut gateway = Gateway::start(&executable, setup.clone().set("dispatch", "linger_ms", "60000")).await;
    gateway.expect_trouble_with_meta();
    let mut oracle = Oracle::default();
    for number in 0..20 {
        assert_eq!(gateway.client().post(&[numbered_purchase("held", number)]).await.unwrap().status, 200);
        oracle.owe(&format!("held-{number}"));
    }
    gateway.stop(Signal::Terminate).await;
    proxy.set(Mode::Pass);
    gateway.configure(setup);
    gateway.restart().await;
    oracle.settled(&meta, REST).await;
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn d2_an_idle_connection_does_not_hold_the_stop() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let mut gateway = Gateway::start(&executable, Setup::new(&meta)).await;
    let client = gateway.client();
    let body = serde_json::json!({ "data": [numbered_purchase("idle", 1)] }).to_string();
    let request = Request::post(&client.path(), "application/json", body).bearer(harness::KEY);
    let mut idle = Connection::open(gateway.address()).await.unwrap();
    assert_eq!(idle.exchange(&request).await.unwrap().status, 200);
    let mut silent = Connection::open(gateway.address()).await.unwrap();
    gateway.drained().await;
    let took = gateway.stop(Signal::Terminate).await;
    assert!(took < PROMPT, "the stop took {took:?}");
    assert!(idle.is_closed().await);
    assert!(silent.is_closed().await);
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn d2_a_body_that_never_ends_does_not_hold_the_stop() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let mut gateway = Gateway::start(&executable, Setup::new(&meta)).await;
    let path = gateway.client().path();
    let request =
        Request::post(&path, "application/json", "{\"data\":[").header("content-length", "5000").bearer(harness::KEY);
    let mut slow = Connection::open(gateway.address()).await.unwrap();
    slow.write(&request.bytes(false)).await.unwrap();
    // The request is in hand once a later one has been answered.
    assert_eq!(gateway.client().post(&[numbered_purchase("other", 1)]).await.unwrap().status, 200);
    gateway.expect_log("did not end within the grace");
    gateway.stop(Signal::Terminate).await;
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn d9_a_second_signal_ends_it_at_once() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let mut gateway = Gateway::start(&executable, Setup::new(&meta).set("server", "stop_grace_secs", "30")).await;
    gateway.expect_log("a second signal");
    let path = gateway.client().path();
    let request = Request::post(&path, "application/json", "{").header("content-length", "5000").bearer(harness::KEY);
    let mut slow = Connection::open(gateway.address()).await.unwrap();
    slow.write(&request.bytes(false)).await.unwrap();
    assert_eq!(gateway.client().post(&[numbered_purchase("other", 1)]).await.unwrap().status, 200);
    gateway.process().signal(Signal::Terminate).await;
    // Two signals of one kind at once can reach a process as one.
    gateway.process().wait_for("stopping", |log| log.contains("stopping").then_some(())).await;
    gateway.process().signal(Signal::Terminate).await;
    assert_eq!(gateway.process().ended(PROMPT).await, Some(1));
    gateway.finish().await;
    meta.finish().await;
}

/// What panics is named by its place alone, which is no line of the log, so this runs without the harness around a gateway.
#[tokio::test]
async fn d9_a_part_that_panics_ends_the_process_with_1_and_what_was_promised_is_kept() {
    let executable = executable!();
    if !executable.has_failpoints().await {
        return;
    }
    for (failpoint, said) in
        [("before_commit:4=panic", "the outbox's writer has ended"), ("before_send:2-2=panic", "\"the sending\"")]
    {
        let meta = Meta::start(&executable).await;
        let setup = Setup::new(&meta);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("portcullis.toml"), setup.toml()).unwrap();
        let arguments = ["serve", "--config", "portcullis.toml"].map(str::to_owned);
        let failing = setup.clone().env("PORTCULLIS_FAILPOINT", failpoint);
        let mut process = Process::start(executable.path(), &arguments, failing.environment(), folder.path(), "failing");
        let address = process.wait_for("ready", listening).await;
        let mut oracle = Oracle::default();
        // Until it breaks, and a little longer: nobody is answered 2xx for what is not kept.
        for number in 0.. {
            let id = format!("panic-{number}");
            oracle.issue(&id);
            match Client::new(address).post(&[numbered_purchase("panic", number)]).await {
                Ok(answer) if answer.is_success() => oracle.owe(&id),
                Ok(answer) => assert_eq!(answer.status, 503, "{}", answer.text()),
                Err(_) => break,
            }
        }
        assert_eq!(process.ended(REST).await, Some(1), "{failpoint}");
        let log = process.stderr();
        assert!(log.contains(said) && log.contains("panic at gateway"), "{failpoint}: {log}");
        let mut process = Process::start(executable.path(), &arguments, setup.environment(), folder.path(), "mended");
        process.wait_for("ready", listening).await;
        oracle.settled(&meta, REST).await;
        process.signal(Signal::Terminate).await;
        assert_eq!(process.ended(REST).await, Some(0));
        meta.finish().await;
    }
}

/// The address in the line that says that it accepts.
fn listening(log: &str) -> Option<SocketAddr> {
    let entries = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let mut ready = entries.filter(|entry| entry["message"] == "ready");
    ready.next()?.get("listen")?.as_str()?.parse().ok()
}
