//! Stands between the gateway and Meta and breaks the connection in the ways that networks do.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

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
        // Bound and never listening, as long as the proxy lives: the port stays ours, and the kernel refuses.
        let port = bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
        let address = port.local_addr().expect("a bound address");
        let (mode, changes) = watch::channel(Mode::Pass);
        let mut task = JoinSet::new();
        let listener = listen(address).await;
        task.spawn(run(port, listener, target, changes));
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

async fn run(port: TcpSocket, listener: TcpListener, target: SocketAddr, mut changes: watch::Receiver<Mode>) {
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
                    connections.spawn(carry(stream, target, mode));
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

async fn carry(mut stream: TcpStream, target: SocketAddr, mode: Mode) {
    match mode {
        Mode::Pass => {
            if let Ok(mut other) = TcpStream::connect(target).await {
                // Whichever side ends it ends both.
                drop(tokio::io::copy_bidirectional(&mut stream, &mut other).await);
            }
        }
        Mode::Blackhole => std::future::pending().await,
        Mode::Cut | Mode::Refuse => {}
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
}
