//! One connection: its requests are answered until its caller ends it, is silent for too long, or the listener stops.
//!
//! A connection on which nothing is asked gives its place back. The HTTP library sees to that only once it knows the protocol, and
//! for HTTP/2 not at all, so this file notes its silence itself: silence alone must never fill the listener. Noting it wakes nobody,
//! because it is done for every request.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::Ends;

/// Bytes of a request's headers, and of what is read at once: each connection keeps a buffer of that size.
const MAX_HEADER_BYTES: usize = 16 * 1024;

/// Answers the requests of one connection until its caller ends it, is silent for too long, or the listener stops.
pub(super) async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: SocketAddr,
    router: Router,
    patience: Duration,
    ends: &Ends,
) {
    let silence = Arc::new(Silence::new());
    let heard = Arc::clone(&silence);
    let service = TowerToHyperService::new(router);
    let counted = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let (service, request_in_hand) = (service.clone(), InHand::new(Arc::clone(&heard)));
        async move {
            let answer = service.call(request).await;
            drop(request_in_hand);
            answer
        }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(patience).max_buf_size(MAX_HEADER_BYTES);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(128).keep_alive_interval(patience);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), counted));
    tokio::select! {
        // A caller that breaks off is no event of ours; what it sent was counted where it was decoded.
        _ = connection.as_mut() => return,
        () = ends.stop.cancelled() => connection.as_mut().graceful_shutdown(),
        () = silence.lasts(patience) => {
            connection.as_mut().graceful_shutdown();
            // A caller that does not take the farewell either is left.
            ends.cut.run_until_cancelled(tokio::time::timeout(patience, connection)).await;
            return;
        }
    }
    // Dropping the connection breaks it off.
    ends.cut.run_until_cancelled(connection).await;
}

/// Since when nothing is asked on a connection.
struct Silence {
    start: Instant,
    in_hand: AtomicUsize,
    /// When the last request was answered, in microseconds since the start.
    since_us: AtomicU64,
}

impl Silence {
    fn new() -> Self {
        Self { start: Instant::now(), in_hand: AtomicUsize::new(0), since_us: AtomicU64::new(0) }
    }

    /// Returns when there has been no request for so long.
    async fn lasts(&self, patience: Duration) {
        loop {
            if self.in_hand.load(Ordering::Acquire) > 0 {
                // It will end later than now, so this wakes no later than the silence after it has lasted.
                tokio::time::sleep(patience).await;
                continue;
            }
            let since = self.start + Duration::from_micros(self.since_us.load(Ordering::Acquire));
            if since.elapsed() >= patience {
                return;
            }
            tokio::time::sleep_until(since + patience).await;
        }
    }
}

/// A request that is being answered, counted until this is dropped, also where the request is cancelled.
struct InHand(Arc<Silence>);

impl InHand {
    fn new(silence: Arc<Silence>) -> Self {
        silence.in_hand.fetch_add(1, Ordering::AcqRel);
        Self(silence)
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        let since_us = self.0.start.elapsed().as_micros();
        // The time first: whoever sees that nothing is in hand sees since when.
        self.0.since_us.store(u64::try_from(since_us).unwrap_or(u64::MAX), Ordering::Release);
        self.0.in_hand.fetch_sub(1, Ordering::AcqRel);
    }
}
