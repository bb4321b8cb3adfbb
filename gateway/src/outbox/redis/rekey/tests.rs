//! Encryption anew over Redis: wherever events are, whoever has them in hand.

use std::sync::Arc;

use crate::chance::Chance;
use crate::outbox::bench::{ROOMY, gateway};
use crate::outbox::redis::Redis;
use crate::outbox::samples::{append, ids};
use crate::outbox::{Keys, LeaseRequest, OutboxError, QuarantineReason, RedriveSelector, Settings, Settlement};
use crate::shared::testing::Server;

const FIRST: [u8; 32] = [1; 32];
const SECOND: [u8; 32] = [2; 32];

async fn under(server: &Server, number: u64, today: Option<[u8; 32]>, previous: &[[u8; 32]]) -> Redis {
    let keys = today.map(|today| Keys::new(&today, previous, Chance::seeded(number)));
    gateway(server, number, Settings { keys, ..Settings::plain(ROOMY) }).await
}

async fn keep(redis: &Redis, name: &str) {
    drop(redis.append(append("shop", "1", &[name], 1_000)).await.unwrap());
}

fn request(now_ms: u64) -> LeaseRequest {
    LeaseRequest { dataset: "1".into(), max_events: 100, max_bytes: 10_000_000, now_ms, until_ms: now_ms + 1_000 }
}

async fn leased_ids(redis: &Redis, now_ms: u64) -> Vec<String> {
    redis.lease(request(now_ms)).await.unwrap().leases.iter().flat_map(ids).collect()
}

#[tokio::test]
async fn what_waits_what_is_in_hand_and_what_is_set_aside_is_encrypted_and_stays_what_it_is() {
    let server = Server::start().await;
    let before = under(&server, 1, None, &[]).await;
    keep(&before, "aside").await;
    let lease = before.lease(request(2_000)).await.unwrap().leases.pop().unwrap();
    let message = Some(Arc::from("says Meta"));
    let refused = Settlement::Quarantine(QuarantineReason::Refused { code: 100, subcode: 1, message });
    assert_eq!(before.settle_all(vec![(lease, vec![refused])]).await.pop().unwrap().unwrap().quarantined, 1);
    keep(&before, "hand").await;
    let in_hand = before.lease(request(2_000)).await.unwrap().leases.pop().unwrap();
    keep(&before, "waits").await;
    assert_eq!(before.inspect().await.unwrap().unencrypted_events, 3);
    assert!(matches!(before.rekey().await, Err(OutboxError::Unfit(_))));

    let now = under(&server, 2, Some(FIRST), &[]).await;
    assert_eq!(now.rekey().await.unwrap(), 3);
    assert_eq!(now.rekey().await.unwrap(), 0);
    let inspection = now.inspect().await.unwrap();
    assert_eq!((inspection.unencrypted_events, inspection.quarantine[0].message.as_deref()), (0, Some("says Meta")));
    let shown = now.show(None, inspection.quarantine[0].id).await.unwrap();
    assert!(shown.len() == 1 && shown[0].bodies.contains(r#""event_id":"aside""#) && !shown[0].bodies.contains("says"));
    for name in ["bodies", "quarantine"] {
        let dump: Vec<u8> = server.ask(redis::cmd("DUMP").arg(format!("{{portcullis:1}}:{name}"))).await;
        assert!(!dump.windows(8).any(|window| window == b"event_id"), "{name}");
    }
    // The lease of before holds on, and what it gives back opens under the new key.
    let again = Settlement::Retry { not_before_ms: 0, attempted: true };
    assert_eq!(before.settle_all(vec![(in_hand, vec![again])]).await.pop().unwrap().unwrap().retried, 1);
    assert_eq!(now.redrive(RedriveSelector::default()).await.unwrap().waiting["1"], 1);
    assert_eq!(leased_ids(&now, 5_000).await, ["hand", "waits", "aside"]);
}

#[tokio::test]
async fn what_was_under_an_earlier_key_is_under_the_new_one_and_what_nobody_here_can_open_is_left() {
    let server = Server::start().await;
    let (first, stranger) = (under(&server, 1, Some(FIRST), &[]).await, under(&server, 2, Some([9; 32]), &[]).await);
    keep(&first, "ours").await;
    keep(&stranger, "theirs").await;
    let second = under(&server, 3, Some(SECOND), &[FIRST]).await;
    assert_eq!(second.rekey().await.unwrap(), 1);
    let alone = under(&server, 4, Some(SECOND), &[]).await;
    assert_eq!(leased_ids(&alone, 2_000).await, ["ours"]);
    assert_eq!(leased_ids(&stranger, 2_000).await, ["theirs"]);
}
