//! TLS of a listener: 1.2 and 1.3, HTTP/2 and HTTP/1.1 by ALPN, no certificates of callers.
//!
//! A handshake ends in one of a few ways, and that is counted. Who it was, which name they asked for and what they offered stands
//! nowhere. The certificate is whatever the listener holds when a connection comes; those that live keep theirs.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use prometheus::IntCounterVec;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::server::ResolvesServerCert;
use rustls::sign::SingleCertAndKey;
use rustls::version::{TLS12, TLS13};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::config::Certificate;
use crate::telemetry::metrics::Metrics;

/// What a listener needs to speak TLS.
#[derive(Debug, Clone)]
pub struct Tls {
    current: watch::Receiver<Arc<ServerConfig>>,
    handshakes: IntCounterVec,
}

impl Tls {
    /// With this certificate, and the handle by which it is replaced.
    pub fn new(
        certificate: &Certificate,
        metrics: &Metrics,
    ) -> Result<(Self, watch::Sender<Arc<ServerConfig>>), rustls::Error> {
        let (replace, current) = watch::channel(settings(certificate)?);
        for end in End::ALL {
            metrics.tls_handshakes.with_label_values(&[end.as_str()]);
        }
        Ok((Self { current, handshakes: metrics.tls_handshakes.clone() }, replace))
    }

    /// Whether a listener can speak TLS with this certificate.
    pub fn can_show(certificate: &Certificate) -> Result<(), rustls::Error> {
        settings(certificate).map(drop)
    }

    /// The stream of a caller who came through the handshake in time, and before somebody else needed its place.
    pub(super) async fn shake_hands(
        &self,
        stream: TcpStream,
        patience: Duration,
        leave: &CancellationToken,
    ) -> Option<TlsStream<TcpStream>> {
        let acceptor = TlsAcceptor::from(Arc::clone(&self.current.borrow()));
        let shaken = tokio::time::timeout(patience, leave.run_until_cancelled(acceptor.accept(stream))).await;
        let (end, stream) = match shaken {
            Err(_) | Ok(None) => (End::TooSlow, None),
            Ok(Some(Err(error))) => (End::of(&error), None),
            Ok(Some(Ok(stream))) => (End::Done, Some(stream)),
        };
        self.handshakes.with_label_values(&[end.as_str()]).inc();
        stream
    }
}

/// What connections are offered from now on. Made anew with each certificate, so that no session of an older one is resumed.
pub(super) fn settings(certificate: &Certificate) -> Result<Arc<ServerConfig>, rustls::Error> {
    let shown: Arc<dyn ResolvesServerCert> = Arc::new(SingleCertAndKey::from(certificate.certified()));
    let mut settings = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_no_client_auth()
        .with_cert_resolver(shown);
    settings.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(settings))
}

/// How a handshake ended: the label of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Done,
    /// Not within the time for headers, or while others needed the place.
    TooSlow,
    /// No version, cipher or protocol in common.
    Incompatible,
    /// Something else than TLS, such as plain HTTP.
    NotTls,
    /// The caller sent an alert: mostly, it does not trust the certificate.
    RefusedByCaller,
    /// The connection broke off.
    BrokenOff,
    /// Any other breach of the protocol.
    Invalid,
}

impl End {
    const ALL: [Self; 7] =
        [Self::Done, Self::TooSlow, Self::Incompatible, Self::NotTls, Self::RefusedByCaller, Self::BrokenOff, Self::Invalid];

    fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::TooSlow => "too_slow",
            Self::Incompatible => "incompatible",
            Self::NotTls => "not_tls",
            Self::RefusedByCaller => "refused_by_caller",
            Self::BrokenOff => "broken_off",
            Self::Invalid => "invalid",
        }
    }

    fn of(error: &io::Error) -> Self {
        use rustls::{Error, InvalidMessage};
        match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
            None => Self::BrokenOff,
            Some(Error::PeerIncompatible(_) | Error::NoApplicationProtocol) => Self::Incompatible,
            Some(Error::InvalidMessage(InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion)) => {
                Self::NotTls
            }
            Some(Error::AlertReceived(_)) => Self::RefusedByCaller,
            Some(_) => Self::Invalid,
        }
    }
}
