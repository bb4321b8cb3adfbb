//! A copy of an outbox in use, and the way back.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use crate::outbox::bench::{Bench, ROOMY, open_outbox};
use crate::outbox::embedded::{BackupError, OpenError, backup, restore};
use crate::outbox::samples::{append, ids};
use crate::outbox::{LeaseRequest, Settlement};

async fn waiting(bench: &Bench) -> Vec<String> {
    bench.lease("1", 10_000, 2_000, 3_000).await.iter().flat_map(ids).collect()
}

#[tokio::test]
async fn a_copy_is_made_under_load_and_holds_one_instant_of_the_outbox() {
    let bench = Bench::embedded(ROOMY);
    bench.append("1", &["first", "second"]).await;
    let outbox = bench.outbox.clone();
    let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
    let load = async move {
        let mut kept = 0_u64;
        while stopped.try_recv().is_err() {
            drop(outbox.append(append("shop", "1", &["a", "b", "c"], 1_000)).await.unwrap());
            kept += 3;
            if kept.is_multiple_of(9) {
                let request =
                    LeaseRequest { dataset: "1".into(), max_events: 3, max_bytes: 9_000, now_ms: 2_000, until_ms: 3_000 };
                for lease in outbox.lease(request).await.unwrap().leases {
                    let outcomes = vec![Settlement::Retry { not_before_ms: 0, attempted: false }; lease.count()];
                    outbox.settle(lease, outcomes).await.unwrap();
                }
            }
        }
        kept + 2
    };
    let folder = tempfile::tempdir().unwrap();
    let (path, to) = (bench.path(), folder.path().join("copy.db"));
    let copying = async {
        let mut copies = Vec::new();
        for number in 0..5 {
            let (path, to) = (path.clone(), folder.path().join(format!("{number}.db")));
            let made = tokio::task::spawn_blocking(move || (backup(&path, &to).unwrap(), to));
            copies.push(made.await.unwrap());
        }
        stop.send(()).unwrap();
        copies
    };
    let (kept, copies) = tokio::join!(load, copying);
    let mut before = 2;
    for (held, copy) in copies {
        assert!(held.pending_events >= before && held.pending_events <= kept && held.pending_events % 3 == 2);
        before = held.pending_events;
        assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
        let opened = open_outbox(&copy, ROOMY).unwrap();
        assert_eq!(opened.depth().await.unwrap().pending_events, held.pending_events);
    }
    assert_eq!(bench.depth().await.pending_events, kept);

    std::fs::write(&to, "somebody's").unwrap();
    let refused = backup(&bench.path(), &to).unwrap_err();
    assert!(matches!(refused, BackupError::File { .. }), "{refused}");
    assert_eq!(std::fs::read_to_string(&to).unwrap(), "somebody's");
}

#[tokio::test]
async fn a_copy_is_put_back_where_nobody_runs_and_nothing_is_lost_by_it() {
    let mut bench = Bench::embedded(ROOMY);
    bench.append("1", &["a", "b"]).await;
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.db");
    backup(&bench.path(), &copy).unwrap();
    bench.append("1", &["later"]).await;

    let refused = restore(&copy, &bench.path(), ".before", true).unwrap_err();
    assert!(matches!(refused, BackupError::Open(OpenError::Owned { .. })), "{refused}");
    bench.crash().await;
    bench.outbox.close().await;
    let refused = restore(&copy, &bench.path(), ".before", false).unwrap_err();
    assert!(matches!(refused, BackupError::HoldsEvents { events: 3, .. }), "{refused}");
    let restored = restore(&copy, &bench.path(), ".before", true).unwrap();
    assert_eq!(restored.held.pending_events, 2);
    assert_eq!(restored.moved_to, Some(crate::disk::with_suffix(&bench.path(), ".before")));
    bench.outbox = open_outbox(&bench.path(), ROOMY).unwrap();
    assert_eq!(waiting(&bench).await, ["a", "b"]);
    let aside = open_outbox(&restored.moved_to.unwrap(), ROOMY).unwrap();
    assert_eq!(aside.depth().await.unwrap().pending_events, 3);
    assert_eq!(std::fs::metadata(bench.path()).unwrap().permissions().mode() & 0o777, 0o600);

    // Where there is no outbox yet, there is nothing to move.
    let elsewhere = folder.path().join("data/outbox.db");
    assert_eq!(restore(&copy, &elsewhere, ".before", false).unwrap().moved_to, None);
    assert_eq!(open_outbox(&elsewhere, ROOMY).unwrap().depth().await.unwrap().pending_events, 2);
}

