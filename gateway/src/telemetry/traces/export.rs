//! Sends ended spans to the collector, many at a time. Nothing waits for it, and nothing is tried twice.
//!
//! While the collector is away spans are counted as dropped, and the log says once that it is and once that it is back: by kind of
//! fault, never with its address or its answer. No redirect is followed, no proxy of the environment is used, and no answer is read.

use std::time::Duration;

use prometheus::IntCounter;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, redirect};
use secrecy::ExposeSecret as _;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::encode;
use super::span::Record;
use super::tracer::Tracer;
use crate::chance::Chance;
use crate::clock::Clock;
use crate::config::Collector;

/// Most spans in one request.
const MOST_AT_ONCE: usize = 512;
/// How long the first of them waits for others.
const LINGER: Duration = Duration::from_secs(1);
/// How long a stop waits for the collector in all.
const FLUSH: Duration = Duration::from_secs(3);

/// Why nothing can be sent to the collector.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The HTTP client was not made.
    #[error("the HTTP client for telemetry.endpoint cannot be made")]
    Client,
    /// A header that HTTP does not have.
    #[error("telemetry.headers: {0} is no header, or holds what no header may carry")]
    Header(String),
}

/// The sending of spans.
pub struct Export {
    client: Client,
    url: Url,
    headers: HeaderMap,
    ended: mpsc::Receiver<Record>,
    dropped: IntCounter,
    gateway: String,
    is_away: bool,
}

/// Shows nothing: headers are secrets.
impl std::fmt::Debug for Export {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Export(..)")
    }
}

impl Export {
    /// The sending, and what makes spans for it.
    pub fn new(
        collector: &Collector,
        dropped: IntCounter,
        clock: Clock,
        chance: Chance,
    ) -> Result<(Tracer, Self), ExportError> {
        // A number of this process alone, so that its spans are told from those of others.
        let gateway = format!("{:016x}", u64::from_be_bytes(chance.bytes()));
        let (client, headers) = (client(collector)?, headers(collector)?);
        let (tracer, ended) = Tracer::new(collector.sample_permille, dropped.clone(), clock, chance);
        Ok((tracer, Self { client, url: collector.endpoint.clone(), headers, ended, dropped, gateway, is_away: false }))
    }

    /// Sends until the stop, and then what still waits, within a time: also what was under way when the stop came.
    pub async fn run(mut self, stop: CancellationToken) {
        let over = async {
            stop.cancelled().await;
            tokio::time::sleep(FLUSH).await;
        };
        tokio::select! {
            () = self.send_all(&stop) => {}
            () = over => {}
        }
        self.ended.close();
        self.dropped.inc_by(self.ended.len() as u64);
    }

    async fn send_all(&mut self, stop: &CancellationToken) {
        while let Some(Some(first)) = stop.run_until_cancelled(self.ended.recv()).await {
            let mut records = vec![first];
            let full = async {
                while records.len() < MOST_AT_ONCE {
                    let room = MOST_AT_ONCE - records.len();
                    if self.ended.recv_many(&mut records, room).await == 0 {
                        break;
                    }
                }
            };
            // Whichever comes first; what was taken up stays in `records`.
            if let Some(in_time) = stop.run_until_cancelled(tokio::time::timeout(LINGER, full)).await {
                in_time.unwrap_or_default();
            }
            self.send(records).await;
        }
        self.ended.close();
        self.flush().await;
    }

    async fn flush(&mut self) {
        loop {
            let mut records = Vec::new();
            if self.ended.recv_many(&mut records, MOST_AT_ONCE).await == 0 {
                return;
            }
            self.send(records).await;
        }
    }

    /// One request. What it holds counts as dropped until the collector has taken it, also if this is cut off.
    async fn send(&mut self, records: Vec<Record>) {
        let lost = Lost { dropped: self.dropped.clone(), spans: records.len() as u64 };
        let body = encode::request(&self.gateway, records);
        let request = self.client.post(self.url.clone()).headers(self.headers.clone()).body(body);
        let fault = match request.send().await {
            Ok(answer) if answer.status().is_success() => {
                lost.not();
                if std::mem::replace(&mut self.is_away, false) {
                    tracing::info!("the collector of traces takes them again");
                }
                return;
            }
            Ok(answer) => (answer.status().as_u16(), "it refuses them"),
            Err(error) if error.is_timeout() => (0, "it does not answer in time"),
            Err(error) if error.is_connect() => (0, "it cannot be reached"),
            Err(_) => (0, "the connection broke"),
        };
        drop(lost);
        if !std::mem::replace(&mut self.is_away, true) {
            let (status, reason) = fault;
            tracing::warn!(reason, status, "the collector takes no traces, so they are dropped; events are not concerned");
        }
    }
}

/// Spans that count as dropped unless it is said otherwise.
struct Lost {
    dropped: IntCounter,
    spans: u64,
}

impl Lost {
    fn not(mut self) {
        self.spans = 0;
    }
}

impl Drop for Lost {
    fn drop(&mut self) {
        self.dropped.inc_by(self.spans);
    }
}

#[expect(clippy::disallowed_methods, reason = "the collector is not Meta, and gets nothing of an event")]
fn client(collector: &Collector) -> Result<Client, ExportError> {
    let tls = collector.endpoint.scheme() == "https";
    let mut builder = Client::builder()
        .user_agent(concat!("portcullis/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .timeout(collector.timeout)
        .https_only(tls)
        .no_proxy();
    if !tls {
        // Loopback without TLS must not depend on root certificates of the machine.
        builder = builder.tls_certs_only([]);
    }
    builder.build().map_err(|_| ExportError::Client)
}

fn headers(collector: &Collector) -> Result<HeaderMap, ExportError> {
    let mut headers = HeaderMap::new();
    for (name, secret) in &collector.headers {
        let fail = || ExportError::Header(name.clone());
        let text = secret.expose_secret();
        let text = if name == "authorization" { format!("Bearer {text}") } else { text.to_owned() };
        let mut value = HeaderValue::from_str(&text).map_err(|_| fail())?;
        value.set_sensitive(true);
        headers.insert(HeaderName::from_bytes(name.as_bytes()).map_err(|_| fail())?, value);
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
    Ok(headers)
}
