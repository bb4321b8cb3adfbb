//! Purges over Redis beside everything else that goes on there, and what is left in its keys and files.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::chance::Chance;
use crate::outbox::bench::{ROOMY, gateway, gateway_name};
use crate::outbox::redis::Redis;
use crate::outbox::redis::bodies::Opened;
use crate::outbox::samples::{Persons, append, id, ids};
use crate::outbox::{
    Depth, EventFilter, Keys, Lease, LeaseRequest, PurgeSelector, Purged, QuarantineReason, RedriveSelector, Settings,
    Settlement,
};
use crate::shared::testing::{Server, eventually};

fn by_id(id: &str) -> PurgeSelector {
    PurgeSelector::Matching(EventFilter { event_id: Some(id.to_owned()), ..EventFilter::default() })
}

fn everything() -> PurgeSelector {
    PurgeSelector::Matching(EventFilter { dataset: Some("1".to_owned()), ..EventFilter::default() })
}

async fn plain(server: &Server, number: u64) -> Redis {
    gateway(server, number, Settings::plain(ROOMY)).await
}

async fn encrypted(server: &Server, number: u64) -> Redis {
    let keys = Some(Keys::new(&[1; 32], &[], Chance::seeded(number)));
    gateway(server, number, Settings { keys, ..Settings::plain(ROOMY) }).await
}

async fn keep(redis: &Redis, names: &[&str]) {
    assert_eq!(redis.append(append("shop", "1", names, 1_000)).await.unwrap().events(), names.len());
}

async fn lease(redis: &Redis, max_events: usize, now_ms: u64) -> Vec<Lease> {
    let request = LeaseRequest { dataset: "1".into(), max_events, max_bytes: 10_000_000, now_ms, until_ms: now_ms + 1_000 };
    redis.lease(request).await.unwrap().leases
}

async fn settle_all_as(redis: &Redis, leases: Vec<Lease>, outcome: &Settlement) {
    let all = leases.into_iter().map(|lease| {
        let outcomes = vec![outcome.clone(); lease.count()];
        (lease, outcomes)
    });
    for settled in redis.settle_all(all.collect()).await {
        settled.unwrap();
    }
}

fn refused() -> Settlement {
    Settlement::Quarantine(QuarantineReason::Refused { code: 100, subcode: 1, message: Some("says Meta".into()) })
}

#[tokio::test]
async fn o6_a_purge_and_a_redrive_go_over_many_pages_and_over_all_of_them() {
    let server = Server::start().await;
    let redis = plain(&server, 1).await;
    for number in 0..600 {
        keep(&redis, &[&format!("e{number}")]).await;
    }
    let in_hand = lease(&redis, 300, 2_000).await;
    assert_eq!(in_hand.len(), 300);
    settle_all_as(&redis, in_hand, &refused()).await;
    let redriven = redis.redrive(RedriveSelector::default()).await.unwrap();
    assert_eq!((redriven.waiting["1"], redriven.unreadable), (300, 0));
    let in_hand = lease(&redis, 290, 2_000).await;
    settle_all_as(&redis, in_hand, &refused()).await;
    let in_hand = lease(&redis, 7, 2_000).await;
    let would = redis.purge(everything(), true).await.unwrap();
    let purged = redis.purge(everything(), false).await.unwrap();
    assert_eq!(
        purged,
        Purged { waiting: [("1".to_owned(), 303)].into(), quarantined: 290, in_hand: 7, ..Purged::default() }
    );
    assert_eq!(would, purged);
    settle_all_as(&redis, in_hand, &Settlement::Retry { not_before_ms: 0, attempted: true }).await;
    assert_eq!(redis.depth().await.unwrap(), Depth::default());
}

