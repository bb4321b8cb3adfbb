//! What the contract does not ask of every back end: several gateways, strangers and damage, a full server, and one that is emptied.
//! All on a real server.

mod burial;
mod full;
mod repeats;
mod seen;
mod sharing;
mod strangers;

use std::time::Duration;

use super::Redis;
use crate::chance::Chance;
use crate::outbox::bench::{ROOMY, gateway};
use crate::outbox::samples::{append, ids};
use crate::outbox::{AnyOutbox, Keys, Lease, LeaseRequest, Leased, Settings, Settlement};
use crate::shared::testing::Server;

/// A server, asked by hand as a stranger would.
struct Place {
    server: Server,
    by_hand: redis::aio::MultiplexedConnection,
}

impl Place {
    async fn new() -> Self {
        let server = Server::start().await;
        let client = redis::Client::open(("127.0.0.1", server.port)).unwrap();
        let by_hand = client.get_multiplexed_async_connection().await.unwrap();
        Self { server, by_hand }
    }

    async fn gateway(&self, number: u64) -> AnyOutbox {
        self.gateway_with(number, Settings::plain(ROOMY)).await
    }

    async fn gateway_with(&self, number: u64, settings: Settings) -> AnyOutbox {
        AnyOutbox::Redis(gateway(&self.server, number, settings).await)
    }

    /// Runs a command, in which a name after `:` is a key of dataset 1.
    async fn run<T: redis::FromRedisValue>(&self, command: &str) -> T {
        let mut words = command.split(' ');
        let mut asked = redis::cmd(words.next().unwrap());
        for word in words {
            match word.strip_prefix(':') {
                Some(name) => asked.arg(format!("{{portcullis:1}}:{name}")),
                None => asked.arg(word),
            };
        }
        asked.query_async(&mut self.by_hand.clone()).await.unwrap()
    }

    async fn number(&self, command: &str) -> u64 {
        self.run(command).await
    }
}

fn redis_of(outbox: &AnyOutbox) -> &Redis {
    match outbox {
        AnyOutbox::Redis(redis) => redis,
        other => panic!("{other:?}"),
    }
}

/// Under this key, and earlier ones.
fn sealed(today: u8, previous: &[u8]) -> Settings {
    let previous: Vec<[u8; 32]> = previous.iter().map(|byte| [*byte; 32]).collect();
    let keys = Keys::new(&[today; 32], &previous, Chance::seeded(u64::from(today)));
    Settings { keys: Some(keys), ..Settings::plain(ROOMY) }
}

async fn keep(outbox: &AnyOutbox, dataset: &str, names: &[&str]) {
    assert_eq!(outbox.append(append("shop", dataset, names, 1_000)).await.unwrap().events(), names.len());
}

async fn look(outbox: &AnyOutbox, dataset: &str, max_events: usize, now_ms: u64) -> Leased {
    let (max_bytes, until_ms) = (10_000_000, now_ms + 1_000);
    outbox.lease(LeaseRequest { dataset: dataset.into(), max_events, max_bytes, now_ms, until_ms }).await.unwrap()
}

async fn lease(outbox: &AnyOutbox, now_ms: u64) -> Vec<Lease> {
    look(outbox, "1", 10_000, now_ms).await.leases
}

fn names(leases: &[Lease]) -> Vec<String> {
    leases.iter().flat_map(ids).collect()
}

async fn deliver(outbox: &AnyOutbox, leases: Vec<Lease>) -> u64 {
    let all = leases.into_iter().map(|lease| {
        let settlements = vec![Settlement::Delivered; lease.count()];
        (lease, settlements)
    });
    outbox.settle_all(all.collect()).await.into_iter().map(|settled| settled.unwrap().delivered).sum()
}

async fn pause() {
    tokio::time::sleep(Duration::from_millis(5)).await;
}
