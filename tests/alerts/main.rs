//! The alert rules of `deploy/prometheus/`: each has its page and its unit test, fires in the fault that it is for, and is silent
//! while nothing is wrong.
//!
//! Real gateways are scraped in clean runs and in real faults; their scrapes, stretched over hours and days, are what promtool
//! travels through (`timeline`). A check names every alert that may fire then, so each fault is also a clean run for all others.
//! [`MADE_UP`] lists the alerts that no test here brings about, and why; those fire on made-up series in `alerts_test.yaml` only.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper of a test may panic as the test may")]

mod timeline;

mod rules;

mod quiet;

mod faults;
mod filter;
mod fleet;

use std::path::{Path, PathBuf};
use std::time::Duration;

use harness::{Gateway, Meta, Metrics, Setup, eventually, executable, numbered_purchase};
use timeline::{DAY, Timeline, Told};

/// Alerts whose fault is not brought about, and why.
const MADE_UP: &[(&str, &str)] = &[
    ("PortcullisGuardFailed", "it takes a defect in a stage, and none is known"),
    ("PortcullisSuppressionFailing", "it takes a disk that fails in one file while the outbox beside it works"),
];

/// How long something may take that has to become visible.
const REST: Duration = Duration::from_secs(120);
/// Events of an ordinary step.
const EVENTS: u64 = 25;
/// The instance of a gateway that is alone.
const GATEWAY: &str = "gw-1:9464";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A gateway, and a day of ordinary traffic that it told of, in which no alert fired.
struct Watched {
    meta: Meta,
    gateway: Gateway,
    line: Timeline,
    last: Metrics,
    posted: u64,
}

impl Watched {
    async fn start(change: impl FnOnce(Setup) -> Setup) -> Self {
        let executable = executable!();
        let meta = Meta::start(&executable).await;
        let gateway = Gateway::start(&executable, change(Setup::new(&meta))).await;
        Self::over(meta, gateway).await
    }

    async fn over(meta: Meta, gateway: Gateway) -> Self {
        let last = gateway.metrics().await;
        let mut watched = Self { meta, gateway, line: Timeline::default(), last, posted: 0 };
        watched.ordinary(DAY + DAY / 12).await;
        watched.line.must_be_silent();
        watched
    }

    /// So many steps of ordinary traffic, all of which arrives.
    async fn ordinary(&mut self, steps: usize) {
        self.post(EVENTS).await;
        self.gateway.drained().await;
        self.goes_on(steps).await;
    }

    /// So many steps, each of which brings what happened since the last scrape.
    async fn goes_on(&mut self, steps: usize) {
        let after = self.gateway.metrics().await;
        self.line.goes_on(steps, &[Told { instance: GATEWAY, before: &self.last, after: &after }]);
        self.last = after;
    }

    /// Posts so many purchases, each in a request of its own.
    async fn post(&mut self, events: u64) {
        for _ in 0..events {
            let answer = self.gateway.client().post(&[numbered_purchase("ordinary", self.posted)]).await.unwrap();
            assert_eq!(answer.status, 200, "{}", answer.text());
            self.posted += 1;
        }
    }

    /// Waits until a metric that carries these labels reaches a value.
    async fn reaches(&self, name: &str, labels: &[(&str, &str)], value: u64) {
        eventually(&format!("{name} reaches {value}"), REST, async || {
            (self.gateway.metrics().await.sum(name, labels) >= value).then_some(())
        })
        .await;
    }

    /// Compares, and ends it.
    async fn finish(self) {
        self.line.judge().await;
        self.gateway.finish().await;
        self.meta.finish().await;
    }
}
