//! What rests is encrypted, and stays readable for whoever has the key alone.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;
use tempfile::TempDir;

use super::log_of;
use crate::chance::Chance;
use crate::outbox::bench::{ROOMY, copy_files};
use crate::outbox::embedded::{Embedded, OpenError, inspect, show};
use crate::outbox::samples::{append, ids};
use crate::outbox::{
    AnyOutbox, EventFilter, Keys, LeaseRequest, OutboxError, PurgeSelector, QuarantineReason, RedriveSelector, Settings,
    Settlement, key_id,
};

const FIRST: [u8; 32] = [1; 32];
const SECOND: [u8; 32] = [2; 32];

/// A folder for an outbox.
fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.db");
    (folder, path)
}

/// Opens an outbox under a key of today and earlier ones.
fn open(path: &Path, today: Option<&[u8; 32]>, previous: &[&[u8; 32]]) -> Result<AnyOutbox, OpenError> {
    let keys = today.map(|today| Keys::new(today, previous.iter().copied(), Chance::seeded(1)));
    Embedded::open_with_small_reserve(path, Settings { keys, ..Settings::plain(ROOMY) }).map(AnyOutbox::Embedded)
}

async fn keep(outbox: &AnyOutbox, names: &[&str]) {
    drop(outbox.append(append("shop", "1", names, 1_000)).await.unwrap());
}

async fn lease(outbox: &AnyOutbox, now_ms: u64) -> Vec<crate::outbox::Lease> {
    let request =
        LeaseRequest { dataset: "1".into(), max_events: 10_000, max_bytes: 10_000_000, now_ms, until_ms: now_ms + 1_000 };
    outbox.lease(request).await.unwrap().leases
}

async fn waiting(outbox: &AnyOutbox, now_ms: u64) -> Vec<String> {
    lease(outbox, now_ms).await.iter().flat_map(ids).collect()
}

/// Whether a file of the folder holds these bytes.
fn rests_plain(path: &Path, text: &str) -> bool {
    std::fs::read_dir(path.parent().unwrap()).unwrap().any(|file| {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        memchr::memmem::find(&bytes, text.as_bytes()).is_some()
    })
}

