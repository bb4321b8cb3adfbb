//! Stops and dropped dispatchers lose nothing.

use super::*;

#[tokio::test(start_paused = true)]
async fn d1_a_long_linger_does_not_delay_a_stop_and_loses_nothing() {
    let mut rig = Rig::new(&[], SUCCESS);
    rig.linger = Duration::from_secs(300);
    let _lanes = rig.start();
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
    let _lanes = rig.start();
    rig.append(0..3).await;
    rig.until(|| rig.script.requests() == 1).await;
    // An answer within the grace still counts.
    assert!(rig.stop().await <= Duration::from_secs(11));
    assert_eq!((rig.delivered(), rig.pending().await), (3, 0));

    rig = Rig::new(&[], Step::Never);
    let _lanes = rig.start();
    rig.append(0..3).await;
    rig.until(|| rig.script.requests() == 1).await;
    assert!(rig.stop().await <= STOP_GRACE + Duration::from_secs(1));
    assert_eq!((rig.delivered(), rig.pending().await), (0, 3));
}

#[tokio::test(start_paused = true)]
async fn d10_a_stop_at_any_moment_settles_or_gives_back_what_is_in_hand() {
    for delay in 0..200 {
        let rig = Rig::new(&[], Step::Late(Duration::from_millis(20)));
        let _lanes = rig.start();
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
fn b12_dropping_a_bisection_at_any_moment_loses_nothing() {
    let rig = Rig::new(&[], Step::ByContent);
    rig.script.play(|play| (play.poison, play.takes) = ([3, 40].into(), Duration::from_millis(30)));
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime().block_on(rig.append(0..60));
    for delay in 0..40 {
        let once = runtime();
        once.block_on(async {
            let _lanes = rig.start();
            tokio::time::sleep(Duration::from_millis(delay * 9)).await;
        });
        drop(once);
        rig.clock.advance(Duration::from_secs(120));
    }
    runtime().block_on(async {
        let _lanes = rig.start();
        rig.drained().await;
        let taken: HashSet<usize> = rig.taken().into_iter().collect();
        assert_eq!((taken.len(), rig.quarantined().await), (58, 2));
        rig.stop().await;
    });
}

#[test]
fn b12_dropping_the_dispatcher_at_any_moment_loses_nothing() {
    let rig = Rig::new(&[], Step::Late(Duration::from_millis(30)));
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    for delay in 0..60 {
        let once = runtime();
        once.block_on(async {
            let _lanes = rig.start();
            rig.append(delay * 3..delay * 3 + 3).await;
            tokio::time::sleep(Duration::from_millis(delay as u64 * 5)).await;
        });
        // Every task ends at the await at which it stands.
        drop(once);
    }
    rig.clock.advance(Duration::from_secs(120));
    runtime().block_on(async {
        let _lanes = rig.start();
        rig.drained().await;
        let sent: HashSet<String> =
            rig.script.play(|play| play.requests.iter().flat_map(|(_, events, _)| events.clone()).collect());
        assert_eq!(sent.len(), 180);
        rig.stop().await;
    });
}
