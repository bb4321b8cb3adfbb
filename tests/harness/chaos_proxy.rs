//! Stands between the gateway and Meta and breaks the connection in the ways that networks do.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::Pair;

/// How much is carried at once.
const CHUNK: usize = 16 * 1024;
/// A slow connection brings something so often in a second.
const DROPS_PER_SECOND: u32 = 20;
/// What somebody says who is not Meta, and who does not wait for a question.
const BABBLE: &[u8] = b"220 mail.example ready\r\n";

/// What happens to connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// They reach the other side.
    Pass,
    /// They are refused, as when nothing listens.
    Refuse,
    /// They are taken and closed at once.
    Cut,
    /// They are taken, and nothing ever comes back.
    Blackhole,
    /// They reach the other side, and whatever is sent takes so much longer each way.
    Late(Duration),
    /// They reach the other side, and answers come back in so many bytes a second.
    Slow(u32),
    /// They reach the other side, of whose answers so many bytes come back before the end.
    CutAnswer(usize),
    /// They reach the other side, and are told half-way that no answer will come.
    HalfClose,
    /// Somebody answers who is not Meta: no HTTP, and no handshake where TLS is wanted.
    Babble,
}

/// A proxy on a port of its own. A change of mode ends the connections at hand.
#[derive(Debug)]
pub struct ChaosProxy {
    address: SocketAddr,
    mode: watch::Sender<Mode>,
    _task: JoinSet<()>,
}

impl ChaosProxy {
    /// Starts one that passes everything on.
    pub async fn start(target: SocketAddr) -> Self {
        Self::start_as(target, None).await
    }

    /// The same for callers who want TLS, which ends here.
    pub async fn start_tls(target: SocketAddr, pair: &Pair) -> Self {
        Self::start_as(target, Some(pair.acceptor())).await
    }

    async fn start_as(target: SocketAddr, tls: Option<TlsAcceptor>) -> Self {
        // Bound and never listening, as long as the proxy lives: the port stays ours, and the kernel refuses.
        let port = bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
        let address = port.local_addr().expect("a bound address");
        let (mode, changes) = watch::channel(Mode::Pass);
        let mut task = JoinSet::new();
        let listener = listen(address).await;
        task.spawn(run(port, listener, Target { address: target, tls }, changes));
        Self { address, mode, _task: task }
    }

    /// Where the gateway is to connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes what happens.
    pub fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }
}

/// Where connections go.
#[derive(Clone)]
struct Target {
    address: SocketAddr,
    /// What ends TLS, if callers want it.
    tls: Option<TlsAcceptor>,
}

async fn run(port: TcpSocket, listener: TcpListener, target: Target, mut changes: watch::Receiver<Mode>) {
    let address = port.local_addr().expect("a bound address");
    let mut listener = Some(listener);
    loop {
        let mode = *changes.borrow_and_update();
        if mode == Mode::Refuse {
            drop(listener.take());
            if changes.changed().await.is_err() {
                return;
            }
            continue;
        }
        let door = match listener.take() {
            Some(door) => door,
            None => listen(address).await,
        };
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = door.accept() => {
                    let Ok((stream, _)) = accepted else { continue };
                    connections.spawn(carry(stream, target.clone(), mode));
                }
                moved = changes.changed() => {
                    if moved.is_err() {
                        return;
                    }
                    break;
                }
            }
        }
        connections.shutdown().await;
        listener = Some(door);
    }
}

/// Whatever breaks is what callers are to see, so no error is of interest here.
async fn carry(mut stream: TcpStream, target: Target, mode: Mode) {
    match mode {
        Mode::Cut | Mode::Refuse => {}
        Mode::Blackhole => std::future::pending().await,
        Mode::Babble => {
            drop(stream.write_all(BABBLE).await);
            drop(stream.shutdown().await);
            // Until the caller has had enough.
            drop(tokio::io::copy(&mut stream, &mut tokio::io::sink()).await);
        }
        Mode::Pass | Mode::Late(_) | Mode::Slow(_) | Mode::CutAnswer(_) | Mode::HalfClose => {
            let Ok(other) = TcpStream::connect(target.address).await else { return };
            match target.tls {
                None => drop(relay(stream, other, mode).await),
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        drop(relay(stream, other, mode).await);
                    }
                }
            }
        }
    }
}

/// Carries requests there and answers back. Whichever side ends it ends both.
async fn relay(mut near: impl AsyncRead + AsyncWrite + Unpin, mut far: TcpStream, mode: Mode) -> io::Result<()> {
    if mode == Mode::Pass {
        return tokio::io::copy_bidirectional(&mut near, &mut far).await.map(drop);
    }
    let (mut near_read, mut near_write) = tokio::io::split(near);
    let (mut far_read, mut far_write) = far.split();
    let asking = Flow { late: late(mode), ..Flow::default() };
    match mode {
        Mode::HalfClose => {
            let first = near_read.read_u8().await?;
            far_write.write_u8(first).await?;
            near_write.shutdown().await?;
            flow(&mut near_read, &mut far_write, asking).await
        }
        Mode::Slow(bytes) => {
            let answering = Flow { bytes_per_second: Some(bytes), ..asking };
            either(flow(&mut near_read, &mut far_write, asking), flow(&mut far_read, &mut near_write, answering)).await
        }
        Mode::CutAnswer(bytes) => {
            let answering = Flow { at_most: Some(bytes), ..asking };
            either(flow(&mut near_read, &mut far_write, asking), flow(&mut far_read, &mut near_write, answering)).await
        }
        _ => either(flow(&mut near_read, &mut far_write, asking), flow(&mut far_read, &mut near_write, asking)).await,
    }
}

