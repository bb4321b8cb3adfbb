//! Servers that can lose what they said yes to are refused, with the setting to change (C6, C8).

use crate::config::Redis;
use crate::shared::testing::{Server, eventually};
use crate::shared::{Call, Durability, Keys, Link, LinkState, Script, SharedError};

/// Settings of a server, what it then is, and what to change.
const MODES: &[(&[&str], Durability, &str)] = &[
    (&["--appendonly", "yes", "--appendfsync", "no"], Durability::None, "set appendfsync always"),
    (&["--appendonly", "no", "--save", "3600 1"], Durability::Rdb, "set appendonly yes"),
    (&["--appendonly", "no"], Durability::None, "set appendonly yes"),
];

#[tokio::test]
async fn c8_each_mode_of_a_real_server_is_told_and_the_lossy_ones_are_refused() {
    for (settings, durability, cure) in MODES {
        let server = Server::start_with(settings).await;
        let refused = Link::connect(&server.config()).await.unwrap_err();
        assert!(refused.is_of_configuration(), "{refused}");
        assert!(refused.to_string().contains(cure), "{settings:?}: {refused}");
        let link = Link::connect(&Redis { require_durable: false, ..server.config() }).await.unwrap();
        assert_eq!(link.durability(), Some(*durability), "{settings:?}");
    }
    let server = Server::start().await;
    assert_eq!(Link::connect(&server.config()).await.unwrap().durability(), Some(Durability::Always));
}

#[tokio::test]
async fn c8_a_server_that_syncs_every_second_is_taken_where_its_sync_can_be_waited_for() {
    let server = Server::start_with(&["--appendonly", "yes", "--appendfsync", "everysec"]).await;
    let info: redis::InfoDict = server.ask(redis::cmd("INFO").arg("server")).await;
    let version: String = info.get("redis_version").unwrap();
    if version.starts_with("7.0.") {
        let refused = Link::connect(&server.config()).await.unwrap_err().to_string();
        assert!(refused.contains("or use Redis 7.2 or newer"), "{refused}");
        return;
    }
    let link = Link::connect(&server.config()).await.unwrap();
    assert_eq!(link.durability(), Some(Durability::Waitaof));
    let append = Script::durable("an append", "return redis.call('INCR', KEYS[1])");
    for count in 1..=3 {
        let call = Call::on([Keys::new("portcullis").of_dataset("1", "sum")]);
        assert_eq!(link.call::<u32>(&append, &call).await.unwrap(), count);
        // All that it was given before is synced; else another wait would be as long.
        let synced: (u32, u32) = link.command("a wait", redis::cmd("WAITAOF").arg(1).arg(0).arg(1)).await.unwrap();
        assert_eq!(synced.0, 1);
    }
}

#[tokio::test]
async fn c6_a_server_that_evicts_is_refused() {
    let settings = ["--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "allkeys-lru"];
    let server = Server::start_with(&settings).await;
    let refused = Link::connect(&server.config()).await.unwrap_err();
    assert!(refused.to_string().contains("set maxmemory-policy noeviction"), "{refused}");
}

#[tokio::test]
async fn c6_c8_a_server_that_becomes_unfit_while_it_runs_counts_as_away_until_it_is_fit_again() {
    let server = Server::start().await;
    let link = Link::connect(&server.config()).await.unwrap();
    for (key, bad, good) in [("maxmemory-policy", "allkeys-lru", "noeviction"), ("appendfsync", "no", "always")] {
        server.set(key, bad).await;
        link.look();
        let mut state = link.state();
        state
            .wait_for(|state| matches!(state, LinkState::Away(SharedError::Unfit(why)) if why.contains(key)))
            .await
            .unwrap();
        let error = link.command::<()>("a ping", &redis::cmd("PING")).await.unwrap_err();
        assert!(matches!(&error, SharedError::Away(why) if why.contains(key)), "{error}");
        server.set(key, good).await;
        state.wait_for(|state| *state == LinkState::Up).await.unwrap();
    }
}

#[tokio::test]
async fn c6_a_full_server_says_so_and_nothing_breaks() {
    let server = Server::start().await;
    let link = Link::connect(&server.config()).await.unwrap();
    server.set("maxmemory", "1").await;
    let append = Script::new("an append", "#!lua\nreturn redis.call('XADD', KEYS[1], '*', 'a', 'b')");
    let call = Call::on([Keys::new("portcullis").of_dataset("1", "queue")]);
    assert_eq!(link.call::<String>(&append, &call).await, Err(SharedError::Full));
    assert_eq!(*link.state().borrow(), LinkState::Up);
    server.set("maxmemory", "0").await;
    link.call::<String>(&append, &call).await.unwrap();
}

#[tokio::test]
async fn what_is_durable_is_answered_when_replicas_have_it() {
    let server = Server::start().await;
    let redis = Redis { replicas: 1, ..server.config() };
    let refused = Link::connect(&redis).await.unwrap_err();
    assert!(refused.to_string().contains("0 replicas follow it, and redis.replicas wants 1"), "{refused}");

    let replica = server.replica().await;
    let link = Link::connect(&redis).await.unwrap();
    let append = Script::durable("an append", "return redis.call('INCR', KEYS[1])");
    let key = Keys::new("portcullis").of_dataset("1", "sum");
    for count in 1..=20 {
        assert_eq!(link.call::<i64>(&append, &Call::on([key.clone()])).await.unwrap(), count);
        assert_eq!(replica.ask::<i64>(redis::cmd("GET").arg(&key)).await, count, "at once");
    }
    let all: Vec<_> = (0..50).map(|_| (link.clone(), append.name, key.clone())).collect();
    let calls = all.into_iter().map(|(link, name, key)| async move {
        let append = Script::durable(name, "return redis.call('INCR', KEYS[1])");
        link.call::<i64>(&append, &Call::on([key])).await.unwrap()
    });
    let mut together = tokio::task::JoinSet::new();
    calls.for_each(|call| drop(together.spawn(call)));
    assert_eq!(together.join_all().await.into_iter().max(), Some(70));
    assert_eq!(replica.ask::<i64>(redis::cmd("GET").arg(&key)).await, 70);

    replica.signal("STOP");
    let unconfirmed = link.call::<i64>(&append, &Call::on([key.clone()])).await.unwrap_err();
    assert!(unconfirmed.to_string().contains("too few of its replicas"), "{unconfirmed}");
    replica.signal("CONT");
    drop(replica);
    eventually("a server without its replica is unfit", async || {
        matches!(&*link.state().borrow(), LinkState::Away(SharedError::Unfit(why)) if why.contains("redis.replicas wants 1"))
    })
    .await;
}
