//! Several gateways on one outbox: nobody gets what another one has, and nobody settles it.

use std::collections::HashSet;

use super::{Place, deliver, keep, lease, look, names, sealed};
use crate::outbox::samples::append;
use crate::outbox::{Settled, Settlement};

#[tokio::test]
async fn o2_gateways_that_look_at_once_get_each_group_once() {
    let place = Place::new().await;
    let [first, second] = [place.gateway(1).await, place.gateway(2).await];
    for number in 0..60 {
        let outbox = if number % 2 == 0 { &first } else { &second };
        keep(outbox, "1", &[&format!("e{number}")]).await;
    }
    let mut seen = HashSet::new();
    loop {
        let (ours, theirs) = tokio::join!(look(&first, "1", 3, 2_000), look(&second, "1", 3, 2_000));
        let both: Vec<String> = [names(&ours.leases), names(&theirs.leases)].concat();
        if both.is_empty() {
            break;
        }
        for name in both {
            assert!(seen.insert(name.clone()), "{name} twice");
        }
    }
    assert_eq!(seen.len(), 60);
    assert_eq!(first.depth().await.unwrap(), second.depth().await.unwrap());
    assert_eq!(second.next_due_ms("1", 2_000).await.unwrap(), Some(3_000));
}

#[tokio::test]
async fn o4_nobody_settles_what_another_gateway_took_over() {
    let place = Place::new().await;
    let [first, second] = [place.gateway(1).await, place.gateway(2).await];
    keep(&first, "1", &["a"]).await;
    let slow = lease(&first, 2_000).await;
    assert!(lease(&second, 2_999).await.is_empty());
    let taken = lease(&second, 3_000).await;
    assert_eq!(deliver(&first, slow).await, 0);
    assert_eq!(deliver(&second, taken).await, 1);
    assert_eq!(first.depth().await.unwrap().pending_events, 0);
}

#[tokio::test]
async fn what_is_given_back_keeps_its_order() {
    let place = Place::new().await;
    let outbox = place.gateway(1).await;
    let sent: Vec<String> = (0..12).map(|number| format!("e{number}")).collect();
    for name in &sent {
        keep(&outbox, "1", &[name]).await;
    }
    for lease in lease(&outbox, 2_000).await.into_iter().rev() {
        outbox.release(lease).await.unwrap();
    }
    let first = look(&outbox, "1", 3, 2_000).await;
    assert_eq!((names(&first.leases), first.more), (sent[..3].to_vec(), true));
    assert_eq!(names(&lease(&outbox, 2_000).await), sent[3..]);
}

#[tokio::test]
async fn c4_nothing_but_counters_and_policies_is_left_after_delivery() {
    let place = Place::new().await;
    let outbox = place.gateway_with(1, sealed(1, &[])).await;
    for number in 0..30 {
        keep(&outbox, "1", &[&format!("e{number}"), "second"]).await;
    }
    let retried = lease(&outbox, 2_000)
        .await
        .into_iter()
        .map(|lease| (lease, vec![Settlement::Retry { not_before_ms: 2_500, attempted: true }, Settlement::Delivered]));
    assert!(outbox.settle_all(retried.collect()).await.iter().all(Result::is_ok));
    assert_eq!(place.number("XLEN :queue").await, 30);
    assert_eq!(deliver(&outbox, lease(&outbox, 2_500).await).await, 30);
    let mut left: Vec<String> = place.run("KEYS *").await;
    left.retain(|key| !key.contains(":answer:"));
    left.sort();
    assert_eq!(left, ["{portcullis:1}:policies", "{portcullis:1}:queue", "{portcullis:1}:tally", "{portcullis}:datasets"]);
    assert_eq!(place.number("XLEN :queue").await, 0);
    let pending: Vec<redis::Value> = place.run("XPENDING :queue gateways").await;
    assert_eq!(pending.first(), Some(&redis::Value::Int(0)));
    let mut tally: Vec<String> = place.run("HKEYS :tally").await;
    tally.sort();
    assert_eq!((tally, place.run::<u64>("HGET :tally cost").await), (vec!["cost".to_owned(), "last".to_owned()], 0));
    for answer in place.run::<Vec<String>>("KEYS *:answer:*").await {
        assert!(place.number(&format!("TTL {answer}")).await <= 120, "it goes by itself");
    }
}

#[tokio::test]
async fn c1_after_the_server_was_emptied_delivery_goes_on() {
    let place = Place::new().await;
    let outbox = place.gateway(1).await;
    keep(&outbox, "1", &["a"]).await;
    let before = lease(&outbox, 2_000).await;
    place.run::<()>("FLUSHALL").await;
    assert_eq!(deliver(&outbox, before).await, 0, "what is gone cannot be settled");
    assert!(lease(&outbox, 2_000).await.is_empty());
    assert_eq!(outbox.next_due_ms("1", 2_000).await.unwrap(), None);
    keep(&outbox, "1", &["b"]).await;
    assert_eq!(place.number("SISMEMBER {portcullis}:datasets 1").await, 1);
    assert_eq!(outbox.depth().await.unwrap().pending_events, 1);
    assert_eq!(deliver(&outbox, lease(&outbox, 2_000).await).await, 1);
}

