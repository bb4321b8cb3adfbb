//! What gateways share besides events: what came before, how much a site may send, who must not be sent, and their keys.

use std::time::Duration;

use harness::{
    ChaosProxy, Fleet, Gateway, MARK, Meta, Mode, Oracle, Redis, Setup, eventually, executable, numbered_purchase, purchase,
    sha256_hex,
};
use serde_json::{Value, json};

use crate::{BACK, KEY_AT_REST, REST, post, refused, setup};

/// A person, as they are known to whoever asks to be forgotten.
fn person() -> String {
    format!("{MARK}.gone@example.com")
}

/// A purchase of theirs.
fn theirs(id: &str) -> Value {
    let mut event = purchase(id);
    event["user_data"]["em"] = json!([person()]);
    event
}

/// Encrypted at rest, so that ids can be remembered.
fn encrypted(setup: Setup) -> Setup {
    setup.set("outbox", "encryption_key", "{ env = \"OUTBOX_KEY\" }").env("OUTBOX_KEY", KEY_AT_REST)
}

#[tokio::test]
async fn b11_an_event_that_comes_to_two_gateways_is_answered_twice_and_sent_once() {
    let executable = executable!();
    let (meta, redis) = (Meta::start(&executable).await, Redis::start().await);
    let setup = encrypted(setup(&meta, &redis)).set("outbox", "deduplicate_hours", "1");
    let mut fleet = Fleet::of(&executable, 2, &setup).await;
    fleet.expect_trouble_with_redis();
    let mut oracle = Oracle::default();
    post(&fleet.gateways[0], "twice", 0..10, &mut oracle).await;
    post(&fleet.gateways[1], "twice", 5..15, &mut oracle).await;
    oracle.settled(&meta, REST).await;
    fleet.drained().await;
    assert_eq!(fleet.gateways[1].metrics().await.events("duplicate"), 5);
    // Over a stop of both it is known all the same.
    fleet.stop(harness::Signal::Terminate).await;
    for gateway in &mut fleet.gateways {
        gateway.restart().await;
    }
    post(&fleet.gateways[1], "twice", 0..15, &mut oracle).await;
    fleet.drained().await;
    assert_eq!(fleet.metrics().await.events("duplicate"), 15);
    assert!(meta.ids().await.values().all(|times| *times == 1));
    fleet.finish(&[&redis]).await;
    meta.finish().await;
}

#[tokio::test]
async fn a_site_may_send_so_much_over_all_gateways_together() {
    let executable = executable!();
    let (meta, redis) = (Meta::start(&executable).await, Redis::start().await);
    let limited = "rate_limit = { events_per_sec = 1, burst = 20 }\n\n[[dataset]]";
    let fleet = Fleet::of(&executable, 2, &setup(&meta, &redis).replace("[[dataset]]", limited)).await;
    let events: Vec<Value> = (0..20).map(|number| numbered_purchase("limited", number)).collect();
    assert_eq!(fleet.gateways[0].client().post(&events).await.unwrap().status, 200);
    let second = fleet.gateways[1].client().post(&events).await.unwrap();
    assert_eq!(second.status, 429, "{}", second.text());
    let wait: u64 = second.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=20).contains(&wait), "{wait}");
    fleet.drained().await;
    fleet.finish(&[&redis]).await;
    meta.finish().await;
}

