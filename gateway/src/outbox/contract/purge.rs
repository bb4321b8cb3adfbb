//! The clauses on what is deleted for good, and on what comes back from quarantine.

use std::sync::Arc;

use portcullis_filters::policy::PolicyDigest;

use super::{RETRY_SENT, all_ids};
use crate::outbox::bench::{Bench, ROOMY, contract};
use crate::outbox::samples::{Persons, RETAIL, append, ids};
use crate::outbox::{
    Depth, EventFilter, LeaseRequest, PurgeSelector, Purged, QuarantineReason, RedriveSelector, Redriven, Settled,
    Settlement,
};

contract! {
    async fn o8_purged_is_purged_also_after_a_crash(bench: &mut Bench, cap ROOMY) {
        for number in 0..300 {
            bench.append("1", &[&format!("e{number}")]).await;
        }
        bench.append("2", &["other"]).await;
        let purge = PurgeSelector::Matching(EventFilter { dataset: Some("1".to_owned()), ..EventFilter::default() });
        assert_eq!(bench.outbox.would_purge(purge.clone()).await.unwrap().waiting_events(), 300);
        let purged = bench.outbox.purge(purge).await.unwrap();
        assert_eq!(purged, Purged { waiting: [("1".to_owned(), 300)].into(), ..Purged::default() });
        bench.crash().await;
        assert!(bench.lease("1", 1_000, 2_000, 3_000).await.is_empty());
        assert_eq!(all_ids(&bench.lease("2", 1_000, 2_000, 3_000).await), ["other"]);
    }

    async fn o8_an_event_in_hand_at_a_purge_is_delivered_or_gone(bench: &mut Bench, cap ROOMY) {
        let purge = || PurgeSelector::Matching(EventFilter { site: Some("shop".to_owned()), ..EventFilter::default() });
        let refused = Settlement::Quarantine(QuarantineReason::Unreadable);
        bench.append("1", &["delivered", "retried", "refused"]).await;
        let lease = bench.lease_one("1", 2_000, 3_000).await;
        assert_eq!(bench.outbox.purge(purge()).await.unwrap(), Purged { in_hand: 3, ..Purged::default() });
        let settled = bench.outbox.settle(lease, vec![Settlement::Delivered, RETRY_SENT, refused]).await.unwrap();
        assert_eq!(settled, Settled { delivered: 1, purged: 1, quarantined: 1, ..Settled::default() });
        assert_eq!(bench.depth().await, Depth::default());

        // A lease that ends by itself, one that is given back, and one whose owner dies.
        for end in 0..3 {
            bench.append("1", &["forgotten"]).await;
            let lease = bench.lease_one("1", 2_000, 3_000).await;
            assert_eq!(bench.outbox.purge(purge()).await.unwrap().in_hand, 1);
            match end {
                0 => drop(lease),
                1 => bench.outbox.release(lease).await.unwrap(),
                _ => bench.crash().await,
            }
            let request =
                LeaseRequest { dataset: "1".into(), max_events: 9, max_bytes: 9_000, now_ms: 3_000, until_ms: 4_000 };
            let leased = bench.outbox.lease(request).await.unwrap();
            assert_eq!((leased.leases.len(), leased.purged), (0, u64::from(end < 2)), "{end}");
            assert_eq!(bench.depth().await, Depth::default());
        }
    }

    async fn o8_what_stays_in_hand_of_a_parted_group_is_purged_once_it_is_settled(bench: &mut Bench, cap ROOMY) {
        bench.append("1", &["a", "b", "c"]).await;
        let lease = bench.lease_one("1", 2_000, 3_000).await;
        let filter = EventFilter { event_id: Some("c".to_owned()), ..EventFilter::default() };
        assert_eq!(bench.outbox.purge(PurgeSelector::Matching(filter)).await.unwrap().in_hand, 1);
        let parted = bench.outbox.settle_part(lease, vec![Some(Settlement::Delivered), None, None], 4_000).await.unwrap();
        assert_eq!((parted.settled.delivered, parted.settled.purged), (1, 0));
        let rest = parted.rest.unwrap();
        assert_eq!(ids(&rest), ["b", "c"]);
        let settled = bench.settle(rest, RETRY_SENT).await;
        assert_eq!((settled.retried, settled.purged), (1, 1));
        bench.crash().await;
        assert_eq!(all_ids(&bench.lease("1", 10, 2_000, 3_000).await), ["b"]);
    }

    async fn o8_single_events_are_purged_out_of_their_groups(bench: &mut Bench, cap ROOMY) {
        let purge = |id: &str| PurgeSelector::Matching(EventFilter { event_id: Some(id.to_owned()), ..EventFilter::default() });
        bench.append("1", &["a", "b", "c", "d"]).await;
        bench.append("2", &["b"]).await;
        assert_eq!(bench.outbox.purge(purge("nobody")).await.unwrap(), Purged::default());
        assert_eq!(bench.outbox.purge(purge("b")).await.unwrap().waiting_events(), 2);
        let lease = bench.lease_one("1", 2_000, 3_000).await;
        assert_eq!(ids(&lease), ["a", "c", "d"]);
        assert_eq!(bench.outbox.purge(purge("c")).await.unwrap().in_hand, 1);
        assert_eq!(bench.outbox.purge(purge("d")).await.unwrap().in_hand, 1);
        let settled = bench.settle(lease, RETRY_SENT).await;
        assert_eq!((settled.retried, settled.purged), (1, 2));
        bench.crash().await;
        let lease = bench.lease_one("1", 2_000, 3_000).await;
        assert_eq!(ids(&lease), ["a"]);
        bench.settle(lease, Settlement::Quarantine(QuarantineReason::Unreadable)).await;
        assert_eq!(bench.outbox.purge(purge("a")).await.unwrap(), Purged { quarantined: 1, ..Purged::default() });
        assert_eq!(bench.depth().await, Depth::default());
    }

    async fn o8_the_events_of_a_suppressed_person_go_from_wherever_they_are_and_no_others(bench: &mut Bench, cap ROOMY) {
        // Of three persons: 0, 3 and 6 are of one.
        let refused = || Settlement::Quarantine(QuarantineReason::Unreadable);
        bench.append("1", &["aside0", "aside1", "aside3"]).await;
        let lease = bench.lease_one("1", 2_000, 3_000).await;
        bench.settle(lease, refused()).await;
        bench.append("1", &["hand0", "hand1", "hand3", "hand6", "same1"]).await;
        bench.append("1", &["other1"]).await;
        let lease = bench.lease_one("1", 2_000, 3_000).await;
        bench.append("1", &["e0", "e1", "e2", "e3", "e4"]).await;
        bench.append("2", &["e6"]).await;
        let purge = PurgeSelector::Suppressed(Persons::of(&["0"]));
        let would = bench.outbox.would_purge(purge.clone()).await.unwrap();
        let purged = bench.outbox.purge(purge.clone()).await.unwrap();
        let waiting = [("1".to_owned(), 2), ("2".to_owned(), 1)].into();
        assert_eq!(purged, Purged { waiting, quarantined: 2, in_hand: 3, ..Purged::default() });
        assert_eq!(purged, would);

        // Of what was in hand, Meta has one, and what is refused or tried again of that person is gone.
        let outcomes = vec![Settlement::Delivered, RETRY_SENT, RETRY_SENT, refused(), RETRY_SENT];
        let settled = bench.outbox.settle(lease, outcomes).await.unwrap();
        assert_eq!(settled, Settled { delivered: 1, retried: 2, purged: 1, quarantined: 1, ..Settled::default() });
        bench.crash().await;
        assert_eq!(bench.outbox.purge(purge).await.unwrap(), Purged::default());
        let mut left = all_ids(&bench.lease("1", 100, 9_000, 10_000).await);
        left.sort();
        assert_eq!(left, ["e1", "e2", "e4", "hand1", "other1", "same1"]);
        assert!(bench.lease("2", 100, 9_000, 10_000).await.is_empty());
        assert_eq!(bench.depth().await.quarantined_events, 1);
    }

    async fn o8_a14_what_is_condemned_of_a_person_does_not_come_back_after_a_crash(bench: &mut Bench, cap ROOMY) {
        bench.append("1", &["e0", "e1"]).await;
        let lease = bench.lease_one("1", 2_000, 3_000).await;
        let purge = PurgeSelector::Suppressed(Persons::of(&["0"]));
        assert_eq!(bench.outbox.purge(purge).await.unwrap().in_hand, 1);
        bench.crash().await;
        drop(lease);
        assert_eq!(all_ids(&bench.lease("1", 10, 2_000, 3_000).await), ["e1"]);
    }

    async fn o8_filters_narrow_together_and_take_what_is_set_aside(bench: &mut Bench, cap ROOMY) {
        for (site, dataset, received_ms) in [("shop", "1", 10), ("shop", "1", 20), ("shop", "2", 10), ("clinic", "1", 10)] {
            drop(bench.outbox.append(append(site, dataset, &["a"], received_ms)).await.unwrap());
        }
        for lease in bench.lease("1", 2, 2_000, 3_000).await {
            bench.settle(lease, Settlement::Quarantine(QuarantineReason::AbortsProcess)).await;
        }
        let filter = EventFilter {
            site: Some("shop".to_owned()),
            dataset: Some("1".to_owned()),
            before_ms: Some(20),
            event_id: None,
        };
        let purged = bench.outbox.purge(PurgeSelector::Matching(filter)).await.unwrap();
        assert_eq!(purged, Purged { quarantined: 1, ..Purged::default() });
        let depth = bench.depth().await;
        assert_eq!((depth.pending_events, depth.quarantined_events), (2, 1));
        let everything = bench.outbox.purge(PurgeSelector::Matching(EventFilter::default())).await.unwrap();
        assert_eq!((everything.waiting_events(), everything.quarantined), (2, 1));
    }

    async fn b10_what_was_set_aside_waits_again_after_a_redrive(bench: &mut Bench, cap ROOMY) {
        bench.append("1", &["a", "b", "c"]).await;
        let lease = bench.lease_one("1", 2_000, 3_000).await;
        let refused = |message: Option<&str>| {
            let message = message.map(Arc::from);
            Settlement::Quarantine(QuarantineReason::Refused { code: 100, subcode: 1, message })
        };
        let outcomes = vec![refused(Some("says Meta")), Settlement::Quarantine(QuarantineReason::Unreadable), refused(None)];
        bench.outbox.settle(lease, outcomes).await.unwrap();
        bench.crash().await;
        let mut changed = bench.outbox.changed();
        changed.mark_unchanged();
        let only = RedriveSelector { reason: Some("refused".to_owned()), ..RedriveSelector::default() };
        let redriven = bench.outbox.redrive(only).await.unwrap();
        assert_eq!(redriven, Redriven { waiting: [("1".to_owned(), 2)].into(), ..Redriven::default() });
        assert!(changed.has_changed().unwrap());
        bench.crash().await;
        let leases = bench.lease("1", 10, 2_000, 3_000).await;
        assert_eq!(all_ids(&leases), ["a", "c"]);
        assert!(leases.iter().all(|lease| lease.received_ms == 1_000 && lease.attempts == 0));
        let depth = bench.depth().await;
        assert_eq!((depth.pending_events, depth.quarantined_events), (2, 1));
        let elsewhere = RedriveSelector { dataset: Some("2".to_owned()), ..RedriveSelector::default() };
        assert_eq!(bench.outbox.redrive(elsewhere).await.unwrap(), Redriven::default());
        assert_eq!(bench.outbox.redrive(RedriveSelector::default()).await.unwrap().waiting["1"], 1);
        assert_eq!(bench.depth().await.quarantined_events, 0);
    }

    async fn o8_only_what_another_policy_stored_is_purged(bench: &mut Bench, cap ROOMY) {
        bench.append("1", &["a"]).await;
        drop(bench.outbox.append(append("clinic", "1", &["b"], 1)).await.unwrap());
        let purge = |keep| PurgeSelector::OtherPolicies { site: "shop".into(), dataset: "1".into(), keep };
        let same = purge(RETAIL.digest());
        assert_eq!(bench.outbox.purge(same).await.unwrap(), Purged::default());
        let other = purge(PolicyDigest::from_bytes([0; 32]));
        assert_eq!(bench.outbox.purge(other).await.unwrap().waiting_events(), 1);
        assert_eq!(bench.outbox.pending_by_dataset().await.unwrap(), [("clinic".into(), "1".into(), 1)]);
    }

    async fn o8_a_redrive_beside_a_purge_brings_nothing_back(bench: &mut Bench, cap ROOMY) {
        bench.append("1", &["a"]).await;
        let lease = bench.lease_one("1", 2_000, 3_000).await;
        bench.settle(lease, Settlement::Quarantine(QuarantineReason::Unreadable)).await;
        bench.append("1", &["b"]).await;
        let purge = bench.outbox.purge(PurgeSelector::Matching(EventFilter::default()));
        let (purged, redriven) = tokio::join!(purge, bench.outbox.redrive(RedriveSelector::default()));
        assert_eq!((redriven.unwrap(), purged.unwrap().quarantined), (Redriven::default(), 1));
        assert_eq!(bench.depth().await, Depth::default());
    }
}
