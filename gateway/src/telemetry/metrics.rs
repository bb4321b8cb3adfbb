//! Every metric, declared once.
//!
//! Label values come from configuration (sites, datasets) or from closed lists, never from a request, so the number of
//! series is bounded whatever callers send. The identity of promise P5, asserted after every end-to-end test:
//!
//! ```text
//! received = refused + dropped + duplicate + turned_away + accepted
//! recovered + accepted + redriven = delivered + quarantined + expired + purged + withdrawn + pending
//! ```

use portcullis_filters::report::Report;
use prometheus::{
    Encoder as _, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};

/// The metrics of one gateway.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    /// Events decoded from requests, by `site` and `source`, which is the form of the endpoint that took them.
    pub events_received: IntCounterVec,
    /// Events that are none, by `site`.
    pub events_refused: IntCounterVec,
    /// Events that the policy does not let leave, by `site`, `stage` and `reason`.
    pub events_dropped: IntCounterVec,
    /// Events that were taken before, by `site`.
    pub events_duplicate: IntCounterVec,
    /// Events answered 503 after decoding, by `site`.
    pub events_turned_away: IntCounterVec,
    /// Events made durable, by `site`.
    pub events_accepted: IntCounterVec,
    /// Events found in the outbox at start, by `dataset`.
    pub events_recovered: IntCounterVec,
    /// Events taken out of quarantine to be sent again, by `dataset`.
    pub events_redriven: IntCounterVec,
    /// Events that Meta has, by `dataset`.
    pub events_delivered: IntCounterVec,
    /// Events set aside, by `dataset` and `reason`.
    pub events_quarantined: IntCounterVec,
    /// Events too old to be sent, by `dataset`.
    pub events_expired: IntCounterVec,
    /// Events deleted by command or by `on_policy_change = "purge"`, by `dataset`.
    pub events_purged: IntCounterVec,
    /// Stored events that the policy of today does not let leave, by `dataset` and `reason`.
    pub events_withdrawn: IntCounterVec,
    /// Values removed, by `site`, `field`, `action` and `reason`.
    pub fields_removed: IntCounterVec,
    /// Fields changed, by `site`, `field` and `action`.
    pub fields_changed: IntCounterVec,
    /// Signals of health in events, by `site` and `kind`.
    pub health_signals: IntCounterVec,
    /// Events to whose person a law applied, by `site` and `jurisdiction`; one to whom several applied counts in each.
    pub jurisdiction_events: IntCounterVec,
    /// What stands for persons who must not be sent: several marks for each.
    pub suppression_marks: IntGauge,
    /// Looks into the store of suppressed persons, by `result`: `held`, `not_held` or `failed`. Most events need none.
    pub suppression_looks: IntCounterVec,
    /// 1 while what waits is still to be looked through for persons who were added.
    pub suppression_sweep_due: IntGauge,
    /// Rows of the index of subject access.
    pub subject_index_rows: IntGauge,
    /// Delivered events that the index does not hold, or got late, by `reason`.
    pub subject_index_failures: IntCounterVec,
    /// Events accepted and not settled, leased or not.
    pub outbox_pending_events: IntGauge,
    /// Bytes that count against `outbox.max_bytes`.
    pub outbox_bytes: IntGauge,
    /// Age of the oldest pending event since its receipt, in seconds.
    pub outbox_oldest_seconds: IntGauge,
    /// Events in quarantine.
    pub outbox_quarantined_events: IntGauge,
    /// 1 while a dataset's sending is held, by `dataset` and `cause`.
    pub gate_closed: IntGaugeVec,
    /// How much of Meta's limits is used, in per cent, by `dataset`.
    pub usage_percent: IntGaugeVec,
    /// Requests answered, by `route` and `status` class.
    pub requests: IntCounterVec,
    /// Requests past the rate limit of their site, by `site`. Their events are counted nowhere.
    pub requests_rate_limited: IntCounterVec,
    /// 1 while rate limits are counted by this gateway alone although it shares them.
    pub rate_limits_alone: IntGauge,
    /// Time from the headers of a request to its answer, the reading of its body included, by `route`.
    pub request_seconds: HistogramVec,
    /// TLS handshakes of callers, by `outcome`.
    pub tls_handshakes: IntCounterVec,
    /// When the certificate that is shown ends, in seconds since 1970. Without TLS there is no series.
    pub tls_certificate_expiry: IntGaugeVec,
    /// 1 while the files hold a pair that cannot be used. Without TLS there is no series.
    pub tls_certificate_reload_failing: IntGaugeVec,
    /// Time of one request to Meta, by `dataset` and `outcome`.
    pub deliver_seconds: HistogramVec,
    /// Always 1: which policy a site runs, by `site`, `policy`, `version` and `digest`.
    pub policy_info: IntGaugeVec,
    /// Reloads of the configuration, by `result`: done or refused.
    pub reloads: IntCounterVec,
    /// 1 if the configuration in force is what the last reload read, 0 if that was refused.
    pub config_last_reload_success: IntGauge,
    /// When the configuration in force was read, in seconds since 1970.
    pub config_last_reload_success_time: IntGauge,
    /// Always 1: `version` of the executable.
    pub build_info: IntGaugeVec,
    /// 1 while every 2xx is durable, 0 with the memory back end.
    pub outbox_durable: IntGauge,
    /// Events that the file of this machine took in place of Redis, by `site`.
    pub outbox_spilled_events: IntCounterVec,
    /// Pending events in the file of this machine, with the Redis back end.
    pub outbox_file_events: IntGauge,
    /// 1 while Redis can be asked. Without the Redis back end there is no series.
    pub redis_up: IntGaugeVec,
    /// Always 1: how durable Redis is, by `mode`.
    pub redis_durability: IntGaugeVec,
    /// Connections to Redis that broke. Without the Redis back end there is no series.
    pub redis_reconnects: IntCounterVec,
    /// How often Redis was found with another outbox than before.
    pub redis_lost: IntCounterVec,
    /// Gateways that live, this one too.
    pub gateways: IntGauge,
    /// 1 while a living gateway has another policy for the same `site`.
    pub policy_differs: IntGaugeVec,
    /// Spans that no collector took.
    pub traces_dropped: IntCounter,
}

