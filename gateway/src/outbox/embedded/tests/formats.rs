//! Files of older formats, made by the versions that wrote them: `tests/fixtures/outbox-v1/README.md`.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;

use crate::outbox::bench::{ROOMY, copy_files, open_outbox};
use crate::outbox::embedded::{OpenError, inspect, schema};
use crate::outbox::samples::ids;
use crate::outbox::{AnyOutbox, LeaseRequest, Settlement};

/// A copy of the file that format 1 left when its process was killed.
fn format_1() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.db");
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/outbox-v1/outbox.db");
    copy_files(Path::new(fixture), &path);
    (folder, path)
}

/// The event ids that wait for a dataset, in order.
async fn waiting(outbox: &AnyOutbox, dataset: &str) -> Vec<String> {
    let now_ms = 2_000_000_000_000;
    let request =
        LeaseRequest { dataset: dataset.into(), max_events: 1_000, max_bytes: 10_000_000, now_ms, until_ms: now_ms + 1 };
    let leased = outbox.lease(request).await.unwrap();
    assert_eq!(leased.quarantined, 0);
    let mut ids: Vec<String> = leased.leases.iter().flat_map(ids).collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn a_file_of_format_1_keeps_every_event_policy_and_what_was_set_aside() {
    let (_folder, path) = format_1();
    let outbox = open_outbox(&path, ROOMY).unwrap();
    let depth = outbox.depth().await.unwrap();
    assert_eq!((depth.pending_events, depth.quarantined_events), (14, 3));
    let shop = ["shop-1-a", "shop-1-b", "shop-1-c", "shop-2-a", "shop-2-b", "shop-2-c", "shop-3-a", "shop-3-b", "shop-3-c"];
    let store = ["6f9619ff-8b86-4d01-b42d-00cf4fc964fe", "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"];
    assert_eq!(waiting(&outbox, "1001").await, [&store[..], &shop[..]].concat());
    assert_eq!(waiting(&outbox, "1002").await, ["late-1", "other-1", "other-2"]);
    outbox.close().await;

    let inspection = inspect(&path, None).unwrap();
    assert!(inspection.quarantine.iter().all(|line| (line.code, line.subcode) == (100, 2_804_019)));
    let connection = Connection::open(&path).unwrap();
    let version: i32 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    let policies: i64 = connection.query_row("SELECT count(*) FROM policies", [], |row| row.get(0)).unwrap();
    assert_eq!((version, policies), (schema::VERSION, 2));
}

#[tokio::test]
async fn a_file_of_format_1_is_used_on_as_if_it_were_new() {
    let (_folder, path) = format_1();
    let outbox = open_outbox(&path, ROOMY).unwrap();
    drop(outbox.append(crate::outbox::samples::append("shop", "1003", &["new"], 1)).await.unwrap());
    let request = LeaseRequest { dataset: "1003".into(), max_events: 1, max_bytes: 1, now_ms: 2_000, until_ms: 3_000 };
    let lease = outbox.lease(request).await.unwrap().leases.remove(0);
    assert_eq!(outbox.settle(lease, vec![Settlement::Delivered]).await.unwrap().delivered, 1);
}

/// Every column with its type, and every index, by table.
fn shape(path: &Path) -> Vec<(String, String, String)> {
    let connection = Connection::open(path).unwrap();
    let sql = "
        SELECT t.name, c.name, c.type || c.\"notnull\" || c.pk || coalesce(c.dflt_value, '')
            FROM sqlite_schema t JOIN pragma_table_xinfo(t.name) c WHERE t.type = 'table'
        UNION ALL SELECT tbl_name, name, coalesce(sql, '') FROM sqlite_schema WHERE type = 'index' ORDER BY 1, 2";
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn a_migrated_file_has_the_same_tables_as_a_new_one() {
    let (folder, old) = format_1();
    let new = folder.path().join("new.db");
    for path in [&old, &new] {
        open_outbox(path, ROOMY).unwrap().close().await;
    }
    assert_eq!(shape(&old), shape(&new));
}

#[test]
fn a_look_at_an_older_file_changes_nothing_and_says_how_it_becomes_readable() {
    let (_folder, path) = format_1();
    let before = std::fs::read(&path).unwrap();
    let refused = inspect(&path, None).unwrap_err();
    assert!(matches!(refused, OpenError::Older { found: 1, .. }), "{refused}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}
