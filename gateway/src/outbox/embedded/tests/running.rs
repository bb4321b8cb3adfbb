//! Full disks, purges, looks from outside, and what a long run leaves.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, StatementStatus};

use super::{log_of, tamper};
use crate::outbox::bench::{Bench, ROOMY, open_outbox};
use crate::outbox::embedded::{Embedded, OpenError, inspect, open, schema};
use crate::outbox::samples::append;
use crate::outbox::{
    AnyOutbox, EventFilter, LeaseRequest, OutboxError, PurgeSelector, QuarantineReason, RedriveSelector, Settings,
    Settlement, Trouble,
};

#[tokio::test]
async fn policies_are_kept_while_something_refers_to_them() {
    let mut bench = Bench::embedded(ROOMY);
    bench.append("1", &["a", "b"]).await;
    let lease = bench.lease_one("1", 2_000, 3_000).await;
    let refused = Settlement::Quarantine(QuarantineReason::Refused { code: 100, subcode: 7, message: None });
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
async fn p1_nothing_is_kept_in_files_that_the_next_start_would_not_find() {
    for suffix in ["", "-wal", ".lock"] {
        let bench = Bench::embedded(ROOMY);
        bench.append("1", &["a"]).await;
        let path = crate::disk::with_suffix(&bench.path(), suffix);
        let aside = crate::disk::with_suffix(&path, ".aside");
        std::fs::rename(&path, &aside).unwrap();
        for _ in 0..2 {
            let refused = bench.outbox.append(append("shop", "1", &["b"], 1)).await.unwrap_err();
            assert!(refused.to_string().contains("moved"), "{suffix}: {refused}");
            assert!(bench.outbox.health().unwrap_err().to_string().contains("moved"), "{suffix}");
        }
        // What is there can be sent and settled.
        let lease = bench.lease_one("1", 2_000, 3_000).await;
        bench.outbox.settle(lease, vec![Settlement::Retry { not_before_ms: 0, attempted: true }]).await.unwrap();
        // Another file in its place is not it.
        std::fs::copy(&aside, &path).unwrap();
        bench.outbox.append(append("shop", "1", &["b"], 1)).await.unwrap_err();

        std::fs::rename(&aside, &path).unwrap();
        bench.append("1", &["b"]).await;
        bench.outbox.health().unwrap();
        bench.outbox.close().await;
        let again = AnyOutbox::open_embedded(&bench.path(), Settings::plain(ROOMY)).unwrap();
        assert_eq!(again.depth().await.unwrap().pending_events, 2, "{suffix}");
    }
}

/// Whether this file or one beside it holds these bytes.
fn holds_text(path: &Path, text: &str) -> bool {
    std::fs::read_dir(path.parent().unwrap()).unwrap().any(|file| {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

#[tokio::test]
async fn a15_a_full_disk_is_an_error_shows_in_health_and_passes_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.db");
    let limited = Embedded::open_with(&path, Settings::plain(ROOMY), 4_096, |store| {
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
    assert_eq!(outbox.health(), Err(Trouble::DiskFull));
    assert_eq!(outbox.depth().await.unwrap().pending_events, kept as u64);
    assert!(outbox.health().is_err());
    let request =
        LeaseRequest { dataset: "1".into(), max_events: 100_000, max_bytes: 10_000_000, now_ms: 2_000, until_ms: 3_000 };
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
    let pending = inspect(&bench.path(), None).unwrap().pending;
    assert_eq!(pending[0].events, 200);
    assert!(pending[0].groups < 200, "{} groups", pending[0].groups);
}

#[tokio::test]
async fn o8_nothing_of_what_was_purged_is_left_in_any_file() {
    let bench = Bench::embedded(ROOMY);
    bench.append("1", &["order-purgeme"]).await;
    bench.append("2", &["order-keepme"]).await;
    bench
        .outbox
        .purge(PurgeSelector::Matching(EventFilter { dataset: Some("1".to_owned()), ..EventFilter::default() }))
        .await
        .unwrap();
    assert!(!holds_text(&bench.path(), "order-purgeme"));
    assert!(holds_text(&bench.path(), "order-keepme"));
}

#[tokio::test]
async fn inspect_works_beside_the_owner_and_shows_no_event() {
    let mut bench = Bench::embedded(ROOMY);
    bench.append("1", &["order-canary", "second"]).await;
    bench.append("1", &["third"]).await;
    let lease = bench.lease_one("1", 2_000, 3_000).await;
    let refused = Settlement::Quarantine(QuarantineReason::Refused { code: 100, subcode: 2_804_019, message: None });
    let retry = Settlement::Retry { not_before_ms: 9_000, attempted: true };
    bench.outbox.settle(lease, vec![refused, retry]).await.unwrap();
    let inspection = inspect(&bench.path(), None).unwrap();
    let line = &inspection.pending[0];
    assert_eq!((&*line.site, &*line.dataset), ("shop", "1"));
    assert_eq!((line.events, line.groups, line.leased_groups, line.max_attempts), (2, 2, 0, 1));
    assert_eq!(line.oldest_received_ms, 1_000);
    let aside = &inspection.quarantine[0];
    assert_eq!((&*aside.reason, aside.code, aside.subcode, aside.events), ("refused", 100, 2_804_019, 1));
    assert!(!format!("{inspection:?}").contains("canary"));
    bench.append("1", &["fourth"]).await;
    bench.outbox.close().await;
    assert_eq!(inspect(&bench.path(), None).unwrap().pending[0].events, 3);
    assert!(matches!(inspect(&bench.path().with_extension("missing"), None), Err(OpenError::File { .. })));
    bench.outbox = open_outbox(&bench.path(), ROOMY).unwrap();
    assert_eq!(bench.depth().await.pending_events, 3);
}

#[tokio::test]
async fn a13_a_drained_file_becomes_small_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.db");
    let opened = Embedded::open_with(&path, Settings::plain(ROOMY), 4_096, |store| {
        let fill = "
            WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 24)
            INSERT INTO group_bodies (id, bodies) SELECT n, hex(zeroblob(500000)) FROM numbers;
            DELETE FROM group_bodies";
        store.connection.execute_batch(fill).unwrap();
        assert!(store.pages().unwrap().0 > 4_096);
    });
    let outbox = AnyOutbox::Embedded(opened.unwrap());
    let looker = open::connect_to_look(&path).unwrap();
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
async fn a12_after_a_million_events_a_look_at_nothing_walks_over_nothing() {
    let mut bench = Bench::embedded(ROOMY);
    let fill = "
        CREATE TEMP TABLE numbers AS
            WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 50000) SELECT n FROM counted;
        INSERT INTO groups (id, site, dataset, envelope, policy_digest, events, bytes, oldest_event_secs, received_ms)
            SELECT n, 'shop', '1', '{}', zeroblob(32), 20, 59, 1, n FROM numbers;
        INSERT INTO group_bodies (id, bodies) SELECT n, hex(zeroblob(29)) FROM numbers;";
    tamper(&mut bench, fill).await;
    assert_eq!(bench.depth().await.pending_events, 1_000_000);
    let all = EventFilter { dataset: Some("1".to_owned()), ..EventFilter::default() };
    let purged = bench.outbox.purge(PurgeSelector::Matching(all)).await.unwrap();
    assert_eq!(purged.waiting_events(), 1_000_000);
    assert_eq!(bench.outbox.next_due_ms("1", 2_000_000).await.unwrap(), None);
    let looker = open::connect_to_look(&bench.path()).unwrap();
    let mut ready = looker.prepare(schema::READY).unwrap();
    assert!(ready.query(["1"]).unwrap().next().unwrap().is_none());
    let steps = ready.get_status(StatementStatus::VmStep);
    assert!((1..100).contains(&steps), "{steps} steps");
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
    let aside = &inspect(&bench.path(), None).unwrap().quarantine[0];
    assert_eq!((&*aside.reason, aside.quarantined_ms), ("aborts_process", 3_000));
}

#[tokio::test]
async fn a16_a_reader_holds_back_the_log_but_neither_writes_nor_a_purge() {
    let bench = Bench::embedded(ROOMY);
    bench.append("1", &["order-purgeme"]).await;
    let reader = open::connect_to_look(&bench.path()).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM groups").unwrap();
    bench.append("1", &["b"]).await;
    assert_eq!(
        bench
            .outbox
            .purge(PurgeSelector::Matching(EventFilter { dataset: Some("1".to_owned()), ..EventFilter::default() }))
            .await
            .unwrap()
            .waiting_events(),
        2
    );
    bench.append("1", &["c"]).await;
    assert!(holds_text(&bench.path(), "order-purgeme"));
    reader.execute_batch("COMMIT").unwrap();
    // Whatever is asked next finds that the reader has gone.
    tokio::time::timeout(Duration::from_secs(10), async {
        while holds_text(&bench.path(), "order-purgeme") {
            bench.depth().await;
        }
    })
    .await
    .unwrap();
    assert_eq!(bench.depth().await.pending_events, 1);
}

#[tokio::test]
async fn p5_what_a_redrive_or_a_purge_did_before_it_broke_off_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let opened = Embedded::open_with(&folder.path().join("outbox.db"), Settings::plain(ROOMY), 4_096, |store| {
        let no = "CREATE TEMP TRIGGER no BEFORE DELETE ON quarantine WHEN old.id = 300 BEGIN SELECT RAISE(ABORT, 'no'); END";
        store.connection.execute_batch(no).unwrap();
    });
    let outbox = AnyOutbox::Embedded(opened.unwrap());
    let names: Vec<String> = (0..300).map(|number| format!("e{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    drop(outbox.append(append("shop", "1", &names, 1_000)).await.unwrap());
    let request = LeaseRequest { dataset: "1".into(), max_events: 1, max_bytes: 1, now_ms: 2_000, until_ms: 3_000 };
    let lease = outbox.lease(request).await.unwrap().leases.remove(0);
    outbox.settle(lease, vec![Settlement::Quarantine(QuarantineReason::Unreadable); 300]).await.unwrap();

    let redriven = outbox.redrive(RedriveSelector::default()).await.unwrap();
    assert!(redriven.waiting["1"] == 256 && redriven.broke_off.is_some(), "{redriven:?}");
    let purged = outbox.purge(PurgeSelector::Matching(EventFilter::default())).await.unwrap();
    assert!(purged.waiting["1"] == 256 && purged.quarantined == 0 && purged.broke_off.is_some(), "{purged:?}");
    let depth = outbox.depth().await.unwrap();
    assert_eq!((depth.pending_events, depth.quarantined_events), (0, 44));
    outbox.redrive(RedriveSelector::default()).await.unwrap_err();
}