#[tokio::test]
async fn a14_a_person_suppressed_at_one_gateway_is_sent_by_none_from_then_on() {
    let executable = executable!();
    let (meta, mut redis) = (Meta::start(&executable).await, Redis::start().await);
    let proxy = ChaosProxy::start(meta.address()).await;
    proxy.set(Mode::Refuse);
    let mut fleet = Fleet::of(&executable, 2, &setup(&meta, &redis).through(proxy.address())).await;
    fleet.expect_trouble_with_meta();
    fleet.expect_trouble_with_redis();
    let mut oracle = Oracle::default();
    for (at, gateway) in fleet.gateways.iter().enumerate() {
        let answer = gateway.client().post(&[theirs(&format!("gone-{at}"))]).await.unwrap();
        assert_eq!(answer.status, 200);
        post(gateway, &format!("stays{at}"), 0..5, &mut oracle).await;
    }
    let added = fleet.gateways[0].command(&["suppress", "add", "--email", &person()]).await;
    assert_eq!(added.code, Some(0), "{}{}", added.stdout, added.stderr);
    let dropped = [("stage", "consent"), ("reason", "suppressed")];
    for (at, gateway) in fleet.gateways.iter().enumerate() {
        eventually("each gateway knows", BACK, async || {
            let answer = gateway.client().post(&[theirs(&format!("gone-later{at}"))]).await.unwrap();
            assert_eq!(answer.status, 200);
            (gateway.metrics().await.sum("portcullis_events_dropped_total", &dropped) > 0).then_some(())
        })
        .await;
    }
    eventually("what waited of theirs is deleted", REST, async || (fleet.metrics().await.pending() == 10).then_some(()))
        .await;
    // Not even their digest is left, neither in Redis nor on its disk.
    let mut digests = fleet.gateways[0].canaries.clone();
    digests.add("the digest of somebody who is suppressed", &sha256_hex(person().as_bytes()));
    redis.holds_none(&digests).await;

    // A gateway that is new here learns of it before it takes the first event.
    let newcomer = Gateway::start(&executable, setup(&meta, &redis).through(proxy.address())).await;
    assert_eq!(newcomer.client().post(&[theirs("gone-newcomer")]).await.unwrap().status, 200);
    assert_eq!(newcomer.metrics().await.sum("portcullis_events_dropped_total", &dropped), 1);
    fleet.gateways.push(newcomer);
    fleet.expect_trouble_with_meta();
    fleet.expect_trouble_with_redis();

    // A word that the others cannot hear is not taken.
    redis.kill().await;
    let other = format!("{MARK}.other@example.com");
    let unheard = fleet.gateways[0].command(&["suppress", "add", "--email", &other]).await;
    assert!(unheard.code != Some(0) && unheard.stderr.contains("Redis"), "{:?} {}", unheard.code, unheard.stderr);
    assert!(!unheard.stderr.contains(MARK), "{}", unheard.stderr);
    redis.restart().await;

    proxy.set(Mode::Pass);
    oracle.settled(&meta, REST).await;
    fleet.drained().await;
    assert!(!meta.ids().await.keys().any(|id| id.starts_with("gone")));
    fleet.finish_without_accounts(&[&redis]).await;
    meta.finish().await;
}

#[tokio::test]
async fn gateways_with_different_keys_refuse_to_join_and_say_which() {
    let executable = executable!();
    let (meta, redis) = (Meta::start(&executable).await, Redis::start().await);
    let gateway = Gateway::start(&executable, setup(&meta, &redis)).await;
    for (variable, key) in [("PSEUDONYM_KEY", "identity.pseudonym_key"), ("SUPPRESSION_KEY", "suppression.key")] {
        let other = refused(&executable, &setup(&meta, &redis).env(variable, KEY_AT_REST), &[]).await;
        assert!(other.stderr.contains(key), "{}", other.stderr);
        assert!(!other.stderr.contains(KEY_AT_REST), "{}", other.stderr);
    }
    // And none of these keys can be left to chance.
    for (table, key) in [("identity", "pseudonym_key"), ("suppression", "key")] {
        let absent = refused(&executable, &setup(&meta, &redis).unset(table, key), &[]).await;
        assert!(absent.stderr.contains(&format!("{table}.{key}")), "{}", absent.stderr);
        assert_eq!(absent.code, Some(64), "{}", absent.stderr);
    }
    assert_eq!(gateway.metrics().await.sum("portcullis_gateways", &[]), 1);
    gateway.finish().await;
    meta.finish().await;
}

#[tokio::test]
async fn gateways_with_different_policies_are_seen() {
    let executable = executable!();
    let (meta, redis) = (Meta::start(&executable).await, Redis::start().await);
    let mut fleet = Fleet::start(&executable, [setup(&meta, &redis), setup(&meta, &redis).site("pharmacy@1")]).await;
    fleet.expect_trouble_with_redis();
    fleet.expect_log("policy");
    for gateway in &fleet.gateways {
        eventually("each sees two, and that they differ", Duration::from_secs(30), async || {
            let metrics = gateway.metrics().await;
            let differs = metrics.sum("portcullis_policy_differs", &[("site", harness::SITE)]);
            (metrics.sum("portcullis_gateways", &[]) == 2 && differs == 1).then_some(())
        })
        .await;
    }
    fleet.finish(&[&redis]).await;
    meta.finish().await;
}
