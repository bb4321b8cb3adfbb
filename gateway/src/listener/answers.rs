//! What stands behind a listener: it answers requests, and that is all a listener knows of it.

use std::fmt;
use std::pin::Pin;

use axum::Router;
use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;

/// A request that is being answered.
pub type Answering = Pin<Box<dyn Future<Output = Response> + Send>>;

/// Answers requests.
pub trait Answers: fmt::Debug + Send + Sync {
    /// Answers one.
    fn answer(&self, request: Request<Incoming>) -> Answering;
}

impl Answers for Router {
    fn answer(&self, request: Request<Incoming>) -> Answering {
        let answering = TowerToHyperService::new(self.clone()).call(request);
        Box::pin(async move {
            match answering.await {
                Ok(response) => response,
                Err(never) => match never {},
            }
        })
    }
}
