//! Several gateways that share one Redis, each with a folder and a listener of its own, and what must hold of them together.

use std::time::Duration;

use crate::{Executable, Gateway, Metrics, Redis, Setup, Signal, holds};

/// Gateways that share one Redis.
#[derive(Debug)]
pub struct Fleet {
    /// Each of them.
    pub gateways: Vec<Gateway>,
}

impl Fleet {
    /// Starts one gateway for each setup, one after the other.
    pub async fn start(executable: &Executable, setups: impl IntoIterator<Item = Setup>) -> Self {
        let mut gateways = Vec::new();
        for setup in setups {
            gateways.push(Gateway::start(executable, setup).await);
        }
        Self { gateways }
    }

    /// So many of the same setup.
    pub async fn of(executable: &Executable, count: usize, setup: &Setup) -> Self {
        Self::start(executable, std::iter::repeat_n(setup.clone(), count)).await
    }

    /// A warning with this text in its message is part of the test, in each of them.
    pub fn expect_log(&mut self, part: &str) {
        self.gateways.iter_mut().for_each(|gateway| gateway.expect_log(part));
    }

    /// Trouble with Redis is part of the test, and so are the warnings about it.
    pub fn expect_trouble_with_redis(&mut self) {
        self.gateways.iter_mut().for_each(Gateway::expect_trouble_with_redis);
    }

    /// Trouble with Meta is part of the test, and so are the warnings about it.
    pub fn expect_trouble_with_meta(&mut self) {
        self.gateways.iter_mut().for_each(Gateway::expect_trouble_with_meta);
    }

    /// What must be nowhere, beside what each searches for anyway.
    pub fn add_canary(&mut self, name: &str, value: &str) {
        self.gateways.iter_mut().for_each(|gateway| gateway.canaries.add(name, value));
    }

    /// What Prometheus would make of all of them together.
    pub async fn metrics(&self) -> Metrics {
        let mut scrapes = Vec::new();
        for gateway in &self.gateways {
            scrapes.push(gateway.metrics().await);
        }
        Metrics::together(&scrapes)
    }

    /// Waits until nothing is pending, neither in Redis nor in the file of any of them.
    pub async fn drained(&self) {
        holds("the outboxes drain", Duration::from_secs(120), async || match self.metrics().await.pending() {
            0 => Ok(()),
            pending => Err(format!("{pending} events are pending")),
        })
        .await;
    }

    /// Promise P5, summed over all of them, which holds as long as none of them was killed.
    pub async fn accounted(&self) {
        holds("each event is accounted for", Duration::from_secs(30), async || self.metrics().await.accounted()).await;
    }

    /// Everything that must hold when a test is done; stops those that still run. No canary may be in Redis either.
    pub async fn finish(self, redis: &[&Redis]) {
        self.accounted().await;
        self.finish_without_accounts(redis).await;
    }

    /// The same where the counters of somebody who was killed are missing, or a cut left open what Redis has.
    pub async fn finish_without_accounts(self, redis: &[&Redis]) {
        for redis in redis {
            let canaries = &self.gateways.first().expect("a fleet has gateways").canaries;
            redis.holds_none(canaries).await;
        }
        for gateway in self.gateways {
            gateway.finish_without_accounts().await;
        }
    }

    /// Stops all of them at once.
    pub async fn stop(&mut self, signal: Signal) {
        for gateway in &mut self.gateways {
            gateway.process().signal(signal).await;
        }
        for gateway in &mut self.gateways {
            let code = gateway.process().ended(Duration::from_secs(30)).await;
            assert_eq!(code, Some(0), "the exit code after {signal:?}\n{}", gateway.process().stderr());
        }
    }
}
