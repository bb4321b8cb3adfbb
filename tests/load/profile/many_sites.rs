//! Many sites: the same rate shared by 1, 10, 100 and 1000 sites, each with a key, a policy and a dataset of its own.
//!
//! The more datasets, the fewer events a request to Meta holds, as each dataset has requests of its own: that is part of the cost.

use std::fmt::Write as _;

use harness::sha256_hex;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::tell;
use crate::callers::Callers;
use crate::latency::Latency;
use crate::meter::{Meter, Spent};
use crate::pace::Step;
use crate::request::{OWN_HOST, Sender, Template};
use crate::run::Bench;

const COUNTS: [usize; 4] = [1, 10, 100, 1000];
/// Of capacity.
const SHARE: f64 = 0.1;

/// Cost as sites grow.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ManySites {
    /// Events a second, over all sites.
    pub(crate) rate: f64,
    pub(crate) counts: Vec<Sites>,
}

/// So many sites.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Sites {
    pub(crate) count: usize,
    pub(crate) events: u64,
    pub(crate) latency: Latency,
    pub(crate) spent: Spent,
    /// Memory before the first event, at its most, and the most that the gateway ever had.
    pub(crate) start_rss_mib: f64,
    pub(crate) peak_rss_mib: f64,
    /// Until the gateway accepted events.
    pub(crate) start_seconds: f64,
    /// In each request to Meta.
    pub(crate) events_per_delivery: f64,
    /// Requests answered 503.
    pub(crate) turned_away: u64,
    pub(crate) broken: u64,
}

impl Bench {
    pub(super) async fn many_sites(&self, capacity: f64) -> ManySites {
        let rate = SHARE * capacity;
        let mut counts = Vec::new();
        for sites in COUNTS {
            counts.push(self.sites(sites, rate).await);
        }
        ManySites { rate, counts }
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of a few seconds")]
    async fn sites(&self, sites: usize, rate: f64) -> Sites {
        let senders: Vec<Sender> = (1..=sites).map(sender).collect();
        let meta = self.counting_meta().await;
        // The first one is that of the setup.
        let tables = senders.iter().enumerate().fold(String::new(), |text, (at, sender)| text + &self.tables(at, sender));
        let setup = self.setup(&meta).append(&tables);
        let started = Instant::now();
        let mut server = self.start_gateway(meta, setup).await;
        let (start_seconds, start_rss_mib) = (started.elapsed().as_secs_f64(), server.peak_rss_mib());
        let mut callers = Callers::connect(server.address(), self.point(), &Template::for_senders(senders)).await;
        let warm = callers.keep(&[Step { rate, time: self.warm_up() }]).await;
        let mut events = warm.iter().map(|kept| kept.counts.events).sum();
        server.drained(events).await;
        let (meter, deliveries) = (Meter::start(&mut server, self.cores), server.meta().requests().await);
        let kept = callers.keep(&[Step { rate, time: self.time }]).await;
        let counts = kept.into_iter().next().expect("one step").counts;
        events += counts.events;
        server.drained(events).await;
        let spent = meter.read(&mut server, counts.events);
        let deliveries = server.meta().requests().await - deliveries;
        let peak_rss_mib = server.peak_rss_mib();
        drop(callers);
        server.finish().await;
        let latency = Latency::of(&counts.latency);
        tell(&format!(
            "{sites:>4} sites {rate:.0} events/s  {:.2} us CPU/event  p99 {:.2} ms  {peak_rss_mib:.0} MiB  start {start_seconds:.2} s  others {:.0} %",
            spent.cpu_us_per_event, latency.p99_ms, spent.others_percent
        ));
        Sites {
            count: sites,
            events: counts.events,
            latency,
            spent,
            start_rss_mib,
            peak_rss_mib,
            start_seconds,
            events_per_delivery: counts.events as f64 / deliveries.max(1) as f64,
            turned_away: counts.turned_away,
            broken: counts.broken,
        }
    }

    /// A site and its dataset, as the configuration has them.
    fn tables(&self, at: usize, sender: &Sender) -> String {
        let Sender { dataset, key } = sender;
        let (policy, key) = (&self.policy, sha256_hex(key.as_bytes()));
        let mut text = String::new();
        write!(
            text,
            "\n[[site]]\nid = \"shop-{at}\"\npolicy = \"{policy}\"\ndatasets = [\"{dataset}\"]\nhosts = [\"{OWN_HOST}\"]\n\
             keys = [{{ sha256 = \"{key}\" }}]\n\n[[dataset]]\nid = \"{dataset}\"\naccess_token = {{ env = \"META_TOKEN_SHOP\" }}\n"
        )
        .expect("a string takes text");
        text
    }
}

fn sender(number: usize) -> Sender {
    Sender { dataset: format!("9876543210{number:06}"), key: format!("site-key-of-a-load-test-{number:06}-0123456789") }
}
