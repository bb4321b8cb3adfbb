//! Another configuration while events wait and requests are in hand.

use super::rig::Script;
use super::*;

#[tokio::test(start_paused = true)]
async fn d4_a_new_dataset_is_sent_and_one_that_is_gone_is_kept() {
    let mut rig = Rig::new(&[], SUCCESS);
    rig.append_as("shop", "new", "{}", (0..3).map(sanitized).collect()).await;
    let lanes = rig.start();
    let end = rig.now() + 20_000;
    rig.until(|| rig.now() >= end).await;
    assert_eq!((rig.script.requests(), rig.pending().await), (0, 3));
    rig.datasets = vec!["new".into()];
    lanes.apply(rig.plan(&rig.script));
    rig.drained().await;
    rig.append(10..15).await;
    let end = rig.now() + 20_000;
    rig.until(|| rig.now() >= end).await;
    assert_eq!((rig.delivered(), rig.pending().await), (0, 5));
    rig.datasets = vec!["new".into(), "d".into()];
    lanes.apply(rig.plan(&rig.script));
    rig.drained().await;
    assert_eq!(rig.delivered(), 5);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn d4_what_is_in_hand_when_its_dataset_goes_is_finished() {
    let mut rig = Rig::new(&[], Step::Late(Duration::from_secs(20)));
    rig.append(0..3).await;
    let lanes = rig.start();
    rig.until(|| rig.script.requests() == 1).await;
    rig.datasets = Vec::new();
    lanes.apply(rig.plan(&Script::new(&[], BAD_TOKEN)));
    rig.drained().await;
    assert_eq!((rig.delivered(), lanes.gates().closed()), (3, Vec::new()));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b4_a_new_token_is_tried_at_once() {
    let rig = Rig::new(&[], BAD_TOKEN);
    rig.append(0..3).await;
    let lanes = rig.start();
    let end = rig.now() + 900_000;
    rig.until(|| rig.now() >= end).await;
    assert_eq!(rig.gate(Cause::Token), 1);
    let renewed = Script::new(&[], SUCCESS);
    renewed.play(|play| play.token = 1);
    let changed = rig.now();
    lanes.apply(rig.plan(&renewed));
    rig.drained().await;
    assert!(rig.now() - changed < 1_000, "{} ms", rig.now() - changed);
    assert_eq!(rig.gate(Cause::Token), 0);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b4_a_new_token_does_not_hurry_a_meta_that_asked_to_wait() {
    let rig = Rig::new(&[Step::RetryAfter("600")], SUCCESS);
    rig.append(0..3).await;
    let lanes = rig.start();
    rig.until(|| rig.gate(Cause::RateLimited) == 1).await;
    let renewed = Script::new(&[], SUCCESS);
    renewed.play(|play| play.token = 1);
    let changed = rig.now();
    lanes.apply(rig.plan(&renewed));
    rig.drained().await;
    assert!(rig.now() - changed > 500_000, "{} ms", rig.now() - changed);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b4_a_token_that_was_put_into_its_file_is_found_without_a_reload() {
    let rig = Rig::new(&[], BAD_TOKEN);
    rig.append(0..3).await;
    let _lanes = rig.start();
    let end = rig.now() + 900_000;
    rig.until(|| rig.now() >= end).await;
    let changed = rig.now();
    rig.script.play(|play| (play.token_file, play.otherwise) = (7, SUCCESS));
    rig.drained().await;
    assert!(rig.now() - changed < 7_000, "{} ms", rig.now() - changed);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn d4_reloads_under_load_lose_and_repeat_nothing() {
    let mut rig = Rig::new(&[], Step::Late(Duration::from_millis(30)));
    let lanes = rig.start();
    for number in 0..100 {
        rig.append(number * 5..number * 5 + 5).await;
        rig.max_requests = 1 + number % 5;
        rig.max_events = 3 + number % 7;
        lanes.apply(rig.plan(&rig.script));
        tokio::time::sleep(Duration::from_millis(7)).await;
    }
    rig.drained().await;
    let mut taken = rig.taken();
    taken.sort_unstable();
    assert_eq!(taken, (0..500).collect::<Vec<_>>());
    rig.stop().await;
}

/// The policy of the tests with one host more, so that it is another one.
fn another_policy() -> Arc<Policy> {
    let (name, text) = Policy::builtin("retail").unwrap();
    let hosts = ["www.shop.example".to_owned(), "other.shop.example".to_owned()];
    Arc::new(Policy::compile(text, name, &hosts).unwrap())
}

#[tokio::test(start_paused = true)]
async fn p4_a_bisection_that_a_reload_overtakes_purges_nothing_of_the_new_policy() {
    let mut rig = Rig::new(&[], Step::ByContent);
    rig.max_requests = 1;
    rig.on_policy_change = OnPolicyChange::Purge;
    rig.script.play(|play| (play.poison, play.takes) = ((0..20).collect(), Duration::from_millis(300)));
    rig.append(0..20).await;
    let lanes = rig.start();
    rig.until(|| rig.script.requests() == 2).await;
    rig.policy = another_policy();
    lanes.apply(rig.plan(&rig.script));
    rig.append(20..30).await;
    rig.drained().await;
    let purged = rig.metrics.events_purged.with_label_values(&["d"]).get();
    assert_eq!((rig.delivered(), rig.quarantined().await, purged), (10, 20, 0));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn p3_what_waits_for_its_turn_is_judged_by_the_policy_that_a_reload_brought_meanwhile() {
    let mut rig = Rig::new(&[], Step::Late(Duration::from_secs(5)));
    rig.max_requests = 1;
    rig.on_policy_change = OnPolicyChange::Purge;
    rig.append(0..5).await;
    let lanes = rig.start();
    rig.until(|| rig.script.requests() == 1).await;
    rig.append(5..10).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    rig.policy = another_policy();
    lanes.apply(rig.plan(&rig.script));
    rig.append(10..15).await;
    rig.drained().await;
    let purged = rig.metrics.events_purged.with_label_values(&["d"]).get();
    assert_eq!((rig.taken(), purged), ((0..5).chain(10..15).collect(), 5));
    rig.stop().await;
}
