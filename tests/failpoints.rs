//! Power cuts and disks that fail at the moments that matter most, chosen by name. Only debug builds have these points; a
//! release is asserted to have none, and is killed at random moments by `crash.rs` and by the program `faults`.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic as the test may")]

use std::net::SocketAddr;
use std::time::Duration;

use harness::{
    ChaosProxy, Client, Demand, Executable, Gateway, Load, Meta, Mode, Oracle, Setup, Signal, eventually, executable,
    numbered_purchase,
};
use serde_json::json;
use tokio::sync::watch;

const VARIABLE: &str = "PORTCULLIS_FAILPOINT";
const REST: Duration = Duration::from_secs(120);
/// How long a point may take to be passed.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where a process dies under load, and after how many passes.
const UNDER_LOAD: &[(&str, u64)] = &[
    ("before_commit", 1),
    ("before_commit", 9),
    ("after_fsync_before_reply", 1),
    ("after_fsync_before_reply", 7),
    ("before_send", 1),
    ("after_send_before_settle", 1),
    ("after_send_before_settle", 3),
    ("after_lease_before_reply", 2),
    ("after_settle_before_reply", 2),
    // A commit in about 256 is followed by a checkpoint.
    ("before_checkpoint", 1),
    ("after_checkpoint", 1),
];
/// Where it dies while it opens what another death left.
const AT_START: &[&str] = &["before_voiding_leases", "after_voiding_leases"];
/// Where it dies while it stops.
const AT_STOP: &[&str] = &["before_truncating_log", "after_truncating_log"];

async fn start(executable: &Executable, failpoint: &str) -> (Meta, Gateway) {
    let meta = Meta::start(executable).await;
    let mut gateway = Gateway::start(executable, Setup::new(&meta).env(VARIABLE, failpoint)).await;
    gateway.expect_trouble_with_meta();
    (meta, gateway)
}

async fn died(gateway: &mut Gateway, failpoint: &str) {
    eventually(&format!("death at {failpoint}"), PATIENCE, async || (!gateway.process().runs()).then_some(())).await;
}

