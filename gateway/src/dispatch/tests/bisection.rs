//! What happens to a batch that Meta refuses for what is in it (failure case B9, promise P7).

use std::collections::BTreeSet;

use super::*;

/// A thousand events in groups of these sizes, of which Meta refuses the bad ones.
async fn thousand(groups: &[usize], poison: impl IntoIterator<Item = usize>) -> Rig {
    let rig = Rig::new(&[], Step::ByContent);
    rig.script.play(|play| play.poison = poison.into_iter().collect());
    let mut first = 0;
    for size in groups {
        rig.append(first..first + size).await;
        first += size;
    }
    assert_eq!(first, 1000);
    rig
}

/// The numbers of the events that Meta refused when they came alone, each time.
fn refused_alone(rig: &Rig) -> Vec<usize> {
    let is_bad = |number: &usize| rig.script.play(|play| play.poison.contains(number));
    rig.sent_alone().into_iter().filter(is_bad).collect()
}

#[tokio::test(start_paused = true)]
async fn b9_one_bad_event_among_a_thousand_is_set_aside_alone_in_at_most_22_requests() {
    for (groups, poison) in [
        (vec![1000], 0),
        (vec![1000], 999),
        (vec![1000], 333),
        (vec![500, 500], 499),
        (vec![10, 980, 10], 777),
        (vec![100; 10], 512),
    ] {
        let rig = thousand(&groups, [poison]).await;
        let _lanes = rig.start();
        rig.drained().await;
        assert_eq!((rig.delivered(), rig.quarantined().await), (999, 1), "{groups:?}, {poison}");
        assert_eq!(rig.metrics.events_quarantined.with_label_values(&["d", "refused"]).get(), 1);
        assert!(rig.script.requests() <= 22, "{groups:?}, {poison}: {} requests", rig.script.requests());
        assert_eq!(refused_alone(&rig), [poison]);
        rig.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn b9_nine_adjacent_bad_events_are_set_aside_wherever_they_are() {
    for (groups, first) in [(vec![1000], 0), (vec![1000], 400), (vec![1000], 991), (vec![1; 1000], 991)] {
        let rig = thousand(&groups, first..first + 9).await;
        let _lanes = rig.start();
        rig.drained().await;
        assert_eq!((rig.delivered(), rig.quarantined().await), (991, 9), "from {first}");
        assert!(rig.script.requests() <= 60, "{} requests", rig.script.requests());
        rig.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn b9_scattered_bad_events_harm_no_other() {
    let poison: BTreeSet<usize> = (0..1000).filter(|number| number % 37 == 5).collect();
    let rig = thousand(&[300, 300, 400], poison.clone()).await;
    let _lanes = rig.start();
    rig.drained().await;
    assert_eq!((rig.delivered(), rig.quarantined().await), (1000 - poison.len() as u64, poison.len() as u64));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn p4_what_meta_took_is_settled_before_the_rest_is_sent() {
    let rig = thousand(&[1000], [900]).await;
    rig.script.play(|play| play.takes = Duration::from_secs(1));
    let _lanes = rig.start();
    rig.until(|| rig.script.requests() == 3).await;
    assert_eq!(rig.script.sizes(), [1000, 500, 250], "the second half is to blame and is not sent whole");
    assert_eq!((rig.delivered(), rig.pending().await), (500, 500));
    rig.drained().await;
    // Nothing that Meta took was sent again.
    let taken = rig.taken();
    assert_eq!(taken.iter().collect::<BTreeSet<_>>().len(), taken.len());
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn p7_a_whole_backlog_refused_alike_loses_eight_and_keeps_the_rest() {
    let rig = Rig::new(&[], REFUSED);
    for number in 0..20 {
        rig.append(number * 100..number * 100 + 100).await;
    }
    let lanes = rig.start();
    rig.until(|| rig.gate(Cause::RefusedAlike) == 1).await;
    let until = rig.now() + 3_600_000;
    while rig.now() < until {
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    assert!(rig.quarantined().await <= 8, "{}", rig.quarantined().await);
    let aside = rig.quarantined().await;
    assert_eq!(rig.pending().await, 2000 - aside);
    assert_eq!(lanes.gates().closed(), [("d".into(), Cause::RefusedAlike)]);
    assert!(rig.script.requests() < 300, "{} requests", rig.script.requests());
    rig.script.now_plays(SUCCESS);
    rig.drained().await;
    assert_eq!((rig.delivered(), rig.quarantined().await, rig.gate(Cause::RefusedAlike)), (2000 - aside, aside, 0));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn p7_while_refusals_are_held_each_probe_is_one_event_and_another_one() {
    let rig = Rig::new(&[], REFUSED);
    for number in 0..30 {
        rig.append(number * 10..number * 10 + 10).await;
    }
    let _lanes = rig.start();
    rig.until(|| rig.gate(Cause::RefusedAlike) == 1).await;
    let (requests, aside) = (rig.script.requests(), rig.quarantined().await);
    rig.until(|| rig.script.requests() >= requests + 20).await;
    assert!(rig.script.sizes()[requests..].iter().all(|size| *size == 1));
    let probed: BTreeSet<usize> = rig.sent_alone()[rig.sent_alone().len() - 20..].iter().copied().collect();
    assert!(probed.len() >= 10, "{probed:?}");
    assert_eq!(rig.quarantined().await, aside);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn p7_a_new_event_is_a_witness_where_the_backlog_has_none() {
    let rig = Rig::new(&[], Step::ByContent);
    rig.script.play(|play| play.poison = (0..12).collect());
    rig.append(0..12).await;
    let _lanes = rig.start();
    rig.until(|| rig.gate(Cause::RefusedAlike) == 1).await;
    let end = rig.now() + 600_000;
    rig.until(|| rig.now() >= end).await;
    assert_eq!((rig.quarantined().await, rig.pending().await), (8, 4));
    rig.append(100..101).await;
    rig.drained().await;
    assert_eq!((rig.delivered(), rig.quarantined().await, rig.gate(Cause::RefusedAlike)), (1, 12, 0));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn p7_bad_events_that_come_one_by_one_are_counted_over_rounds() {
    let rig = Rig::new(&[], REFUSED);
    let _lanes = rig.start();
    for number in 0..8 {
        rig.append(number..number + 1).await;
        rig.drained().await;
    }
    assert_eq!((rig.quarantined().await, rig.gate(Cause::RefusedAlike)), (8, 0));
    rig.append(8..9).await;
    rig.until(|| rig.gate(Cause::RefusedAlike) == 1).await;
    assert_eq!((rig.quarantined().await, rig.pending().await), (8, 1));
    rig.script.now_plays(SUCCESS);
    rig.drained().await;
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn p7_witnesses_are_found_all_over_the_outbox_and_others_of_their_groups_stay_untouched() {
    // The first two batches are bad throughout, and only what waits behind them is good.
    let mut rig = Rig::new(&[], Step::ByContent);
    rig.max_requests = 1;
    rig.max_events = 20;
    rig.script.play(|play| play.poison = (0..40).collect());
    for number in 0..20 {
        rig.append(number * 20..number * 20 + 20).await;
    }
    let _lanes = rig.start();
    rig.drained().await;
    assert_eq!((rig.delivered(), rig.quarantined().await), (360, 40));
    let taken = rig.taken();
    assert_eq!(taken.iter().collect::<BTreeSet<_>>().len(), taken.len(), "a witness is not sent again");
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b7_a_bisection_converges_under_leases_that_cover_two_requests() {
    let mut rig = Rig::new(&[], Step::ByContent);
    rig.lease = Duration::from_secs(66);
    rig.script.play(|play| (play.poison, play.takes) = ([70].into(), Duration::from_secs(29)));
    rig.append(0..200).await;
    let _lanes = rig.start();
    rig.drained().await;
    assert_eq!((rig.delivered(), rig.quarantined().await), (199, 1));
    assert!(rig.script.requests() < 60, "{} requests", rig.script.requests());
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b4_a_meta_that_is_busy_now_and_then_does_not_keep_a_bisection_from_its_end() {
    let rig = Rig::new(&[], Step::ByContent);
    rig.script.play(|play| {
        play.poison = [123].into();
        play.steps = [Step::ByContent, BUSY].into_iter().cycle().take(60).collect();
    });
    rig.append(0..1000).await;
    let _lanes = rig.start();
    rig.drained().await;
    assert_eq!((rig.delivered(), rig.quarantined().await), (999, 1));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn p7_a_proxy_that_finds_everything_too_large_does_not_empty_the_backlog() {
    let rig = Rig::new(&[], Step::Answer(413, "<html>"));
    rig.append(0..100).await;
    let _lanes = rig.start();
    rig.until(|| rig.gate(Cause::RefusedAlike) == 1).await;
    assert_eq!(rig.quarantined().await, 8);
    rig.script.now_plays(SUCCESS);
    rig.drained().await;
    assert_eq!((rig.delivered(), rig.quarantined().await), (92, 8));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn d10_a_stop_in_the_midst_of_a_bisection_loses_nothing() {
    for delay in 0..40 {
        let rig = Rig::new(&[], Step::ByContent);
        rig.append(0..40).await;
        rig.append(40..100).await;
        rig.script.play(|play| (play.poison, play.takes) = ([27].into(), Duration::from_millis(20)));
        let _lanes = rig.start();
        tokio::time::sleep(Duration::from_millis(200 + delay * 12)).await;
        rig.stop().await;
        assert_eq!(rig.delivered() + rig.quarantined().await + rig.pending().await, 100);
        let taken = rig.taken();
        assert_eq!(taken.len() as u64, rig.delivered(), "what was taken is settled");
    }
}

#[tokio::test(start_paused = true)]
async fn b10_a_refused_event_goes_to_quarantine_with_its_reason_and_the_rest_goes_on() {
    let rig = Rig::new(&[REFUSED; 3], SUCCESS);
    rig.append(0..2).await;
    let _lanes = rig.start();
    rig.drained().await;
    rig.append(2..5).await;
    rig.drained().await;
    assert_eq!((rig.quarantined().await, rig.delivered()), (2, 3));
    assert_eq!(rig.metrics.events_quarantined.with_label_values(&["d", "refused"]).get(), 2);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_too_large_is_halved_until_it_fits() {
    let too_large = Step::Answer(413, "<html>");
    let rig = Rig::new(&[too_large, too_large, too_large], SUCCESS);
    rig.append(0..8).await;
    let _lanes = rig.start();
    rig.drained().await;
    assert_eq!(rig.script.sizes(), [8, 4, 2, 1, 1, 2, 4]);
    assert_eq!((rig.delivered(), rig.quarantined().await), (8, 0));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_too_large_even_alone_harms_only_itself() {
    let too_large = Step::Answer(413, "");
    let rig = Rig::new(&[too_large, too_large], SUCCESS);
    rig.append(0..2).await;
    let _lanes = rig.start();
    rig.drained().await;
    assert_eq!((rig.delivered(), rig.quarantined().await), (1, 1));
    rig.stop().await;
}
