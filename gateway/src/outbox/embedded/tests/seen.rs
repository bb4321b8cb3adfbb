//! Events that come twice are kept once, whatever happens in between.

use std::path::Path;

use rusqlite::Connection;
use tempfile::TempDir;
use zeroize::Zeroizing;

use crate::chance::Chance;
use crate::config::{self, Backend};
use crate::outbox::bench::{ROOMY, copy_files};
use crate::outbox::embedded::{Embedded, schema};
use crate::outbox::samples::{append, ids};
use crate::outbox::{AnyOutbox, LeaseRequest, OutboxError, Settings};

const HOUR_MS: u64 = 3_600_000;

fn settings(hours: u64, max_events: u64, key: u8, previous: &[u8]) -> Settings {
    let outbox = config::Outbox {
        backend: Backend::Memory,
        max_bytes: ROOMY,
        encryption: Some(config::Encryption {
            key: Zeroizing::new([key; 32]),
            previous: previous.iter().map(|key| Zeroizing::new([*key; 32])).collect(),
        }),
        deduplicate: (hours > 0).then_some(config::Deduplicate { keep_ms: hours * HOUR_MS, max_events }),
    };
    Settings::of(&outbox, &Chance::seeded(1))
}

fn open(path: &Path, settings: Settings) -> AnyOutbox {
    AnyOutbox::Embedded(Embedded::open_with_small_reserve(path, settings).unwrap())
}

fn place() -> (TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.db");
    (folder, path)
}

/// How many of these were seen before.
async fn duplicates(outbox: &AnyOutbox, dataset: &str, names: &[&str], at_ms: u64) -> usize {
    let receipt = outbox.append(append("shop", dataset, names, at_ms)).await.unwrap();
    assert_eq!(receipt.events(), names.len());
    receipt.duplicates()
}

async fn waiting(outbox: &AnyOutbox) -> Vec<String> {
    let request = LeaseRequest { dataset: "1".into(), max_events: 1_000, max_bytes: 1_000_000, now_ms: 1, until_ms: 2 };
    outbox.lease(request).await.unwrap().leases.iter().flat_map(ids).collect()
}

#[tokio::test]
async fn b11_an_event_that_comes_twice_is_kept_once_also_after_a_crash() {
    let (_folder, path) = place();
    let outbox = open(&path, settings(1, 1_000, 1, &[]));
    assert_eq!(duplicates(&outbox, "1", &["a", "b", "a"], 1_000).await, 1);
    assert_eq!(duplicates(&outbox, "1", &["b", "a"], 1_001).await, 2);
    assert_eq!(duplicates(&outbox, "2", &["a"], 1_002).await, 0);
    let (_other, copy) = place();
    outbox.depth().await.unwrap();
    copy_files(&path, &copy);
    let crashed = open(&copy, settings(1, 1_000, 1, &[]));
    assert_eq!(duplicates(&crashed, "1", &["b", "c"], 1_003).await, 1);
    assert_eq!(waiting(&crashed).await, ["a", "b", "c"]);
    assert_eq!(crashed.depth().await.unwrap().pending_events, 4);
}

#[tokio::test]
async fn b11_what_was_not_kept_is_not_taken_for_a_duplicate() {
    let (_folder, path) = place();
    let outbox = open(&path, Settings { max_bytes: 2_000, ..settings(1, 1_000, 1, &[]) });
    let names: Vec<String> = (0..20).map(|number| format!("e{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let refused = outbox.append(append("shop", "1", &names, 1_000)).await;
    assert!(matches!(refused, Err(OutboxError::Full)));
    assert_eq!(duplicates(&outbox, "1", &["e0"], 1_000).await, 0);
    outbox.close().await;

    // A transaction that fails keeps neither the event nor its mark.
    let limited = Embedded::open_with(&path, settings(1, 1_000, 1, &[]), 4_096, |store| {
        store
            .connection
            .execute_batch("CREATE TEMP TRIGGER no BEFORE INSERT ON groups BEGIN SELECT RAISE(FAIL, 'no'); END")
            .unwrap();
    });
    let outbox = AnyOutbox::Embedded(limited.unwrap());
    outbox.append(append("shop", "1", &["new"], 1_000)).await.unwrap_err();
    outbox.close().await;
    let outbox = open(&path, settings(1, 1_000, 1, &[]));
    assert_eq!(duplicates(&outbox, "1", &["new", "e0"], 1_000).await, 1);
}

#[tokio::test]
async fn marks_are_forgotten_by_time_and_by_number_the_oldest_first() {
    let (_folder, path) = place();
    let outbox = open(&path, settings(1, 1_000, 1, &[]));
    assert_eq!(duplicates(&outbox, "1", &["a"], 1_000).await, 0);
    assert_eq!(duplicates(&outbox, "1", &["a"], 1_000 + HOUR_MS).await, 1);
    assert_eq!(duplicates(&outbox, "1", &["a"], 1_001 + HOUR_MS).await, 0, "an hour has passed");
    outbox.close().await;

    let outbox = open(&path, settings(1, 3, 1, &[]));
    for (number, name) in ["b", "c", "d", "e"].into_iter().enumerate() {
        assert_eq!(duplicates(&outbox, "1", &[name], HOUR_MS + 2_000 + number as u64).await, 0);
    }
    assert_eq!(duplicates(&outbox, "1", &["d", "e"], HOUR_MS + 3_000).await, 2);
    assert_eq!(duplicates(&outbox, "1", &["b"], HOUR_MS + 3_000).await, 0, "the oldest were forgotten");
    outbox.close().await;
    let rows: i64 = Connection::open(&path).unwrap().query_row(schema::COUNT_SEEN, [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 3);
}

#[tokio::test]
async fn a_rotated_key_still_knows_what_came_before_and_off_forgets_all() {
    let (_folder, path) = place();
    let outbox = open(&path, settings(1, 1_000, 1, &[]));
    assert_eq!(duplicates(&outbox, "1", &["a"], 1_000).await, 0);
    outbox.close().await;
    let outbox = open(&path, settings(1, 1_000, 2, &[1]));
    assert_eq!(duplicates(&outbox, "1", &["a", "b"], 1_000).await, 1);
    outbox.close().await;
    let outbox = open(&path, settings(0, 1_000, 2, &[1]));
    assert_eq!(duplicates(&outbox, "1", &["a", "b"], 1_000).await, 0);
    outbox.close().await;
    let rows: i64 = Connection::open(&path).unwrap().query_row(schema::COUNT_SEEN, [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 0);
}
