//! A listener: accepts connections within a bound, and stops without cutting a request that is being answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Pause after a failed accept, such as when file descriptors have run out: they come back when connections end.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Bytes of a request's headers.
const MAX_HEADER_BYTES: usize = 64 * 1024;

/// The bounds of a listener.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Connections at once; more wait in the system's queue.
    pub max_connections: usize,
    /// How long the headers of a request may take, and how long a connection may idle.
    pub header_timeout: Duration,
    /// How long a stop waits for requests in hand.
    pub stop_grace: Duration,
}

/// A socket that is bound, so that its port is known before it is served.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Binds an address; port 0 takes a free one.
    pub async fn bind(address: SocketAddr) -> std::io::Result<Self> {
        let socket = TcpListener::bind(address).await?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address })
    }

    /// The address that was bound.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop`, then until every request in hand is answered or the grace is over.
    pub async fn serve(self, router: Router, bounds: Bounds, tracker: &TaskTracker, stop: CancellationToken) {
        let places = Arc::new(Semaphore::new(bounds.max_connections));
        let graceful = GracefulShutdown::new();
        let cut = CancellationToken::new();
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                // A place first: without one the connection stays in the system's queue and costs us nothing.
                accepted = accept(&self.socket, &places) => accepted,
            };
            let Some((stream, place)) = accepted else { continue };
            let service = TowerToHyperService::new(router.clone());
            let mut builder = Builder::new(TokioExecutor::new());
            builder
                .http1()
                .timer(TokioTimer::new())
                .header_read_timeout(bounds.header_timeout)
                .max_buf_size(MAX_HEADER_BYTES);
            builder.http2().timer(TokioTimer::new()).max_concurrent_streams(128).keep_alive_interval(bounds.header_timeout);
            let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
            let watched = graceful.watch(connection);
            let cut = cut.clone();
            tracker.spawn(async move {
                // A caller that breaks off is no event of ours; what it sent was counted where it was decoded.
                cut.run_until_cancelled(watched).await.map(Result::ok);
                drop(place);
            });
        }
        drop(self.socket);
        if tokio::time::timeout(bounds.stop_grace, graceful.shutdown()).await.is_err() {
            tracing::warn!("some connections did not end within the grace and were cut");
        }
        cut.cancel();
    }
}

async fn accept(socket: &TcpListener, places: &Arc<Semaphore>) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match socket.accept().await {
        Ok((stream, _)) => {
            stream.set_nodelay(true).ok();
            Some((stream, place))
        }
        Err(error) => {
            tracing::warn!(kind = ?error.kind(), "a connection could not be accepted");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}
