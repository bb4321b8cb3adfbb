//! Sends a batch to Meta. The only place that builds an HTTP client and the only one that knows Meta's tokens.
//!
//! A token is never in a URL, an error or the log. No redirect is followed, no proxy is used but the configured one, the
//! answer is read up to a bound and within a time. Nothing here takes bytes of a caller: a request is written from a [`Batch`].
//! What an answer means is decided in `classify`.

use std::collections::HashMap;
use std::error::Error as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Certificate, Client, Proxy, Response, redirect};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;
use url::Url;

use super::answer::{Answer, PaceHeaders};
use super::batch::Batch;
use super::classify::{Delivery, Fault, FaultKind};
use super::usage::UsageHeaders;
use super::{DispatchError, Sink, request};
use crate::clock::Clock;
use crate::config::{Dataset, Endpoint, Meta, TokenPlace};
use crate::failpoint;

/// How long the file of a token may take to be read.
const FILE_TIMEOUT: Duration = Duration::from_secs(10);

/// The most that is read of an answer.
const ANSWER_BYTES: usize = 64 * 1024;

/// Meta, reached over HTTP.
pub(crate) struct MetaSink {
    client: Client,
    meta: Meta,
    routes: HashMap<Arc<str>, Mutex<Arc<Route>>>,
    clock: Clock,
}

/// How one dataset is reached.
struct Route {
    url: Url,
    authorization: Option<HeaderValue>,
    members: SecretString,
    /// Held while the file of the token is read: one that hangs takes one thread, and not one more with every look.
    reading: Arc<Semaphore>,
    /// Of what it was made.
    dataset: Dataset,
}

/// Shows nothing: the client may know the password of a proxy, the routes know tokens.
impl std::fmt::Debug for MetaSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MetaSink(..)")
    }
}

impl MetaSink {
    /// A client and the routes of all datasets.
    pub(crate) fn new(meta: &Meta, datasets: &[Dataset], clock: Clock) -> Result<Self, DispatchError> {
        Ok(Self { client: build_client(meta)?, routes: routes(meta, datasets)?, meta: meta.clone(), clock })
    }

    /// The same client and its connections, for other datasets or credentials.
    pub(crate) fn with_datasets(&self, meta: &Meta, datasets: &[Dataset]) -> Result<Self, DispatchError> {
        let routes = routes(meta, datasets)?;
        Ok(Self { client: self.client.clone(), routes, meta: meta.clone(), clock: self.clock.clone() })
    }

    fn route(&self, dataset: &str) -> Option<Arc<Route>> {
        Some(self.routes.get(dataset)?.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    async fn post(&self, route: &Route, batch: &Batch) -> Result<Answer, reqwest::Error> {
        let body = request::write(batch, route.dataset.allow_test_events, route.members.expose_secret());
        let mut request = self.client.post(route.url.clone()).header(CONTENT_TYPE, "application/json").body(body);
        if let Some(authorization) = &route.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = read_bounded(response).await?;
        let usage = UsageHeaders {
            app: text(&headers, "x-app-usage"),
            business: text(&headers, "x-business-use-case-usage"),
            account: text(&headers, "x-ad-account-usage"),
        };
        let pace = PaceHeaders { retry_after: text(&headers, RETRY_AFTER.as_str()), usage };
        Ok(Answer::read(status, pace, &body, self.clock.unix_secs()))
    }
}

impl Sink for MetaSink {
    async fn deliver(&self, batch: &Batch) -> Delivery {
        let Some(route) = self.route(batch.dataset()) else {
            let text = "the dataset is not configured".to_owned();
            return Delivery::Failed(Fault { kind: FaultKind::Unroutable, text });
        };
        failpoint::pass("before_send");
        let answer = self.post(&route, batch).await;
        failpoint::pass("after_send_before_settle");
        match answer {
            Ok(answer) => Delivery::Answered(answer),
            Err(error) => Delivery::Failed(fault(error)),
        }
    }

    fn shows_same(&self, other: &Self, dataset: &str) -> bool {
        let (mine, others) = (self.route(dataset), other.route(dataset));
        match (&mine, &others) {
            (Some(mine), Some(others)) => mine.shows_same(others),
            (None, None) => true,
            _ => false,
        }
    }

    async fn refresh(&self, dataset: &str) -> bool {
        let Some(route) = self.route(dataset) else { return false };
        let Some(file) = route.dataset.access_token_file.clone() else { return false };
        // A file can lie on a network that is away.
        let Ok(turn) = Arc::clone(&route.reading).try_acquire_owned() else { return false };
        let reading = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            file.read()
        });
        let Ok(Ok(Some(access_token))) = tokio::time::timeout(FILE_TIMEOUT, reading).await else { return false };
        // What cannot be used is no better than what there is; a reload says what is wrong with it.
        let Ok(renewed) = Route::new(&self.meta, &Dataset { access_token, ..route.dataset.clone() }) else { return false };
        let is_new = !renewed.shows_same(&route);
        if is_new && let Some(slot) = self.routes.get(dataset) {
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(renewed);
        }
        is_new
    }
}