fn count(path: &Path, sql: &str) -> i64 {
    Connection::open(path).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn p2_sealed_events_survive_a_crash_and_nothing_of_them_is_in_any_file() {
    let (_folder, path) = place();
    let outbox = open(&path, Some(&FIRST), &[]).unwrap();
    keep(&outbox, &["canary-a", "canary-b", "canary-c"]).await;
    let (_other, copy) = place();
    outbox.depth().await.unwrap();
    copy_files(&path, &copy);
    let crashed = open(&copy, Some(&FIRST), &[]).unwrap();
    assert_eq!(waiting(&crashed, 2_000).await, ["canary-a", "canary-b", "canary-c"]);

    // One to quarantine, one back, one delivered: each is written anew.
    let refused = Settlement::Quarantine(QuarantineReason::Refused { code: 100, subcode: 7, message: None });
    let back = Settlement::Retry { not_before_ms: 0, attempted: true };
    let first = lease(&outbox, 2_000).await.remove(0);
    outbox.settle(first, vec![Settlement::Delivered, refused, back]).await.unwrap();
    assert_eq!(waiting(&outbox, 4_000).await, ["canary-c"]);
    assert!(!rests_plain(&path, "canary") && !rests_plain(&path, "1800000000"));
    outbox.close().await;
    assert!(!rests_plain(&path, "canary"));
    assert_eq!(count(&path, "SELECT count(*) FROM quarantine WHERE key_id IS NOT NULL AND bodies = ''"), 1);
}

#[tokio::test]
async fn p2_what_rests_plain_when_the_key_comes_is_sealed_in_the_background() {
    let (_folder, path) = place();
    let outbox = open(&path, None, &[]).unwrap();
    for number in 0..200 {
        keep(&outbox, &[&format!("canary-{number}"), "canary-second"]).await;
    }
    let refused = Settlement::Quarantine(QuarantineReason::Refused { code: 100, subcode: 7, message: None });
    let first = lease(&outbox, 2_000).await.remove(0);
    outbox.settle(first, vec![refused; 2]).await.unwrap();
    outbox.close().await;
    assert!(rests_plain(&path, "canary"));
    assert_eq!(inspect(&path, None).unwrap().unencrypted_events, 400);

    let outbox = open(&path, Some(&FIRST), &[]).unwrap();
    tokio::time::timeout(Duration::from_secs(30), async {
        while inspect(&path, None).unwrap().unencrypted_events > 0 || std::fs::metadata(log_of(&path)).unwrap().len() > 0 {
            // A look may hold back the log for a moment; whoever asks next has it emptied.
            outbox.depth().await.unwrap();
        }
    })
    .await
    .unwrap();
    assert!(!rests_plain(&path, "canary"), "neither in the file nor in its log, while the outbox runs");
    assert_eq!(waiting(&outbox, 4_000).await.len(), 398);
    outbox.close().await;
    assert!(!rests_plain(&path, "canary"));
}

#[tokio::test]
async fn a_key_that_is_not_configured_stops_the_start_and_changes_nothing() {
    let (_folder, path) = place();
    let outbox = open(&path, Some(&FIRST), &[]).unwrap();
    keep(&outbox, &["a", "b"]).await;
    drop(lease(&outbox, 2_000).await);
    outbox.close().await;
    let before = count(&path, "SELECT sum(crashes * 1000 + lease_serial) FROM groups");
    for (today, previous) in [(None, &[][..]), (Some(&SECOND), &[])] {
        let refused = open(&path, today, previous).unwrap_err();
        let OpenError::KeyMissing { key_id: missing, .. } = &refused else { panic!("{refused}") };
        assert_eq!(*missing, key_id(&FIRST));
        assert!(refused.to_string().contains("outbox.previous_encryption_keys"));
    }
    assert_eq!(count(&path, "SELECT sum(crashes * 1000 + lease_serial) FROM groups"), before);
    let outbox = open(&path, Some(&SECOND), &[&FIRST]).unwrap();
    assert_eq!(waiting(&outbox, 2_000).await, ["a", "b"]);
    assert_eq!(outbox.depth().await.unwrap().quarantined_events, 0);
}

#[tokio::test]
async fn after_a_rekey_the_earlier_key_can_be_taken_away() {
    let (_folder, path) = place();
    let outbox = open(&path, None, &[]).unwrap();
    keep(&outbox, &["plain"]).await;
    assert!(matches!(outbox.rekey().await, Err(OutboxError::Unfit(_))), "there is no key");
    outbox.close().await;
    let outbox = open(&path, Some(&FIRST), &[]).unwrap();
    for number in 0..150 {
        keep(&outbox, &[&format!("e{number}")]).await;
    }
    let refused = Settlement::Quarantine(QuarantineReason::Unreadable);
    let first = lease(&outbox, 2_000).await.remove(0);
    outbox.settle(first, vec![refused]).await.unwrap();
    outbox.close().await;

    let outbox = open(&path, Some(&SECOND), &[&FIRST]).unwrap();
    keep(&outbox, &["new"]).await;
    // A group in hand is sealed anew as well, and settled as ever.
    let leases = lease(&outbox, 2_000).await;
    assert_eq!(outbox.rekey().await.unwrap(), 151);
    assert_eq!(outbox.rekey().await.unwrap(), 0);
    for lease in leases {
        outbox.settle(lease, vec![Settlement::Retry { not_before_ms: 0, attempted: false }]).await.unwrap();
    }
    outbox.close().await;
    let outbox = open(&path, Some(&SECOND), &[]).unwrap();
    assert_eq!(waiting(&outbox, 2_000).await.len(), 151);
    assert_eq!(outbox.depth().await.unwrap().quarantined_events, 1);
}

#[tokio::test]
async fn o5_sealed_rows_that_were_changed_or_moved_go_aside_and_harm_no_neighbour() {
    let (_folder, path) = place();
    let outbox = open(&path, Some(&FIRST), &[]).unwrap();
    for number in 0..7 {
        keep(&outbox, &[&format!("e{number}")]).await;
    }
    outbox.close().await;
    let damage = "
        UPDATE group_bodies SET sealed = zeroblob(60) WHERE id = 2;
        UPDATE group_bodies SET sealed = (SELECT sealed FROM group_bodies WHERE id = 1) WHERE id = 3;
        UPDATE groups SET site = 'clinic' WHERE id = 4;
        UPDATE group_bodies SET sealed = NULL WHERE id = 5;
        UPDATE group_bodies SET sealed = zeroblob(2000000) WHERE id = 6;";
    Connection::open(&path).unwrap().execute_batch(damage).unwrap();
    let outbox = open(&path, Some(&FIRST), &[]).unwrap();
    assert_eq!(waiting(&outbox, 2_000).await, ["e0", "e6"]);
    let depth = outbox.depth().await.unwrap();
    assert_eq!((depth.pending_events, depth.quarantined_events), (2, 5));
    assert!(inspect(&path, None).unwrap().quarantine.iter().all(|line| line.reason == "unreadable"));
}

#[tokio::test]
async fn b14_a_sealed_group_that_kills_the_process_is_split_as_a_plain_one_is() {
    let (_folder, mut path) = place();
    let mut folders = Vec::new();
    let mut outbox = open(&path, Some(&FIRST), &[]).unwrap();
    keep(&outbox, &["a", "poison"]).await;
    for _ in 0..4 {
        assert!(!lease(&outbox, 2_000).await.is_empty());
        let (folder, copy) = place();
        copy_files(&path, &copy);
        outbox = open(&copy, Some(&FIRST), &[]).unwrap();
        folders.push(folder);
        path = copy;
    }
    // The first half was in hand alone at the last death, so it is set aside; the other is still there.
    assert_eq!(waiting(&outbox, 2_000).await, ["poison"]);
    assert_eq!(outbox.depth().await.unwrap().quarantined_events, 1);
    assert_eq!(outbox.rekey().await.unwrap(), 0);
}

#[tokio::test]
async fn what_meta_said_rests_with_the_event_and_is_shown_to_whoever_has_the_key() {
    let (_folder, path) = place();
    let outbox = open(&path, None, &[]).unwrap();
    let refuse = async |outbox: &AnyOutbox, name: &str, now_ms: u64| {
        keep(outbox, &[name]).await;
        let message = Some(format!("canary of {name}").into());
        let refused = Settlement::Quarantine(QuarantineReason::Refused { code: 100, subcode: 7, message });
        let lease = lease(outbox, now_ms).await.remove(0);
        outbox.settle(lease, vec![refused]).await.unwrap();
    };
    refuse(&outbox, "plain", 2_000).await;
    outbox.close().await;
    let keys = Keys::new(&FIRST, [], Chance::seeded(1));
    let outbox = open(&path, Some(&FIRST), &[]).unwrap();
    refuse(&outbox, "sealed", 4_000).await;
    outbox.rekey().await.unwrap();
    assert!(!rests_plain(&path, "canary"));
    let told = |keys: Option<&Keys>| -> Vec<Option<String>> {
        inspect(&path, keys).unwrap().quarantine.into_iter().map(|line| line.message).collect()
    };
    assert_eq!(told(Some(&keys)), [Some("canary of sealed".to_owned()), Some("canary of plain".to_owned())]);
    assert_eq!(told(None), [None, None]);
    let shown = show(&path, Some(&keys), 2).unwrap().unwrap();
    assert_eq!((crate::outbox::samples::id(&shown.bodies), shown.bodies.lines().count()), ("sealed".to_owned(), 1));
    assert!(matches!(show(&path, None, 2), Err(OpenError::KeyMissing { .. })));
    assert_eq!(show(&path, Some(&keys), 3).unwrap(), None);

    let redriven = outbox.redrive(RedriveSelector { id: Some(1), ..RedriveSelector::default() }).await.unwrap();
    assert_eq!((redriven.waiting["1"], redriven.unreadable), (1, 0));
    assert_eq!(waiting(&outbox, 6_000).await, ["plain"]);
}

#[tokio::test]
async fn a14_purged_events_are_in_no_file_sealed_or_not_also_after_a_crash() {
    for key in [None, Some(&FIRST)] {
        let (_folder, path) = place();
        let outbox = open(&path, key, &[]).unwrap();
        keep(&outbox, &["canary-1", "canary-2", "stays-3"]).await;
        keep(&outbox, &["canary-4"]).await;
        let in_hand = lease(&outbox, 2_000).await.remove(0);
        let purge = |id: &str| {
            let filter = EventFilter { event_id: Some(id.to_owned()), ..EventFilter::default() };
            outbox.purge(PurgeSelector::Matching(filter))
        };
        for id in ["canary-1", "canary-2"] {
            assert_eq!(purge(id).await.unwrap().in_hand, 1);
        }
        let (_other, copy) = place();
        outbox.depth().await.unwrap();
        copy_files(&path, &copy);
        // Killed before the lease was settled: what was condemned is gone with the opening.
        let crashed = open(&copy, key, &[]).unwrap();
        let purged = crashed
            .purge(PurgeSelector::Matching(EventFilter { event_id: Some("canary-4".to_owned()), ..EventFilter::default() }));
        assert_eq!(purged.await.unwrap().waiting_events(), 1);
        assert_eq!(waiting(&crashed, 2_000).await, ["stays-3"]);
        assert!(!rests_plain(&copy, "canary"));
        assert_eq!(rests_plain(&copy, "stays-3"), key.is_none());

        let settled =
            outbox.settle(in_hand, vec![Settlement::Retry { not_before_ms: 0, attempted: true }; 3]).await.unwrap();
        assert_eq!((settled.purged, settled.retried), (2, 1));
        assert_eq!(purge("canary-4").await.unwrap().waiting_events() + purge("canary-4").await.unwrap().in_hand, 1);
        outbox.close().await;
        assert!(!rests_plain(&path, "canary-1") && !rests_plain(&path, "canary-2"));
    }
}
