//! What only a file can do wrong. Names begin with the failure case or the clause of the contract.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;

use super::{Embedded, OpenError, inspect, schema};
use crate::outbox::contract::{Bench, ROOMY, copy_files};
use crate::outbox::samples::{append, ids};
use crate::outbox::{AnyOutbox, OutboxError, PurgeSelector, QuarantineReason, Settlement};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn log_of(path: &Path) -> PathBuf {
    super::open::with_suffix(path, "-wal")
}

/// Closes the outbox, changes its file behind its back and opens it again.
async fn tamper(bench: &mut Bench, sql: &str) {
    bench.outbox.close().await;
    let connection = Connection::open(bench.path()).unwrap();
    connection.execute_batch(sql).unwrap();
    drop(connection);
    bench.outbox = AnyOutbox::open_embedded(&bench.path(), ROOMY).unwrap();
}

#[tokio::test]
async fn a3_folders_are_made_for_the_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/data/outbox.db");
    let outbox = AnyOutbox::open_embedded(&path, ROOMY).unwrap();
    drop(outbox.append(append("shop", "1", &["a"], 1)).await.unwrap());
    for made in ["deep", "deep/data"] {
        assert_eq!(mode(&folder.path().join(made)), 0o700, "{made}");
    }
    for file in std::fs::read_dir(folder.path().join("deep/data")).unwrap() {
        let file = file.unwrap().path();
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    outbox.close().await;
}

#[tokio::test]
async fn a3_a_file_that_others_could_read_is_closed_to_them() {
    let mut bench = Bench::embedded(ROOMY);
    bench.outbox.close().await;
    std::fs::set_permissions(bench.path(), std::fs::Permissions::from_mode(0o644)).unwrap();
    bench.outbox = AnyOutbox::open_embedded(&bench.path(), ROOMY).unwrap();
    assert_eq!(mode(&bench.path()), 0o600);
}

#[tokio::test]
async fn o10_a_second_owner_is_refused_and_told_which_lock_is_held() {
    let bench = Bench::embedded(ROOMY);
    bench.append("1", &["a"]).await;
    let refused = AnyOutbox::open_embedded(&bench.path(), ROOMY).unwrap_err();
    assert!(matches!(refused, OpenError::Owned { .. }));
    assert!(refused.to_string().contains("outbox.db.lock"));
    bench.append("1", &["b"]).await;
    bench.outbox.close().await;
    let again = AnyOutbox::open_embedded(&bench.path(), ROOMY).unwrap();
    assert_eq!(again.depth().await.unwrap().pending_events, 2);
}

#[tokio::test]
async fn o10_a_newer_format_is_refused_and_left_as_it_is() {
    let bench = Bench::embedded(ROOMY);
    bench.append("1", &["a"]).await;
    bench.outbox.close().await;
    Connection::open(bench.path()).unwrap().pragma_update(None, "user_version", schema::VERSION + 1).unwrap();
    let before = std::fs::read(bench.path()).unwrap();
    let refused = AnyOutbox::open_embedded(&bench.path(), ROOMY).unwrap_err();
    assert!(matches!(refused, OpenError::Newer { found: 2, known: 1, .. }), "{refused}");
    assert!(matches!(inspect(&bench.path()), Err(OpenError::Newer { .. })));
    assert_eq!(std::fs::read(bench.path()).unwrap(), before);
}

#[test]
fn o10_a_file_of_something_else_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "shopping list, not a database, and longer than a header ".repeat(4)).unwrap();
    let other = folder.path().join("other.db");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE recipes (name TEXT)").unwrap();
    for path in [text, other] {
        let before = std::fs::read(&path).unwrap();
        let refused = AnyOutbox::open_embedded(&path, ROOMY).unwrap_err();
        assert!(matches!(refused, OpenError::NotAnOutbox { .. }), "{refused}");
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }
}

