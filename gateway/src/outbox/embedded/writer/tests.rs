//! What the writer puts off, and what it does once a write has failed.

use super::*;
use crate::outbox::bench::ROOMY;
use crate::outbox::embedded::open::take_ownership;
use crate::outbox::{LeaseRequest, Settings, samples};

#[test]
fn a15_after_a_failed_sync_nothing_is_written_and_health_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.db");
    let lock = take_ownership(&path).unwrap();
    let (store, _) = Store::open(&path, Settings::plain(ROOMY)).unwrap();
    let (_sender, inbox) = mpsc::channel(1);
    let reserve = Reserve::new(tempfile::tempfile().unwrap(), 1);
    let mut writer = Writer::new(store, inbox, watch::Sender::new(0), Arc::default(), reserve, lock);
    writer.reserve.hold();
    let mut append = || {
        let (reply, answer) = oneshot::channel();
        let mut intake = Intake::default();
        intake.add(Ask::Append(Asked::new(samples::append("shop", "1", &["a"], 1), reply)));
        writer.commit(intake);
        writer.read(Read::Probe);
        let answer = answer.blocking_recv().unwrap();
        let trouble = writer.shared.health.trouble();
        writer.note(Some(&Failure::Poisoned("SQLite: disk I/O error (1034)".to_owned())), false);
        (answer.is_ok(), trouble.is_some())
    };
    assert_eq!(append(), (true, false));
    assert_eq!(append(), (false, true));
    assert_eq!(append(), (false, true));
    assert_eq!(writer.store.depth().unwrap().pending_events, 1);
    assert_eq!(*writer.changed.borrow(), 1);
}

/// How many settlings are put off of so many, beside so many appends; `released_at`: where among them a lease is given back.
fn put_off(settlings: usize, appends: usize, released_at: Option<usize>) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.db");
    let _lock = take_ownership(&path).unwrap();
    let (mut store, _) = Store::open(&path, Settings::plain(ROOMY)).unwrap();
    let append = || Asked::new(samples::append("shop", "1", &["a"], 1), oneshot::channel().0);
    store.transaction(|store| store.append(&mut [append()])).unwrap();
    let request = LeaseRequest { dataset: "1".into(), max_events: 1, max_bytes: 10_000, now_ms: 1, until_ms: 2 };
    let lease = store.lease(&request).unwrap().leases.pop().unwrap();
    let mut intake = Intake::default();
    for number in 0..settlings {
        if released_at == Some(number) {
            intake.add(Ask::Write(Write::Release(Asked::new(lease.forged_copy(), oneshot::channel().0))));
        }
        intake.add(Ask::Write(Write::Settle(Asked::new((lease.forged_copy(), Vec::new()), oneshot::channel().0))));
    }
    (0..appends).for_each(|_| intake.add(Ask::Append(append())));
    let later = intake.put_off();
    assert_eq!(intake.writes.len() + later.len(), settlings + usize::from(released_at.is_some()));
    later.len()
}

#[test]
fn appends_wait_for_few_settlings_and_settlings_for_as_few_commits_as_keep_up() {
    assert_eq!(put_off(100, 0, None), 0, "nobody waits");
    assert_eq!(put_off(100, 1, None), 100 - SETTLINGS_BESIDE_APPENDS);
    assert_eq!(put_off(100, 60, None), 40, "as many groups go as may have come");
    assert_eq!(put_off(10, 60, None), 0);
    assert_eq!(put_off(100, 1, Some(70)), 30, "what is no settling is done in its order");
}
