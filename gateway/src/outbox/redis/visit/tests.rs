//! What a person sees and does from a machine where no gateway runs.

use super::Visit;
use crate::chance::Chance;
use crate::clock::Clock;
use crate::outbox::bench::{ROOMY, gateway};
use crate::outbox::redis::Redis;
use crate::outbox::samples::append;
use crate::outbox::{
    EventFilter, LeaseRequest, OutboxCommand, OutboxDone, OutboxPlace, Purged, QuarantineReason, RedriveSelector, Redriven,
    Settings, Settlement,
};
use crate::shared::testing::Server;

async fn visit(server: &Server) -> Visit {
    Visit::to(&server.config(), Settings::plain(ROOMY), Clock::system(), Chance::seeded(9)).await.unwrap()
}

/// Three events of two sites for two datasets, one in hand for a minute, one that Meta refused. When that was, and its gateway.
async fn filled(server: &Server) -> (u64, Redis) {
    let now_ms = Clock::system().unix_ms();
    let redis = gateway(server, 1, Settings::plain(ROOMY)).await;
    let lease = |dataset: &str| LeaseRequest {
        dataset: dataset.into(),
        max_events: 1,
        max_bytes: 10_000_000,
        now_ms,
        until_ms: now_ms + 60_000,
    };
    drop(redis.append(append("shop", "2", &["refused"], 500)).await.unwrap());
    let refused = redis.lease(lease("2")).await.unwrap().leases.pop().unwrap();
    let message = Some("says Meta".into());
    let outcome = Settlement::Quarantine(QuarantineReason::Refused { code: 100, subcode: 7, message });
    assert_eq!(redis.settle_all(vec![(refused, vec![outcome])]).await.pop().unwrap().unwrap().quarantined, 1);
    drop(redis.append(append("shop", "1", &["in-hand"], 1_000)).await.unwrap());
    drop(redis.lease(lease("1")).await.unwrap());
    drop(redis.append(append("clinic", "1", &["waits"], 2_000)).await.unwrap());
    (now_ms, redis)
}

#[tokio::test]
async fn what_all_gateways_share_is_seen_from_outside_and_a_look_changes_nothing() {
    let server = Server::start().await;
    let _gateway = filled(&server).await;
    let before: Vec<u8> = server.ask(redis::cmd("DUMP").arg("{portcullis:1}:heads")).await;
    let visit = visit(&server).await;
    let seen = visit.inspect().await.unwrap();
    assert_eq!((seen.durability, seen.gateways.len()), (Some("always"), 0));
    let pending: Vec<_> = seen.inspection.pending.iter().map(|line| (&*line.site, &*line.dataset, line.events)).collect();
    assert_eq!(pending, [("clinic", "1", 1), ("shop", "1", 1)]);
    let in_hand: Vec<_> = seen.inspection.pending.iter().map(|line| (line.leased_groups, line.oldest_received_ms)).collect();
    assert_eq!(in_hand, [(0, 2_000), (1, 1_000)]);
    assert_eq!((seen.inspection.quarantined_events, seen.inspection.unencrypted_events), (1, 3));
    let [entry] = &seen.inspection.quarantine[..] else { panic!("{:?}", seen.inspection.quarantine) };
    assert_eq!((&*entry.dataset, entry.id, entry.code, entry.subcode, &*entry.reason), ("2", 1, 100, 7, "refused"));
    assert_eq!((entry.message.as_deref(), entry.received_ms), (Some("says Meta"), 500));
    assert!(visit.show(None, 1).await.unwrap()[0].bodies.contains(r#""event_id":"refused""#));
    assert!(visit.show(Some("1"), 1).await.unwrap().is_empty() && visit.show(None, 2).await.unwrap().is_empty());
    assert_eq!(before, server.ask::<Vec<u8>>(redis::cmd("DUMP").arg("{portcullis:1}:heads")).await);
}

#[tokio::test]
async fn what_another_gateway_has_in_hand_is_condemned_by_a_purge_from_outside() {
    let server = Server::start().await;
    let (now_ms, _gateway) = filled(&server).await;
    let visit = visit(&server).await;
    let all = EventFilter { before_ms: Some(u64::MAX), ..EventFilter::default() };
    let purged = Purged { waiting: [("1".to_owned(), 1)].into(), quarantined: 1, in_hand: 1, ..Purged::default() };
    assert_eq!(visit.obey(OutboxCommand::WouldPurge(all.clone())).await.unwrap(), OutboxDone::Purged(purged.clone()));
    assert_eq!(visit.obey(OutboxCommand::Purge(all)).await.unwrap(), OutboxDone::Purged(purged));
    let later = gateway(&server, 2, Settings::plain(ROOMY)).await;
    let now_ms = now_ms + 60_000;
    let request = LeaseRequest { dataset: "1".into(), max_events: 9, max_bytes: 9_000, now_ms, until_ms: now_ms + 1 };
    let leased = later.lease(request).await.unwrap();
    assert_eq!((leased.leases.len(), leased.purged), (0, 1));
}

#[tokio::test]
async fn b10_a_redrive_of_the_file_s_quarantine_leaves_that_of_redis_alone() {
    let server = Server::start().await;
    let _gateway = filled(&server).await;
    let visit = visit(&server).await;
    let redrive = |place| OutboxCommand::Redrive(RedriveSelector { place: Some(place), ..RedriveSelector::default() });
    let nothing = OutboxDone::Redriven(Redriven::default());
    assert_eq!(visit.obey(redrive(OutboxPlace::File)).await.unwrap(), nothing);
    let one = OutboxDone::Redriven(Redriven { waiting: [("2".to_owned(), 1)].into(), ..Redriven::default() });
    assert_eq!(visit.obey(redrive(OutboxPlace::Redis)).await.unwrap(), one);
}

#[tokio::test]
async fn o10_what_another_version_laid_out_is_not_touched() {
    let server = Server::start().await;
    server.ask::<()>(redis::cmd("HSET").arg("{portcullis}:outbox").arg("format").arg(99)).await;
    let refused = Visit::to(&server.config(), Settings::plain(ROOMY), Clock::set(1), Chance::seeded(9)).await;
    assert!(refused.unwrap_err().to_string().contains("format 99"));
}