/// An outbox whose owner died after a second event, and a copy that was made before that one.
async fn killed_beside_a_copy() -> (Bench, tempfile::TempDir, PathBuf, PathBuf) {
    let bench = Bench::embedded(ROOMY);
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.db");
    bench.append("1", &["a"]).await;
    backup(&bench.path(), &copy).unwrap();
    bench.append("1", &["b"]).await;
    let killed = folder.path().join("outbox.db");
    crate::outbox::bench::copy_files(&bench.path(), &killed);
    (bench, folder, copy, killed)
}

#[tokio::test]
async fn a_log_that_a_dead_owner_left_is_not_taken_for_that_of_the_copy() {
    let (bench, _folder, copy, killed) = killed_beside_a_copy().await;
    bench.outbox.close().await;
    restore(&copy, &killed, ".before", true).unwrap();
    let outbox = open_outbox(&killed, ROOMY).unwrap();
    assert_eq!(outbox.depth().await.unwrap().pending_events, 1);
}

#[tokio::test]
async fn a_damaged_copy_is_not_put_back() {
    let bench = Bench::embedded(ROOMY);
    let names: Vec<String> = (0..200).map(|number| format!("e{number}")).collect();
    bench.append("1", &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    bench.append("1", &["last"]).await;
    bench.outbox.close().await;
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.db");
    backup(&bench.path(), &copy).unwrap();
    let whole = std::fs::read(&copy).unwrap();
    let before = std::fs::read(bench.path()).unwrap();
    std::fs::write(&copy, &whole[..whole.len() / 2]).unwrap();
    restore(&copy, &bench.path(), ".before", true).unwrap_err();
    std::fs::write(&copy, "no outbox at all").unwrap();
    restore(&copy, &bench.path(), ".before", true).unwrap_err();
    assert_eq!(std::fs::read(bench.path()).unwrap(), before);
}

#[tokio::test]
async fn what_a_dead_owner_left_in_its_log_comes_back_from_where_it_was_moved() {
    let (bench, folder, copy, killed) = killed_beside_a_copy().await;
    // A copy that somebody made without us: the file, and beside it the log with most of the events.
    let snapshot = folder.path().join("snapshot.db");
    crate::outbox::bench::copy_files(&bench.path(), &snapshot);
    bench.outbox.close().await;
    let aside = restore(&copy, &killed, ".before", true).unwrap().moved_to.unwrap();
    assert!(!crate::disk::with_suffix(&aside, "-wal").exists(), "a crash could part the file from its log");
    for (from, again) in [(&aside, ".1"), (&snapshot, ".2")] {
        assert_eq!(restore(from, &killed, again, true).unwrap().held.pending_events, 2, "{from:?}");
        let outbox = open_outbox(&killed, ROOMY).unwrap();
        assert_eq!(outbox.depth().await.unwrap().pending_events, 2);
        outbox.close().await;
    }
    let refused = restore(&copy, &killed, ".2", true).unwrap_err();
    assert!(matches!(refused, BackupError::File { .. }), "nothing is overwritten: {refused}");
}

#[tokio::test]
async fn a_copy_that_cannot_take_its_place_leaves_no_half_of_it() {
    let bench = Bench::embedded(ROOMY);
    bench.append("1", &["first"]).await;
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.db");
    backup(&bench.path(), &copy).unwrap();
    let place = folder.path().join("outbox.db");
    // A log that is to be moved aside, and a folder in its way.
    std::fs::write(folder.path().join("outbox.db-wal"), "left").unwrap();
    std::fs::create_dir(folder.path().join("outbox.db.before-wal")).unwrap();
    restore(&copy, &place, ".before", true).unwrap_err();
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("restored")), "{left:?}");
}