#[test]
fn o10_a_first_start_that_was_cut_short_is_taken_up_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.db");
    Connection::open(&path).unwrap().execute_batch("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL").unwrap();
    drop(AnyOutbox::open_embedded(&path, ROOMY).unwrap());
    std::fs::write(folder.path().join("empty.db"), "").unwrap();
    drop(AnyOutbox::open_embedded(&folder.path().join("empty.db"), ROOMY).unwrap());
}

#[test]
fn the_file_is_set_up_as_the_design_says() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = Embedded::open_with(&folder.path().join("outbox.db"), ROOMY, |store| {
        let pragma = |name: &str| -> i64 { store.connection.pragma_query_value(None, name, |row| row.get(0)).unwrap() };
        assert_eq!(pragma("synchronous"), 2);
        assert_eq!(pragma("secure_delete"), 1);
        assert_eq!(pragma("auto_vacuum"), 2);
        assert_eq!(pragma("wal_autocheckpoint"), 0);
        let mode: String = store.connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
    });
    drop(outbox.unwrap());
}

/// Appends one event at a time and notes how long the log was when each was answered.
async fn grown_log(bench: &Bench) -> Vec<u64> {
    let mut lengths = Vec::new();
    for number in 0..12 {
        bench.append("1", &[&format!("e{number}")]).await;
        bench.depth().await;
        lengths.push(std::fs::metadata(log_of(&bench.path())).unwrap().len());
    }
    lengths
}

/// Opens a damaged copy in time and returns what it holds.
async fn survivors(path: &Path) -> Vec<String> {
    let path = path.to_owned();
    let opened = tokio::task::spawn_blocking(move || AnyOutbox::open_embedded(&path, ROOMY));
    let outbox = tokio::time::timeout(Duration::from_secs(5), opened).await.unwrap().unwrap().unwrap();
    let request = crate::outbox::LeaseRequest {
        dataset: "1".into(),
        max_events: 1_000,
        max_bytes: 1_000_000,
        now_ms: 2_000,
        until_ms: 3_000,
    };
    let leases = outbox.lease(request).await.unwrap().leases;
    leases.iter().flat_map(ids).collect()
}

#[tokio::test]
async fn a5_a_torn_tail_costs_nothing_that_was_answered_before() {
    let bench = Bench::embedded(ROOMY);
    let lengths = grown_log(&bench).await;
    let whole = *lengths.last().unwrap();
    for step in 0..=48 {
        let cut = whole * step / 48;
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("outbox.db");
        copy_files(&bench.path(), &copy);
        std::fs::OpenOptions::new().write(true).open(log_of(&copy)).unwrap().set_len(cut).unwrap();
        let answered = lengths.iter().filter(|length| **length <= cut).count();
        // Before the tables are in the log the file is an empty one, which is opened as such.
        let found = survivors(&copy).await;
        let expected: Vec<String> = (0..found.len()).map(|number| format!("e{number}")).collect();
        assert_eq!(found, expected, "cut at {cut}");
        assert!(found.len() >= answered, "cut at {cut}: {} of {answered}", found.len());
    }
}

#[tokio::test]
async fn a5_a_flipped_byte_in_the_log_costs_nothing_that_was_answered_before() {
    let bench = Bench::embedded(ROOMY);
    let lengths = grown_log(&bench).await;
    let whole = usize::try_from(*lengths.last().unwrap()).unwrap();
    for step in 0..40 {
        let offset = whole * step / 40 + 13;
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("outbox.db");
        copy_files(&bench.path(), &copy);
        let mut log = std::fs::read(log_of(&copy)).unwrap();
        let Some(byte) = log.get_mut(offset) else { continue };
        *byte ^= 0x40;
        std::fs::write(log_of(&copy), log).unwrap();
        let answered = lengths.iter().filter(|length| **length <= offset as u64).count();
        let found = survivors(&copy).await;
        assert!(found.len() >= answered, "flipped at {offset}: {} of {answered}", found.len());
    }
}

