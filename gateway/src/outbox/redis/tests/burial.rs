//! What becomes of what a dead gateway had in hand, and of its name.

use super::{Place, deliver, keep, lease, look, names, redis_of};
use crate::outbox::Settlement;
use crate::outbox::bench::gateway_name;
use crate::outbox::samples::append;

async fn consumers(place: &Place) -> String {
    let known: redis::Value = place.run("XINFO CONSUMERS :queue gateways").await;
    format!("{known:?}").replace(|c: char| !c.is_ascii_alphanumeric(), "")
}

#[tokio::test]
async fn c3_a_gateway_is_forgotten_only_once_it_has_nothing() {
    let place = Place::new().await;
    let [first, second] = [place.gateway(1).await, place.gateway(2).await];
    keep(&first, "1", &["a"]).await;
    let held = lease(&first, 2_000).await;
    redis_of(&first).leave().await.unwrap();
    assert_eq!(names(&lease(&second, 3_000).await), ["a"], "what it held stays claimable");
    redis_of(&first).leave().await.unwrap();
    drop(held);
    assert_eq!(redis_of(&second).bury(&gateway_name(1)).await.unwrap(), []);
    assert!(lease(&second, 3_500).await.is_empty(), "the living keep what is theirs");
    let pending: Vec<redis::Value> = place.run("XPENDING :queue gateways").await;
    assert_eq!(pending.first(), Some(&redis::Value::Int(1)));
    let known = consumers(&place).await;
    assert!(!known.contains(&format!("{:?}", b"gateway1").replace(|c: char| !c.is_ascii_digit(), "")), "{known}");
}

#[tokio::test]
async fn c3_two_that_bury_at_once_count_one_death() {
    let place = Place::new().await;
    let [first, second, third] = [place.gateway(1).await, place.gateway(2).await, place.gateway(3).await];
    for number in 0..20 {
        keep(&first, "1", &[&format!("e{number}")]).await;
    }
    assert_eq!(lease(&first, 2_000).await.len(), 20);
    let dead = gateway_name(1);
    let (one, other) = tokio::join!(redis_of(&second).bury(&dead), redis_of(&third).bury(&dead));
    assert_eq!((one.unwrap(), other.unwrap()), (vec![], vec![]));
    let heads: Vec<String> = place.run("HVALS :heads").await;
    assert!(heads.iter().all(|head| head.ends_with(" 0 1 {}")), "{heads:?}");
    assert_eq!(lease(&second, 2_000).await.len(), 20);
}

#[tokio::test]
async fn c11_five_thousand_groups_in_a_dead_hand_all_come_back_and_the_slow_at_the_front_hold_up_nobody() {
    const GROUPS: usize = 5_000;
    let place = Place::new().await;
    let [slow, dead, living] = [place.gateway(1).await, place.gateway(2).await, place.gateway(3).await];
    let tasks = tokio_util::task::TaskTracker::new();
    let kept: Vec<_> = (0..GROUPS)
        .map(|number| {
            // Sites of their own, so that each is a group of its own.
            let (outbox, append) = (dead.clone(), append(&format!("shop{number}"), "1", &["a"], 1_000));
            tasks.spawn(async move { outbox.append(append).await.unwrap().events() })
        })
        .collect();
    for one in kept {
        assert_eq!(one.await.unwrap(), 1);
    }
    // The oldest are in hand for long.
    let held = look(&slow, "1", 500, 2_000).await.leases;
    assert_eq!(held.len(), 500);
    let mut taken = 0;
    while taken < GROUPS - 500 {
        let found = lease(&dead, 2_000).await.len();
        assert!(found > 100, "{found} in one look");
        taken += found;
    }
    assert!(lease(&living, 2_500).await.is_empty());
    redis_of(&living).bury(&gateway_name(2)).await.unwrap();
    let mut sent = 0_u64;
    while sent < GROUPS as u64 - 500 {
        let found = lease(&living, 2_500).await;
        assert!(!found.is_empty(), "{sent} sent");
        sent += deliver(&living, found).await;
    }
    assert_eq!(deliver(&slow, held).await, 500);
    assert_eq!(place.number("XLEN :queue").await, 0);
}

#[tokio::test]
async fn b14_there_is_one_suspect_in_hand_over_all_gateways_and_datasets() {
    let place = Place::new().await;
    let mut outbox = place.gateway(1).await;
    keep(&outbox, "1", &["a"]).await;
    keep(&outbox, "2", &["b"]).await;
    for number in 2..5 {
        assert_eq!(look(&outbox, "1", 10, 2_000).await.leases.len(), 1);
        assert_eq!(look(&outbox, "2", 10, 2_000).await.leases.len(), 1);
        outbox = place.gateway(number).await;
        assert_eq!(redis_of(&outbox).bury(&gateway_name(number - 1)).await.unwrap(), []);
    }
    let other = place.gateway(9).await;
    let first = lease(&outbox, 2_000).await.remove(0);
    assert!(look(&other, "2", 10, 2_000).await.leases.is_empty());
    assert_eq!(other.next_due_ms("2", 2_000).await.unwrap(), Some(3_000));
    // Settled in part it is still the one.
    keep(&other, "2", &["c"]).await;
    assert_eq!(names(&look(&other, "2", 10, 2_000).await.leases), ["c"]);
    let kept = outbox.settle(first, vec![Settlement::Retry { not_before_ms: 2_000, attempted: true }]).await.unwrap();
    assert_eq!(kept.retried, 1);
    assert_eq!(names(&look(&other, "2", 10, 2_000).await.leases), ["b"]);
    // Its holder dies, as the only one that had anything: the culprit is found.
    let third = place.gateway(10).await;
    assert_eq!(names(&lease(&third, 2_000).await), ["a"], "a group that was sent without harm is no suspect");
    redis_of(&third).bury(&gateway_name(9)).await.unwrap();
    assert_eq!(third.depth().await.unwrap().quarantined_events, 1);
}