impl Route {
    fn new(meta: &Meta, dataset: &Dataset) -> Result<Self, DispatchError> {
        let token = dataset.access_token.expose_secret();
        let (authorization, token_in_body) = match meta.token_in {
            TokenPlace::Header => {
                let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
                    .map_err(|_| DispatchError::Token { dataset: dataset.id.to_string() })?;
                value.set_sensitive(true);
                (Some(value), None)
            }
            TokenPlace::Body => (None, Some(token)),
        };
        let proof = dataset.app_secret.as_ref().map(|secret| request::proof(secret.expose_secret(), token));
        let members = request::members(meta.partner_agent.as_deref(), token_in_body, proof.as_deref());
        Ok(Self {
            url: events_url(&meta.endpoint, &dataset.id)?,
            authorization,
            members: members.into(),
            reading: Arc::new(Semaphore::new(1)),
            dataset: dataset.clone(),
        })
    }

    fn shows_same(&self, other: &Self) -> bool {
        let (mine, others) = (&self.dataset, &other.dataset);
        let secret = |dataset: &Dataset| dataset.app_secret.clone();
        is_same(&mine.access_token, &others.access_token)
            && match (secret(mine), secret(others)) {
                (Some(mine), Some(others)) => is_same(&mine, &others),
                (None, None) => true,
                _ => false,
            }
    }
}

/// Both are ours, so the time that it takes tells nobody anything.
fn is_same(one: &SecretString, other: &SecretString) -> bool {
    one.expose_secret() == other.expose_secret()
}

fn routes(meta: &Meta, datasets: &[Dataset]) -> Result<HashMap<Arc<str>, Mutex<Arc<Route>>>, DispatchError> {
    let route = |dataset: &Dataset| Ok((dataset.id.clone(), Mutex::new(Arc::new(Route::new(meta, dataset)?))));
    datasets.iter().map(route).collect()
}

fn events_url(endpoint: &Endpoint, dataset: &str) -> Result<Url, DispatchError> {
    let mut url = endpoint.base_url.clone();
    url.path_segments_mut().map_err(|()| DispatchError::BaseUrl)?.pop_if_empty().extend([
        endpoint.api_version.as_str(),
        dataset,
        "events",
    ]);
    Ok(url)
}

#[expect(clippy::disallowed_methods, reason = "the one place that talks to Meta")]
fn build_client(meta: &Meta) -> Result<Client, DispatchError> {
    let mut defaults = HeaderMap::new();
    defaults.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    let tls = meta.endpoint.base_url.scheme() == "https";
    let mut builder = Client::builder()
        .user_agent(concat!("portcullis/", env!("CARGO_PKG_VERSION")))
        .default_headers(defaults)
        .redirect(redirect::Policy::none())
        .referer(false)
        // Repeats are the dispatcher's business: it counts them and knows whether the lease still covers one.
        .retry(reqwest::retry::never())
        .connect_timeout(meta.connect_timeout)
        .timeout(meta.request_timeout)
        .https_only(tls)
        // Also turns off the proxies of the environment.
        .no_proxy();
    if let Some(proxy) = &meta.proxy {
        // The error of a bad proxy would quote its URL, which can hold a password.
        builder = builder.proxy(Proxy::all(proxy.clone()).map_err(|_| DispatchError::Proxy)?);
    }
    if !tls {
        // Loopback without TLS must not depend on root certificates of the machine.
        builder = builder.tls_certs_only([]);
    } else if let Some(pem) = &meta.ca_pem {
        let certificates = Certificate::from_pem_bundle(pem).map_err(|_| DispatchError::Certificate)?;
        if certificates.is_empty() {
            return Err(DispatchError::Certificate);
        }
        builder = builder.tls_certs_merge(certificates);
    }
    builder.build().map_err(|error| DispatchError::Client(describe(error)))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Reads the answer up to the bound. A longer one is cut, which makes it unreadable, and so it counts as not of Meta's form.
async fn read_bounded(mut response: Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        let room = ANSWER_BYTES.saturating_sub(body.len());
        body.extend(chunk.iter().take(room));
        if chunk.len() > room {
            // An answer that was cut must not be taken for a whole one.
            body.clear();
            break;
        }
    }
    Ok(body)
}

fn fault(error: reqwest::Error) -> Fault {
    let kind = if error.is_connect() {
        FaultKind::Connect
    } else if error.is_timeout() {
        FaultKind::Timeout
    } else {
        FaultKind::Broken
    };
    Fault { kind, text: describe(error) }
}

/// The error and its causes without the URL.
fn describe(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
#[path = "meta_tests.rs"]
mod tests;