/// In a release the environment asks in vain.
async fn knows_none(executable: &Executable) {
    let (meta, gateway) = start(executable, "before_commit=abort,before_send=abort").await;
    assert_eq!(gateway.client().post(&[numbered_purchase("release", 1)]).await.unwrap().status, 200);
    gateway.drained().await;
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn a1_a4_a17_death_at_any_point_under_load_loses_nothing() {
    let executable = executable!();
    if !executable.has_failpoints().await {
        return knows_none(&executable).await;
    }
    let meta = Meta::start(&executable).await;
    let setup = Setup::new(&meta);
    let mut gateway = Gateway::start(&executable, setup.clone()).await;
    gateway.expect_trouble_with_meta();
    let addresses = watch::Sender::new(gateway.address());
    let demand = Demand { callers: 3, events: 2, per_second: None };
    let load = Load::following(&addresses.subscribe(), "dies", demand);
    for (name, passes) in UNDER_LOAD {
        gateway.kill().await;
        restart(&mut gateway, &addresses, setup.clone().env(VARIABLE, &format!("{name}:{passes}=abort"))).await;
        died(&mut gateway, name).await;
        for point in AT_START {
            gateway.configure(setup.clone().env(VARIABLE, &format!("{point}=abort")));
            assert!(!gateway.try_restart().await, "it did not die at {point}");
        }
        restart(&mut gateway, &addresses, setup.clone()).await;
    }
    for point in AT_STOP {
        gateway.kill().await;
        restart(&mut gateway, &addresses, setup.clone().env(VARIABLE, &format!("{point}=abort"))).await;
        let before = load.answered();
        eventually("it works", PATIENCE, async || (load.answered() > before).then_some(())).await;
        gateway.process().signal(Signal::Terminate).await;
        died(&mut gateway, point).await;
        restart(&mut gateway, &addresses, setup.clone()).await;
    }
    let oracle = load.finish().await;
    // On a slow machine an event may be in hand at three of these deaths.
    let set_aside = gateway.redrive_blamed().await;
    let figures = oracle.settled(&meta, REST).await;
    println!(
        "{} deaths: {figures}, {set_aside} set aside and sent again",
        UNDER_LOAD.len() * (1 + AT_START.len()) + AT_STOP.len()
    );
    gateway.drained().await;
    gateway.finish().await;
    meta.finish().await;
}

async fn restart(gateway: &mut Gateway, addresses: &watch::Sender<SocketAddr>, setup: Setup) {
    // What this start is to die of may come before it says that it is ready.
    if gateway.process().runs() {
        gateway.kill().await;
    }
    gateway.configure(setup);
    gateway.try_restart().await;
    addresses.send_replace(gateway.address());
}

#[tokio::test]
async fn a2_d6_a_sync_that_hangs_gives_no_yes_but_503_at_the_deadline_and_is_no_longer_ready() {
    let executable = executable!();
    if !executable.has_failpoints().await {
        return knows_none(&executable).await;
    }
    let (meta, mut gateway) = start(&executable, "before_commit:1-1=sleep=13000").await;
    gateway.expect_log("could not be finished in time");
    gateway.expect_log("the outbox's writer does not answer");
    let asked = tokio::time::Instant::now();
    let answer = gateway.client().post(&[numbered_purchase("hangs", 1)]).await.unwrap();
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(answer.header("retry-after").is_some());
    assert!((9..13).contains(&asked.elapsed().as_secs()), "answered after {:?}", asked.elapsed());
    let readyz = async || Client::new(gateway.admin()).get("/readyz").await.unwrap();
    let unready = readyz().await;
    assert_eq!(unready.status, 503);
    assert_eq!(unready.json()["reasons"]["outbox"], "its writer does not answer");
    // The disk comes back, and what it had in hand was promised to nobody and arrives once.
    let mut oracle = Oracle::default();
    oracle.issue("hangs-1");
    eventually("the disk is back", PATIENCE, async || {
        let answer = gateway.client().post(&[numbered_purchase("hangs", 2)]).await.unwrap();
        (answer.status == 200).then_some(())
    })
    .await;
    oracle.owe("hangs-2");
    eventually("it is ready again", PATIENCE, async || (readyz().await.status == 200).then_some(())).await;
    oracle.settled(&meta, REST).await;
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn a15_a_full_disk_turns_away_shows_and_passes_by_itself() {
    let executable = executable!();
    if !executable.has_failpoints().await {
        return knows_none(&executable).await;
    }
    let (meta, mut gateway) = start(&executable, "before_commit:2-6=disk_full").await;
    gateway.expect_log("events cannot be stored");
    gateway.expect_log("the outbox did not give work");
    gateway.expect_log("a lease cannot be");
    let admin = Client::new(gateway.admin());
    let mut oracle = Oracle::default();
    let (mut turned_away, mut unready) = (0, 0);
    eventually("it was full and is not any more", PATIENCE, async || {
        let number = turned_away + u64::try_from(oracle.owed()).unwrap();
        let answer = gateway.client().post(&[numbered_purchase("room", number)]).await.unwrap();
        let readyz = admin.get("/readyz").await.unwrap();
        if readyz.status == 503 {
            assert_eq!(readyz.json()["reasons"]["disk"], "the disk is full");
            unready += 1;
        }
        oracle.issue(&format!("room-{number}"));
        if answer.is_success() {
            oracle.owe(&format!("room-{number}"));
        } else {
            assert_eq!(answer.status, 503, "{}", answer.text());
            turned_away += 1;
        }
        (answer.is_success() && turned_away > 0).then_some(())
    })
    .await;
    assert!(unready > 0, "readiness said nothing of a full disk");
    oracle.settled(&meta, REST).await;
    gateway.drained().await;
    assert_eq!(admin.get("/readyz").await.unwrap().status, 200);
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn a15_a_failed_sync_is_final_until_a_restart_and_loses_nothing_that_was_promised() {
    let executable = executable!();
    if !executable.has_failpoints().await {
        return knows_none(&executable).await;
    }
    let meta = Meta::start(&executable).await;
    let setup = Setup::new(&meta).set("dispatch", "linger_ms", "5000");
    let mut gateway = Gateway::start(&executable, setup.clone().env(VARIABLE, "before_commit:3-3=io_error")).await;
    for part in ["events cannot be stored", "the outbox writes nothing any more", "the outbox did not give work"] {
        gateway.expect_log(part);
    }
    gateway.expect_trouble_with_meta();
    let mut oracle = Oracle::default();
    let failed = eventually("the sync fails", PATIENCE, async || {
        let number = oracle.issued();
        let id = format!("sync-{number}");
        oracle.issue(&id);
        let answer = gateway.client().post(&[numbered_purchase("sync", u64::try_from(number).unwrap())]).await.unwrap();
        if answer.is_success() {
            oracle.owe(&id);
        }
        (!answer.is_success()).then_some(answer)
    })
    .await;
    assert_eq!(failed.status, 503, "{}", failed.text());
    let ready = Client::new(gateway.admin()).get("/readyz").await.unwrap();
    assert_eq!(ready.status, 503, "{}", ready.text());
    let again = gateway.client().post(&[numbered_purchase("sync", 900)]).await.unwrap();
    assert_eq!(again.status, 503, "a sync that was asked again may lie");
    gateway.kill().await;
    gateway.configure(setup.set("dispatch", "linger_ms", "20"));
    gateway.restart().await;
    assert!(oracle.owed() > 0);
    oracle.settled(&meta, REST).await;
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn b14_an_event_that_ends_the_process_again_and_again_is_set_aside_and_the_rest_goes_on() {
    let executable = executable!();
    if !executable.has_failpoints().await {
        return knows_none(&executable).await;
    }
    let (meta, mut gateway) = start(&executable, "before_send=abort").await;
    gateway.expect_log("were set aside");
    assert_eq!(gateway.client().post(&[numbered_purchase("deadly", 1)]).await.unwrap().status, 200);
    let mut deaths = 0;
    loop {
        died_or_idles(&mut gateway).await;
        if gateway.process().runs() {
            break;
        }
        deaths += 1;
        assert!(deaths < 10, "the process dies for ever of one event");
        gateway.try_restart().await;
    }
    assert_eq!(deaths, 3);
    let metrics = gateway.metrics().await;
    assert_eq!(metrics.sum("portcullis_outbox_quarantined_events", &[]), 1);
    assert_eq!(metrics.sum("portcullis_events_quarantined_total", &[("reason", "aborts_process")]), 1);

    gateway.kill().await;
    gateway.configure(Setup::new(&meta));
    gateway.restart().await;
    let mut oracle = Oracle::default();
    for number in 0..5 {
        assert_eq!(gateway.client().post(&[numbered_purchase("mild", number)]).await.unwrap().status, 200);
        oracle.owe(&format!("mild-{number}"));
    }
    oracle.settled(&meta, REST).await;
    gateway.drained().await;
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn a4_a14_death_within_a_purge_a_redrive_or_a_rekey_loses_nothing_and_brings_nothing_back() {
    let executable = executable!();
    if !executable.has_failpoints().await {
        return knows_none(&executable).await;
    }
    let meta = Meta::start(&executable).await;
    let proxy = ChaosProxy::start(meta.address()).await;
    let setup = Setup::new(&meta)
        .through(proxy.address())
        .set("outbox", "encryption_key", "{ env = \"FIRST_KEY\" }")
        .env("FIRST_KEY", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
        .env("SECOND_KEY", "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=")
        .env(VARIABLE, "after_purge_step=abort,after_redrive_step=abort,after_rekey_step=abort");
    let mut gateway = Gateway::start(&executable, setup.clone()).await;
    gateway.expect_trouble_with_meta();
    gateway.expect_log("purged by command");
    let mut oracle = Oracle::default();

    // Refused by Meta, then redriven.
    meta.faults(&json!([{ "status": 400, "code": 100, "subcode": 7, "event_ids": ["aside-0"], "times": null }])).await;
    post(&gateway, &mut oracle, "aside", 0..1).await;
    eventually("it is set aside", PATIENCE, async || {
        (gateway.metrics().await.sum("portcullis_outbox_quarantined_events", &[]) == 1).then_some(())
    })
    .await;
    meta.no_faults().await;
    dies_of(&mut gateway, &["outbox", "redrive"]).await;
    oracle.settled(&meta, REST).await;

    // Purged while Meta is away.
    proxy.set(Mode::Refuse);
    post(&gateway, &mut oracle, "waits", 0..5).await;
    dies_of(&mut gateway, &["outbox", "purge", "--event-id", "waits-2", "--yes"]).await;

    // Sealed anew.
    gateway.stop(Signal::Terminate).await;
    let previous = "[{ env = \"FIRST_KEY\" }]";
    let anew = setup.set("outbox", "encryption_key", "{ env = \"SECOND_KEY\" }");
    gateway.configure(anew.set("outbox", "previous_encryption_keys", previous));
    gateway.restart().await;
    dies_of(&mut gateway, &["outbox", "rekey"]).await;

    proxy.set(Mode::Pass);
    oracle.forgive(|id| id == "waits-2");
    oracle.settled(&meta, REST).await;
    gateway.drained().await;
    assert!(!meta.ids().await.contains_key("waits-2"), "what was purged came back");
    gateway.finish().await;
    meta.finish().await;
}

async fn post(gateway: &Gateway, oracle: &mut Oracle, name: &str, numbers: std::ops::Range<u64>) {
    for number in numbers {
        assert_eq!(gateway.client().post(&[numbered_purchase(name, number)]).await.unwrap().status, 200);
        oracle.owe(&format!("{name}-{number}"));
    }
}

/// Runs a command of which the gateway dies half-way, and starts it again.
async fn dies_of(gateway: &mut Gateway, command: &[&str]) {
    let told = gateway.command(command).await;
    assert_ne!(told.code, Some(0), "{}", told.stdout);
    died(gateway, "a step of the command").await;
    gateway.restart().await;
}

/// Waits until the process is gone, or has nothing left to die of.
async fn died_or_idles(gateway: &mut Gateway) {
    eventually("death, or rest", PATIENCE, async || {
        if !gateway.process().runs() {
            return Some(());
        }
        let metrics = gateway.try_metrics().await?;
        (metrics.pending() == 0).then_some(())
    })
    .await;
}