fn late(mode: Mode) -> Duration {
    if let Mode::Late(by) = mode { by } else { Duration::ZERO }
}

async fn either(there: impl Future<Output = io::Result<()>>, back: impl Future<Output = io::Result<()>>) -> io::Result<()> {
    tokio::select! {
        ended = there => ended,
        ended = back => ended,
    }
}

/// How bytes go one way.
#[derive(Debug, Clone, Copy, Default)]
struct Flow {
    late: Duration,
    bytes_per_second: Option<u32>,
    at_most: Option<usize>,
}

async fn flow(from: &mut (impl AsyncRead + Unpin), to: &mut (impl AsyncWrite + Unpin), how: Flow) -> io::Result<()> {
    let drop_of = how.bytes_per_second.map(|bytes| usize::try_from(bytes / DROPS_PER_SECOND).unwrap_or(CHUNK).max(1));
    let mut chunk = vec![0; drop_of.unwrap_or(CHUNK)];
    let mut left = how.at_most;
    loop {
        let read = from.read(&mut chunk).await?;
        let bytes = chunk.get(..read.min(left.unwrap_or(read))).unwrap_or_default();
        tokio::time::sleep(how.late).await;
        to.write_all(bytes).await?;
        to.flush().await?;
        left = left.map(|left| left - bytes.len());
        if read == 0 || left == Some(0) {
            return Ok(());
        }
        if drop_of.is_some() {
            tokio::time::sleep(Duration::from_secs(1) / DROPS_PER_SECOND).await;
        }
    }
}

fn bind(address: SocketAddr) -> std::io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// A child that another test starts holds a copy of the socket closed last until it runs its own program, so the port may be
/// busy for that moment.
async fn listen(address: SocketAddr) -> TcpListener {
    let free = async {
        loop {
            match bind(address).and_then(|socket| socket.listen(1024)) {
                Ok(listener) => return listener,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), free).await.expect("the port is ours to listen on")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Client, eventually};

    #[tokio::test]
    async fn it_refuses_cuts_and_passes_again() {
        let first = ChaosProxy::start(SocketAddr::from(([127, 0, 0, 1], 1))).await;
        let second = ChaosProxy::start(first.address()).await;
        let client = Client::new(second.address());
        second.set(Mode::Refuse);
        let refused = async || {
            let error = client.get("/").await.expect_err("nobody answers");
            (error.kind() == std::io::ErrorKind::ConnectionRefused).then_some(())
        };
        eventually("refused", Duration::from_secs(5), refused).await;
        second.set(Mode::Cut);
        let cut = async || {
            (client.get("/").await.expect_err("nobody answers").kind() != std::io::ErrorKind::ConnectionRefused)
                .then_some(())
        };
        eventually("cut", Duration::from_secs(5), cut).await;
    }

    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n";

    /// Somebody who answers every connection with a hundred bytes; gives how many asked.
    async fn server() -> (SocketAddr, watch::Receiver<u32>, JoinSet<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, (asked, count), mut task) = (listener.local_addr().unwrap(), watch::channel(0), JoinSet::new());
        task.spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 1024];
                if stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                    asked.send_modify(|asked| *asked += 1);
                    drop(stream.write_all(&[ANSWER, &[b'x'; 100]].concat()).await);
                }
                drop(tokio::io::copy(&mut stream, &mut tokio::io::sink()).await);
            }
        });
        (address, count, task)
    }

    #[tokio::test]
    async fn requests_arrive_where_answers_do_not() {
        let (address, mut asked, _task) = server().await;
        let proxy = ChaosProxy::start(address).await;
        let client = Client::new(proxy.address());
        for (number, mode) in [Mode::HalfClose, Mode::CutAnswer(ANSWER.len() + 50)].into_iter().enumerate() {
            proxy.set(mode);
            // The connection that is made just before a change may still pass.
            eventually("no answer", Duration::from_secs(5), async || client.get("/").await.err()).await;
            asked.wait_for(|asked| *asked as usize > number).await.unwrap();
        }
        proxy.set(Mode::Babble);
        eventually("no HTTP", Duration::from_secs(5), async || client.get("/").await.err()).await;
        proxy.set(Mode::Pass);
        let answer = eventually("an answer", Duration::from_secs(5), async || client.get("/").await.ok()).await;
        assert_eq!(answer.body.len(), 100);
    }

    #[tokio::test]
    async fn answers_come_late_or_slowly_and_whole() {
        let (address, _asked, _task) = server().await;
        let proxy = ChaosProxy::start(address).await;
        let client = Client::new(proxy.address());
        for (mode, takes) in [(Mode::Late(Duration::from_millis(100)), 200), (Mode::Slow(400), 250)] {
            proxy.set(mode);
            let slow = async || {
                let asked = tokio::time::Instant::now();
                let answer = client.get("/").await.ok()?;
                assert_eq!(answer.body.len(), 100);
                (asked.elapsed() >= Duration::from_millis(takes)).then_some(())
            };
            eventually("a slow answer", Duration::from_secs(20), slow).await;
        }
    }
}
