//! What is sent, how it is shared into requests, and what is never sent.

use super::*;

#[tokio::test(start_paused = true)]
async fn accepted_events_are_delivered_once_settled_and_counted() {
    let rig = Rig::new(&[], SUCCESS);
    let lanes = rig.start();
    rig.append(0..3).await;
    rig.drained().await;
    assert_eq!(rig.script.sizes(), [3]);
    assert_eq!(rig.delivered(), 3);
    assert_eq!(lanes.gates().closed(), []);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn events_that_come_within_the_linger_share_a_request() {
    let rig = Rig::new(&[], SUCCESS);
    let _lanes = rig.start();
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
    let _lanes = rig.start();
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
    let _lanes = rig.start();
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
    let _lanes = rig.start();
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
    let _lanes = rig.start();
    rig.drained().await;
    let mut envelopes: Vec<_> =
        rig.script.play(|play| play.requests.iter().map(|(_, events, envelope)| (envelope.clone(), events.len())).collect());
    envelopes.sort();
    assert_eq!(envelopes, [(r#"{"test_event_code":"TEST1"}"#.to_owned(), 2), ("{}".to_owned(), 1)]);
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
    let _lanes = rig.start();
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
    let _lanes = rig.start();
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
    let _lanes = rig.start();
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
    let _lanes = rig.start();
    rig.drained().await;
    assert_eq!(rig.delivered(), 12_000);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b7_a_group_of_many_batches_is_given_back_before_its_lease_ends() {
    let mut rig = Rig::new(&[], Step::Late(Duration::from_secs(25)));
    rig.max_events = 10;
    rig.append(0..100).await;
    let _lanes = rig.start();
    rig.drained().await;
    // Each event went once: 250 seconds of requests under leases of 70.
    assert_eq!((rig.delivered(), rig.script.sizes()), (100, vec![10; 10]));
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
    let _lanes = rig.start();
    rig.drained().await;
    assert_eq!((rig.script.requests(), rig.metrics.events_purged.with_label_values(&["d"]).get()), (0, 5));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn new_events_do_not_wait_until_a_long_backlog_is_gone() {
    let mut rig = Rig::new(&[], Step::Late(Duration::from_secs(1)));
    (rig.max_requests, rig.max_events) = (1, 10);
    for number in 0..100 {
        rig.append(number * 10..number * 10 + 10).await;
        rig.clock.advance(Duration::from_millis(10));
    }
    let _lanes = rig.start();
    rig.until(|| rig.delivered() >= 50).await;
    for number in 0..5 {
        let (event, started) = (5_000 + number, rig.now());
        rig.append(event..event + 1).await;
        rig.until(|| rig.taken().contains(&event)).await;
        assert!(rig.now() - started < 6_000, "{} ms behind a backlog of {}", rig.now() - started, rig.pending().await);
    }
    // Three in four rounds are still for the oldest.
    let taken = rig.taken();
    let oldest = (0..taken.len()).filter(|number| taken.contains(number)).count();
    assert!(oldest * 10 >= taken.len() * 6, "{oldest} of {}", taken.len());
    rig.drained().await;
    assert_eq!(rig.delivered(), 1005);
    rig.stop().await;
}

/// The time of an event that Meta finds too old so many seconds after the tests begin.
fn expiring_in(secs: u64) -> u64 {
    NOW_SECS - (7 * 86_400 - 60) + secs
}

#[tokio::test(start_paused = true)]
async fn b15_a_fresh_event_does_not_expire_with_an_old_one_of_its_group() {
    let rig = Rig::new(&[], Step::ByContent);
    rig.script.play(|play| (play.poison, play.takes) = ([0].into(), Duration::from_secs(5)));
    let mut events: Vec<_> = (0..9).map(sanitized).collect();
    events.push(sanitized_at(9, expiring_in(3), "website"));
    rig.append_as("shop", "d", "{}", events).await;
    let _lanes = rig.start();
    rig.drained().await;
    let expired = rig.metrics.events_expired.with_label_values(&["d"]).get();
    assert_eq!((rig.delivered(), rig.quarantined().await, expired), (8, 1, 1));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b15_a_witness_that_became_too_old_expires_and_holds_nobody_up() {
    let mut rig = Rig::new(&[], Step::ByContent);
    rig.max_requests = 1;
    rig.script.play(|play| (play.poison, play.takes) = ((0..9).collect(), Duration::from_secs(1)));
    let old = (9..14).map(|number| sanitized_at(number, expiring_in(4), "website"));
    rig.append_as("shop", "d", "{}", (0..9).map(sanitized).chain(old).collect()).await;
    let _lanes = rig.start();
    rig.until(|| rig.script.requests() == 1).await;
    let begun = rig.now();
    rig.append(20..25).await;
    rig.drained().await;
    let expired = rig.metrics.events_expired.with_label_values(&["d"]).get();
    assert_eq!((rig.delivered(), rig.quarantined().await, expired), (5, 9, 5));
    assert!(rig.now() - begun < 45_000, "{} ms", rig.now() - begun);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_while_a_batch_is_gathered_does_not_hold_it() {
    let mut rig = Rig::new(&[], SUCCESS);
    rig.linger = Duration::from_secs(10);
    rig.append(0..3).await;
    let _lanes = rig.start();
    tokio::time::sleep(Duration::from_secs(5)).await;
    rig.clock.set_back(Duration::from_secs(3600));
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(rig.delivered(), 3);
    rig.stop().await;
}
