//! Redis with a file beside it, on a real server that goes away and comes back. That both together keep the contract of every
//! outbox is in `contract`.

use tempfile::TempDir;
use tokio::time::Instant;

use super::*;
use crate::outbox::bench::{Bench, ROOMY, open_outbox, spilling};
use crate::outbox::samples::{append, ids};
use crate::outbox::{AnyOutbox, EventFilter};
use crate::shared::testing::{Server, eventually};

const NOW_MS: u64 = 2_000;
const UNTIL_MS: u64 = 900_000;

/// A server, and a gateway with a file on it.
struct Place {
    server: Server,
    folder: TempDir,
    outbox: AnyOutbox,
}

impl Place {
    async fn new(on_unavailable: OnUnavailable) -> Self {
        Self::with_events_in_file(on_unavailable, &[]).await
    }

    /// The file held these before there was Redis.
    async fn with_events_in_file(on_unavailable: OnUnavailable, before: &[&str]) -> Self {
        let (server, folder) = (Server::start().await, tempfile::tempdir().unwrap());
        let path = folder.path().join("outbox.db");
        let embedded = open_outbox(&path, ROOMY).unwrap();
        for id in before {
            drop(embedded.append(append("shop", "1", &[id], 1_000)).await.unwrap());
        }
        embedded.close().await;
        let outbox = spilling(&server, 1, &path, ROOMY, on_unavailable).await;
        Self { server, folder, outbox }
    }

    async fn append(&self, id: &str) -> Result<Receipt, OutboxError> {
        self.outbox.append(append("shop", "1", &[id], 1_000)).await
    }

    async fn lease(&self, max_events: usize) -> Vec<Lease> {
        lease(&self.outbox, max_events).await
    }

    fn in_file(&self) -> u64 {
        self.outbox.events_in_file().unwrap()
    }

    fn spilled(&self) -> u64 {
        let AnyOutbox::Spilling(spilling) = &self.outbox else { panic!() };
        spilling.0.spilled.with_label_values(&["shop"]).get()
    }
}

async fn lease(outbox: &AnyOutbox, max_events: usize) -> Vec<Lease> {
    let (dataset, max_bytes) = ("1".into(), 10_000_000);
    let request = LeaseRequest { dataset, max_events, max_bytes, now_ms: NOW_MS, until_ms: UNTIL_MS };
    outbox.lease(request).await.unwrap().leases
}

fn all_ids(leases: &[Lease]) -> Vec<String> {
    leases.iter().flat_map(ids).collect()
}

#[tokio::test]
async fn what_redis_cannot_take_is_durable_in_the_file_and_sent_from_there_while_it_is_away() {
    let mut place = Place::new(OnUnavailable::Spill).await;
    drop(place.append("in-redis").await.unwrap());
    assert_eq!((place.in_file(), place.spilled()), (0, 0));
    place.server.crash();
    let mut changed = place.outbox.changed();
    changed.mark_unchanged();
    assert_eq!(place.append("in-file").await.unwrap().events(), 1);
    assert_eq!((place.in_file(), place.spilled()), (1, 1));
    assert!(changed.has_changed().unwrap(), "whoever waits for work listens to both");
    assert_eq!(place.outbox.next_due_ms("1", NOW_MS).await.unwrap(), Some(NOW_MS));
    // It survives the process.
    let path = place.folder.path().join("outbox.db");
    let AnyOutbox::Spilling(spilling) = &place.outbox else { panic!() };
    spilling.0.file.close().await;
    let again = open_outbox(&path, ROOMY).unwrap();
    assert_eq!(all_ids(&lease(&again, 10).await), ["in-file"]);
}

