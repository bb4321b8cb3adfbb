//! One connection: its requests are answered until its caller ends it, is silent for too long, or the listener stops.
//!
//! A connection on which nothing is asked gives its place back. The HTTP library sees to that only once it knows the protocol, and
//! for HTTP/2 not at all, so this file notes its silence itself: silence alone must never fill the listener. Noting it wakes nobody,
//! because it is done for every request.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::{Common, Crowded, Place};

/// Bytes of a request's headers, and of what is read at once: each connection keeps a buffer of that size.
const MAX_HEADER_BYTES: usize = 16 * 1024;
/// The same where a connection carries many requests at once. Counted when unpacked, so that a few bytes cannot stand for many.
const MAX_HTTP2_HEADER_BYTES: u32 = 16 * 1024;
/// What may come of the body of a request, and of all of a connection, before somebody reads it. It lies outside of the room for
/// bodies, so it must stay small beside what a connection costs anyway.
const STREAM_WINDOW_BYTES: u32 = 64 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 128 * 1024;
/// How long a connection that gives way has to take its leave.
const FAREWELL: Duration = Duration::from_millis(100);

/// Answers the requests of one connection until its caller ends it, is silent for too long, or the listener stops.
pub(super) async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: SocketAddr,
    place: &Place,
    common: &Common,
) {
    let Common { patience, stop, cut, .. } = common;
    let silence = Arc::clone(&place.silence);
    // A handshake was no silence.
    silence.begin();
    let (heard, further) = (Arc::clone(&silence), Arc::clone(&common.further));
    let service = TowerToHyperService::new(common.router.clone());
    let counted = service_fn(move |mut request: hyper::Request<Incoming>| {
        let in_hand = InHand::new(Arc::clone(&heard), &further);
        request.extensions_mut().insert(ConnectInfo(peer));
        if in_hand.is_one_too_many {
            request.extensions_mut().insert(Crowded);
        }
        let service = service.clone();
        async move {
            let answer = service.call(request).await;
            drop(in_hand);
            answer
        }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(*patience).max_buf_size(MAX_HEADER_BYTES);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(128).keep_alive_interval(*patience);
    builder.http2().max_header_list_size(MAX_HTTP2_HEADER_BYTES);
    builder.http2().initial_stream_window_size(STREAM_WINDOW_BYTES).initial_connection_window_size(CONNECTION_WINDOW_BYTES);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), counted));
    tokio::select! {
        // A caller that breaks off is no event of ours; what it sent was counted where it was decoded.
        _ = connection.as_mut() => return,
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
        () = place.leave.cancelled() => {
            connection.as_mut().graceful_shutdown();
            // What it asked since is still answered; what it did not ask in whole is not waited for.
            let leave = async {
                while tokio::time::timeout(FAREWELL, connection.as_mut()).await.is_err() && silence.so_far().is_none() {}
            };
            cut.run_until_cancelled(leave).await;
            return;
        }
        () = silence.lasts(*patience) => {
            connection.as_mut().graceful_shutdown();
            // A caller that does not take the farewell either is left.
            cut.run_until_cancelled(tokio::time::timeout(*patience, connection)).await;
            return;
        }
    }
    // Dropping the connection breaks it off.
    cut.run_until_cancelled(connection).await;
}

/// Since when nothing is asked on a connection.
#[derive(Debug)]
pub(super) struct Silence {
    start: Instant,
    in_hand: AtomicUsize,
    has_asked: AtomicBool,
    /// When the last request was answered, in microseconds since the start.
    since_us: AtomicU64,
}

impl Silence {
    pub(super) fn new() -> Self {
        Self {
            start: Instant::now(),
            in_hand: AtomicUsize::new(0),
            has_asked: AtomicBool::new(false),
            since_us: AtomicU64::new(0),
        }
    }

    /// From now on nothing is asked.
    fn begin(&self) {
        let since_us = self.start.elapsed().as_micros();
        self.since_us.store(u64::try_from(since_us).unwrap_or(u64::MAX), Ordering::Release);
    }

    /// Whether there ever was a request.
    pub(super) fn has_asked(&self) -> bool {
        self.has_asked.load(Ordering::Relaxed)
    }

    /// How long there has been no request; nothing if there is one.
    pub(super) fn so_far(&self) -> Option<Duration> {
        if self.in_hand.load(Ordering::Acquire) > 0 {
            return None;
        }
        Some((self.start + Duration::from_micros(self.since_us.load(Ordering::Acquire))).elapsed())
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
struct InHand {
    silence: Arc<Silence>,
    /// Held beside that of the connection, which is the place of its first request.
    _place: Option<OwnedSemaphorePermit>,
    is_one_too_many: bool,
}

impl InHand {
    fn new(silence: Arc<Silence>, further: &Arc<Semaphore>) -> Self {
        let is_first = silence.in_hand.fetch_add(1, Ordering::AcqRel) == 0;
        silence.has_asked.store(true, Ordering::Relaxed);
        let place = if is_first { None } else { Arc::clone(further).try_acquire_owned().ok() };
        Self { silence, is_one_too_many: !is_first && place.is_none(), _place: place }
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        // The time first: whoever sees that nothing is in hand sees since when.
        self.silence.begin();
        self.silence.in_hand.fetch_sub(1, Ordering::AcqRel);
    }
}
