//! The cap counts over all datasets, and a server without memory is full: what waits is sent all the same.

use super::{Place, deliver, keep, lease, names};
use crate::outbox::samples::append;
use crate::outbox::{OutboxError, Settings, Trouble};

#[tokio::test]
async fn c5_the_cap_counts_over_all_datasets_and_nothing_is_ever_trimmed() {
    let place = Place::new().await;
    let outbox = place.gateway_with(1, Settings::plain(20_000)).await;
    let mut kept = 0;
    loop {
        match outbox.append(append("shop", &(kept % 3).to_string(), &["a"], 1)).await {
            Ok(_) => kept += 1,
            Err(error) => {
                assert!(matches!(error, OutboxError::Full), "{error}");
                break;
            }
        }
    }
    let depth = outbox.depth().await.unwrap();
    assert!(kept > 9 && depth.bytes <= 20_000, "{kept}");
    assert_eq!(depth.pending_events, kept);
    // Another gateway, which has kept nothing yet, counts what the others did.
    let other = place.gateway_with(2, Settings::plain(20_000)).await;
    assert!(matches!(other.append(append("shop", "7", &["a"], 1)).await, Err(OutboxError::Full)));
    assert!(deliver(&other, lease(&other, 2_000).await).await > 0);
    assert_eq!(other.append(append("shop", "1", &["b"], 1)).await.unwrap().events(), 1);
}

#[tokio::test]
async fn o7_of_requests_that_come_together_those_that_fit_are_kept() {
    let place = Place::new().await;
    let outbox = place.gateway_with(1, Settings::plain(12_000)).await;
    let tasks = tokio_util::task::TaskTracker::new();
    let all: Vec<_> = (0..60)
        .map(|number| {
            let (outbox, append) = (outbox.clone(), append("shop", "1", &[&format!("e{number}")], 1));
            tasks.spawn(async move { outbox.append(append).await.is_ok() })
        })
        .collect();
    let mut kept = 0;
    for one in all {
        kept += u64::from(one.await.unwrap());
    }
    let depth = outbox.depth().await.unwrap();
    assert!(kept > 3 && kept < 60 && depth.bytes <= 12_000, "{kept}");
    assert_eq!(depth.pending_events, kept);
}

#[tokio::test]
async fn c6_a_server_without_memory_takes_nothing_and_gives_everything() {
    let place = Place::new().await;
    let outbox = place.gateway(1).await;
    keep(&outbox, "1", &["a", "b"]).await;
    place.run::<()>("CONFIG SET maxmemory 1000").await;
    assert!(matches!(outbox.append(append("shop", "1", &["c"], 1)).await, Err(OutboxError::Full)));
    assert_eq!(outbox.health(), Err(Trouble::Full));
    assert_eq!(outbox.next_due_ms("1", 2_000).await.unwrap(), Some(2_000));
    let leases = lease(&outbox, 2_000).await;
    assert_eq!(names(&leases), ["a", "b"]);
    assert_eq!(deliver(&outbox, leases).await, 2);
    assert_eq!(outbox.depth().await.unwrap().pending_events, 0);
    place.run::<()>("CONFIG SET maxmemory 0").await;
    keep(&outbox, "1", &["c"]).await;
}
