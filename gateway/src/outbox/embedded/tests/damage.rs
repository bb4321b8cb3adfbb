//! Files that were cut short, changed or damaged.

use std::path::Path;
use std::time::Duration;

use super::{log_of, tamper};
use crate::chance::Chance;
use crate::outbox::bench::{Bench, ROOMY, copy_files, open_outbox};
use crate::outbox::embedded::Embedded;
use crate::outbox::embedded::inspect;
use crate::outbox::samples::ids;
use crate::outbox::{AnyOutbox, EventFilter, Keys, LeaseRequest, PurgeSelector, Settings, Settlement};

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
    let opened = tokio::task::spawn_blocking(move || open_outbox(&path, ROOMY));
    let outbox = tokio::time::timeout(Duration::from_secs(5), opened).await.unwrap().unwrap().unwrap();
    let request =
        LeaseRequest { dataset: "1".into(), max_events: 1_000, max_bytes: 1_000_000, now_ms: 2_000, until_ms: 3_000 };
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
        let opened = tokio::task::spawn_blocking(move || open_outbox(&path, ROOMY));
        let opened = tokio::time::timeout(Duration::from_secs(5), opened).await.unwrap().unwrap();
        if let Ok(outbox) = opened {
            let looked = tokio::time::timeout(Duration::from_secs(5), outbox.next_due_ms("1", 2_000)).await;
            drop(looked.unwrap());
            outbox.close().await;
        }
        assert!(std::fs::metadata(&copy).unwrap().len() >= whole.len() as u64);
    }
    bench.outbox = open_outbox(&bench.path(), ROOMY).unwrap();
}

#[tokio::test]
async fn o5_a6_a7_b13_rows_that_cannot_be_read_go_aside_and_harm_no_neighbour() {
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
    let request =
        LeaseRequest { dataset: "1".into(), max_events: 1_000, max_bytes: 10_000_000, now_ms: 2_000, until_ms: 3_000 };
    let leased = bench.outbox.lease(request).await.unwrap();
    assert_eq!(leased.leases.iter().flat_map(ids).collect::<Vec<_>>(), ["e0", "e6"]);
    assert_eq!(leased.quarantined, 7);
    let depth = bench.depth().await;
    assert_eq!((depth.pending_events, depth.quarantined_events), (2, 7));
    for lease in leased.leases {
        bench.settle(lease, Settlement::Delivered).await;
    }
    let inspection = inspect(&bench.path(), None).unwrap();
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

/// An outbox of three groups, of which the engine can neither read nor delete the middle one: the chain of its pages is broken.
async fn with_a_broken_chain() -> Bench {
    let mut bench = Bench::embedded(ROOMY);
    let long: Vec<String> = (0..100).map(|number| format!("long{number}")).collect();
    bench.append("1", &["first"]).await;
    bench.append("1", &long.iter().map(String::as_str).collect::<Vec<_>>()).await;
    bench.append("1", &["last"]).await;
    bench.outbox.close().await;
    let mut file = std::fs::read(bench.path()).unwrap();
    let holds = |page: &[u8], text: &[u8]| page.windows(text.len()).any(|window| window == text);
    let mut pages = file.chunks_mut(4096).filter(|page| holds(page, b"\"long5"));
    pages.next().unwrap()[..4].fill(0xff);
    std::fs::write(bench.path(), &file).unwrap();
    bench.outbox = open_outbox(&bench.path(), ROOMY).unwrap();
    bench
}

#[tokio::test]
async fn o5_o8_a_group_that_cannot_even_be_deleted_stops_no_purge() {
    let bench = with_a_broken_chain().await;
    let leases = bench.lease("1", 1_000, 2_000, 3_000).await;
    assert_eq!(leases.iter().flat_map(ids).collect::<Vec<_>>(), ["first", "last"]);
    for lease in leases {
        bench.outbox.release(lease).await.unwrap();
    }
    let last = EventFilter { event_id: Some("last".to_owned()), ..EventFilter::default() };
    let purged = bench.outbox.purge(PurgeSelector::Matching(last)).await.unwrap();
    assert_eq!((purged.waiting_events(), purged.unreadable, purged.broke_off), (1, 1, None));
    let purged = bench.outbox.purge(PurgeSelector::Matching(EventFilter::default())).await.unwrap();
    assert_eq!((purged.waiting_events(), purged.unreadable, purged.broke_off), (1, 1, None));
    assert_eq!(bench.depth().await.pending_events, 100);
}

#[tokio::test]
async fn o5_a_group_that_cannot_be_read_does_not_keep_others_from_being_encrypted() {
    let bench = with_a_broken_chain().await;
    bench.outbox.close().await;
    let keys = Keys::new(&[1; 32], [], Chance::seeded(1));
    let settings = Settings { keys: Some(keys), ..Settings::plain(ROOMY) };
    let outbox = AnyOutbox::Embedded(Embedded::open_with_small_reserve(&bench.path(), settings).unwrap());
    outbox.rekey().await.unwrap();
    assert_eq!(inspect(&bench.path(), None).unwrap().unencrypted_events, 100);
    assert!(outbox.health().is_ok());
}
