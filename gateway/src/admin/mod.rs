//! What operators and Prometheus read. Read-only: nothing here changes anything.
//!
//! `/readyz` answers one question: can this process accept events durably? Trouble in sending is named in its body, and is a
//! metric, but never a 503 there, because callers must not be turned away while the outbox takes their events.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use portcullis_filters::policy::Policy;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::dispatch::DispatchStatus;
use crate::lifecycle::Pulse;
use crate::outbox::AnyOutbox;
use crate::subject::Subjects;
use crate::suppression::Suppressions;
use crate::telemetry::declared;
use crate::telemetry::metrics::Metrics;

/// Each site and the policy that is in force for it.
pub type Policies = Vec<(Arc<str>, Arc<Policy>)>;

/// What the listener shows.
#[derive(Debug)]
pub struct Admin {
    /// Every metric.
    pub metrics: Metrics,
    /// What is pending.
    pub outbox: AnyOutbox,
    /// Whether it can be looked up who must not be sent.
    pub suppressions: Suppressions,
    /// Whether what is delivered is recorded, where it is to be.
    pub subjects: Subjects,
    /// Whether the outbox answers.
    pub pulse: Pulse,
    /// How sending goes.
    pub dispatch: DispatchStatus,
    /// Site and policy.
    pub policies: Arc<ArcSwap<Policies>>,
    /// Cancelled once the gateway takes no more requests.
    pub stopping: CancellationToken,
    /// For ages.
    pub clock: Clock,
}

impl Admin {
    /// The routes.
    pub fn router(self) -> Router {
        Router::new()
            .route("/metrics", get(metrics))
            .route("/healthz", get(healthz))
            .route("/readyz", get(readyz))
            .route("/policies", get(policies))
            .with_state(Arc::new(self))
    }
}

async fn metrics(State(admin): State<Arc<Admin>>) -> Response {
    match admin.outbox.depth().await {
        Ok(depth) => {
            let age_ms = depth.oldest_received_ms.map_or(0, |oldest| admin.clock.unix_ms().saturating_sub(oldest));
            admin.metrics.outbox_pending_events.set(gauge(depth.pending_events));
            admin.metrics.outbox_bytes.set(gauge(depth.bytes));
            admin.metrics.outbox_oldest_seconds.set(gauge(age_ms / 1000));
            admin.metrics.outbox_quarantined_events.set(gauge(depth.quarantined_events));
        }
        Err(error) => tracing::error!(%error, "the outbox cannot say what is pending"),
    }
    admin.metrics.outbox_file_events.set(gauge(admin.outbox.events_in_file().unwrap_or(0)));
    let unready = Unready::of(&admin);
    admin.metrics.ready.set(i64::from(unready.is_empty()));
    for reason in declared::words("portcullis_not_ready", "reason") {
        admin.metrics.not_ready.with_label_values(&[reason]).set(i64::from(unready.0.contains_key(reason)));
    }
    match admin.metrics.render() {
        Ok(text) => typed(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", text),
        Err(error) => {
            tracing::error!(%error, "metrics cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn gauge(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The process runs.
async fn healthz() -> &'static str {
    "ok\n"
}

/// What stands in the way of accepting events, in words; the keys are the closed list of `portcullis_not_ready`.
struct Unready(BTreeMap<&'static str, String>);

impl Unready {
    fn of(admin: &Admin) -> Self {
        let mut reasons = BTreeMap::new();
        if let Err(trouble) = admin.outbox.health() {
            reasons.insert(trouble.as_str(), trouble.to_string());
        } else if !admin.pulse.beats() {
            reasons.insert("outbox", "its writer does not answer".to_owned());
        }
        if admin.stopping.is_cancelled() {
            reasons.insert("stopping", "the gateway stops".to_owned());
        }
        Self(reasons)
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[derive(Serialize)]
struct Readiness {
    ready: bool,
    /// Why not, or what is wrong though events are accepted.
    reasons: BTreeMap<String, String>,
}

async fn readyz(State(admin): State<Arc<Admin>>) -> Response {
    let mut reasons = BTreeMap::new();
    for (dataset, cause) in admin.dispatch.closed_gates() {
        reasons.insert(format!("dataset {dataset}"), format!("sending is held: {cause}"));
    }
    if let Some(trouble) = admin.suppressions.trouble() {
        reasons.insert("suppression".to_owned(), trouble.to_owned());
    }
    if let Some(trouble) = admin.subjects.trouble() {
        reasons.insert("subject_index".to_owned(), trouble);
    }
    if let Some((what, text)) = admin.outbox.remark() {
        reasons.insert(what.to_owned(), text);
    }
    let unready = Unready::of(&admin);
    let ready = unready.is_empty();
    // Where both have something to say, what stands in the way of accepting goes first.
    reasons.extend(unready.0.into_iter().map(|(reason, text)| (reason.to_owned(), text)));
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    json(status, &Readiness { ready, reasons })
}

#[derive(Serialize)]
struct SitePolicy<'a> {
    site: &'a str,
    policy: &'a str,
    version: u32,
    digest: String,
}

async fn policies(State(admin): State<Arc<Admin>>) -> Response {
    let policies = admin.policies.load();
    let mut described = Vec::with_capacity(policies.len());
    for (site, policy) in policies.iter() {
        described.push(SitePolicy {
            site,
            policy: policy.name(),
            version: policy.version(),
            digest: policy.digest().to_string(),
        });
    }
    json(StatusCode::OK, &described)
}

fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let mut text = serde_json::to_string_pretty(body).unwrap_or_default();
    text.push('\n');
    typed(status, "application/json", text)
}

fn typed(status: StatusCode, kind: &'static str, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, HeaderValue::from_static(kind))], body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbox::Trouble;

    #[test]
    fn p6_whatever_the_trouble_is_its_reason_is_one_of_the_metric() {
        let words = declared::words("portcullis_not_ready", "reason");
        for trouble in [Trouble::Full, Trouble::DiskFull, Trouble::Away(String::new()), Trouble::Broken(String::new())] {
            assert!(words.contains(&trouble.as_str()), "{trouble:?}");
        }
    }
}
