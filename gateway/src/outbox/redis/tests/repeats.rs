//! Calls whose answer is lost or that nobody waits for: they do their work once, and nothing of it stays in nobody's hand (C12).

use std::sync::Arc;
use std::time::Duration;

use futures_like::poll_times;

use super::super::scripts::{APPEND, SETTLE};
use super::{Place, deliver, keep, lease, names, pause, redis_of};
use crate::outbox::Settlement;
use crate::outbox::samples::append;

/// Drops a future after it was polled so often.
mod futures_like {
    use std::future::Future;
    use std::pin::pin;
    use std::task::Poll;

    pub(super) async fn poll_times<T>(times: usize, future: impl Future<Output = T>) -> Option<T> {
        let mut future = pin!(future);
        let mut polled = 0;
        std::future::poll_fn(|context| {
            if polled == times {
                return Poll::Ready(None);
            }
            polled += 1;
            future.as_mut().poll(context).map(Some)
        })
        .await
    }
}

#[tokio::test]
async fn c12_an_append_that_is_asked_for_again_is_kept_once() {
    let place = Place::new().await;
    let outbox = place.gateway(1).await;
    let core = &redis_of(&outbox).core;
    let head = format!("1 shop {} 1 1 1 1 0 - 0 0 {{}}", crate::outbox::samples::RETAIL.digest());
    for token in ["first", "first", "second", "first"] {
        let call = core.of("1").call_once(token).with(1_000_000).with(600).with(0).with(0).with(0).with(0).with(0);
        let mut answer = core.ask(&APPEND, &call.with(1).with(&head).with("x")).await.unwrap();
        let last_row = (answer.text().unwrap(), answer.number::<u64>().unwrap(), answer.number::<u64>().unwrap()).2;
        assert_eq!(last_row, u64::from(token == "second"));
    }
    assert_eq!((place.number("XLEN :queue").await, place.number("HLEN :bodies").await), (2, 2));
}

#[tokio::test]
async fn c12_a_settling_that_is_asked_for_again_is_counted_once() {
    let place = Place::new().await;
    let outbox = place.gateway(1).await;
    keep(&outbox, "1", &["a"]).await;
    let lease = lease(&outbox, 2_000).await.remove(0);
    let core = &redis_of(&outbox).core;
    for (token, says) in [("first", "1"), ("first", "1"), ("second", "0")] {
        let call =
            core.of("1").call_once(token).with("gateway1").with(2_000).with(1).with(lease.id.row).with(lease.id.serial);
        let mut answer = core.ask(&SETTLE, &call.with("*").with("").with(0)).await.unwrap();
        assert_eq!(answer.text().unwrap(), says, "{token}");
    }
    assert_eq!(outbox.depth().await.unwrap().pending_events, 0);
}

#[tokio::test]
async fn c12_b12_a_look_that_nobody_waits_for_leaves_nothing_in_nobodys_hand() {
    let place = Place::new().await;
    let outbox = place.gateway(1).await;
    keep(&outbox, "1", &["a"]).await;
    keep(&outbox, "1", &["b"]).await;
    for times in 0..12 {
        // At each point where it waits, and some time later, when Redis has done its work or not.
        if let Some(leases) = poll_times(times, lease(&outbox, 2_000)).await {
            for lease in leases {
                outbox.release(lease).await.unwrap();
            }
        }
        pause().await;
        let mut found = lease(&outbox, 2_000).await;
        assert_eq!(names(&found), ["a", "b"], "{times}");
        outbox.release(found.remove(0)).await.unwrap();
        outbox.release(found.remove(0)).await.unwrap();
    }
}

#[tokio::test]
async fn c12_b12_an_append_that_nobody_waits_for_is_kept_once_or_not_at_all() {
    let place = Place::new().await;
    let outbox = place.gateway(1).await;
    for times in 0..8 {
        let name = format!("e{times}");
        drop(poll_times(times, outbox.append(append("shop", "1", &[&name], 1_000))).await);
        keep(&outbox, "1", &["last"]).await;
        let mut found = names(&lease(&outbox, 2_000).await);
        found.retain(|found| *found == name);
        assert!(found.len() <= 1, "{times}");
    }
}

#[tokio::test]
async fn c12_b12_a_settling_that_nobody_waits_for_is_done_or_the_group_comes_back() {
    let place = Place::new().await;
    let outbox = place.gateway(1).await;
    for times in 0..8 {
        keep(&outbox, "1", &["a"]).await;
        let leases = lease(&outbox, 2_000).await;
        assert_eq!(leases.len(), 1);
        let settled = poll_times(times, deliver(&outbox, leases)).await;
        pause().await;
        let back = lease(&outbox, 3_000).await;
        assert_eq!(back.len() as u64, outbox.depth().await.unwrap().pending_events);
        assert!(settled.is_none() || back.is_empty());
        deliver(&outbox, back).await;
    }
    assert_eq!(place.number("HLEN :heads").await, 0);
}

#[tokio::test]
async fn c13_a_stop_does_not_wait_for_a_redis_that_is_silent() {
    let place = Place::new().await;
    let outbox = place.gateway(1).await;
    keep(&outbox, "1", &["a"]).await;
    place.run::<()>("CLIENT PAUSE 60000 ALL").await;
    let tasks = tokio_util::task::TaskTracker::new();
    let asking = Arc::new(outbox.clone());
    let asked = tasks.spawn(async move { asking.append(append("shop", "1", &["b"], 1_000)).await.is_ok() });
    pause().await;
    tokio::time::timeout(Duration::from_secs(12), outbox.close()).await.expect("the stop must not wait for Redis");
    assert!(!asked.await.unwrap(), "what was not answered was not accepted");
    assert!(outbox.append(append("shop", "1", &["c"], 1_000)).await.is_err());
}

#[tokio::test]
async fn c12_what_was_parted_and_not_answered_comes_back_once() {
    let place = Place::new().await;
    let outbox = place.gateway(1).await;
    keep(&outbox, "1", &["a", "b", "c"]).await;
    let lease = lease(&outbox, 2_000).await.remove(0);
    let parts = vec![Some(Settlement::Delivered), None, None];
    drop(poll_times(2, outbox.settle_part(lease, parts, 2_500)).await);
    pause().await;
    let back = super::lease(&outbox, 3_000).await;
    assert!([vec!["b", "c"], vec!["a", "b", "c"]].contains(&names(&back).iter().map(String::as_str).collect()));
    assert_eq!(outbox.depth().await.unwrap().pending_events, names(&back).len() as u64);
}
