//! Who may send, and what of it may leave: one snapshot of the configuration. A request takes it once and keeps it to its end, so
//! that a reload in between never shows it half of two.

use std::sync::Arc;
use std::time::Duration;

use portcullis_filters::policy::Policy;

use super::keys::Keys;
use super::rate::{Bucket, Empty, Rates};
use crate::config::Config;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::site::SiteCounters;

/// Every site, and what their requests need of the datasets.
#[derive(Debug)]
pub(super) struct Sites {
    keys: Keys,
    list: Vec<Site>,
    /// Ids of datasets that take test events.
    test_datasets: Vec<Arc<str>>,
}

/// A sender, as far as its requests need it.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) id: Arc<str>,
    pub(super) policy: Arc<Policy>,
    datasets: Vec<Arc<str>>,
    pub(super) counters: Arc<SiteCounters>,
    bucket: Option<Arc<Bucket>>,
}

impl Sites {
    /// As configured. What `before` counted and limited goes on where nothing of it changed.
    pub(super) fn new(config: &Config, metrics: &Metrics, before: Option<&Self>) -> Self {
        let site = |site: &crate::config::Site| {
            let before = before.and_then(|before| before.list.iter().find(|before| before.id == site.id));
            let counters = before
                .filter(|before| before.policy.digest() == site.policy.digest())
                .map(|before| Arc::clone(&before.counters));
            let bucket =
                before.and_then(|before| before.bucket.clone()).filter(|bucket| Some(bucket.limit()) == site.rate_limit);
            Site {
                id: Arc::clone(&site.id),
                policy: Arc::clone(&site.policy),
                datasets: site.datasets.clone(),
                counters: counters.unwrap_or_else(|| {
                    let properties = site.policy.property_paths().cloned();
                    Arc::new(SiteCounters::new(&site.id, properties, site.policy.jurisdictions(), metrics))
                }),
                bucket: bucket.or_else(|| site.rate_limit.map(|limit| Arc::new(Bucket::new(limit)))),
            }
        };
        Self {
            keys: Keys::new(config.sites.iter().map(|site| site.keys.as_slice())),
            list: config.sites.iter().map(site).collect(),
            test_datasets: config.datasets.iter().filter(|d| d.allow_test_events).map(|d| Arc::clone(&d.id)).collect(),
        }
    }

    /// The site whose key this is.
    pub(super) fn of_key(&self, key: &str) -> Option<&Site> {
        self.list.get(self.keys.site_of(key)?)
    }

    /// Whether test events may go to a dataset.
    pub(super) fn takes_test_events(&self, dataset: &Arc<str>) -> bool {
        self.test_datasets.contains(dataset)
    }
}

impl Site {
    /// A dataset to which it may send.
    pub(super) fn dataset(&self, id: &str) -> Option<&Arc<str>> {
        self.datasets.iter().find(|own| own.as_ref() == id)
    }

    /// Whether it may send at all now. Else it is counted, and how long it should wait.
    pub(super) fn may_send(&self) -> Result<(), Duration> {
        self.bucket.as_ref().map_or(Ok(()), |bucket| bucket.look()).map_err(|empty| self.is_limited(empty))
    }

    /// The same for so many events, which count as sent.
    pub(super) async fn send(&self, events: usize, rates: &Rates) -> Result<(), Duration> {
        let Some(bucket) = &self.bucket else { return Ok(()) };
        rates.take(&self.id, bucket, events).await.map_err(|empty| self.is_limited(empty))
    }

    fn is_limited(&self, empty: Empty) -> Duration {
        self.counters.count_rate_limited();
        empty.wait
    }
}
