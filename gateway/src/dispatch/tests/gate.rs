//! When Meta cannot be reached, is busy or refuses the sender: the gate, and the sharing of requests.

use super::*;

#[tokio::test(start_paused = true)]
async fn b1_a_meta_that_is_busy_for_long_is_asked_seldom_and_then_gets_everything() {
    let rig = Rig::new(&[], BUSY);
    for number in 0..50 {
        rig.append(number * 10..number * 10 + 10).await;
    }
    let _lanes = rig.start();
    let end = rig.now() + 600_000;
    rig.until(|| rig.now() >= end).await;
    assert!(rig.script.requests() < 60, "{} requests", rig.script.requests());
    assert!(rig.script.play(|play| play.most_in_flight) <= 4);
    assert_eq!((rig.pending().await, rig.delivered(), rig.gate(Cause::Unavailable)), (500, 0, 1));
    rig.script.now_plays(SUCCESS);
    rig.drained().await;
    assert_eq!((rig.delivered(), rig.gate(Cause::Unavailable)), (500, 0));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b2_a_meta_that_never_answers_has_few_requests_and_loses_nothing() {
    let rig = Rig::new(&[], Step::Never);
    for number in 0..50 {
        rig.append(number * 100..number * 100 + 100).await;
    }
    let _lanes = rig.start();
    let end = rig.now() + 600_000;
    rig.until(|| rig.now() >= end).await;
    assert!(rig.script.requests() < 30, "{} requests", rig.script.requests());
    rig.script.now_plays(SUCCESS);
    rig.drained().await;
    assert_eq!(rig.delivered(), 5000);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b2_a_wait_that_meta_asks_for_is_kept() {
    let rig = Rig::new(&[Step::RetryAfter("120")], SUCCESS);
    rig.append(0..1).await;
    let _lanes = rig.start();
    rig.until(|| rig.script.requests() == 1).await;
    let asked = rig.now();
    rig.drained().await;
    assert!((119_000..130_000).contains(&(rig.now() - asked)), "{} ms", rig.now() - asked);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn one_probe_goes_first_after_the_gate_closed() {
    let rig = Rig::new(&[BUSY, BUSY, BUSY, BUSY], Step::Late(Duration::from_secs(10)));
    for number in 0..8 {
        rig.append(number * 1000..number * 1000 + 1000).await;
    }
    let _lanes = rig.start();
    rig.until(|| rig.gate(Cause::Unavailable) == 1).await;
    rig.until(|| rig.script.play(|play| play.steps.is_empty() && play.now_in_flight == 1)).await;
    let probe = rig.now();
    rig.until(|| rig.gate(Cause::Unavailable) == 0).await;
    assert!(rig.now() - probe >= 9_000, "the gate opened before the probe was answered");
    rig.drained().await;
    assert!(rig.script.play(|play| play.most_in_flight) > 1);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b4_a_bad_token_holds_the_dataset_and_drops_nothing() {
    let rig = Rig::new(&[], BAD_TOKEN);
    let lanes = rig.start();
    rig.append(0..7).await;
    rig.until(|| rig.gate(Cause::Token) == 1).await;
    assert_eq!(lanes.gates().closed(), [("d".into(), Cause::Token)]);
    let end = rig.now() + 600_000;
    rig.until(|| rig.now() >= end).await;
    assert_eq!((rig.pending().await, rig.quarantined().await), (7, 0));
    rig.script.now_plays(SUCCESS);
    rig.drained().await;
    assert_eq!((rig.delivered(), rig.gate(Cause::Token)), (7, 0));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b6_a_broken_connection_is_tried_again_at_once_with_the_same_events() {
    for kind in [FaultKind::Broken, FaultKind::Connect] {
        let rig = Rig::new(&[Step::Fault(kind)], SUCCESS);
        rig.append(0..2).await;
        let _lanes = rig.start();
        rig.drained().await;
        assert_eq!(rig.script.sizes(), [2, 2]);
        assert!(rig.script.play(|play| play.requests[0].1 == play.requests[1].1));
        assert_eq!((rig.delivered(), rig.gate(Cause::Unreachable)), (2, 0));
        rig.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn b5_an_unreachable_meta_holds_the_gate_after_one_retry_in_hand() {
    let rig = Rig::new(&[Step::Fault(FaultKind::Connect), Step::Fault(FaultKind::Connect)], SUCCESS);
    rig.append(0..2).await;
    let _lanes = rig.start();
    rig.until(|| rig.gate(Cause::Unreachable) == 1).await;
    assert_eq!(rig.script.requests(), 2);
    rig.drained().await;
    assert_eq!((rig.delivered(), rig.script.requests()), (2, 3));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b2_a_gate_that_another_request_closed_ends_the_round() {
    let mut rig = Rig::new(&[Step::Late(Duration::from_secs(5)), Step::RetryAfter("120")], SUCCESS);
    rig.max_events = 10;
    rig.append(0..30).await;
    rig.append(30..40).await;
    let _lanes = rig.start();
    rig.until(|| rig.gate(Cause::RateLimited) == 1).await;
    let end = rig.now() + 110_000;
    rig.until(|| rig.now() >= end).await;
    assert_eq!((rig.script.requests(), rig.delivered(), rig.pending().await), (2, 10, 30));
    rig.drained().await;
    assert_eq!(rig.delivered(), 40);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_slow_dataset_delays_no_other() {
    let mut rig = Rig::new(&[], SUCCESS);
    rig.datasets = vec!["d".into(), "slow".into()];
    rig.script.play(|play| play.slow_dataset = Some("slow"));
    for number in 0..20 {
        rig.append_as("shop", "slow", "{}", (number * 1000..number * 1000 + 1000).map(sanitized).collect()).await;
    }
    let _lanes = rig.start();
    rig.until(|| rig.script.requests() >= 2).await;
    for number in 0..20 {
        let started = rig.now();
        rig.append(50_000 + number..50_001 + number).await;
        rig.until(|| rig.delivered() == number as u64 + 1).await;
        assert!(rig.now() - started < 500, "{} ms", rig.now() - started);
    }
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn more_datasets_than_requests_take_turns() {
    let mut rig = Rig::new(&[], SUCCESS);
    rig.max_requests = 2;
    rig.datasets = (0..7).map(|number| format!("d{number}").into()).collect();
    for number in 0..70 {
        let dataset = format!("d{}", number % 7);
        rig.append_as("shop", &dataset, "{}", vec![sanitized(number)]).await;
    }
    let _lanes = rig.start();
    rig.drained().await;
    assert!(rig.script.play(|play| play.most_in_flight) <= 2);
    rig.stop().await;
}