impl Metrics {
    /// Declares every metric in a registry of its own.
    #[expect(clippy::disallowed_methods, reason = "the one place that declares metrics")]
    #[expect(clippy::too_many_lines, reason = "a list: one metric after the other")]
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let counters = |name: &str, help: &str, labels: &[&str]| -> Result<IntCounterVec, prometheus::Error> {
            let metric = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(metric.clone()))?;
            Ok(metric)
        };
        let gauges = |name: &str, help: &str, labels: &[&str]| -> Result<IntGaugeVec, prometheus::Error> {
            let metric = IntGaugeVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(metric.clone()))?;
            Ok(metric)
        };
        let gauge = |name: &str, help: &str| -> Result<IntGauge, prometheus::Error> {
            let metric = IntGauge::new(name, help)?;
            registry.register(Box::new(metric.clone()))?;
            Ok(metric)
        };
        let seconds = |name: &str, help: &str, labels: &[&str]| -> Result<HistogramVec, prometheus::Error> {
            let buckets = vec![0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
            let metric = HistogramVec::new(HistogramOpts::new(name, help).buckets(buckets), labels)?;
            registry.register(Box::new(metric.clone()))?;
            Ok(metric)
        };
        let metrics = Self {
            events_received: counters(
                "portcullis_events_received_total",
                "Events decoded from requests.",
                &["site", "source"],
            )?,
            events_refused: counters(
                "portcullis_events_refused_total",
                "Events that are malformed; their callers were told.",
                &["site"],
            )?,
            events_dropped: counters(
                "portcullis_events_dropped_total",
                "Events that the policy does not let leave.",
                &["site", "stage", "reason"],
            )?,
            events_duplicate: counters(
                "portcullis_events_duplicate_total",
                "Events that had been accepted before.",
                &["site"],
            )?,
            events_turned_away: counters(
                "portcullis_events_turned_away_total",
                "Events answered 503 after decoding, to be sent again by their callers.",
                &["site"],
            )?,
            events_accepted: counters("portcullis_events_accepted_total", "Events made durable.", &["site"])?,
            events_recovered: counters(
                "portcullis_events_recovered_total",
                "Events found in the outbox at start.",
                &["dataset"],
            )?,
            events_redriven: counters(
                "portcullis_events_redriven_total",
                "Events taken out of quarantine to be sent again.",
                &["dataset"],
            )?,
            events_delivered: counters("portcullis_events_delivered_total", "Events that Meta received.", &["dataset"])?,
            events_quarantined: counters(
                "portcullis_events_quarantined_total",
                "Events set aside for a person to look at.",
                &["dataset", "reason"],
            )?,
            events_expired: counters(
                "portcullis_events_expired_total",
                "Events that became too old for Meta before they could be sent.",
                &["dataset"],
            )?,
            events_purged: counters(
                "portcullis_events_purged_total",
                "Events deleted by command or because their policy changed.",
                &["dataset"],
            )?,
            events_withdrawn: counters(
                "portcullis_events_withdrawn_total",
                "Stored events that the policy of today does not let leave.",
                &["dataset", "reason"],
            )?,
            fields_removed: counters(
                "portcullis_fields_removed_total",
                "Values that were removed from events.",
                &["site", "field", "action", "reason"],
            )?,
            fields_changed: counters(
                "portcullis_fields_changed_total",
                "Fields whose values were hashed, pseudonymized, reduced, rounded, rewritten or restricted.",
                &["site", "field", "action"],
            )?,
            health_signals: counters(
                "portcullis_health_signals_total",
                "What made events speak of health; counted once a place and kind of each event.",
                &["site", "kind"],
            )?,
            jurisdiction_events: counters(
                "portcullis_jurisdiction_events_total",
                "Events to whose person a law applied that the policy lists; counted once a law.",
                &["site", "jurisdiction"],
            )?,
            suppression_marks: gauge(
                "portcullis_suppression_marks",
                "What stands for suppressed persons; several for each of them.",
            )?,
            suppression_looks: counters(
                "portcullis_suppression_looks_total",
                "Looks into the store of suppressed persons, where the filter in memory could not say no.",
                &["result"],
            )?,
            suppression_sweep_due: gauge(
                "portcullis_suppression_sweep_due",
                "1 while what waits is still to be looked through for persons who were added.",
            )?,
            subject_index_rows: gauge(
                "portcullis_subject_index_rows",
                "Rows of the index of subject access: one a day, person and kind of event.",
            )?,
            subject_index_failures: counters(
                "portcullis_subject_index_failures_total",
                "Delivered events that the index of subject access does not hold, or got late.",
                &["reason"],
            )?,
            outbox_pending_events: gauge(
                "portcullis_outbox_pending_events",
                "Events accepted and not yet settled, leased or not.",
            )?,
            outbox_bytes: gauge("portcullis_outbox_bytes", "Bytes that count against outbox.max_bytes.")?,
            outbox_oldest_seconds: gauge(
                "portcullis_outbox_oldest_seconds",
                "Age of the oldest pending event since its receipt; 0 if none is pending.",
            )?,
            outbox_quarantined_events: gauge("portcullis_outbox_quarantined_events", "Events in quarantine.")?,
            gate_closed: gauges("portcullis_gate_closed", "1 while sending to a dataset is held.", &["dataset", "cause"])?,
            usage_percent: gauges(
                "portcullis_usage_percent",
                "How much of Meta's limits is used, as its last answer said; from 75 on the dataset is slowed.",
                &["dataset"],
            )?,
            requests: counters("portcullis_requests_total", "Requests answered.", &["route", "status"])?,
            requests_rate_limited: counters(
                "portcullis_requests_rate_limited_total",
                "Requests answered 429 because their site sent more events than its rate_limit.",
                &["site"],
            )?,
            rate_limits_alone: gauge(
                "portcullis_rate_limits_alone",
                "1 while rate limits are counted by this gateway alone, as Redis does not answer in time.",
            )?,
            request_seconds: seconds(
                "portcullis_request_seconds",
                "Time from a request's headers to its answer, the reading of its body included.",
                &["route"],
            )?,
            tls_handshakes: counters("portcullis_tls_handshakes_total", "TLS handshakes of callers.", &["outcome"])?,
            tls_certificate_expiry: gauges(
                "portcullis_tls_certificate_expiry_timestamp_seconds",
                "When the certificate that is shown to callers ends, in seconds since 1970.",
                &[],
            )?,
            tls_certificate_reload_failing: gauges(
                "portcullis_tls_certificate_reload_failing",
                "1 while the files of the certificate hold what cannot be used; the last good one is shown.",
                &[],
            )?,
            deliver_seconds: seconds("portcullis_deliver_seconds", "Time of one request to Meta.", &["dataset", "outcome"])?,
            policy_info: gauges(
                "portcullis_policy_info",
                "Always 1; which policy a site runs.",
                &["site", "policy", "version", "digest"],
            )?,
            reloads: counters("portcullis_reloads_total", "Reloads of the configuration.", &["result"])?,
            config_last_reload_success: gauge(
                "portcullis_config_last_reload_success",
                "1 if the last reload was done, 0 if it was refused and the configuration before it stays in force.",
            )?,
            config_last_reload_success_time: gauge(
                "portcullis_config_last_reload_success_timestamp_seconds",
                "When the configuration in force was read, in seconds since 1970.",
            )?,
            build_info: gauges("portcullis_build_info", "Always 1; the version of the executable.", &["version"])?,
            outbox_durable: gauge(
                "portcullis_outbox_durable",
                "1 if an accepted event survives a crash, 0 with the memory back end.",
            )?,
            outbox_spilled_events: counters(
                "portcullis_outbox_spilled_events_total",
                "Events that were kept in the file of this machine because Redis could not be reached.",
                &["site"],
            )?,
            outbox_file_events: gauge(
                "portcullis_outbox_file_events",
                "With the Redis back end, pending events in the file of this machine.",
            )?,
            redis_up: gauges("portcullis_redis_up", "1 while Redis can be asked.", &[])?,
            redis_durability: gauges("portcullis_redis_durability_info", "Always 1; how durable Redis is.", &["mode"])?,
            redis_reconnects: counters("portcullis_redis_reconnects_total", "Connections to Redis that broke.", &[])?,
            redis_lost: counters(
                "portcullis_redis_lost_total",
                "How often Redis was found with another outbox than before, or with none.",
                &[],
            )?,
            gateways: gauge("portcullis_gateways", "Gateways that live, this one too, as Redis said last.")?,
            policy_differs: gauges(
                "portcullis_policy_differs",
                "1 while a living gateway has another policy for the same site.",
                &["site"],
            )?,
            traces_dropped: {
                let metric =
                    IntCounter::new("portcullis_traces_dropped_total", "Spans that the collector of traces did not take.")?;
                registry.register(Box::new(metric.clone()))?;
                metric
            },
            registry,
        };
        metrics.build_info.with_label_values(&[crate::VERSION]).set(1);
        Ok(metrics)
    }

    /// Counts what readmission took from an event of this site. That is rare; the way of a request uses
    /// [`SiteCounters`](super::site::SiteCounters), which finds each series once.
    pub fn count_report(&self, site: &str, report: &Report) {
        for removal in report.removals() {
            let labels = [site, removal.place.as_str(), removal.action.as_str(), removal.reason.as_str()];
            self.fields_removed.with_label_values(&labels).inc_by(u64::from(removal.count));
        }
    }

    /// The text that Prometheus scrapes.
    pub fn render(&self) -> Result<String, prometheus::Error> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        String::from_utf8(text).map_err(|_| prometheus::Error::Msg("metrics are not UTF-8".to_owned()))
    }
}