#[tokio::test]
async fn a5_a_damaged_file_is_opened_or_refused_but_never_hangs_nor_vanishes() {
    let mut bench = Bench::embedded(ROOMY);
    grown_log(&bench).await;
    bench.outbox.close().await;
    let whole = std::fs::read(bench.path()).unwrap();
    for step in 0..60 {
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("outbox.db");
        let mut damaged = whole.clone();
        damaged[whole.len() * step / 60 + step] ^= 0xff;
        std::fs::write(&copy, &damaged).unwrap();
        let path = copy.clone();
        let opened = tokio::task::spawn_blocking(move || AnyOutbox::open_embedded(&path, ROOMY));
        let opened = tokio::time::timeout(Duration::from_secs(5), opened).await.unwrap().unwrap();
        if let Ok(outbox) = opened {
            let looked = tokio::time::timeout(Duration::from_secs(5), outbox.next_due_ms("1", 2_000)).await;
            drop(looked.unwrap());
            outbox.close().await;
        }
        assert!(std::fs::metadata(&copy).unwrap().len() >= whole.len() as u64);
    }
    bench.outbox = AnyOutbox::open_embedded(&bench.path(), ROOMY).unwrap();
}

#[tokio::test]
async fn o5_a6_rows_that_cannot_be_read_go_aside_and_harm_no_neighbour() {
    let mut bench = Bench::embedded(ROOMY);
    for number in 0..7 {
        bench.append("1", &[&format!("e{number}")]).await;
    }
    let damage = "
        UPDATE group_bodies SET bodies = CAST(x'7bff7d' AS TEXT) WHERE id = 2;
        UPDATE groups SET events = 3 WHERE id = 3;
        DELETE FROM group_bodies WHERE id = 4;
        UPDATE group_bodies SET bodies = hex(zeroblob(1000000)) WHERE id = 5;
        UPDATE groups SET received_ms = -1 WHERE id = 6;";
    tamper(&mut bench, damage).await;
    assert_eq!(bench.depth().await.pending_events, 9);
    let request = crate::outbox::LeaseRequest {
        dataset: "1".into(),
        max_events: 1_000,
        max_bytes: 10_000_000,
        now_ms: 2_000,
        until_ms: 3_000,
    };
    let leased = bench.outbox.lease(request).await.unwrap();
    assert_eq!(leased.leases.iter().flat_map(ids).collect::<Vec<_>>(), ["e0", "e6"]);
    assert_eq!(leased.unreadable_events, 7);
    let depth = bench.depth().await;
    assert_eq!((depth.pending_events, depth.quarantined_events), (2, 7));
    for lease in leased.leases {
        bench.settle(lease, Settlement::Delivered).await;
    }
    let inspection = inspect(&bench.path()).unwrap();
    assert_eq!((inspection.pending.len(), inspection.quarantined_events), (0, 7));
    assert!(inspection.quarantine.iter().all(|line| line.reason == "unreadable" && line.quarantined_ms == 2_000));
    bench.crash().await;
    assert_eq!(bench.depth().await.quarantined_events, 7);
}

#[tokio::test]
async fn o5_a_group_whose_policy_is_gone_is_handed_out_all_the_same() {
    let mut bench = Bench::embedded(ROOMY);
    bench.append("1", &["a"]).await;
    tamper(&mut bench, "DELETE FROM policies").await;
    let lease = bench.lease_one("1", 2_000, 3_000).await;
    assert_eq!(lease.policy_digest, crate::outbox::samples::RETAIL.digest());
}

