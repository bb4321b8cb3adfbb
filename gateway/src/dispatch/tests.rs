//! The dispatcher against an outbox in memory and a scripted Meta, in time that does not pass by itself.

use std::collections::HashSet;
use std::time::Duration;

use portcullis_filters::policy::Policy;

use super::classify::FaultKind;
use super::rig::{BAD_TOKEN, BUSY, REFUSED, Rig, STOP_GRACE, SUCCESS, Step};
use super::testing::{NOW_SECS, policy, sanitized, sanitized_at};
use super::*;
use crate::config::OnPolicyChange;

#[tokio::test(start_paused = true)]
async fn accepted_events_are_delivered_once_settled_and_counted() {
    let rig = Rig::new(&[], SUCCESS);
    let status = rig.start();
    rig.append(0..3).await;
    rig.drained().await;
    assert_eq!(rig.script.sizes(), [3]);
    assert_eq!(rig.delivered(), 3);
    assert_eq!(status.closed_gates(), []);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn events_that_come_within_the_linger_share_a_request() {
    let rig = Rig::new(&[], SUCCESS);
    let _status = rig.start();
    let started = rig.now();
    for number in 0..5 {
        rig.append(number..number + 1).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    rig.drained().await;
    assert_eq!(rig.script.sizes(), [5]);
    assert!((200..300).contains(&(rig.now() - started)), "{} ms", rig.now() - started);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_full_batch_does_not_wait_and_a_large_group_is_cut() {
    let mut rig = Rig::new(&[], SUCCESS);
    rig.linger = Duration::from_secs(20);
    rig.max_events = 10;
    let _status = rig.start();
    let started = rig.now();
    rig.append(0..25).await;
    rig.drained().await;
    assert_eq!(rig.script.sizes(), [10, 10, 5]);
    assert!(rig.now() - started < 1000);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_batch_into_which_the_next_group_does_not_fit_does_not_wait() {
    let mut rig = Rig::new(&[], SUCCESS);
    rig.linger = Duration::from_secs(20);
    rig.max_events = 10;
    rig.append(0..6).await;
    rig.append(6..12).await;
    let _status = rig.start();
    let started = rig.now();
    rig.until(|| rig.script.requests() == 1).await;
    assert!(rig.now() - started < 1000);
    assert_eq!(rig.script.sizes(), [6]);
    rig.drained().await;
    assert_eq!(rig.script.sizes(), [6, 6]);
    assert!(rig.now() - started >= 20_000, "nothing else came, so the second one waited");
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a9_a_single_event_after_idling_is_delivered_soon() {
    let rig = Rig::new(&[], SUCCESS);
    let _status = rig.start();
    for number in 0..200 {
        let started = rig.now();
        rig.append(number..number + 1).await;
        rig.drained().await;
        assert!(rig.now() - started < 500, "event {number} took {} ms", rig.now() - started);
    }
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn one_envelope_a_request() {
    let rig = Rig::new(&[], SUCCESS);
    rig.append_as("shop", "d", r#"{"test_event_code":"TEST1"}"#, vec![sanitized(1)]).await;
    rig.append_as("shop", "d", "{}", vec![sanitized(2)]).await;
    rig.append_as("shop", "d", r#"{"test_event_code":"TEST1"}"#, vec![sanitized(3)]).await;
    let _status = rig.start();
    rig.drained().await;
    let mut envelopes: Vec<_> =
        rig.script.play(|play| play.requests.iter().map(|(_, events, envelope)| (envelope.clone(), events.len())).collect());
    envelopes.sort();
    assert_eq!(envelopes, [(r#"{"test_event_code":"TEST1"}"#.to_owned(), 2), ("{}".to_owned(), 1)]);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b1_a_meta_that_is_busy_for_long_is_asked_seldom_and_then_gets_everything() {
    let rig = Rig::new(&[], BUSY);
    for number in 0..50 {
        rig.append(number * 10..number * 10 + 10).await;
    }
    let _status = rig.start();
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
    let _status = rig.start();
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
    let _status = rig.start();
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
    let _status = rig.start();
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
    let status = rig.start();
    rig.append(0..7).await;
    rig.until(|| rig.gate(Cause::Token) == 1).await;
    assert_eq!(status.closed_gates(), [("d".into(), Cause::Token)]);
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
        let _status = rig.start();
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
    let _status = rig.start();
    rig.until(|| rig.gate(Cause::Unreachable) == 1).await;
    assert_eq!(rig.script.requests(), 2);
    rig.drained().await;
    assert_eq!((rig.delivered(), rig.script.requests()), (2, 3));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b10_a_refused_batch_goes_to_quarantine_with_its_reason_and_the_rest_goes_on() {
    let rig = Rig::new(&[REFUSED], SUCCESS);
    rig.append(0..2).await;
    let _status = rig.start();
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
    let _status = rig.start();
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
    let _status = rig.start();
    rig.drained().await;
    assert_eq!((rig.delivered(), rig.quarantined().await), (1, 1));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b15_events_past_metas_age_expire_and_are_never_sent() {
    let rig = Rig::new(&[], SUCCESS);
    let eight_days = NOW_SECS - 8 * 86_400;
    let events = vec![
        sanitized_at(1, eight_days, "website"),
        sanitized_at(2, NOW_SECS, "website"),
        sanitized_at(3, eight_days, "physical_store"),
        sanitized_at(4, NOW_SECS - 63 * 86_400, "physical_store"),
    ];
    rig.append_as("shop", "d", "{}", events).await;
    let _status = rig.start();
    rig.drained().await;
    assert_eq!(rig.script.sizes(), [2]);
    assert_eq!((rig.delivered(), rig.metrics.events_expired.with_label_values(&["d"]).get()), (2, 2));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b15_events_that_waited_too_long_expire_from_their_receipt() {
    let rig = Rig::new(&[], SUCCESS);
    rig.append_as("shop", "d", "{}", vec![sanitized_at(1, NOW_SECS + 500, "website")]).await;
    rig.clock.advance(Duration::from_secs(7 * 86_400));
    let _status = rig.start();
    rig.drained().await;
    assert_eq!((rig.script.requests(), rig.metrics.events_expired.with_label_values(&["d"]).get()), (0, 1));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn groups_of_a_site_that_left_the_configuration_are_kept_and_harm_nobody() {
    let rig = Rig::new(&[], SUCCESS);
    rig.append_as("gone", "d", "{}", (0..10).map(sanitized).collect()).await;
    rig.append_as("shop", "elsewhere", "{}", (20..30).map(sanitized).collect()).await;
    rig.append(100..103).await;
    let _status = rig.start();
    rig.until(|| rig.delivered() == 3).await;
    assert_eq!(rig.pending().await, 20);
    assert_eq!(rig.script.sizes(), [3]);
    // Out of the way for an hour: nothing is due before.
    let due = rig.outbox.next_due_ms("d", rig.now()).await.unwrap().unwrap();
    assert!(due > rig.now() + 3_500_000);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b7_a_slow_meta_never_has_an_event_in_two_requests() {
    let rig = Rig::new(&[], Step::Late(Duration::from_secs(29)));
    for number in 0..30 {
        rig.append(number * 400..number * 400 + 400).await;
    }
    let _status = rig.start();
    rig.drained().await;
    assert_eq!(rig.delivered(), 12_000);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b7_a_group_of_many_batches_is_given_back_before_its_lease_ends() {
    let mut rig = Rig::new(&[], Step::Late(Duration::from_secs(25)));
    rig.max_events = 10;
    rig.append(0..100).await;
    let _status = rig.start();
    rig.drained().await;
    // Each event went once: 250 seconds of requests under leases of 70.
    assert_eq!((rig.delivered(), rig.script.sizes()), (100, vec![10; 10]));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b2_a_gate_that_another_request_closed_ends_the_round() {
    let mut rig = Rig::new(&[Step::Late(Duration::from_secs(5)), Step::RetryAfter("120")], SUCCESS);
    rig.max_events = 10;
    rig.append(0..30).await;
    rig.append(30..40).await;
    let _status = rig.start();
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
    let _status = rig.start();
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
    let _status = rig.start();
    rig.drained().await;
    assert!(rig.script.play(|play| play.most_in_flight) <= 2);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn events_of_another_policy_are_purged_where_that_is_configured() {
    let mut rig = Rig::new(&[], SUCCESS);
    rig.append(0..5).await;
    let (name, text) = Policy::builtin("retail").unwrap();
    let hosts = ["www.shop.example".to_owned(), "other.shop.example".to_owned()];
    rig.policy = Arc::new(Policy::compile(text, name, &hosts).unwrap());
    assert_ne!(rig.policy.digest(), policy().digest());
    rig.on_policy_change = OnPolicyChange::Purge;
    let _status = rig.start();
    rig.drained().await;
    assert_eq!((rig.script.requests(), rig.metrics.events_purged.with_label_values(&["d"]).get()), (0, 5));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn d1_a_long_linger_does_not_delay_a_stop_and_loses_nothing() {
    let mut rig = Rig::new(&[], SUCCESS);
    rig.linger = Duration::from_secs(300);
    let _status = rig.start();
    rig.append(0..3).await;
    let end = rig.now() + 1000;
    rig.until(|| rig.now() >= end).await;
    assert!(rig.stop().await < Duration::from_secs(1));
    assert_eq!((rig.script.requests(), rig.pending().await), (0, 3));
    // Given back, not left to its lease.
    assert!(rig.outbox.next_due_ms("d", rig.now()).await.unwrap().unwrap() <= rig.now());
}

#[tokio::test(start_paused = true)]
async fn d1_a_hanging_meta_does_not_hold_a_stop_past_the_grace() {
    let mut rig = Rig::new(&[], Step::Late(Duration::from_secs(10)));
    let _status = rig.start();
    rig.append(0..3).await;
    rig.until(|| rig.script.requests() == 1).await;
    // An answer within the grace still counts.
    assert!(rig.stop().await <= Duration::from_secs(11));
    assert_eq!((rig.delivered(), rig.pending().await), (3, 0));

    rig = Rig::new(&[], Step::Never);
    let _status = rig.start();
    rig.append(0..3).await;
    rig.until(|| rig.script.requests() == 1).await;
    assert!(rig.stop().await <= STOP_GRACE + Duration::from_secs(1));
    assert_eq!((rig.delivered(), rig.pending().await), (0, 3));
}

#[tokio::test(start_paused = true)]
async fn d10_a_stop_at_any_moment_settles_or_gives_back_what_is_in_hand() {
    for delay in 0..200 {
        let rig = Rig::new(&[], Step::Late(Duration::from_millis(20)));
        let _status = rig.start();
        rig.append(0..5).await;
        tokio::time::sleep(Duration::from_millis(delay * 2)).await;
        rig.stop().await;
        let pending = rig.pending().await;
        assert_eq!(rig.delivered() + pending, 5);
        if pending > 0 {
            assert!(rig.outbox.next_due_ms("d", rig.now()).await.unwrap().unwrap() <= rig.now(), "left to its lease");
        }
    }
}

#[test]
fn b12_dropping_the_dispatcher_at_any_moment_loses_nothing() {
    let rig = Rig::new(&[], Step::Late(Duration::from_millis(30)));
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    for delay in 0..60 {
        let once = runtime();
        once.block_on(async {
            let _status = rig.start();
            rig.append(delay * 3..delay * 3 + 3).await;
            tokio::time::sleep(Duration::from_millis(delay as u64 * 5)).await;
        });
        // Every task ends at the await at which it stands.
        drop(once);
    }
    rig.clock.advance(Duration::from_secs(120));
    runtime().block_on(async {
        let _status = rig.start();
        rig.drained().await;
        let sent: HashSet<String> =
            rig.script.play(|play| play.requests.iter().flat_map(|(_, events, _)| events.clone()).collect());
        assert_eq!(sent.len(), 180);
        rig.stop().await;
    });
}
