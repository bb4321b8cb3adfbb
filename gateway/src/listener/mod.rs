//! A listener: accepts connections within a bound, with TLS or without, and stops without cutting a request that is being
//! answered. Callers and operators each have one. It tells the routes a caller's address, and no log: what becomes of a
//! connection is a metric, or nobody's business.

mod connection;
mod places;
mod renewal;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use renewal::Renewal;
pub use tls::Tls;

use self::places::{Place, Places};

/// Pause after a failed accept, such as when file descriptors have run out: they come back when connections end.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The bounds of a listener.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Connections at once; more wait in the system's queue until one ends or a silent one gives way.
    pub max_connections: usize,
    /// How long a handshake may take, and the headers of a request, and how long a connection may idle.
    pub header_timeout: Duration,
    /// How long a stop waits for requests in hand.
    pub stop_grace: Duration,
}

/// Marks a request past the bound on those in hand. HTTP/2 carries many at once, and each costs what a connection does, so one that
/// is marked must be answered at once and not be waited for.
#[derive(Debug, Clone, Copy)]
pub struct Crowded;

/// What all connections of a listener share.
#[derive(Debug, Clone)]
struct Common {
    router: Router,
    /// How long a connection may be silent, or in its handshake.
    patience: Duration,
    /// Requests in hand beside the first of each connection: as many as connections, for all of them together.
    further: Arc<Semaphore>,
    /// No new request; those in hand are answered.
    stop: CancellationToken,
    /// After that: at once.
    cut: CancellationToken,
}

/// A socket that is bound, so that its port is known before it is served.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    tls: Option<Tls>,
}

impl Listener {
    /// Binds an address; port 0 takes a free one.
    pub async fn bind(address: SocketAddr) -> std::io::Result<Self> {
        Self::of(TcpListener::bind(address).await?)
    }

    /// With a socket that somebody else has bound.
    pub fn passed(socket: std::net::TcpListener) -> std::io::Result<Self> {
        socket.set_nonblocking(true)?;
        Self::of(TcpListener::from_std(socket)?)
    }

    fn of(socket: TcpListener) -> std::io::Result<Self> {
        let address = socket.local_addr()?;
        Ok(Self { socket, address, tls: None })
    }

    /// Takes nothing but TLS, if there is any.
    #[must_use]
    pub fn with_tls(self, tls: Option<Tls>) -> Self {
        Self { tls, ..self }
    }

    /// The address that was bound.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop`, then until every request in hand is answered or the grace is over.
    pub async fn serve(self, router: Router, bounds: Bounds, tracker: &TaskTracker, stop: CancellationToken) {
        let places = Arc::new(Places::new(bounds.max_connections));
        let further = Arc::new(Semaphore::new(bounds.max_connections));
        let common = Common { router, patience: bounds.header_timeout, further, stop, cut: CancellationToken::new() };
        loop {
            let accepted = tokio::select! {
                () = common.stop.cancelled() => break,
                // A place first: without one the connection stays in the system's queue and costs us nothing.
                accepted = accept(&self.socket, &places) => accepted,
            };
            let Some((stream, peer, place)) = accepted else { continue };
            let (tls, common) = (self.tls.clone(), common.clone());
            tracker.spawn(async move {
                take(stream, tls, peer, &place, &common).await;
                drop(place);
            });
        }
        drop(self.socket);
        if tokio::time::timeout(bounds.stop_grace, places.all_free()).await.is_err() {
            tracing::warn!("some connections did not end within the grace and were cut");
        }
        common.cut.cancel();
    }
}

async fn accept(socket: &TcpListener, places: &Arc<Places>) -> Option<(TcpStream, SocketAddr, Place)> {
    let place = places.take().await?;
    match socket.accept().await {
        Ok((stream, peer)) => {
            stream.set_nodelay(true).ok();
            Some((stream, peer, place))
        }
        Err(error) => {
            tracing::warn!(kind = ?error.kind(), "a connection could not be accepted");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

/// A connection from its first byte to its last.
async fn take(stream: TcpStream, tls: Option<Tls>, peer: SocketAddr, place: &Place, common: &Common) {
    let Some(tls) = tls else { return connection::converse(stream, peer, place, common).await };
    // Nothing was asked before the handshake is done, so a stop need not wait for it.
    let shaken = tls.shake_hands(stream, common.patience, &place.leave);
    let shaken = common.stop.run_until_cancelled(shaken).await.flatten();
    if let Some(stream) = shaken {
        connection::converse(stream, peer, place, common).await;
    }
}

#[cfg(test)]
mod tests;
