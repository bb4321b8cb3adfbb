//! Callers who hold what they can and ask nothing: slow, silent, half-open, too large, too many. Others are answered meanwhile, and
//! memory stays bounded. How long the others wait is measured by `load`, not here: a test that judges time fails on a busy machine.

use std::time::Duration;

use harness::{
    Connection, Gateway, KEY, Load, Meta, Oracle, Request, Setup, Siege, eventually, executable, numbered_purchase,
};

const REST: Duration = Duration::from_secs(60);
/// Connections that the gateway takes at once.
const PLACES: usize = 256;

fn event(prefix: &str, number: u64) -> Request {
    let body = serde_json::json!({ "data": [numbered_purchase(prefix, number)] }).to_string();
    Request::post(&format!("/v26.0/{}/events", harness::DATASET), "application/json", body).bearer(KEY)
}

#[tokio::test]
async fn p6_a_siege_keeps_nobody_out_and_memory_stays_bounded() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let setup =
        Setup::new(&meta).set("server", "max_connections", &PLACES.to_string()).set("server", "body_timeout_secs", "2");
    let mut gateway = Gateway::start(&executable, setup).await;
    // One that was there before keeps its place as long as it asks.
    let mut faithful = Connection::open(gateway.address()).await.unwrap();
    assert_eq!(faithful.exchange(&event("faithful", 0)).await.unwrap().status, 200);
    let before = gateway.process().peak_kib();
    let mut siege = Siege::lay(gateway.address(), 2 * PLACES).await;

    let load = Load::start(&gateway.client(), "comes", 2, 5);
    let mut oracle = Oracle::default();
    oracle.owe("faithful-0");
    for number in 1..200 {
        let id = format!("faithful-{number}");
        oracle.issue(&id);
        assert_eq!(faithful.exchange(&event("faithful", number)).await.unwrap().status, 200);
        oracle.owe(&id);
    }
    eventually("who comes anew finds a place, again and again", REST, async || (load.answered() > 20).then_some(())).await;
    assert_eq!(load.turned_away(), 0);
    assert!(siege.goes_on());
    let peak = gateway.process().peak_kib();
    // 256 connections with their buffers, and bodies of strangers up to their room.
    assert!(peak < before + 64 * 1024, "from {before} KiB to {peak} KiB");
    oracle.merge(load.finish().await);
    drop(siege);
    oracle.settled(&meta, REST).await;
    gateway.drained().await;
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn p6_silent_strangers_keep_no_other_stranger_of_the_room_for_bodies() {
    let executable = executable!();
    let meta = Meta::start(&executable).await;
    let setup = Setup::new(&meta)
        .set("server", "body_timeout_secs", "60")
        .set("server", "trusted_proxies", "[\"127.0.0.1\"]")
        .set("server", "behind_tls_proxy", "true");
    let mut gateway = Gateway::start(&executable, setup).await;
    // The proxy in front says who they are: one stranger, who holds as much as one may, and one who has a key inside.
    let from = |address: &str, body: &str| {
        Request::post(&gateway.client().path(), "application/json", body)
            .header("x-forwarded-for", address)
            .header("x-forwarded-proto", "https")
    };
    let mut silent = Vec::new();
    for _ in 0..4 {
        let mut one = Connection::open(gateway.address()).await.unwrap();
        one.write(&from("192.0.2.1", "{").header("content-length", "8388608").bytes(false)).await.unwrap();
        silent.push(one);
    }
    for number in 0..20 {
        let inside = serde_json::json!({ "access_token": KEY, "data": [numbered_purchase("inside", number)] }).to_string();
        let answer = gateway.client().send(&from("192.0.2.2", &inside)).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let inside = serde_json::json!({ "access_token": KEY, "data": [numbered_purchase("inside", 99)] }).to_string();
    let answer = gateway.client().send(&from("192.0.2.1", &inside)).await.unwrap();
    assert_eq!(answer.status, 503, "a stranger stands in its own way alone: {}", answer.text());
    drop(silent);
    gateway.drained().await;
    gateway.expect_log("configuration");
    gateway.finish().await;
    meta.finish().await;
}
