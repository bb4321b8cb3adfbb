//! A dataset is slowed before Meta throttles it.

use super::*;

const NEARLY: Step = Step::Usage(r#"{"call_count":10,"total_time":90,"total_cputime":3}"#);

#[tokio::test(start_paused = true)]
async fn a_dataset_near_its_limit_is_slowed_and_goes_on_when_usage_falls() {
    let mut rig = Rig::new(&[NEARLY; 5], SUCCESS);
    rig.max_events = 10;
    rig.max_requests = 1;
    for number in 0..10 {
        rig.append(number * 10..number * 10 + 10).await;
    }
    let _lanes = rig.start();
    let started = rig.now();
    rig.until(|| rig.script.requests() == 5).await;
    // 90 per cent: 16 seconds after each request.
    assert!((60_000..80_000).contains(&(rig.now() - started)), "{} ms", rig.now() - started);
    assert_eq!(rig.metrics.usage_percent.with_label_values(&["d"]).get(), 90);
    rig.drained().await;
    // The sixth came after a pause; its answer showed no usage, so the others came at once.
    assert!(rig.now() - started < 100_000, "{} ms", rig.now() - started);
    assert_eq!((rig.delivered(), rig.metrics.usage_percent.with_label_values(&["d"]).get()), (100, 0));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_success_that_asks_to_wait_is_delivered_and_the_gate_closes() {
    let spent = Step::Usage(r#"{"call_count":100,"estimated_time_to_regain_access":4}"#);
    let rig = Rig::new(&[spent], SUCCESS);
    rig.append(0..3).await;
    let _lanes = rig.start();
    rig.until(|| rig.delivered() == 3).await;
    let asked = rig.now();
    assert_eq!(rig.gate(Cause::RateLimited), 1);
    rig.append(3..6).await;
    rig.drained().await;
    assert!((239_000..250_000).contains(&(rig.now() - asked)), "{} ms", rig.now() - asked);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn d1_a_pause_does_not_delay_a_stop() {
    let rig = Rig::new(&[], Step::Usage(r#"{"call_count":99}"#));
    rig.append(0..1).await;
    let _lanes = rig.start();
    rig.until(|| rig.delivered() == 1).await;
    rig.append(1..2).await;
    assert!(rig.stop().await < Duration::from_secs(1));
    assert_eq!(rig.pending().await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_busy_dataset_uses_what_idle_ones_leave() {
    let mut rig = Rig::new(&[], Step::Late(Duration::from_secs(10)));
    rig.datasets = vec!["d".into(), "idle".into(), "quiet".into()];
    rig.max_requests = 6;
    for number in 0..20 {
        rig.append(number * 1000..number * 1000 + 1000).await;
    }
    let _lanes = rig.start();
    rig.until(|| rig.script.play(|play| play.now_in_flight) == 4).await;
    rig.append_as("shop", "idle", "{}", vec![sanitized(90_000)]).await;
    let started = rig.now();
    rig.until(|| rig.script.play(|play| play.now_in_flight) == 5).await;
    assert!(rig.now() - started < 500, "an idle dataset has a request of its own");
    rig.drained().await;
    assert!(rig.script.play(|play| play.most_in_flight) <= 6);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b16_a_meta_that_fails_half_of_the_time_is_held_at_each_failure_and_gets_everything() {
    let rig = Rig::new(&[], SUCCESS);
    rig.script.play(|play| play.steps = [SUCCESS, BUSY].into_iter().cycle().take(40).collect());
    let _lanes = rig.start();
    let started = rig.now();
    for number in 0..60 {
        rig.append(number..number + 1).await;
        rig.until(|| rig.script.requests() > number).await;
    }
    rig.drained().await;
    // Twenty failures, each of which closes the gate for half a second at least.
    assert!(rig.now() - started >= 10_000, "{} ms", rig.now() - started);
    assert_eq!((rig.delivered(), rig.quarantined().await), (60, 0));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_mad_wait_beside_a_success_holds_the_dataset_no_longer_than_any_other() {
    let mad = Step::Usage(r#"{"call_count":10,"estimated_time_to_regain_access":99999999}"#);
    let rig = Rig::new(&[mad], SUCCESS);
    rig.append(0..3).await;
    let _lanes = rig.start();
    rig.until(|| rig.gate(Cause::RateLimited) == 1).await;
    rig.append(3..6).await;
    let end = rig.now() + 3_700_000;
    while rig.now() < end {
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    assert_eq!((rig.delivered(), rig.gate(Cause::RateLimited)), (6, 0));
    rig.stop().await;
}
