//! What becomes of the set when Redis loses the log, a part of it or an entry, or is away.

use super::*;
use crate::suppression::Standing;

#[tokio::test]
async fn c1_a_server_that_was_emptied_gets_the_log_again_once_and_nobody_who_was_removed() {
    let server = Server::start().await;
    let (a, b) = (Gateway::of(&server).await, Gateway::of(&server).await);
    a.add(0..5_000).await;
    a.remove(7..8).await;
    b.log.catch_up().await.unwrap();
    let () = by_hand(&server, &["FLUSHALL"]).await;
    let (one, other) = tokio::join!(a.log.catch_up(), b.log.catch_up());
    one.unwrap();
    other.unwrap();
    assert_eq!(by_hand::<u64>(&server, &["XLEN", NAME]).await, 2, "4,999 marks are two entries, and one gateway wrote them");
    let new = Gateway::of(&server).await;
    new.log.catch_up().await.unwrap();
    for gateway in [&a, &b, &new] {
        assert!(gateway.holds(0) && gateway.holds(4_999) && !gateway.holds(7) && gateway.set.count() == 4_999);
        assert!(!gateway.set.is_blind());
    }
    // And it goes on from there, also after it was lost a second time.
    let () = by_hand(&server, &["DEL", NAME]).await;
    b.remove(0..1).await;
    a.log.catch_up().await.unwrap();
    assert!(!a.holds(0) && a.set.count() == 4_998);
}

#[tokio::test]
async fn c1_who_was_behind_when_the_log_was_lost_brings_what_it_has_so_that_a_person_is_rather_kept_back() {
    let server = Server::start().await;
    let (a, behind) = (Gateway::of(&server).await, Gateway::of(&server).await);
    a.add(0..3).await;
    behind.log.catch_up().await.unwrap();
    a.remove(0..1).await;
    a.add(3..4).await;
    let () = by_hand(&server, &["FLUSHALL"]).await;
    a.log.catch_up().await.unwrap();
    behind.log.catch_up().await.unwrap();
    a.log.catch_up().await.unwrap();
    for gateway in [&a, &behind] {
        assert!((0..4).all(|number| gateway.holds(number)), "nobody knows whether 0 was removed");
    }
}

