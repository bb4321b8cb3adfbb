//! Which path leads where. Any version is taken, as Meta takes any; the outgoing one is configured.
//!
//! Nearly every request is posted to `/v26.0/{dataset}/events`. It is led past the router, whose way would come to the same and
//! costs about ten allocations a request; whatever is written in any other way is the router's.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::Method;
use axum::response::Response;
use axum::routing::post;
use hyper::body::Incoming;

use super::respond::{Answer, Fault, TraceId};
use super::{Ingest, door, is_crowded, receive};
use crate::listener::{Answering, Answers};
use crate::telemetry::site::Source;

/// The routes of the listener for callers.
#[derive(Debug)]
pub struct Routes {
    ingest: Arc<Ingest>,
    router: Router,
}

impl Routes {
    /// To what receives events.
    pub(super) fn new(ingest: Arc<Ingest>) -> Self {
        let router = Router::new()
            .route("/{version}/{dataset}/events", post(versioned))
            .route("/capi/{dataset}/events", post(capi_gateway))
            .route("/{dataset}/events", post(unversioned))
            .route("/{version}/{app}/instruments", post(instruments))
            .fallback(unknown_path)
            .method_not_allowed_fallback(unknown_method)
            .with_state(Arc::clone(&ingest));
        Self { ingest, router }
    }
}

impl Answers for Routes {
    fn answer(&self, request: hyper::Request<Incoming>) -> Answering {
        match usual_dataset(request.method(), request.uri().path()) {
            Some(dataset) => {
                let (ingest, dataset) = (Arc::clone(&self.ingest), dataset.to_owned());
                Box::pin(receive(ingest, Source::Graph, dataset, request.map(Body::new)))
            }
            None => self.router.answer(request),
        }
    }
}

/// The dataset to which events are posted in the usual form, in which nothing has to be unescaped.
fn usual_dataset<'p>(method: &Method, path: &'p str) -> Option<&'p str> {
    let (version, rest) = path.strip_prefix('/')?.split_once('/')?;
    let dataset = rest.strip_suffix("/events")?;
    let is_usual = !dataset.is_empty() && dataset.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (*method == Method::POST && is_version(version) && is_usual).then_some(dataset)
}

async fn versioned(
    State(ingest): State<Arc<Ingest>>,
    path: Result<Path<(String, String)>, PathRejection>,
    request: Request,
) -> Response {
    match path {
        Ok(Path((version, dataset))) if is_version(&version) => receive(ingest, Source::Graph, dataset, request).await,
        _ => unknown_path(State(ingest), request).await,
    }
}

async fn unversioned(
    State(ingest): State<Arc<Ingest>>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    match path {
        Ok(Path(dataset)) => receive(ingest, Source::Graph, dataset, request).await,
        // Escapes that are no UTF-8: left to axum, the answer would have another shape than all others.
        Err(_) => unknown_path(State(ingest), request).await,
    }
}

/// The form of Meta's own gateway, which the clients of the PHP and Java SDKs speak.
async fn capi_gateway(
    State(ingest): State<Arc<Ingest>>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    match path {
        Ok(Path(dataset)) => receive(ingest, Source::CapiGateway, dataset, request).await,
        Err(_) => unknown_path(State(ingest), request).await,
    }
}

/// Where the SDKs' crash reporter posts. It is answered as Meta would, and its body, which can hold anything, is never read.
async fn instruments(State(ingest): State<Arc<Ingest>>) -> Response {
    let trace = TraceId::new(&ingest.chance);
    ingest.answer("instruments", Answer::Instruments, trace)
}

async fn unknown_path(State(ingest): State<Arc<Ingest>>, request: Request) -> Response {
    unknown(&ingest, Fault::UnknownPath, request).await
}

async fn unknown_method(State(ingest): State<Arc<Ingest>>, request: Request) -> Response {
    unknown(&ingest, Fault::UnknownMethod, request).await
}

/// Whoever took a wrong address is told, also where events were sent there.
async fn unknown(ingest: &Ingest, fault: Fault, request: Request) -> Response {
    if !is_crowded(&request) {
        let (parts, body) = request.into_parts();
        door::leave(&parts.headers, body).await;
    }
    ingest.answer("unknown", Answer::Fault(fault), TraceId::new(&ingest.chance))
}

/// `v26.0`, as Meta writes it.
fn is_version(text: &str) -> bool {
    let digits = |text: &str, most| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.strip_prefix('v')
        .and_then(|rest| rest.split_once('.'))
        .is_some_and(|(major, minor)| digits(major, 3) && digits(minor, 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_router_would_lead_the_same_way_is_led_past_it() {
        assert_eq!(usual_dataset(&Method::POST, "/v26.0/1234567890/events"), Some("1234567890"));
        assert_eq!(usual_dataset(&Method::GET, "/v26.0/1234567890/events"), None);
        for path in [
            "",
            "/",
            "/1/events",
            "/capi/1/events",
            "/v26/1/events",
            "/v26.0/1/events/",
            "/v26.0//events",
            "/v26.0/events",
            "/v26.0/1/2/events",
            "/v26.0/%31/events",
            "/v26.0/1/instruments",
            "//v26.0/1/events",
        ] {
            assert_eq!(usual_dataset(&Method::POST, path), None, "{path}");
        }
    }
}
