//! Stands between the gateway and Meta and breaks the connection in the ways that networks do.

use std::net::SocketAddr;

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
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let (mode, changes) = watch::channel(Mode::Pass);
        let mut task = JoinSet::new();
        task.spawn(run(listener, address, target, changes));
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

async fn run(listener: TcpListener, address: SocketAddr, target: SocketAddr, mut changes: watch::Receiver<Mode>) {
    let mut listener = Some(listener);
    loop {
        let mode = *changes.borrow_and_update();
        if mode == Mode::Refuse {
            drop(listener.take());
            // Bound but not listening: the port stays ours, and the kernel refuses.
            let _held = bind(address);
            if changes.changed().await.is_err() {
                return;
            }
            continue;
        }
        let door = listener.take().unwrap_or_else(|| bind(address).listen(1024).expect("a bound socket can listen"));
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

fn bind(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_reuseaddr(true).expect("the port may be taken again at once");
    socket.bind(address).expect("the port is still ours");
    socket
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
