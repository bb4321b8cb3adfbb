//! Every metric as the program moves it; what each says stands in `declared`.
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
    Encoder as _, Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Registry, TextEncoder,
};

use super::register::Register;

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
    /// Time in which the events of one request pass the filters, by `site`.
    pub sanitize_seconds: HistogramVec,
    /// Time from handing the events of one request to the outbox to its receipt, or its refusal.
    pub append_seconds: Histogram,
    /// TLS handshakes of callers, by `outcome`.
    pub tls_handshakes: IntCounterVec,
    /// When the certificate that is shown ends, in seconds since 1970. Without TLS there is no series.
    pub tls_certificate_expiry: IntGaugeVec,
    /// 1 while the files hold a pair that cannot be used. Without TLS there is no series.
    pub tls_certificate_reload_failing: IntGaugeVec,
    /// Time of one request to Meta, by `dataset` and `outcome`.
    pub deliver_seconds: HistogramVec,
    /// Age of each event since its receipt when Meta took it, by `dataset`.
    pub delivery_age_seconds: HistogramVec,
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
    /// Always 1: `digest` of the configuration in force.
    pub config_info: IntGaugeVec,
    /// Spans that no collector took.
    pub spans_dropped: IntCounter,
    /// 1 while every 2xx is durable, 0 with the memory back end.
    pub outbox_durable: IntGauge,
    /// The bound of `outbox_bytes`.
    pub outbox_max_bytes: IntGauge,
    /// Always 1: what a crash can take, by `backend` and `mode`.
    pub durability: IntGaugeVec,
    /// 1 if events can be accepted durably.
    pub ready: IntGauge,
    /// 1 for each `reason` for which they cannot.
    pub not_ready: IntGaugeVec,
    /// Events that the file of this machine took in place of Redis, by `site`.
    pub outbox_spilled_events: IntCounterVec,
    /// Pending events in the file of this machine, with the Redis back end.
    pub outbox_file_events: IntGauge,
    /// 1 while Redis can be asked. Without the Redis back end there is no series.
    pub redis_up: IntGaugeVec,
    /// Connections to Redis that broke. Without the Redis back end there is no series.
    pub redis_reconnects: IntCounterVec,
    /// How often Redis was found with another outbox than before.
    pub redis_lost: IntCounterVec,
    /// Gateways that live, this one too.
    pub gateways: IntGauge,
    /// 1 while a living gateway has another policy for the same `site`.
    pub policy_differs: IntGaugeVec,
}

impl Metrics {
    /// Registers every metric that is declared in a registry of its own.
    pub fn new() -> Result<Self, prometheus::Error> {
        let register = Register::default();
        let metrics = Self {
            events_received: register.counters("portcullis_events_received_total")?,
            events_refused: register.counters("portcullis_events_refused_total")?,
            events_dropped: register.counters("portcullis_events_dropped_total")?,
            events_duplicate: register.counters("portcullis_events_duplicate_total")?,
            events_turned_away: register.counters("portcullis_events_turned_away_total")?,
            events_accepted: register.counters("portcullis_events_accepted_total")?,
            events_recovered: register.counters("portcullis_events_recovered_total")?,
            events_redriven: register.counters("portcullis_events_redriven_total")?,
            events_delivered: register.counters("portcullis_events_delivered_total")?,
            events_quarantined: register.counters("portcullis_events_quarantined_total")?,
            events_expired: register.counters("portcullis_events_expired_total")?,
            events_purged: register.counters("portcullis_events_purged_total")?,
            events_withdrawn: register.counters("portcullis_events_withdrawn_total")?,
            fields_removed: register.counters("portcullis_fields_removed_total")?,
            fields_changed: register.counters("portcullis_fields_changed_total")?,
            health_signals: register.counters("portcullis_health_signals_total")?,
            jurisdiction_events: register.counters("portcullis_jurisdiction_events_total")?,
            suppression_marks: register.gauge("portcullis_suppression_marks")?,
            suppression_looks: register.counters("portcullis_suppression_looks_total")?,
            suppression_sweep_due: register.gauge("portcullis_suppression_sweep_due")?,
            subject_index_rows: register.gauge("portcullis_subject_index_rows")?,
            subject_index_failures: register.counters("portcullis_subject_index_failures_total")?,
            outbox_pending_events: register.gauge("portcullis_outbox_pending_events")?,
            outbox_bytes: register.gauge("portcullis_outbox_bytes")?,
            outbox_oldest_seconds: register.gauge("portcullis_outbox_oldest_seconds")?,
            outbox_quarantined_events: register.gauge("portcullis_outbox_quarantined_events")?,
            gate_closed: register.gauges("portcullis_gate_closed")?,
            usage_percent: register.gauges("portcullis_usage_percent")?,
            requests: register.counters("portcullis_requests_total")?,
            requests_rate_limited: register.counters("portcullis_requests_rate_limited_total")?,
            rate_limits_alone: register.gauge("portcullis_rate_limits_alone")?,
            request_seconds: register.histograms("portcullis_request_seconds")?,
            sanitize_seconds: register.histograms("portcullis_sanitize_seconds")?,
            append_seconds: register.histogram("portcullis_append_seconds")?,
            tls_handshakes: register.counters("portcullis_tls_handshakes_total")?,
            tls_certificate_expiry: register.gauges("portcullis_tls_certificate_expiry_timestamp_seconds")?,
            tls_certificate_reload_failing: register.gauges("portcullis_tls_certificate_reload_failing")?,
            deliver_seconds: register.histograms("portcullis_deliver_seconds")?,
            delivery_age_seconds: register.histograms("portcullis_delivery_age_seconds")?,
            policy_info: register.gauges("portcullis_policy_info")?,
            reloads: register.counters("portcullis_reloads_total")?,
            config_last_reload_success: register.gauge("portcullis_config_last_reload_success")?,
            config_last_reload_success_time: register.gauge("portcullis_config_last_reload_success_timestamp_seconds")?,
            build_info: register.gauges("portcullis_build_info")?,
            config_info: register.gauges("portcullis_config_info")?,
            spans_dropped: register.counter("portcullis_spans_dropped_total")?,
            outbox_durable: register.gauge("portcullis_outbox_durable")?,
            outbox_max_bytes: register.gauge("portcullis_outbox_max_bytes")?,
            durability: register.gauges("portcullis_durability_info")?,
            ready: register.gauge("portcullis_ready")?,
            not_ready: register.gauges("portcullis_not_ready")?,
            outbox_spilled_events: register.counters("portcullis_outbox_spilled_events_total")?,
            outbox_file_events: register.gauge("portcullis_outbox_file_events")?,
            redis_up: register.gauges("portcullis_redis_up")?,
            redis_reconnects: register.counters("portcullis_redis_reconnects_total")?,
            redis_lost: register.counters("portcullis_redis_lost_total")?,
            gateways: register.gauge("portcullis_gateways")?,
            policy_differs: register.gauges("portcullis_policy_differs")?,
            registry: register.finish()?,
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
