//! By which it is seen that two gateways run the same configuration, or that one changed: a digest, and nothing of any secret.
//!
//! Of the single tables it takes what was written, where a secret is only named; of sites and datasets what was resolved, without
//! keys and tokens. What a named file holds does not count, but for policies.

use portcullis_filters::normalize::hex;
use sha2::{Digest, Sha256};

use super::Config;

impl Config {
    /// SHA-256 of everything that was configured, without secrets, in hexadecimal digits.
    pub fn digest(&self) -> String {
        let mut digest = Sha256::new();
        // By their debug form, so that a new key counts from its first day.
        digest.update(format!("{:?}\n", self.written));
        for site in &self.sites {
            let (id, policy) = (&site.id, site.policy.digest());
            digest.update(format!("site {id:?} {policy} {:?} {:?} {:?}\n", site.datasets, site.hosts, site.rate_limit));
        }
        for dataset in &self.datasets {
            digest.update(format!("dataset {:?} {}\n", dataset.id, dataset.allow_test_events));
        }
        String::from_utf8_lossy(&hex(&digest.finalize().into())).into_owned()
    }
}
