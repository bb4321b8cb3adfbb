//! A network between a link and its server that a test can break.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What the network does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Network {
    /// Carries everything at once.
    Good,
    /// Ends every connection, and takes no new one.
    Cut,
    /// Takes everything and delivers nothing.
    Silent,
    /// Delivers each piece after so long.
    Slow(Duration),
}

/// A proxy in front of a server. Gone with the test.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) port: u16,
    network: watch::Sender<Network>,
    _tasks: JoinSet<()>,
}

impl Proxy {
    /// In front of the server at this port.
    pub(crate) async fn start(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (network, state) = watch::channel(Network::Good);
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, target, state));
        Self { port, network, _tasks: tasks }
    }

    /// From now on.
    pub(crate) fn becomes(&self, network: Network) {
        self.network.send_replace(network);
    }
}

async fn accept(listener: TcpListener, target: u16, network: watch::Receiver<Network>) {
    let mut carried = JoinSet::new();
    loop {
        let (caller, _) = listener.accept().await.unwrap();
        let mut network = network.clone();
        carried.spawn(async move {
            if *network.borrow() == Network::Cut {
                return;
            }
            let Ok(server) = TcpStream::connect(("127.0.0.1", target)).await else { return };
            let ((from_caller, to_caller), (from_server, to_server)) = (caller.into_split(), server.into_split());
            tokio::select! {
                () = carry(from_caller, to_server, network.clone()) => {}
                () = carry(from_server, to_caller, network.clone()) => {}
                _ = network.wait_for(|network| *network == Network::Cut) => {}
            }
        });
    }
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut network: watch::Receiver<Network>) {
    let mut piece = vec![0; 64 * 1024];
    while let Ok(count) = from.read(&mut piece).await
        && count > 0
    {
        let now = *network.borrow_and_update();
        match now {
            Network::Silent => {
                // What was taken is lost, and so is the connection: it never says a word again.
                std::future::pending::<()>().await;
            }
            Network::Slow(delay) => tokio::time::sleep(delay).await,
            Network::Good | Network::Cut => {}
        }
        if to.write_all(&piece[..count]).await.is_err() {
            return;
        }
    }
}
