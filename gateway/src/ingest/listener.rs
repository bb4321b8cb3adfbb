//! A listener: accepts connections within a bound, and stops without cutting a request that is being answered.
//!
//! A connection on which nothing is asked gives its place back. The HTTP library sees to that only once it knows the protocol, and
//! for HTTP/2 not at all, so the `idle` of this file counts requests itself: silence alone must never fill the listener.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
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
        let cut = CancellationToken::new();
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                // A place first: without one the connection stays in the system's queue and costs us nothing.
                accepted = accept(&self.socket, &places) => accepted,
            };
            let Some((stream, place)) = accepted else { continue };
            let connection = converse(stream, router.clone(), bounds.header_timeout, stop.clone());
            let cut = cut.clone();
            tracker.spawn(async move {
                // Dropping a connection breaks it off.
                cut.run_until_cancelled(connection).await;
                drop(place);
            });
        }
        drop(self.socket);
        let all = u32::try_from(bounds.max_connections).unwrap_or(u32::MAX);
        if tokio::time::timeout(bounds.stop_grace, places.acquire_many(all)).await.is_err() {
            tracing::warn!("some connections did not end within the grace and were cut");
        }
        cut.cancel();
    }
}

/// Answers the requests of one connection until its caller ends it, is silent for too long, or the listener stops.
async fn converse(stream: TcpStream, router: Router, patience: Duration, stop: CancellationToken) {
    let (asked, in_hand) = watch::channel(0_usize);
    let service = TowerToHyperService::new(router);
    let counted = service_fn(move |request| {
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

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::sync::Notify;

    use super::*;

    const TIME: Duration = Duration::from_secs(20);
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";

    struct Running {
        address: SocketAddr,
        tracker: TaskTracker,
        stop: CancellationToken,
    }

    /// A listener with room for one connection.
    async fn start(router: Router, header_timeout: Duration, stop_grace: Duration) -> Running {
        let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let running = Running { address: listener.address(), tracker: TaskTracker::new(), stop: CancellationToken::new() };
        let bounds = Bounds { max_connections: 1, header_timeout, stop_grace };
        let (tracker, stop) = (running.tracker.clone(), running.stop.clone());
        running.tracker.spawn(async move { listener.serve(router, bounds, &tracker, stop).await });
        running
    }

    impl Running {
        async fn connect(&self, bytes: &[u8]) -> TcpStream {
            let mut stream = TcpStream::connect(self.address).await.unwrap();
            stream.write_all(bytes).await.unwrap();
            stream
        }

        /// Asks on a connection of its own and reads to its end.
        async fn answer(&self) -> String {
            let mut stream = self.connect(b"GET /ok HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
            let mut answer = String::new();
            let read = stream.read_to_string(&mut answer);
            tokio::time::timeout(TIME, read).await.expect("a place in time").unwrap();
            answer
        }

        async fn end(self) {
            self.stop.cancel();
            self.tracker.close();
            tokio::time::timeout(TIME, self.tracker.wait()).await.expect("an end in time");
        }
    }

    #[tokio::test]
    async fn a_silent_connection_gives_its_place_back() {
        let router = Router::new().route("/ok", get(async || "fine"));
        let running = start(router, Duration::from_millis(50), TIME).await;
        let settled = [PREFACE, SETTINGS].concat();
        for said in
            [b"".as_slice(), b"PRI * HT", b"GET /ok HT", b"GET /ok HTTP/1.1\r\nHost: a\r\n", PREFACE, settled.as_slice()]
        {
            let silent = running.connect(said).await;
            assert!(running.answer().await.ends_with("fine"), "after {:?}", String::from_utf8_lossy(said));
            drop(silent);
        }
        running.end().await;
    }

    #[tokio::test]
    async fn a_request_in_hand_is_no_silence_and_outlives_the_stop() {
        let (asked, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let handler = {
            let (asked, go) = (Arc::clone(&asked), Arc::clone(&go));
            async move || {
                asked.notify_one();
                go.notified().await;
                "late"
            }
        };
        let patience = Duration::from_millis(20);
        let running = start(Router::new().route("/slow", get(handler)), patience, TIME).await;
        let mut stream = running.connect(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await;
        asked.notified().await;
        // Longer than any silence may last, and what ends it is not the listener.
        let mut byte = [0];
        assert!(tokio::time::timeout(patience * 10, stream.read(&mut byte)).await.is_err(), "cut while it was answered");
        running.stop.cancel();
        go.notify_one();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("late"), "{answer}");
        running.end().await;
    }

    #[tokio::test]
    async fn a_stop_does_not_wait_for_the_silent_longer_than_its_grace() {
        let router = Router::new().route("/never", get(std::future::pending::<&str>));
        let running = start(router, TIME * 10, Duration::from_millis(50)).await;
        let mut stream = running.connect(b"GET /never HTTP/1.1\r\nHost: a\r\n\r\n").await;
        running.stop.cancel();
        let mut rest = Vec::new();
        tokio::time::timeout(TIME, stream.read_to_end(&mut rest)).await.expect("cut after the grace").ok();
        running.end().await;
    }
}
