//! Shows in metrics what is configured and in force: at the start, and again after each reload.

use crate::config::{self, Config};
use crate::telemetry::metrics::Metrics;

/// Shows which configuration is in force.
pub(super) fn configuration(config: &Config, metrics: &Metrics) {
    metrics.config_info.reset();
    metrics.config_info.with_label_values(&[config.digest()]).set(1);
}

/// Shows which policies are in force, and no longer those that were.
pub(super) fn policies(config: &Config, before: Option<&Config>, metrics: &Metrics) {
    let labels = |config: &Config| -> Vec<[String; 4]> {
        let policy = |site: &config::Site| {
            let policy = &site.policy;
            [site.id.to_string(), policy.name().to_owned(), policy.version().to_string(), policy.digest().to_string()]
        };
        config.sites.iter().map(policy).collect()
    };
    let in_force = labels(config);
    for policy in &in_force {
        metrics.policy_info.with_label_values(policy).set(1);
    }
    for gone in before.map(labels).unwrap_or_default().iter().filter(|before| !in_force.contains(before)) {
        // It was there, as we put it there.
        metrics.policy_info.remove_label_values(gone).ok();
    }
}

/// Brings the series of every dataset's accounts into being, so that a counter that never moved reads as 0.
pub(super) fn datasets(config: &Config, metrics: &Metrics) {
    for dataset in &config.datasets {
        for counter in [
            &metrics.events_recovered,
            &metrics.events_redriven,
            &metrics.events_delivered,
            &metrics.events_expired,
            &metrics.events_purged,
        ] {
            counter.with_label_values(&[&dataset.id]);
        }
    }
}
