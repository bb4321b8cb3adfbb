//! The contract of `outbox/mod.rs`, clause by clause, over every back end.

mod purge;

use std::sync::Arc;
use std::time::Duration;

use portcullis_filters::report::WithdrawReason;

use super::bench::{Bench, ROOMY, contract};
use super::samples::{append, ids};
use super::{Depth, Lease, LeaseRequest, OutboxError, QuarantineReason, Settled, Settlement};

/// The event ids of all leases, in order.
fn all_ids(leases: &[Lease]) -> Vec<String> {
    leases.iter().flat_map(ids).collect()
}

const RETRY_SENT: Settlement = Settlement::Retry { not_before_ms: 0, attempted: true };

contract! {
    async fn o1_a_receipt_means_that_every_event_survives_a_crash(bench: &mut Bench, cap ROOMY) {
        bench.append("1", &["a", "b"]).await;
        bench.append("1", &["c"]).await;
        bench.crash().await;
        assert_eq!(all_ids(&bench.lease("1", 10, 2_000, 3_000).await), ["a", "b", "c"]);
    }

    async fn o1_an_append_that_is_refused_leaves_nothing(bench: &mut Bench, cap 4_000) {
        let names: Vec<String> = (0..100).map(|number| format!("e{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let refused = bench.outbox.append(append("shop", "1", &names, 1)).await;
        assert!(matches!(refused, Err(OutboxError::Full)));
        let empty = bench.outbox.append(append("shop", "1", &[], 1)).await;
        assert!(matches!(empty, Err(OutboxError::Unfit(_))));
        assert_eq!(bench.depth().await, Depth::default());
    }

    async fn o1_a_request_larger_than_a_group_is_kept_whole(bench: &mut Bench, cap ROOMY) {
        let names: Vec<String> = (0..1_001).map(|number| format!("e{number}")).collect();
        bench.append("1", &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
        bench.crash().await;
        let leases = bench.lease("1", 2_000, 2_000, 3_000).await;
        assert_eq!(leases.len(), 2);
        assert_eq!(all_ids(&leases), names);
    }

    async fn o2_a_leased_group_is_invisible_until_its_lease_ends(bench: &mut Bench, cap ROOMY) {
        bench.append("1", &["a"]).await;
        let first = bench.lease_one("1", 2_000, 3_000).await;
        assert!(bench.lease("1", 10, 2_999, 4_000).await.is_empty());
        assert_eq!(bench.outbox.next_due_ms("1", 2_999).await.unwrap(), Some(3_000));
        let second = bench.lease_one("1", 3_000, 4_000).await;
        assert_eq!(ids(&first), ids(&second));
    }

    async fn o2_datasets_are_leased_apart_and_oldest_first(bench: &mut Bench, cap ROOMY) {
        // Appended as they came in: a queue that several gateways share knows no other order.
        for (dataset, id, received_ms) in [("2", "other", 5), ("1", "early", 10), ("1", "middle", 20), ("1", "late", 30)] {
            drop(bench.outbox.append(append("shop", dataset, &[id], received_ms)).await.unwrap());
        }
        assert_eq!(bench.depth().await.oldest_received_ms, Some(5));
        assert_eq!(all_ids(&bench.lease("1", 2, 2_000, 3_000).await), ["early", "middle"]);
        assert_eq!(all_ids(&bench.lease("1", 2, 2_000, 3_000).await), ["late"]);
        assert_eq!(bench.outbox.next_due_ms("2", 2_000).await.unwrap(), Some(2_000));
        assert_eq!(bench.outbox.next_due_ms("3", 2_000).await.unwrap(), None);
    }

    async fn o3_an_unsettled_lease_comes_back_without_an_attempt(bench: &mut Bench, cap ROOMY) {
        bench.append("1", &["a"]).await;
        drop(bench.lease_one("1", 2_000, 3_000).await);
        bench.crash().await;
        let again = bench.lease_one("1", 2_000, 3_000).await;
        assert_eq!((ids(&again), again.attempts), (vec!["a".to_owned()], 0));
    }

    async fn o3_an_attempt_counts_only_if_bytes_were_sent(bench: &mut Bench, cap ROOMY) {
        bench.append("1", &["a", "b"]).await;
        let lease = bench.lease_one("1", 2_000, 3_000).await;
        bench.settle(lease, Settlement::Retry { not_before_ms: 2_500, attempted: false }).await;
        assert!(bench.lease("1", 10, 2_499, 3_000).await.is_empty());
        assert_eq!(bench.outbox.next_due_ms("1", 2_400).await.unwrap(), Some(2_500));
        let lease = bench.lease_one("1", 2_500, 3_000).await;
        assert_eq!(lease.attempts, 0);
        let half = vec![Settlement::Delivered, RETRY_SENT];
        assert_eq!(bench.outbox.settle(lease, half).await.unwrap(), Settled { delivered: 1, retried: 1, ..Settled::default() });
        bench.crash().await;
        let lease = bench.lease_one("1", 2_500, 3_000).await;
        assert_eq!((ids(&lease), lease.attempts, lease.received_ms), (vec!["b".to_owned()], 1, 1_000));
    }

    async fn o3_a_released_lease_is_back_at_once_and_blames_nobody(bench: &mut Bench, cap ROOMY) {
        bench.append("1", &["a"]).await;
        for _ in 0..5 {
            let lease = bench.lease_one("1", 2_000, 3_000).await;
            assert_eq!(lease.attempts, 0);
            bench.outbox.release(lease).await.unwrap();
            bench.crash().await;
        }
        assert_eq!(bench.depth().await.quarantined_events, 0);
    }

    async fn o3_b14_an_event_that_kills_the_process_three_times_is_set_aside(bench: &mut Bench, cap ROOMY) {
        bench.append("1", &["poison"]).await;
        for _ in 0..3 {
            drop(bench.lease_one("1", 2_000, 3_000).await);
            bench.crash().await;
        }
        assert!(bench.lease("1", 10, 2_000, 3_000).await.is_empty());
        let depth = bench.depth().await;
        assert_eq!((depth.pending_events, depth.quarantined_events), (0, 1));
    }

    async fn o3_b14_only_the_poison_of_a_backlog_is_set_aside(bench: &mut Bench, cap ROOMY) {
        bench.append("1", &["a", "b", "c", "poison", "d"]).await;
        bench.append("1", &["e", "f"]).await;
        bench.append("2", &["g"]).await;
        let mut delivered = Vec::new();
        let mut crashes = 0;
        while bench.depth().await.pending_events > 0 {
            // Both datasets are in hand when the process dies, so the death alone blames none of them.
            let mut leases = bench.lease("1", 1_000, 2_000, 3_000).await;
            leases.extend(bench.lease("2", 1_000, 2_000, 3_000).await);
            assert!(!leases.is_empty());
            if all_ids(&leases).iter().any(|id| id == "poison") {
                crashes += 1;
                bench.crash().await;
                continue;
            }
            for lease in leases {
                delivered.extend(ids(&lease));
                bench.settle(lease, Settlement::Delivered).await;
            }
        }
        delivered.sort();
        assert_eq!(delivered, ["a", "b", "c", "d", "e", "f", "g"]);
        assert_eq!(bench.depth().await.quarantined_events, 1);
        assert!(crashes <= 8, "{crashes} crashes");
    }

    async fn o3_a_group_that_was_sent_without_harm_is_no_suspect(bench: &mut Bench, cap ROOMY) {
        bench.append("1", &["a"]).await;
        for _ in 0..6 {
            drop(bench.lease_one("1", 2_000, 3_000).await);
            bench.crash().await;
            let lease = bench.lease_one("1", 2_000, 3_000).await;
            bench.settle(lease, RETRY_SENT).await;
        }
        assert_eq!(bench.depth().await.quarantined_events, 0);
    }

    async fn o4_settling_twice_counts_once(bench: &mut Bench, cap ROOMY) {
        bench.append("1", &["a", "b"]).await;
        let lease = bench.lease_one("1", 2_000, 3_000).await;
        let again = lease.forged_copy();
        assert_eq!(bench.settle(lease, Settlement::Delivered).await, Settled { delivered: 2, ..Settled::default() });
        let before = bench.depth().await;
        assert_eq!(bench.settle(again, Settlement::Delivered).await, Settled::default());
        assert_eq!(bench.depth().await, before);
    }

    async fn o4_b8_settling_an_expired_lease_has_no_effect(bench: &mut Bench, cap ROOMY) {
        bench.append("1", &["a"]).await;
        let expired = bench.lease_one("1", 2_000, 3_000).await;
        let late = expired.forged_copy();
        assert!(bench.lease("2", 1, 3_000, 4_000).await.is_empty());
        assert_eq!(bench.settle(expired, Settlement::Delivered).await, Settled::default());
        let holder = bench.lease_one("1", 3_000, 4_000).await;
        let refused = Settlement::Quarantine(QuarantineReason::Refused { code: 100, subcode: 0, message: None });
        assert_eq!(bench.settle(late, refused).await, Settled::default());
        assert_eq!(bench.settle(holder, Settlement::Delivered).await.delivered, 1);
        assert_eq!(bench.depth().await, Depth::default());
    }

    async fn o4_every_outcome_is_counted_and_survives_a_crash(bench: &mut Bench, cap ROOMY) {
        bench.append("1", &["a", "b", "c", "d", "e"]).await;
        let lease = bench.lease_one("1", 2_000, 3_000).await;
        let copy = lease.forged_copy();
        let outcomes = vec![
            Settlement::Delivered,
            Settlement::Quarantine(QuarantineReason::Refused { code: 100, subcode: 2_804_019, message: None }),
            Settlement::Expired,
            Settlement::Withdrawn(WithdrawReason::GuardFailed),
            RETRY_SENT,
        ];
        let settled = bench.outbox.settle(lease, outcomes).await.unwrap();
        assert_eq!(settled, Settled { delivered: 1, quarantined: 1, expired: 1, withdrawn: 1, retried: 1, purged: 0 });
        assert!(matches!(bench.outbox.settle(copy, Vec::new()).await, Err(OutboxError::Unfit(_))));
        let before = bench.depth().await;
        assert_eq!((before.pending_events, before.quarantined_events), (1, 1));
        bench.crash().await;
        assert_eq!(bench.depth().await, before);
        assert_eq!(all_ids(&bench.lease("1", 10, 2_000, 3_000).await), ["e"]);
    }

    async fn o6_a_lease_holds_no_more_than_was_asked_for(bench: &mut Bench, cap ROOMY) {
        for number in 0..40 {
            bench.append("1", &[&format!("e{number}"), "second"]).await;
        }
        let leases = bench.lease("1", 7, 2_000, 3_000).await;
        assert_eq!(leases.len(), 3);
        let bytes = leases[0].bodies.len() * 2 + 1;
        let request = LeaseRequest { dataset: "1".into(), max_events: 1_000, max_bytes: bytes, now_ms: 2_000, until_ms: 3_000 };
        let cut = bench.outbox.lease(request).await.unwrap();
        assert!(cut.leases.len() <= 2 && !cut.leases.is_empty() && cut.more);
        let request = LeaseRequest { dataset: "1".into(), max_events: 0, max_bytes: 0, now_ms: 2_000, until_ms: 3_000 };
        assert_eq!(bench.outbox.lease(request.clone()).await.unwrap().leases.len(), 1);
        let rest = LeaseRequest { max_events: 1_000, max_bytes: 10_000_000, ..request };
        assert!(!bench.outbox.lease(rest).await.unwrap().more, "everything fitted");
    }

    async fn o7_full_is_an_error_and_room_comes_back(bench: &mut Bench, cap 20_000) {
        let mut kept = 0;
        let refused = loop {
            match bench.outbox.append(append("shop", "1", &["a"], 1)).await {
                Ok(_) => kept += 1,
                Err(refused) => break refused,
            }
        };
        assert!(matches!(refused, OutboxError::Full));
        let depth = bench.depth().await;
        assert!(kept > 5 && depth.pending_events == kept && depth.bytes <= 20_000);
        bench.crash().await;
        assert!(matches!(bench.outbox.append(append("shop", "1", &["a"], 1)).await, Err(OutboxError::Full)));
        for lease in bench.lease("1", 1_000, 2_000, 3_000).await {
            bench.settle(lease, Settlement::Delivered).await;
        }
        bench.append("1", &["b"]).await;
        assert_eq!(bench.outbox.health(), Ok(()));
    }

    async fn p4_a_retry_time_of_a_clock_that_was_ahead_holds_nothing(bench: &mut Bench, cap ROOMY) {
        const DAY_MS: u64 = 86_400_000;
        let now_ms = 1_000 * DAY_MS;
        bench.append("1", &["a"]).await;
        for (after_ms, is_due) in [(DAY_MS, false), (3 * DAY_MS, true), (u64::from(u32::MAX) * DAY_MS, true)] {
            let lease = bench.lease_one("1", now_ms + DAY_MS, now_ms + DAY_MS + 1).await;
            bench.settle(lease, Settlement::Retry { not_before_ms: now_ms + after_ms, attempted: true }).await;
            bench.crash().await;
            let due_ms = bench.outbox.next_due_ms("1", now_ms).await.unwrap();
            assert_eq!(due_ms, Some(if is_due { now_ms } else { now_ms + DAY_MS }), "{after_ms}");
            let leases = bench.lease("1", 10, now_ms, now_ms + 1).await;
            assert_eq!(!leases.is_empty(), is_due, "{after_ms}");
        }
    }

    async fn o9_a_wake_up_is_never_lost(bench: &mut Bench, cap ROOMY) {
        for round in 0..100 {
            let mut changed = bench.outbox.changed();
            assert!(bench.lease("1", 1, 2_000, 3_000).await.is_empty());
            let id = format!("e{round}");
            let woken = async {
                tokio::time::timeout(Duration::from_secs(10), changed.changed()).await.unwrap().unwrap();
                bench.lease_one("1", 2_000, 3_000).await
            };
            let ids = [&*id];
            let (lease, ()) = tokio::join!(woken, bench.append("1", &ids));
            let mut changed = bench.outbox.changed();
            bench.settle(lease, RETRY_SENT).await;
            assert!(changed.has_changed().unwrap());
            changed.mark_unchanged();
            let lease = bench.lease_one("1", 2_000, 3_000).await;
            bench.outbox.release(lease).await.unwrap();
            assert!(changed.has_changed().unwrap());
            let lease = bench.lease_one("1", 2_000, 3_000).await;
            bench.settle(lease, Settlement::Delivered).await;
        }
    }

    async fn o9_the_end_of_a_suspect_wakes_those_that_wait_for_it(bench: &mut Bench, cap ROOMY) {
        bench.append("1", &["a"]).await;
        bench.append("1", &["b"]).await;
        for _ in 0..3 {
            assert_eq!(bench.lease("1", 10, 2_000, 3_000).await.len(), 2);
            bench.crash().await;
        }
        let first = bench.lease_one("1", 2_000, 3_000).await;
        let changed = bench.outbox.changed();
        assert_eq!(bench.outbox.next_due_ms("1", 2_000).await.unwrap(), Some(3_000));
        bench.settle(first, Settlement::Delivered).await;
        assert!(changed.has_changed().unwrap());
        assert_eq!(bench.outbox.next_due_ms("1", 2_000).await.unwrap(), Some(2_000));
    }

    async fn a8_totals_equal_a_recount_after_a_crash(bench: &mut Bench, cap ROOMY) {
        for number in 0..10 {
            bench.append("1", &[&format!("e{number}"), "second", "third"]).await;
        }
        for lease in bench.lease("1", 20, 2_000, 3_000).await {
            let refused = Settlement::Quarantine(QuarantineReason::Refused { code: 100, subcode: 0, message: None });
            bench.outbox.settle(lease, vec![Settlement::Delivered, refused, RETRY_SENT]).await.unwrap();
        }
        let (depth, pending) = (bench.depth().await, bench.outbox.pending_by_dataset().await.unwrap());
        bench.crash().await;
        assert_eq!(bench.depth().await, depth);
        assert_eq!(bench.outbox.pending_by_dataset().await.unwrap(), pending);
    }

    async fn a_closed_outbox_says_so(bench: &mut Bench, cap ROOMY) {
        bench.append("1", &["a"]).await;
        bench.outbox.close().await;
        bench.outbox.close().await;
        assert!(matches!(bench.outbox.append(append("shop", "1", &["b"], 1)).await, Err(OutboxError::Closed)));
        assert!(matches!(bench.outbox.depth().await, Err(OutboxError::Closed)));
        assert!(bench.outbox.health().is_err());
    }

    async fn p1_many_at_once_all_get_their_receipt(bench: &mut Bench, cap ROOMY) {
        let tasks = tokio_util::task::TaskTracker::new();
        let outbox = Arc::new(bench.outbox.clone());
        let mut receipts = Vec::new();
        for number in 0..400 {
            let outbox = Arc::clone(&outbox);
            let request = append("shop", "1", &[&format!("e{number}")], 1_000);
            receipts.push(tasks.spawn(async move { outbox.append(request).await.unwrap().events() }));
        }
        for receipt in receipts {
            assert_eq!(receipt.await.unwrap(), 1);
        }
        bench.crash().await;
        let mut stored = all_ids(&bench.lease("1", 1_000, 2_000, 3_000).await);
        stored.sort();
        let mut sent: Vec<String> = (0..400).map(|number| format!("e{number}")).collect();
        sent.sort();
        assert_eq!(stored, sent);
    }
}