#[tokio::test]
async fn c1_a_consumer_group_that_was_deleted_is_made_again() {
    let place = Place::new().await;
    let outbox = place.gateway(1).await;
    keep(&outbox, "1", &["a"]).await;
    let lost = lease(&outbox, 2_000).await;
    keep(&outbox, "1", &["b"]).await;
    place.run::<u64>("XGROUP DESTROY :queue gateways").await;
    assert_eq!(deliver(&outbox, lost).await, 0, "nobody knows any more that it is ours");
    assert_eq!(names(&lease(&outbox, 2_000).await), ["b"], "what was never in hand is not held up");
    let rest = lease(&outbox, 3_000).await;
    assert_eq!(names(&rest), ["a", "b"]);
    assert_eq!(deliver(&outbox, rest).await, 2);
}

#[tokio::test]
async fn what_another_key_sealed_is_left_to_a_gateway_that_has_it() {
    let place = Place::new().await;
    let [old, new] = [place.gateway_with(1, sealed(1, &[])).await, place.gateway_with(2, sealed(2, &[])).await];
    keep(&old, "1", &["a", "b"]).await;
    keep(&new, "1", &["c"]).await;
    assert_eq!(names(&lease(&new, 2_000).await), ["c"]);
    assert_eq!(new.next_due_ms("1", 2_000).await.unwrap(), Some(3_000), "only its own lease is waited for");
    assert_eq!(names(&lease(&old, 2_000).await), ["a", "b"]);
    assert_eq!(old.depth().await.unwrap().quarantined_events, 0);
    let both = place.gateway_with(3, sealed(2, &[1])).await;
    assert_eq!(names(&lease(&both, 3_000).await), ["a", "b", "c"]);
}

#[tokio::test]
async fn p2_what_rests_sealed_holds_no_event_in_the_clear() {
    let place = Place::new().await;
    let outbox = place.gateway_with(1, sealed(1, &[])).await;
    keep(&outbox, "1", &["canary-a", "canary-b", "canary-c"]).await;
    let lease = lease(&outbox, 2_000).await.remove(0);
    let refused = Settlement::Quarantine(crate::outbox::QuarantineReason::Refused {
        code: 100,
        subcode: 1,
        message: Some("canary-message".into()),
    });
    let retry = Settlement::Retry { not_before_ms: 0, attempted: true };
    let settled = outbox.settle(lease, vec![Settlement::Delivered, refused, retry]).await.unwrap();
    assert_eq!(settled, Settled { delivered: 1, quarantined: 1, retried: 1, ..Settled::default() });
    for everything in ["HVALS :heads", "HVALS :bodies", "HVALS :policies"] {
        let values: Vec<Vec<u8>> = place.run(everything).await;
        assert!(!values.concat().windows(6).any(|window| window == b"canary"), "{everything}");
    }
    let aside: redis::Value = place.run("HVALS :asides").await;
    assert!(!format!("{aside:?}").contains("canary"));
    assert_eq!(names(&super::lease(&outbox, 2_000).await), ["canary-c"]);
}

#[tokio::test]
async fn policies_are_kept_as_long_as_a_group_refers_to_them() {
    let place = Place::new().await;
    let outbox = place.gateway(1).await;
    place.run::<u64>("HSET :policies 00ff text").await;
    keep(&outbox, "1", &["a"]).await;
    let digest = crate::outbox::samples::RETAIL.digest().to_string();
    assert_eq!(place.run::<Vec<String>>("HKEYS :policies").await, [digest]);
    let stored = lease(&outbox, 2_000).await.remove(0);
    assert_eq!(stored.policy.digest(), crate::outbox::samples::RETAIL.digest());
}

#[tokio::test]
async fn what_came_for_many_datasets_at_once_is_found_in_each() {
    let place = Place::new().await;
    let outbox = place.gateway(1).await;
    let mut kept = Vec::new();
    for dataset in 0..20 {
        kept.push((outbox.clone(), append("shop", &dataset.to_string(), &["a"], 1_000)));
    }
    let tasks = tokio_util::task::TaskTracker::new();
    let kept: Vec<_> = kept
        .into_iter()
        .map(|(outbox, append)| tasks.spawn(async move { outbox.append(append).await.unwrap().events() }))
        .collect();
    for one in kept {
        assert_eq!(one.await.unwrap(), 1);
    }
    assert_eq!(outbox.pending_by_dataset().await.unwrap().len(), 20);
    assert_eq!(names(&look(&outbox, "7", 10, 2_000).await.leases), ["a"]);
}