#[tokio::test]
async fn a_gateway_whose_redis_comes_back_uses_it_and_sends_what_is_in_its_file() {
    let mut place = Place::new(OnUnavailable::Spill).await;
    drop(place.append("a").await.unwrap());
    place.server.crash();
    drop(place.append("b").await.unwrap());
    let leases = place.lease(10).await;
    assert_eq!(all_ids(&leases), ["b"], "what is in Redis waits");
    for lease in leases {
        assert_eq!(place.outbox.settle(lease, vec![Settlement::Delivered]).await.unwrap().delivered, 1);
    }
    drop(place.append("c").await.unwrap());
    // The gauge says what was there when it was seen last, and what is in the file.
    assert_eq!(place.outbox.depth().await.unwrap().pending_events, 1);
    place.server.restart_with(&["--appendonly", "yes", "--appendfsync", "always"]).await;
    eventually("Redis takes events again", async || {
        drop(place.append("d").await.unwrap());
        place.outbox.remark().is_none()
    })
    .await;
    let (mut left, mut found) = (place.outbox.depth().await.unwrap().pending_events, Vec::new());
    assert!(left >= 3);
    while left > 0 {
        for lease in place.lease(1).await {
            found.extend(ids(&lease));
            let outcomes = vec![Settlement::Delivered; lease.count()];
            left -= place.outbox.settle(lease, outcomes).await.unwrap().delivered;
        }
    }
    assert!(["a", "c", "d"].iter().all(|id| found.iter().any(|found| found == id)), "{found:?}");
    assert_eq!(place.outbox.depth().await.unwrap(), Depth::default());
}

#[tokio::test]
async fn a_redis_that_has_been_away_for_a_while_keeps_no_caller_waiting() {
    let mut place = Place::new(OnUnavailable::Spill).await;
    let patience = place.server.config().command_timeout * 2;
    drop(place.append("a").await.unwrap());
    let crash = Instant::now();
    place.server.crash();
    // This one hopes for a failover.
    drop(place.append("b").await.unwrap());
    assert!(crash.elapsed() >= patience, "{:?}", crash.elapsed());
    let next = Instant::now();
    for id in ["c", "d", "e", "f"] {
        drop(place.append(id).await.unwrap());
    }
    assert!(next.elapsed() < patience, "{:?}", next.elapsed());
    assert_eq!(place.spilled(), 5);
}

#[tokio::test]
async fn refused_means_that_nothing_new_goes_into_the_file_and_what_is_in_it_is_sent() {
    let mut place = Place::with_events_in_file(OnUnavailable::Refuse, &["before"]).await;
    assert!(place.outbox.health().is_ok() && place.outbox.remark().is_none());
    place.server.crash();
    assert!(matches!(place.append("a").await, Err(OutboxError::Away(_))));
    assert_eq!((place.in_file(), place.spilled()), (1, 0));
    let trouble = place.outbox.health().unwrap_err();
    assert_eq!(trouble.as_str(), "redis");
    assert_eq!(all_ids(&place.lease(10).await), ["before"]);
}

#[tokio::test]
async fn while_redis_is_away_the_gateway_is_ready_and_says_why_it_should_not_be_for_long() {
    let mut place = Place::new(OnUnavailable::Spill).await;
    place.server.crash();
    drop(place.append("a").await.unwrap());
    assert!(place.outbox.health().is_ok());
    let (what, text) = place.outbox.remark().unwrap();
    assert!(what == "redis" && text.contains("kept in the file of this machine"), "{text}");
}

#[tokio::test]
async fn what_an_embedded_outbox_left_is_sent_from_the_file_and_new_events_go_to_redis() {
    let place = Place::with_events_in_file(OnUnavailable::Spill, &["a", "b"]).await;
    drop(place.append("c").await.unwrap());
    assert_eq!(place.in_file(), 2);
    assert_eq!(place.outbox.depth().await.unwrap().pending_events, 3);
    let pending = place.outbox.pending_by_dataset().await.unwrap();
    assert_eq!(pending, [("shop".into(), "1".into(), 3)]);
    let mut found = all_ids(&place.lease(10).await);
    found.extend(all_ids(&place.lease(10).await));
    found.sort();
    assert_eq!(found, ["a", "b", "c"]);
    assert!(place.lease(10).await.is_empty());
}

#[tokio::test]
async fn neither_backlog_holds_up_the_other() {
    let place = Place::with_events_in_file(OnUnavailable::Spill, &["f1", "f2", "f3", "f4"]).await;
    for id in ["r1", "r2", "r3", "r4"] {
        drop(place.append(id).await.unwrap());
    }
    let mut first_four = Vec::new();
    for _ in 0..4 {
        first_four.extend(all_ids(&place.lease(1).await));
    }
    first_four.sort();
    assert_eq!(first_four, ["f1", "f2", "r1", "r2"]);
}

