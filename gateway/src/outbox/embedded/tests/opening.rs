//! Opening, and what is refused.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rusqlite::Connection;

use crate::outbox::bench::{Bench, ROOMY};
use crate::outbox::embedded::{Embedded, OpenError, inspect, schema};
use crate::outbox::samples::append;
use crate::outbox::{AnyOutbox, Settings};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn a3_folders_are_made_for_the_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/data/outbox.db");
    let outbox = AnyOutbox::open_embedded(&path, Settings::plain(ROOMY)).unwrap();
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
    bench.outbox = AnyOutbox::open_embedded(&bench.path(), Settings::plain(ROOMY)).unwrap();
    assert_eq!(mode(&bench.path()), 0o600);
}

#[tokio::test]
async fn o10_a_second_owner_is_refused_and_told_which_lock_is_held() {
    let bench = Bench::embedded(ROOMY);
    bench.append("1", &["a"]).await;
    let refused = AnyOutbox::open_embedded(&bench.path(), Settings::plain(ROOMY)).unwrap_err();
    assert!(matches!(refused, OpenError::Owned { .. }));
    assert!(refused.to_string().contains("outbox.db.lock"));
    bench.append("1", &["b"]).await;
    bench.outbox.close().await;
    let again = AnyOutbox::open_embedded(&bench.path(), Settings::plain(ROOMY)).unwrap();
    assert_eq!(again.depth().await.unwrap().pending_events, 2);
}

#[tokio::test]
async fn o10_a_newer_format_is_refused_and_left_as_it_is() {
    let bench = Bench::embedded(ROOMY);
    bench.append("1", &["a"]).await;
    bench.outbox.close().await;
    Connection::open(bench.path()).unwrap().pragma_update(None, "user_version", schema::VERSION + 1).unwrap();
    let before = std::fs::read(bench.path()).unwrap();
    let refused = AnyOutbox::open_embedded(&bench.path(), Settings::plain(ROOMY)).unwrap_err();
    assert!(
        matches!(refused, OpenError::Newer { found, known: schema::VERSION, .. } if found == schema::VERSION + 1),
        "{refused}"
    );
    assert!(matches!(inspect(&bench.path(), None), Err(OpenError::Newer { .. })));
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
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let before = std::fs::read(&path).unwrap();
        let refused = AnyOutbox::open_embedded(&path, Settings::plain(ROOMY)).unwrap_err();
        assert!(matches!(refused, OpenError::NotAnOutbox { .. }), "{refused}");
        assert_eq!(std::fs::read(&path).unwrap(), before);
        assert_eq!(mode(&path), 0o644, "{}", path.display());
    }
    // A device is as little a file of ours, and whoever may change its mode must not.
    let device = folder.path().join("device");
    std::os::unix::fs::symlink("/dev/null", &device).unwrap();
    let before = mode(&device);
    assert!(matches!(AnyOutbox::open_embedded(&device, Settings::plain(ROOMY)), Err(OpenError::NotAnOutbox { .. })));
    assert_eq!(mode(&device), before);
}

#[test]
fn o10_a_first_start_that_was_cut_short_is_taken_up_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.db");
    Connection::open(&path).unwrap().execute_batch("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL").unwrap();
    drop(AnyOutbox::open_embedded(&path, Settings::plain(ROOMY)).unwrap());
    std::fs::write(folder.path().join("empty.db"), "").unwrap();
    drop(AnyOutbox::open_embedded(&folder.path().join("empty.db"), Settings::plain(ROOMY)).unwrap());
}

#[tokio::test]
async fn a10_a_backlog_of_200_000_events_is_opened_without_reading_it() {
    let mut bench = Bench::embedded(ROOMY);
    bench.append("1", &["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]).await;
    // 20,000 groups that share one body: to read any of the others would fail, and be seen as an event in quarantine.
    super::tamper(
        &mut bench,
        "WITH RECURSIVE numbers(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < 20000)
        INSERT INTO groups (id, site, dataset, envelope, policy_digest, events, bytes, oldest_event_secs, received_ms)
            SELECT n, site, dataset, envelope, policy_digest, events, bytes, oldest_event_secs, received_ms + n
            FROM groups, numbers WHERE id = 1",
    )
    .await;
    bench.outbox.close().await;
    let path = bench.path();
    let opened = tokio::task::spawn_blocking(move || AnyOutbox::open_embedded(&path, Settings::plain(ROOMY)));
    let outbox = tokio::time::timeout(std::time::Duration::from_secs(5), opened).await.unwrap().unwrap().unwrap();
    let depth = outbox.depth().await.unwrap();
    assert_eq!((depth.pending_events, depth.quarantined_events), (200_000, 0));
    assert_eq!(outbox.pending_by_dataset().await.unwrap(), [("shop".into(), "1".into(), 200_000)]);
    let request = crate::outbox::LeaseRequest {
        dataset: "1".into(),
        max_events: 10,
        max_bytes: 1_000_000,
        now_ms: 2_000,
        until_ms: 3_000,
    };
    let leased = outbox.lease(request).await.unwrap();
    assert_eq!((leased.leases.len(), leased.quarantined, leased.more), (1, 0, true));
}

#[test]
fn the_file_is_set_up_as_the_design_says() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = Embedded::open_with(&folder.path().join("outbox.db"), Settings::plain(ROOMY), 4_096, |store| {
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
