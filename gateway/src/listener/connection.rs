//! One connection: its requests are answered until its caller ends it, is silent for too long, or the listener stops.
//!
//! A connection on which nothing is asked gives its place back. The HTTP library sees to that only once it knows the protocol, and
//! for HTTP/2 not at all, so the `idle` of this file counts requests itself: silence alone must never fill the listener.

use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Bytes of a request's headers.
const MAX_HEADER_BYTES: usize = 64 * 1024;

/// Answers the requests of one connection until its caller ends it, is silent for too long, or the listener stops.
pub(super) async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: SocketAddr,
    router: Router,
    patience: Duration,
    stop: CancellationToken,
) {
    let (asked, in_hand) = watch::channel(0_usize);
    let service = TowerToHyperService::new(router);
    let counted = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let (service, request_in_hand) = (service.clone(), InHand::new(asked.clone()));
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
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
        () = idle(in_hand, patience) => {
            connection.as_mut().graceful_shutdown();
            // A caller that does not take the farewell either is left.
            tokio::time::timeout(patience, connection).await.ok();
            return;
        }
    }
    // The listener cuts it when its grace is over.
    connection.await.ok();
}

/// Returns when there has been no request for so long.
async fn idle(mut in_hand: watch::Receiver<usize>, patience: Duration) {
    loop {
        let change = if *in_hand.borrow_and_update() == 0 {
            let Ok(change) = tokio::time::timeout(patience, in_hand.changed()).await else { return };
            change
        } else {
            in_hand.changed().await
        };
        // The counting ends with the connection, which then ends this too.
        if change.is_err() {
            return std::future::pending().await;
        }
    }
}

/// A request that is being answered, counted until this is dropped, also where the request is cancelled.
struct InHand(watch::Sender<usize>);

impl InHand {
    fn new(asked: watch::Sender<usize>) -> Self {
        asked.send_modify(|requests| *requests += 1);
        Self(asked)
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        self.0.send_modify(|requests| *requests = requests.saturating_sub(1));
    }
}
