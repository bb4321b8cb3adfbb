//! Events that come twice are kept once, whichever gateway they come to.

use zeroize::Zeroizing;

use super::{Place, lease, names};
use crate::chance::Chance;
use crate::config::{self, Backend};
use crate::outbox::bench::ROOMY;
use crate::outbox::samples::append;
use crate::outbox::{AnyOutbox, Settings};

const HOUR_MS: u64 = 3_600_000;

fn settings(max_events: u64, key: u8, previous: &[u8]) -> Settings {
    let outbox = config::Outbox {
        backend: Backend::Memory,
        max_bytes: ROOMY,
        encryption: Some(config::Encryption {
            key: Zeroizing::new([key; 32]),
            previous: previous.iter().map(|key| Zeroizing::new([*key; 32])).collect(),
        }),
        deduplicate: Some(config::Deduplicate { keep_ms: HOUR_MS, max_events }),
    };
    Settings::of(&outbox, &Chance::seeded(u64::from(key)))
}

/// How many of these were seen before.
async fn duplicates(outbox: &AnyOutbox, dataset: &str, names: &[&str], at_ms: u64) -> usize {
    let receipt = outbox.append(append("shop", dataset, names, at_ms)).await.unwrap();
    assert_eq!(receipt.events(), names.len());
    receipt.duplicates()
}

#[tokio::test]
async fn b11_an_event_that_comes_twice_is_kept_once_whichever_gateway_it_comes_to() {
    let place = Place::new().await;
    let first = place.gateway_with(1, settings(1_000, 1, &[])).await;
    let second = place.gateway_with(2, settings(1_000, 1, &[])).await;
    let now_ms = 10 * HOUR_MS;
    assert_eq!(duplicates(&first, "1", &["a", "b", "a"], now_ms).await, 1);
    assert_eq!(duplicates(&second, "1", &["b", "c"], now_ms + 1).await, 1);
    assert_eq!(duplicates(&second, "1", &["a", "b"], now_ms + 2).await, 2, "nothing of it is new");
    assert_eq!(duplicates(&second, "2", &["a"], now_ms + 3).await, 0);
    assert_eq!(names(&lease(&first, now_ms).await), ["a", "b", "c"]);
    // Long after, it is another event.
    assert_eq!(duplicates(&second, "1", &["a"], now_ms + 2 * HOUR_MS).await, 0);
}

#[tokio::test]
async fn b11_of_many_that_come_at_once_each_event_is_kept_once() {
    let place = Place::new().await;
    let gateways =
        [place.gateway_with(1, settings(1_000, 1, &[])).await, place.gateway_with(2, settings(1_000, 1, &[])).await];
    let tasks = tokio_util::task::TaskTracker::new();
    let all: Vec<_> = (0..200)
        .map(|number| {
            let (outbox, append) =
                (gateways[number % 2].clone(), append("shop", "1", &[&format!("e{}", number / 4), "x"], HOUR_MS));
            tasks.spawn(async move {
                let receipt = outbox.append(append).await.unwrap();
                receipt.events() - receipt.duplicates()
            })
        })
        .collect();
    let mut fresh = 0;
    for one in all {
        fresh += one.await.unwrap();
    }
    assert_eq!(fresh, 51);
    let mut kept = names(&lease(&gateways[0], HOUR_MS).await);
    kept.sort();
    kept.dedup();
    assert_eq!((kept.len(), gateways[0].depth().await.unwrap().pending_events), (51, 51));
}

#[tokio::test]
async fn marks_of_an_earlier_key_are_known_and_their_number_is_bounded() {
    let place = Place::new().await;
    let before = place.gateway_with(1, settings(100, 1, &[])).await;
    assert_eq!(duplicates(&before, "1", &["a"], HOUR_MS).await, 0);
    let after = place.gateway_with(2, settings(100, 2, &[1])).await;
    assert_eq!(duplicates(&after, "1", &["a"], HOUR_MS).await, 1);
    for round in 0..12 {
        let names: Vec<String> = (0..50).map(|number| format!("e{round}-{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        duplicates(&after, "1", &names, HOUR_MS + round).await;
    }
    assert!(place.number("ZCARD :seen").await <= 100);
}