#[tokio::test]
async fn policies_are_kept_while_something_refers_to_them() {
    let mut bench = Bench::embedded(ROOMY);
    bench.append("1", &["a", "b"]).await;
    let lease = bench.lease_one("1", 2_000, 3_000).await;
    let refused = Settlement::Quarantine(QuarantineReason::Refused { code: 100, subcode: 7 });
    bench.outbox.settle(lease, vec![Settlement::Delivered, refused]).await.unwrap();
    // One that nothing refers to, and the known one renamed, so that the next append brings a policy that is new.
    let other = "
        INSERT INTO policies VALUES (zeroblob(32), 'old');
        INSERT INTO policies SELECT x'0101010101010101010101010101010101010101010101010101010101010101', canonical FROM policies
            WHERE canonical <> 'old';
        UPDATE quarantine SET policy_digest = x'0101010101010101010101010101010101010101010101010101010101010101';
        DELETE FROM policies WHERE digest NOT IN
            (zeroblob(32), x'0101010101010101010101010101010101010101010101010101010101010101');";
    tamper(&mut bench, other).await;
    bench.append("1", &["c"]).await;
    bench.outbox.close().await;
    let connection = Connection::open(bench.path()).unwrap();
    let kept: i64 = connection.query_row("SELECT count(*) FROM policies", [], |row| row.get(0)).unwrap();
    let old: i64 =
        connection.query_row("SELECT count(*) FROM policies WHERE canonical = 'old'", [], |row| row.get(0)).unwrap();
    assert_eq!((kept, old), (2, 0));
}