#[tokio::test]
async fn o8_nothing_of_what_was_purged_is_in_any_key_nor_in_the_server_s_files_once_its_log_is_rewritten() {
    let server = Server::start().await;
    let redis = plain(&server, 1).await;
    keep(&redis, &["canary0", "stays1"]).await;
    keep(&redis, &["canary0"]).await;
    let in_hand = lease(&redis, 1, 2_000).await;
    settle_all_as(&redis, in_hand, &refused()).await;
    keep(&redis, &["canary0"]).await;
    let folder: (String, String) = server.ask(redis::cmd("CONFIG").arg("GET").arg("dir")).await;
    let in_files = || {
        let log = std::path::Path::new(&folder.1).join("appendonlydir");
        let files = std::fs::read_dir(log).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap_or_default());
        files.filter(|bytes| bytes.windows(7).any(|window| window == b"canary0")).count()
    };
    assert!(in_files() > 0);
    let purged = redis.purge(by_id("canary0"), false).await.unwrap();
    assert_eq!((purged.waiting_events(), purged.quarantined), (2, 1));
    eventually("the log is rewritten", async || in_files() == 0).await;
    let keys: Vec<String> = server.ask(redis::cmd("KEYS").arg("*")).await;
    for key in &keys {
        let dump: Vec<u8> = server.ask(redis::cmd("DUMP").arg(key)).await;
        assert!(!dump.windows(7).any(|window| window == b"canary0"), "{key}");
    }
    let rest = lease(&redis, 10, 2_000).await;
    assert!(rest.is_empty());
    let redriven = redis.redrive(RedriveSelector::default()).await.unwrap();
    assert_eq!(redriven.waiting["1"], 1);
    assert_eq!(lease(&redis, 10, 2_000).await.iter().flat_map(ids).collect::<Vec<_>>(), ["stays1"]);
}

#[tokio::test]
async fn o8_where_all_of_a_dataset_is_purged_no_key_of_a_group_is_left() {
    let server = Server::start().await;
    let redis = plain(&server, 1).await;
    keep(&redis, &["a", "b"]).await;
    keep(&redis, &["c"]).await;
    let retried = lease(&redis, 2, 2_000).await;
    settle_all_as(&redis, retried, &Settlement::Retry { not_before_ms: 5_000, attempted: true }).await;
    drop(redis.purge(everything(), false).await.unwrap());
    for name in ["heads", "bodies", "due", "condemned"] {
        let there: bool = server.ask(redis::cmd("EXISTS").arg(format!("{{portcullis:1}}:{name}"))).await;
        assert!(!there, "{name}");
    }
    let waiting: (u64, u64) = server
        .ask(
            redis::cmd("EVAL")
                .arg("return { redis.call('XLEN', KEYS[1]), redis.call('XPENDING', KEYS[1], 'gateways')[1] }")
                .arg(1)
                .arg("{portcullis:1}:queue"),
        )
        .await;
    assert_eq!(waiting, (0, 0));
    let tally: BTreeMap<String, String> = server.ask(redis::cmd("HGETALL").arg("{portcullis:1}:tally")).await;
    assert!(tally.keys().all(|field| !field.contains("shop")), "{tally:?}");
    assert_eq!(tally["cost"], "0");
}

#[tokio::test]
async fn o8_c12_a_purge_beside_leases_and_settlings_loses_nothing_and_brings_nothing_back() {
    let server = Server::start().await;
    purge_beside_others(&server, plain).await;
}

#[tokio::test]
async fn o8_c12_nor_does_one_of_what_is_encrypted() {
    let server = Server::start().await;
    purge_beside_others(&server, encrypted).await;
}

