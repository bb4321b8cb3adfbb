//! The program `faults`: each fault alone and random mixes with kills, for `PORTCULLIS_FAULTS_SECS`, and a few kill cycles. It
//! judges by itself, P5 and canaries included; its table is printed here.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic as the test may")]

use std::process::{Output, Stdio};
use std::time::Duration;

use harness::{Settings, executable};

/// What the drains of all runs may take on top.
const REST: Duration = Duration::from_secs(900);

#[tokio::test]
async fn p4_p5_p9_nothing_is_lost_whatever_breaks_and_in_whatever_mix() {
    let minutes = f64::from(u32::try_from(Settings::faults_secs()).unwrap_or(u32::MAX)) / 60.0;
    let output = faults(&["--minutes", &minutes.to_string(), "--seed", &Settings::seed().to_string()]).await;
    let table = String::from_utf8_lossy(&output.stdout);
    println!("{table}");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(table.contains("| kill |") && table.contains("| mixed"), "not every fault was tried");
}

#[tokio::test]
async fn p9_kills_one_after_the_other_lose_nothing() {
    let output = faults(&["--kills", "15", "--seed", &Settings::seed().to_string()]).await;
    println!("{}", String::from_utf8_lossy(&output.stdout));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn c7_c12_p4_three_gateways_and_one_redis_killed_at_random_lose_nothing_and_repeat_only_what_was_under_way() {
    let minutes = f64::from(u32::try_from(Settings::faults_secs()).unwrap_or(u32::MAX)) / 240.0;
    let output = faults(&["--redis", "--minutes", &minutes.to_string(), "--seed", &Settings::seed().to_string()]).await;
    let told = String::from_utf8_lossy(&output.stdout);
    println!("{told}");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.contains("kills of gateways"), "nothing was killed");
}

#[tokio::test]
async fn a10_an_outage_and_a_backlog_are_measured_and_lose_nothing() {
    for (mode, arguments) in
        [("backlog", ["--pending", "2000"].as_slice()), ("outage", &["--outage", "0.05", "--rate", "100"])]
    {
        let output = faults(arguments).await;
        let told = String::from_utf8_lossy(&output.stdout);
        println!("{told}");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let measured = told.lines().any(|line| line.starts_with(&format!("{mode}: ")) && line.contains("RSS"));
        assert!(measured, "nothing was measured");
    }
}

async fn faults(arguments: &[&str]) -> Output {
    let mut program = tokio::process::Command::new(env!("CARGO_BIN_EXE_faults"));
    program.args(arguments).env("PORTCULLIS_BIN", executable!().path());
    let ended = program.stdin(Stdio::null()).kill_on_drop(true).output();
    let most = REST + Duration::from_secs(Settings::faults_secs());
    tokio::time::timeout(most, ended).await.unwrap().unwrap()
}
