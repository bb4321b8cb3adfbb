//! What the writer does once a write has failed.

use super::*;
use crate::outbox::bench::ROOMY;
use crate::outbox::embedded::open::take_ownership;
use crate::outbox::{Settings, samples};

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