/// Three gateways lease and settle in every way while a fourth purges one person of three, again and again.
async fn purge_beside_others(server: &Server, gateway: impl AsyncFn(&Server, u64) -> Redis) {
    const GROUPS: u64 = 120;
    let keeper = gateway(server, 1).await;
    let tasks = tokio_util::task::TaskTracker::new();
    let mut workers = Vec::new();
    for number in 2..5 {
        let redis = gateway(server, number).await;
        workers.push(tasks.spawn(async move { work(&redis, number).await }));
    }
    let cleaner = gateway(server, 5).await;
    let persons = || PurgeSelector::Suppressed(Persons::of(&["0"]));
    let (mut gone, mut unreadable) = (0, 0);
    for number in 0..GROUPS {
        keep(&keeper, &[&format!("{number}-0"), &format!("{number}-1"), &format!("{number}-2")]).await;
        if number % 10 == 0 {
            let purged = cleaner.purge(persons(), false).await.unwrap();
            gone += purged.waiting_events() + purged.quarantined;
            unreadable += purged.unreadable;
        }
    }
    let mut delivered = Vec::new();
    for worker in workers {
        delivered.extend(worker.await.unwrap());
    }
    drop(cleaner.purge(persons(), false).await.unwrap());
    // What is left is in quarantine, or was given up by a worker that went.
    drop(keeper.redrive(RedriveSelector::default()).await.unwrap());
    loop {
        let leases = lease(&keeper, 1_000, 1_000_000).await;
        if leases.is_empty() {
            break;
        }
        let names: Vec<String> = leases.iter().flat_map(ids).collect();
        assert!(names.iter().all(|name| !name.ends_with("-0")), "{names:?}");
        delivered.extend(names);
        settle_all_as(&keeper, leases, &Settlement::Delivered).await;
    }
    assert_eq!(keeper.depth().await.unwrap(), Depth::default());
    assert!(gone > 0);
    assert_eq!(unreadable, 0);
    delivered.retain(|name| !name.ends_with("-0"));
    delivered.sort();
    let mut sent: Vec<String> = (0..GROUPS).flat_map(|number| [format!("{number}-1"), format!("{number}-2")]).collect();
    sent.sort();
    assert_eq!(delivered, sent);
}

/// Leases and settles until nothing is due for a while. Gives what it delivered.
async fn work(redis: &Redis, number: u64) -> Vec<String> {
    let (mut delivered, mut idle) = (Vec::new(), 0);
    while idle < 40 {
        let leases = lease(redis, 4, 50_000).await;
        if leases.is_empty() {
            idle += 1;
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            continue;
        }
        idle = 0;
        for (turn, lease) in (number..).zip(leases) {
            let bodies: Vec<String> = lease.events().map(str::to_owned).collect();
            let outcome = |place: u64| match (turn + place) % 4 {
                0 => refused(),
                1 => Settlement::Retry { not_before_ms: 0, attempted: false },
                _ => Settlement::Delivered,
            };
            let outcomes: Vec<Settlement> = (0..).map(outcome).take(bodies.len()).collect();
            let meta_has: Vec<String> = bodies
                .iter()
                .zip(&outcomes)
                .filter(|(_, outcome)| **outcome == Settlement::Delivered)
                .map(|(body, _)| id(body))
                .collect();
            let settled = redis.settle_all(vec![(lease, outcomes)]).await.pop().unwrap().unwrap();
            assert_eq!(settled.delivered, meta_has.len() as u64);
            delivered.extend(meta_has);
        }
    }
    delivered
}

#[tokio::test]
async fn o8_a_lease_that_is_made_between_the_look_and_the_change_is_condemned_and_not_taken_away() {
    let server = Server::start().await;
    let (redis, other) = (plain(&server, 1).await, plain(&server, 2).await);
    keep(&redis, &["a"]).await;
    let dataset = redis.dataset("1");
    let found = redis.look(&dataset, &[1]).await.unwrap();
    let in_hand = lease(&other, 1, 2_000).await;
    // The gateway that purges looks for work as well, by which it knows the time.
    assert!(lease(&redis, 1, 2_000).await.is_empty());
    let change = found.into_iter().map(|found| (found, super::Change::Remove)).collect::<Vec<_>>();
    assert_eq!(redis.change(&dataset, &change).await.unwrap(), [false]);
    assert_eq!(redis.purge(everything(), false).await.unwrap().in_hand, 1);
    settle_all_as(&other, in_hand, &Settlement::Delivered).await;
    assert_eq!(redis.depth().await.unwrap(), Depth::default());
}