#[tokio::test]
async fn a15_a_full_disk_is_an_error_shows_in_health_and_passes_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.db");
    let limited = Embedded::open_with(&path, ROOMY, |store| {
        store.connection.pragma_update(None, "max_page_count", 150).unwrap();
    });
    let outbox = AnyOutbox::Embedded(limited.unwrap());
    let names: Vec<String> = (0..20).map(|number| format!("e{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut kept = 0;
    let refused = loop {
        match outbox.append(append("shop", "1", &names, 1)).await {
            Ok(receipt) => kept += receipt.events(),
            Err(refused) => break refused,
        }
    };
    assert!(matches!(&refused, OutboxError::Failed(cause) if cause.contains("disk is full")), "{refused}");
    assert!(outbox.health().unwrap_err().contains("disk is full"));
    assert_eq!(outbox.depth().await.unwrap().pending_events, kept as u64);
    assert!(outbox.health().is_err());
    let request = crate::outbox::LeaseRequest {
        dataset: "1".into(),
        max_events: 100_000,
        max_bytes: 10_000_000,
        now_ms: 2_000,
        until_ms: 3_000,
    };
    let mut delivered = 0;
    for lease in outbox.lease(request).await.unwrap().leases {
        let outcomes = vec![Settlement::Delivered; lease.events().count()];
        delivered += outbox.settle(lease, outcomes).await.unwrap().delivered;
    }
    assert_eq!(delivered, kept as u64);
    // Nobody sends while readiness says no: asking for it is what finds out.
    drop(outbox.health());
    outbox.depth().await.unwrap();
    assert_eq!(outbox.health(), Ok(()));
    drop(outbox.append(append("shop", "1", &names, 1)).await.unwrap());
    outbox.close().await;
}

#[tokio::test]
async fn o1_requests_that_wait_together_share_groups() {
    let bench = Bench::embedded(ROOMY);
    let tasks = tokio_util::task::TaskTracker::new();
    let receipts: Vec<_> = (0..200)
        .map(|number| {
            let outbox = bench.outbox.clone();
            let request = append("shop", "1", &[&format!("e{number}")], 1_000);
            tasks.spawn(async move { outbox.append(request).await.map(|receipt| receipt.events()) })
        })
        .collect();
    for receipt in receipts {
        assert_eq!(receipt.await.unwrap().unwrap(), 1);
    }
    let pending = inspect(&bench.path()).unwrap().pending;
    assert_eq!(pending[0].events, 200);
    assert!(pending[0].groups < 200, "{} groups", pending[0].groups);
}

#[tokio::test]
async fn o8_nothing_of_what_was_purged_is_left_in_any_file() {
    let bench = Bench::embedded(ROOMY);
    bench.append("1", &["order-purgeme"]).await;
    bench.append("2", &["order-keepme"]).await;
    bench.outbox.purge(PurgeSelector::Dataset("1".into())).await.unwrap();
    let mut found = [false, false];
    for file in std::fs::read_dir(bench.path().parent().unwrap()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for (found, canary) in found.iter_mut().zip(["order-purgeme", "order-keepme"]) {
            *found |= bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
        }
    }
    assert_eq!(found, [false, true]);
}

#[tokio::test]
async fn inspect_works_beside_the_owner_and_shows_no_event() {
    let mut bench = Bench::embedded(ROOMY);
    bench.append("1", &["order-canary", "second"]).await;
    bench.append("1", &["third"]).await;
    let lease = bench.lease_one("1", 2_000, 3_000).await;
    let refused = Settlement::Quarantine(QuarantineReason::Refused { code: 100, subcode: 2_804_019 });
    let retry = Settlement::Retry { not_before_ms: 9_000, attempted: true };
    bench.outbox.settle(lease, vec![refused, retry]).await.unwrap();
    let inspection = inspect(&bench.path()).unwrap();
    let line = &inspection.pending[0];
    assert_eq!((&*line.site, &*line.dataset), ("shop", "1"));
    assert_eq!((line.events, line.groups, line.leased_groups, line.max_attempts), (2, 2, 0, 1));
    assert_eq!(line.oldest_received_ms, 1_000);
    let aside = &inspection.quarantine[0];
    assert_eq!((&*aside.reason, aside.code, aside.subcode, aside.events), ("refused", 100, 2_804_019, 1));
    assert!(!format!("{inspection:?}").contains("canary"));
    bench.append("1", &["fourth"]).await;
    bench.outbox.close().await;
    assert_eq!(inspect(&bench.path()).unwrap().pending[0].events, 3);
    assert!(matches!(inspect(&bench.path().with_extension("missing")), Err(OpenError::File { .. })));
    bench.outbox = AnyOutbox::open_embedded(&bench.path(), ROOMY).unwrap();
    assert_eq!(bench.depth().await.pending_events, 3);
}

#[tokio::test]
async fn a13_a_drained_file_becomes_small_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.db");
    let opened = Embedded::open_with(&path, ROOMY, |store| {
        let fill = "
            WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 24)
            INSERT INTO group_bodies SELECT n, hex(zeroblob(500000)) FROM numbers;
            DELETE FROM group_bodies";
        store.connection.execute_batch(fill).unwrap();
        assert!(store.pages().unwrap().0 > 4_096);
    });
    let outbox = AnyOutbox::Embedded(opened.unwrap());
    let looker = super::open::connect_to_look(&path).unwrap();
    let free_pages = || -> i64 { looker.pragma_query_value(None, "freelist_count", |row| row.get(0)).unwrap() };
    tokio::time::timeout(Duration::from_secs(30), async {
        while free_pages() > 1_024 {
            outbox.depth().await.unwrap();
        }
    })
    .await
    .unwrap();
    drop(looker);
    outbox.close().await;
    assert!(std::fs::metadata(&path).unwrap().len() < 6_000_000);
    assert_eq!(std::fs::metadata(log_of(&path)).unwrap().len(), 0);
}

#[tokio::test]
async fn o3_what_opening_set_aside_is_reported() {
    let mut bench = Bench::embedded(ROOMY);
    bench.append("1", &["poison"]).await;
    for _ in 0..3 {
        assert!(bench.outbox.set_aside_at_open().is_empty());
        drop(bench.lease_one("1", 2_000, 3_000).await);
        bench.crash().await;
    }
    assert_eq!(bench.outbox.set_aside_at_open(), [("1".into(), 1)]);
    let aside = &inspect(&bench.path()).unwrap().quarantine[0];
    assert_eq!((&*aside.reason, aside.quarantined_ms), ("aborts_process", 3_000));
}