#[tokio::test]
async fn more_is_said_where_the_other_one_has_work_too() {
    let place = Place::with_events_in_file(OnUnavailable::Spill, &["f"]).await;
    drop(place.append("r").await.unwrap());
    let request = |max_events| LeaseRequest {
        dataset: "1".into(),
        max_events,
        max_bytes: 10_000_000,
        now_ms: NOW_MS,
        until_ms: UNTIL_MS,
    };
    assert!(place.outbox.lease(request(10)).await.unwrap().more);
    assert!(!place.outbox.lease(request(10)).await.unwrap().more);
    assert!(place.outbox.lease(request(10)).await.unwrap().leases.is_empty());
}

#[tokio::test]
async fn each_lease_is_settled_where_its_group_is_though_rows_have_the_same_number() {
    let place = Place::with_events_in_file(OnUnavailable::Spill, &["f1", "f2"]).await;
    for id in ["r1", "r2"] {
        drop(place.append(id).await.unwrap());
    }
    let mut leases = place.lease(10).await;
    leases.extend(place.lease(10).await);
    assert_eq!(leases.len(), 4);
    let refused = Settlement::Quarantine(crate::outbox::QuarantineReason::Unreadable);
    let outcome = |lease: &Lease| match &*ids(lease)[0] {
        "f1" => Settlement::Delivered,
        "r1" => refused.clone(),
        "f2" => Settlement::Expired,
        _ => Settlement::Retry { not_before_ms: 0, attempted: true },
    };
    // Of both by turns: each answer is that of its question.
    leases.sort_by_key(|lease| ids(lease)[0].split_off(1));
    let expected: Vec<Settled> = leases
        .iter()
        .map(|lease| match outcome(lease) {
            Settlement::Delivered => Settled { delivered: 1, ..Settled::default() },
            Settlement::Quarantine(_) => Settled { quarantined: 1, ..Settled::default() },
            Settlement::Expired => Settled { expired: 1, ..Settled::default() },
            _ => Settled { retried: 1, ..Settled::default() },
        })
        .collect();
    let questions = leases.into_iter().map(|lease| (outcome(&lease), lease)).map(|(outcome, lease)| (lease, vec![outcome]));
    let settled = place.outbox.settle_all(questions.collect()).await;
    assert_eq!(settled.into_iter().map(Result::unwrap).collect::<Vec<_>>(), expected);
    assert_eq!(place.in_file(), 0);
    let depth = place.outbox.depth().await.unwrap();
    assert_eq!((depth.pending_events, depth.quarantined_events), (1, 1));
    assert_eq!(all_ids(&place.lease(10).await), ["r2"]);
}

#[tokio::test]
async fn o8_a_purge_reaches_both() {
    let place = Place::with_events_in_file(OnUnavailable::Spill, &["a", "b"]).await;
    for id in ["a", "c"] {
        drop(place.append(id).await.unwrap());
    }
    let filter = EventFilter { event_id: Some("a".to_owned()), ..EventFilter::default() };
    let selector = PurgeSelector::Matching(filter);
    let would = place.outbox.would_purge(selector.clone()).await.unwrap();
    let purged = place.outbox.purge(selector).await.unwrap();
    assert_eq!((would.waiting_events(), purged.waiting_events()), (2, 2));
    assert_eq!(place.outbox.depth().await.unwrap().pending_events, 2);
}

#[tokio::test]
async fn o8_a_purge_that_cannot_reach_redis_says_so_and_counts_what_it_did() {
    let mut place = Place::with_events_in_file(OnUnavailable::Spill, &["a"]).await;
    drop(place.append("a").await.unwrap());
    place.server.crash();
    let filter = EventFilter { event_id: Some("a".to_owned()), ..EventFilter::default() };
    let selector = PurgeSelector::Matching(filter);
    let purged = place.outbox.purge(selector.clone()).await.unwrap();
    assert!(purged.waiting_events() == 1 && purged.broke_off.is_some(), "{purged:?}");
    assert!(matches!(place.outbox.purge(selector).await, Err(OutboxError::Away(_))));
}

#[tokio::test]
async fn c6_a_server_without_room_is_no_reason_to_spill() {
    let mut bench = Bench::spilling(4_000).await;
    while bench.outbox.append(append("shop", "1", &["a"], 1)).await.is_ok() {}
    assert!(matches!(bench.outbox.append(append("shop", "1", &["a"], 1)).await, Err(OutboxError::Full)));
    assert_eq!(bench.outbox.events_in_file(), Some(0));
    bench.crash().await;
    assert!(bench.depth().await.pending_events > 0);
}