#[tokio::test]
async fn o8_what_was_settled_between_the_look_and_the_reading_has_changed_and_is_not_taken_for_damaged() {
    let server = Server::start().await;
    let (redis, other) = (encrypted(&server, 1).await, encrypted(&server, 2).await);
    for names in [["goes", "goes too"], ["goes", "stays"], ["is", "damaged"], ["is", "as it was"]] {
        keep(&redis, &names).await;
    }
    let dataset = redis.dataset("1");
    let found = redis.look(&dataset, &[1, 2, 3, 4]).await.unwrap();
    let again = Settlement::Retry { not_before_ms: 0, attempted: true };
    let settled = lease(&other, 4, 2_000).await.into_iter().zip([Settlement::Delivered, again]);
    let settled = settled.map(|(lease, second)| (lease, vec![Settlement::Delivered, second])).collect();
    for settled in other.settle_all(settled).await {
        settled.unwrap();
    }
    server.ask::<()>(redis::cmd("HSET").arg("{portcullis:1}:bodies").arg(3).arg("damaged")).await;
    let opened = redis.read(&dataset, found).await.unwrap();
    let opened: Vec<&Opened> = opened.iter().map(|(_, opened)| opened).collect();
    assert!(
        matches!(opened[..], [Opened::Changed, Opened::Changed, Opened::Broken, Opened::Text(_)]),
        "what was settled, what was narrowed, what is damaged, what is as it was"
    );
    let purged = redis.purge(by_id("stays"), false).await.unwrap();
    assert_eq!((purged.waiting_events(), purged.unreadable), (1, 1));
}

#[tokio::test]
async fn a_purge_waits_for_another_gateway_s_and_not_for_one_that_died() {
    let server = Server::start().await;
    let (redis, other) = (plain(&server, 1).await, plain(&server, 2).await);
    keep(&redis, &["a"]).await;
    let turn = other.alone().await.unwrap();
    let waiting = Arc::new(redis.clone());
    let purge = async { waiting.purge(everything(), false).await.unwrap().waiting_events() };
    let let_go = async {
        turn.hold().await.unwrap();
        turn.end().await;
    };
    assert_eq!(tokio::join!(purge, let_go).0, 1);
    drop(other.alone().await.unwrap());
    let left: i64 = server.ask(redis::cmd("PTTL").arg("{portcullis}:long_work")).await;
    assert!((1..=30_000).contains(&left), "{left}");
}

/// Events of two persons that another gateway leased for one second.
async fn slow_gateway() -> (Server, Redis, Redis, Vec<Lease>) {
    let server = Server::start().await;
    let (redis, slow) = (plain(&server, 1).await, plain(&server, 2).await);
    keep(&redis, &["a", "b"]).await;
    let in_hand = lease(&slow, 10, 2_000).await;
    (server, redis, slow, in_hand)
}

#[tokio::test]
async fn o8_a_gateway_that_slept_past_its_lease_does_not_bring_back_what_was_purged_meanwhile() {
    for outcome in [refused(), Settlement::Retry { not_before_ms: 0, attempted: true }] {
        let (_server, redis, slow, in_hand) = slow_gateway().await;
        redis.core.told(5_000);
        assert_eq!(redis.purge(by_id("a"), false).await.unwrap().waiting_events(), 1);
        settle_all_as(&slow, in_hand, &outcome).await;
        let left = lease(&redis, 10, 6_000).await;
        assert_eq!(left.iter().flat_map(ids).collect::<Vec<_>>(), ["b"], "{outcome:?}");
        let depth = redis.depth().await.unwrap();
        assert_eq!((depth.pending_events, depth.quarantined_events), (1, 0), "{outcome:?}");
    }
}

