//! One connection: HTTP/1.1 over a socket that can be cut.
//!
//! A scripted reset must reach the caller as the network's own: a TCP reset, not an orderly end. So the socket is wrapped, and
//! dropping it after a cut throws away what was not sent.

use std::convert::Infallible;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::endpoint::Endpoint;

/// How long the headers of a request may take.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a stop waits for the request in hand.
const STOP_GRACE: Duration = Duration::from_secs(3);

/// Answers one connection's requests until either side ends it, a fault cuts it, or `stop`.
pub(super) async fn converse(endpoint: Arc<Endpoint>, stream: TcpStream, stop: CancellationToken) {
    let cut = Cut::default();
    let line = Line { stream, cut: cut.clone() };
    let service = service_fn(|request| {
        let (endpoint, cut, stop) = (Arc::clone(&endpoint), cut.clone(), stop.clone());
        async move {
            tokio::select! {
                answer = endpoint.answer(request, &cut) => Ok::<_, Infallible>(answer),
                // A request that hangs on purpose must not hold up the end.
                () = stopped_with_grace(&stop) => Ok(endpoint.stopping()),
            }
        }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(line), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = cut.cancelled() => return,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                ended = connection.as_mut() => ended,
                () = cut.cancelled() => return,
                () = tokio::time::sleep(STOP_GRACE) => return,
            }
        }
    };
    if let Err(error) = ended {
        // Callers that go away mid-request are an everyday matter in tests of failure.
        tracing::debug!(%error, "simulator connection ended early");
    }
}

async fn stopped_with_grace(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(STOP_GRACE / 2).await;
}

/// Cuts one connection; all clones cut the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Cut {
    now: CancellationToken,
    once_written: Arc<AtomicBool>,
}

impl Cut {
    /// At once.
    pub(super) fn now(&self) {
        self.now.cancel();
    }

    /// When what was given to the connection has been written.
    pub(super) fn once_written(&self) {
        self.once_written.store(true, Ordering::Relaxed);
    }

    async fn cancelled(&self) {
        self.now.cancelled().await;
    }
}

/// A socket that ends with a reset if it was cut.
#[derive(Debug)]
struct Line {
    stream: TcpStream,
    cut: Cut,
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.cut.now.is_cancelled()
            && let Err(error) = self.stream.set_zero_linger()
        {
            tracing::debug!(%error, "simulator could not reset a connection; it ends in order instead");
        }
    }
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        if flushed.is_ready() && self.cut.once_written.load(Ordering::Relaxed) {
            self.cut.now();
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
