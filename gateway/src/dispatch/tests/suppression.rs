//! Whoever is suppressed is not sent from that moment on, whatever was under way; all others are.

use super::*;
use crate::dispatch::testing::sanitized_of;
use crate::suppression::testing::Kept;

const JANE: &str = "jane@example.com";
const JUNE: &str = "june@example.com";

/// Jane's events have even numbers, June's odd ones.
fn of_both(numbers: std::ops::Range<usize>) -> Vec<portcullis_filters::event::SanitizedEvent> {
    numbers.map(|number| sanitized_of(number, if number % 2 == 0 { JANE } else { JUNE })).collect()
}

async fn rig(kept: &Kept, steps: &[Step], otherwise: Step, events: usize) -> Rig {
    let mut rig = Rig::new(steps, otherwise);
    rig.suppressions = kept.set.clone();
    rig.append_as("shop", "d", "{}", of_both(0..events)).await;
    rig
}

fn withdrawn(rig: &Rig) -> u64 {
    rig.metrics.events_withdrawn.with_label_values(&["d", "suppressed"]).get()
}

/// The numbers of the events in each request, each time.
fn sent(rig: &Rig) -> Vec<Vec<usize>> {
    rig.script.play(|play| {
        play.requests
            .iter()
            .map(|(_, events, _)| events.iter().map(|event| crate::dispatch::rig::number(event)).collect())
            .collect()
    })
}

fn are_junes(numbers: &[usize]) -> bool {
    numbers.iter().all(|number| number % 2 == 1)
}

#[tokio::test(start_paused = true)]
async fn what_waits_of_a_suppressed_person_is_withdrawn_and_all_others_are_sent() {
    let kept = Kept::new();
    let rig = rig(&kept, &[], BUSY, 30).await;
    let _lanes = rig.start();
    rig.until(|| rig.script.requests() >= 2).await;
    let before = rig.script.requests();
    kept.add(JANE);
    rig.until(|| rig.script.requests() >= before + 3).await;
    rig.script.now_plays(SUCCESS);
    rig.drained().await;
    assert!(sent(&rig).get(before..).unwrap().iter().all(|numbers| are_junes(numbers)));
    assert_eq!((rig.taken().len(), withdrawn(&rig), rig.delivered()), (15, 15, 15));
    assert!(are_junes(&rig.taken()));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn whoever_is_suppressed_while_a_batch_is_with_meta_is_in_no_part_of_it() {
    let kept = Kept::new();
    let rig = rig(&kept, &[], Step::ByContent, 100).await;
    rig.script.play(|play| (play.poison, play.takes) = ([11].into(), Duration::from_secs(3)));
    let _lanes = rig.start();
    rig.until(|| rig.script.requests() == 1).await;
    kept.add(JANE);
    rig.drained().await;
    let sent = sent(&rig);
    assert_eq!(sent.first().map(Vec::len), Some(100), "it was on its way");
    assert!(sent.get(1..).unwrap().iter().all(|numbers| are_junes(numbers)), "halves, single events, probes");
    assert_eq!((rig.delivered(), rig.quarantined().await, withdrawn(&rig)), (49, 1, 50));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn whoever_is_suppressed_while_a_request_breaks_off_is_not_in_its_repeat() {
    let kept = Kept::new();
    let rig = rig(&kept, &[Step::Fault(FaultKind::Broken)], SUCCESS, 20).await;
    rig.script.play(|play| play.takes = Duration::from_secs(3));
    let _lanes = rig.start();
    rig.until(|| rig.script.requests() == 1).await;
    kept.add(JANE);
    rig.drained().await;
    assert!(sent(&rig).get(1..).unwrap().iter().all(|numbers| are_junes(numbers)));
    assert_eq!((rig.taken().len(), withdrawn(&rig)), (10, 10));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn while_nobody_can_tell_who_is_suppressed_events_wait_and_none_is_lost() {
    let kept = Kept::new();
    kept.add(JUNE);
    kept.add("somebody@else.example");
    let rig = rig(&kept, &[], SUCCESS, 20).await;
    let whole = kept.breaks();
    let _lanes = rig.start();
    rig.until(|| rig.delivered() == 10).await;
    assert_eq!((rig.pending().await, withdrawn(&rig)), (10, 0), "the filter tells of Jane; of June nobody knows");
    assert!(kept.set.sweep(&rig.outbox).await.unwrap().broke_off.is_some());
    assert_eq!(rig.pending().await, 10, "nothing is deleted because a disk does not answer");
    kept.heals(&whole);
    kept.add("another@else.example");
    rig.drained().await;
    assert_eq!((rig.taken().len(), withdrawn(&rig)), (10, 10));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn p5_what_is_deleted_in_hand_is_counted_once() {
    let kept = Kept::new();
    let rig = rig(&kept, &[Step::Late(Duration::from_secs(5))], SUCCESS, 10).await;
    let _lanes = rig.start();
    rig.until(|| rig.script.requests() == 1).await;
    rig.append_as("shop", "d", "{}", of_both(10..20)).await;
    kept.add(JANE);
    let purged = kept.set.sweep(&rig.outbox).await.unwrap();
    rig.drained().await;
    assert_eq!((purged.waiting_events(), purged.in_hand), (5, 5));
    assert_eq!((rig.delivered(), withdrawn(&rig)), (15, 0), "of Jane what was on its way, and nothing else");
    rig.stop().await;
}
