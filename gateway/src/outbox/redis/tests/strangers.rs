//! Groups that cannot be read, and a Redis in which somebody else has written or deleted: neighbours are sent, nothing is lost
//! that is still there, and the look for work stays calm.

use super::{Place, deliver, keep, lease, look, names, redis_of, sealed};
use crate::outbox::AnyOutbox;

/// Three groups: a, b, c.
async fn three(place: &Place) -> AnyOutbox {
    let outbox = place.gateway(1).await;
    for name in ["a", "b", "c"] {
        keep(&outbox, "1", &[name]).await;
    }
    outbox
}

#[tokio::test]
async fn o5_b13_a_group_that_cannot_be_read_goes_to_quarantine_and_harms_no_neighbour() {
    for damage in ["HSET :heads 2 garbage", "HDEL :bodies 2", "HSET :bodies 2 one\ntwo", "HDEL :heads 2"] {
        let place = Place::new().await;
        let outbox = three(&place).await;
        place.run::<u64>(damage).await;
        let found = look(&outbox, "1", 100, 2_000).await;
        assert_eq!((names(&found.leases), found.quarantined), (vec!["a".to_owned(), "c".to_owned()], 1), "{damage}");
        assert_eq!(deliver(&outbox, found.leases).await, 2);
        let depth = outbox.depth().await.unwrap();
        assert_eq!(depth.quarantined_events, 1, "{damage}");
        assert_eq!((place.number("XLEN :queue").await, place.number("XLEN :quarantine").await), (0, 1), "{damage}");
        assert_eq!(outbox.next_due_ms("1", 2_000).await.unwrap(), None, "{damage}");
    }
}

#[tokio::test]
async fn o5_a_sealed_group_that_was_changed_or_moved_goes_to_quarantine() {
    let place = Place::new().await;
    let outbox = place.gateway_with(1, sealed(1, &[])).await;
    for name in ["a", "b", "c"] {
        keep(&outbox, "1", &[name]).await;
    }
    let of_another: Vec<u8> = place.run("HGET :bodies 3").await;
    redis::cmd("HSET")
        .arg("{portcullis:1}:bodies")
        .arg(2)
        .arg(of_another)
        .query_async::<u64>(&mut place.by_hand.clone())
        .await
        .unwrap();
    let found = look(&outbox, "1", 100, 2_000).await;
    assert_eq!((names(&found.leases), found.quarantined), (vec!["a".to_owned(), "c".to_owned()], 1));
}

#[tokio::test]
async fn o5_an_entry_that_no_gateway_made_is_taken_out_and_what_comes_after_it_is_sent() {
    let place = Place::new().await;
    let outbox = three(&place).await;
    place.run::<String>("XADD :queue * some thing").await;
    keep(&outbox, "1", &["d"]).await;
    place.run::<String>("XADD :queue * some thing").await;
    let found = lease(&outbox, 2_000).await;
    assert_eq!(names(&found), ["a", "b", "c", "d"]);
    assert_eq!(deliver(&outbox, found).await, 4);
    assert!(lease(&outbox, 2_000).await.is_empty());
    assert_eq!(place.number("XLEN :queue").await, 0);
    assert_eq!(outbox.next_due_ms("1", 2_000).await.unwrap(), None);
}

#[tokio::test]
async fn c2_an_entry_that_a_stranger_deleted_in_hand_comes_again() {
    let place = Place::new().await;
    let outbox = three(&place).await;
    let first = look(&outbox, "1", 1, 2_000).await.leases;
    assert_eq!(place.number("XDEL :queue 1-0").await, 1);
    assert_eq!(deliver(&outbox, first).await, 1, "its holder has it still");
    let second = look(&outbox, "1", 1, 2_000).await.leases;
    assert_eq!(place.number("XDEL :queue 2-0").await, 1);
    drop(second);
    let mut sent = Vec::new();
    for _ in 0..4 {
        let found = lease(&outbox, 3_000).await;
        sent.extend(names(&found));
        deliver(&outbox, found).await;
    }
    sent.sort();
    assert_eq!(sent, ["b", "c"]);
    assert_eq!(outbox.depth().await.unwrap().pending_events, 0);
    assert_eq!(place.number("HLEN :heads").await, 0);
}

#[tokio::test]
async fn c2_entries_that_were_deleted_before_anybody_had_them_are_put_in_again() {
    for damage in ["XDEL :queue 2-0", "XTRIM :queue MAXLEN 0", "DEL :queue"] {
        let place = Place::new().await;
        let outbox = three(&place).await;
        assert!(place.number(damage).await > 0);
        let mut sent = Vec::new();
        for _ in 0..4 {
            let found = lease(&outbox, 2_000).await;
            sent.extend(names(&found));
            deliver(&outbox, found).await;
        }
        sent.sort();
        assert_eq!(sent, ["a", "b", "c"], "{damage}");
        assert_eq!(outbox.next_due_ms("1", 2_000).await.unwrap(), None, "{damage}");
        assert_eq!(place.number("HLEN :heads").await, 0, "{damage}");
    }
}

#[tokio::test]
async fn c2_names_that_no_gateway_gives_beside_our_groups_hold_up_nobody() {
    for damage in [
        "HSET :heads stray x",
        "HSET :heads 5.5 x",
        "HSET :heads 99999999999999999999 x",
        "ZADD :due 0 stray",
        "ZADD :due 0 99999999999999999999",
        "HSET :condemned stray x",
    ] {
        let place = Place::new().await;
        let outbox = three(&place).await;
        place.run::<u64>(damage).await;
        assert_eq!(outbox.next_due_ms("1", 2_000).await.unwrap(), Some(2_000), "{damage}");
        for _ in 0..3 {
            let found = lease(&outbox, 2_000).await;
            deliver(&outbox, found).await;
        }
        assert_eq!(outbox.depth().await.unwrap().pending_events, 0, "{damage}");
        assert_eq!(outbox.next_due_ms("1", 2_000).await.unwrap(), None, "{damage}");
    }
}

#[tokio::test]
async fn a7_a_planted_body_that_is_too_long_is_not_read() {
    let place = Place::new().await;
    let outbox = three(&place).await;
    redis::cmd("HSET")
        .arg("{portcullis:1}:bodies")
        .arg(2)
        .arg(vec![b'x'; 2_000_000])
        .query_async::<u64>(&mut place.by_hand.clone())
        .await
        .unwrap();
    let found = look(&outbox, "1", 100, 2_000).await;
    assert_eq!((names(&found.leases), found.quarantined), (vec!["a".to_owned(), "c".to_owned()], 1));
}

#[tokio::test]
async fn p2_no_error_names_a_key_or_a_value() {
    let place = Place::new().await;
    let outbox = three(&place).await;
    place.run::<()>("SET :due canary-value").await;
    let error = redis_of(&outbox).next_due_ms("1", 2_000).await.unwrap_err().to_string();
    assert!(!error.contains("canary") && !error.contains("portcullis:1"), "{error}");
    assert!(outbox.health().is_err());
}