#[tokio::test]
async fn o8_a_gateway_that_slept_past_its_lease_does_not_bring_back_what_was_swept_meanwhile() {
    let (_server, redis, slow, in_hand) = slow_gateway().await;
    redis.core.told(2_500);
    assert_eq!(redis.purge(by_id("a"), false).await.unwrap().in_hand, 1);
    redis.core.told(5_000);
    assert_eq!(redis.sweep("1").await.unwrap(), 1);
    settle_all_as(&slow, in_hand, &Settlement::Retry { not_before_ms: 0, attempted: true }).await;
    let left = lease(&redis, 10, 6_000).await;
    assert_eq!(left.iter().flat_map(ids).collect::<Vec<_>>(), ["b"]);
}

#[tokio::test]
async fn c2_o8_a_group_whose_entry_a_stranger_deleted_is_purged_as_well() {
    let server = Server::start().await;
    let redis = plain(&server, 1).await;
    keep(&redis, &["a"]).await;
    keep(&redis, &["b"]).await;
    let _: u64 = server.ask(redis::cmd("XDEL").arg("{portcullis:1}:queue").arg("1-0")).await;
    assert_eq!(redis.purge(by_id("a"), false).await.unwrap().waiting_events(), 1);
    let mut sent = Vec::new();
    for _ in 0..3 {
        let leases = lease(&redis, 10, 2_000).await;
        sent.extend(leases.iter().flat_map(ids));
        settle_all_as(&redis, leases, &Settlement::Delivered).await;
    }
    assert_eq!(sent, ["b"]);
}

#[tokio::test]
async fn o8_a_group_that_is_split_while_a_purge_is_on_its_way_is_purged_in_both_halves() {
    let server = Server::start().await;
    let (redis, living) = (plain(&server, 1).await, plain(&server, 9).await);
    keep(&redis, &["a", "b", "c", "a"]).await;
    // The third death alone has it split.
    for number in 2..4 {
        assert_eq!(lease(&plain(&server, number).await, 10, 2_000).await.len(), 1);
        drop(living.bury(&gateway_name(number)).await.unwrap());
    }
    assert_eq!(lease(&plain(&server, 4).await, 10, 2_000).await.len(), 1);
    let dataset = redis.dataset("1");
    let alone = redis.alone().await.unwrap();
    let mut purge = super::Purge::of(by_id("a"), false);
    let (mut cursor, through) = (super::Cursor::default(), redis.last(&dataset, "last").await.unwrap());
    redis.core.told(2_000);
    drop(living.bury(&gateway_name(4)).await.unwrap());
    redis.purge_through(&dataset, &mut purge, &alone, &mut cursor, through).await.unwrap();
    redis.purge_late(&dataset, &mut purge, &alone, &mut cursor, u64::MAX).await.unwrap();
    assert_eq!(purge.purged.waiting_events(), 2);
    assert_eq!(redis.depth().await.unwrap().pending_events, 2);
    alone.end().await;
    assert_eq!(redis.purge(by_id("a"), false).await.unwrap(), Purged::default());
}

#[tokio::test]
async fn c7_o8_a_dataset_that_a_failover_lost_from_the_list_is_purged_all_the_same() {
    let server = Server::start().await;
    let (appends, leases) = (plain(&server, 1).await, plain(&server, 2).await);
    for redis in [&appends, &leases] {
        keep(&appends, &["0"]).await;
        let lost: u64 = server.ask(redis::cmd("DEL").arg("{portcullis}:datasets")).await;
        assert_eq!(lost, 1);
        let in_hand = lease(&leases, 10, 2_000).await;
        settle_all_as(&leases, in_hand, &Settlement::Retry { not_before_ms: 0, attempted: true }).await;
        let purged = redis.purge(PurgeSelector::Suppressed(Persons::of(&["0"])), false).await.unwrap();
        assert_eq!(purged.waiting_events(), 1);
    }
}