#[tokio::test]
async fn c7_entries_that_a_failover_lost_are_missed_and_written_again() {
    let server = Server::start().await;
    let (a, b) = (Gateway::of(&server).await, Gateway::of(&server).await);
    a.add(0..2).await;
    b.log.catch_up().await.unwrap();
    a.add(2..3).await;
    // The new primary never had the last entry, and somebody was faster than the one who did.
    let last = a.set.position().unwrap().to_string();
    let _: u64 = by_hand(&server, &["XDEL", NAME, &last]).await;
    let () = by_hand(&server, &["XSETID", NAME, &b.set.position().unwrap().to_string()]).await;
    b.add(3..4).await;
    a.log.catch_up().await.unwrap();
    b.log.catch_up().await.unwrap();
    for gateway in [&a, &b] {
        assert!((0..4).all(|number| gateway.holds(number)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c7_while_a_log_is_read_anew_nobody_is_let_go_who_was_kept_back_again_later() {
    let server = Server::start().await;
    let (a, b) = (Gateway::of(&server).await, Gateway::of(&server).await);
    a.add(0..1).await;
    a.remove(0..1).await;
    // More than is read at once.
    for number in 1..1_100 {
        a.add(number..number + 1).await;
    }
    a.add(0..1).await;
    b.log.catch_up().await.unwrap();
    // A failover loses the last entry, and somebody is faster than the one who made it: that one reads from the beginning.
    let before = a.set.position().unwrap().to_string();
    b.add(5_000..5_001).await;
    let _: u64 = by_hand(&server, &["XDEL", NAME, &b.set.position().unwrap().to_string()]).await;
    let () = by_hand(&server, &["XSETID", NAME, &before]).await;
    a.add(6_000..6_001).await;
    let (set, done) = (b.set.clone(), CancellationToken::new());
    let ended = done.clone();
    let watch = tokio::task::spawn_blocking(move || {
        let mut let_go = 0;
        while !ended.is_cancelled() {
            let (start, was_blind) = (Instant::now(), set.is_blind());
            let is_kept_back = set.look(&person(0)).unwrap() || was_blind || set.is_blind();
            // A look that was held up says nothing: all may have been read meanwhile.
            let_go += u32::from(!is_kept_back && start.elapsed() < Duration::from_millis(1));
        }
        let_go
    });
    b.log.catch_up().await.unwrap();
    done.cancel();
    assert_eq!(watch.await.unwrap(), 0, "looks that found the person let go");
    assert!(b.holds(0) && b.holds(5_000) && !b.set.is_blind());
}

#[tokio::test]
async fn an_entry_that_is_torn_changed_or_missing_fails_closed_and_deleting_the_log_mends_it() {
    let server = Server::start().await;
    let (a, b) = (Gateway::of(&server).await, Gateway::of(&server).await);
    a.add(0..2).await;
    b.log.catch_up().await.unwrap();
    let key = a.set.marker().unwrap().fingerprint().to_string();
    let next = Position::parse(&b.set.position().unwrap().to_string()).unwrap().next(&Chance::seeded(3)).to_string();
    let gap = "99-1";
    for (name, words) in [
        ("torn", vec![&*next, "key", &*key, "task", "add"]),
        (
            "forged",
            vec![&*next, "key", &*key, "task", "add", "day", "1", "seal", "0123456789abcdef", "marks", "0123456789abcdef"],
        ),
        ("empty", vec![&*next, "nothing", "here"]),
        ("behind a gap", vec![gap, "key", &*key]),
    ] {
        let words: Vec<&str> = ["XADD", NAME].into_iter().chain(words).collect();
        let _: String = by_hand(&server, &words).await;
        let error = b.log.catch_up().await.unwrap_err();
        assert!(matches!(&error, SuppressionError::LogTorn { .. }) && error.is_of_configuration(), "{name}: {error}");
        assert!(b.set.is_blind() && b.set.trouble().unwrap().contains("cannot be read"), "{name}");
        assert_eq!(b.set.standing("{}"), Standing::Unknown, "{name}: nothing is sent");
        assert!(b.perform(SuppressTask::Add, 5..6).await.is_err(), "{name}");
        let () = by_hand(&server, &["DEL", NAME]).await;
        b.log.catch_up().await.unwrap();
        assert!(!b.set.is_blind() && b.holds(1) && b.set.count() == 2, "{name}");
        let () = by_hand(&server, &["DEL", NAME]).await;
        b.log.catch_up().await.unwrap();
    }
    // An entry that somebody deleted is missed by whoever reads from the beginning.
    a.log.catch_up().await.unwrap();
    a.add(2..3).await;
    let first: Vec<(String, Vec<Vec<u8>>)> = by_hand(&server, &["XRANGE", NAME, "-", "+", "COUNT", "1"]).await;
    let _: u64 = by_hand(&server, &["XDEL", NAME, &first[0].0]).await;
    let new = Gateway::of(&server).await;
    assert!(matches!(new.log.catch_up().await.unwrap_err(), SuppressionError::LogTorn { .. }));
}

#[tokio::test]
async fn while_redis_is_away_nobody_can_be_added_and_who_is_suppressed_stays_so() {
    let server = Server::start().await;
    let gateway = Gateway::of(&server).await;
    gateway.add(0..1).await;
    drop(server);
    let error = gateway.perform(SuppressTask::Add, 1..2).await.unwrap_err();
    assert!(matches!(error, SuppressionError::Shared(SharedError::Away(_))) && !error.is_of_configuration());
    assert!(error.to_string().contains("when Redis is back"), "{error}");
    assert!(gateway.holds(0) && !gateway.holds(1) && !gateway.set.is_blind());
}
