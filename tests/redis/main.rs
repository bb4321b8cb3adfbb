//! Several gateways that share one Redis, the real one, on loopback: the cases C1 to C13 of what broke in systems on Redis, by their
//! numbers, and what several gateways promise that one need not.
//!
//! What waits there while things go wrong (`outage`), what a server may lose (`durable`), whose hand work is in (`hand`), what is
//! shared beside events (`shared`), how the server is reached (`reach`) and how an outbox moves (`moves`). Kills of everything at
//! random are the program `faults --redis`, which `faults_program.rs` runs.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper of a test may panic as the test may")]

mod outage;

mod durable;
mod hand;

mod shared;

mod moves;
mod reach;

use std::time::Duration;

use harness::{DATASET, Executable, Gateway, Meta, Oracle, Output, Redis, Setup, eventually, numbered_purchase};

/// How long the rest may take to arrive once nothing goes wrong any more.
const REST: Duration = Duration::from_secs(120);
/// What a broken connection to Redis may take until it works again (C9).
const BACK: Duration = Duration::from_secs(10);
/// 32 bytes, made up.
const KEY_AT_REST: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

/// The ordinary setup: one site, one dataset, this Redis.
fn setup(meta: &Meta, redis: &Redis) -> Setup {
    Setup::new(meta).on_redis(&redis.url())
}

/// A key of the one dataset.
fn key(name: &str) -> String {
    format!("{{portcullis:{DATASET}}}:{name}")
}

/// Posts one event for each number, each in a request of its own, which is answered 200 and owed from then on.
async fn post(gateway: &Gateway, prefix: &str, numbers: std::ops::Range<u64>, oracle: &mut Oracle) {
    for number in numbers {
        oracle.issue(&format!("{prefix}-{number}"));
        let answer = gateway.client().post(&[numbered_purchase(prefix, number)]).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        oracle.owe(&format!("{prefix}-{number}"));
    }
}

/// Posts an event again and again until it is taken, and owed.
async fn takes_again(gateway: &Gateway, oracle: &mut Oracle) {
    oracle.issue("again-0");
    eventually("it takes events again", REST, async || {
        let answer = gateway.client().post(&[numbered_purchase("again", 0)]).await.unwrap();
        answer.is_success().then_some(())
    })
    .await;
    oracle.owe("again-0");
}

/// Waits until the gateway says that it has a connection to Redis, or that it has none.
async fn has_redis(gateway: &Gateway, has: bool, within: Duration) {
    let what = if has { "it has Redis" } else { "it notices that Redis is away" };
    eventually(what, within, async || {
        (gateway.metrics().await.sum("portcullis_redis_up", &[]) == u64::from(has)).then_some(())
    })
    .await;
}

/// Starts a gateway that must not come up, and gives what it said.
async fn refused(executable: &Executable, setup: &Setup, files: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("portcullis.toml"), setup.toml()).unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let environment: Vec<(&str, &str)> =
        setup.environment().iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let output = executable.run(&["serve", "--config", "portcullis.toml"], &environment, folder.path()).await;
    assert!(output.code.is_some_and(|code| code != 0), "it came up: {}", output.stderr);
    for (name, value) in &environment {
        if name.starts_with("REDIS_") {
            assert!(!output.stderr.contains(value) && !output.stdout.contains(value), "{name} is told");
        }
    }
    output
}
