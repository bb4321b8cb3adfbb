//! A real nginx in front of the gateway, with the configuration that deploy/proxy/nginx.conf shows to operators.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::process::Process;
use crate::{Authority, Signal, eventually};

/// A free port may be taken by somebody else before nginx binds it.
const TRIES: usize = 5;

/// A running nginx that ends TLS.
#[derive(Debug)]
pub struct Nginx {
    process: Process,
    /// Where it takes TLS.
    address: SocketAddr,
    /// Where it takes plain HTTP, by mistake of its operator.
    plain: SocketAddr,
    folder: TempDir,
}

impl Nginx {
    /// Starts one in front of a gateway, with a certificate of this authority.
    pub async fn start(gateway: SocketAddr, authority: &Authority) -> Self {
        Self::start_over(&[gateway], authority).await
    }

    /// The same in front of one or two.
    pub async fn start_over(gateways: &[SocketAddr], authority: &Authority) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let pair = authority.issue();
        for (name, text) in [("cert.pem", &pair.cert), ("key.pem", &pair.key)] {
            std::fs::write(folder.path().join(name), text).expect("the folder takes files");
        }
        for _ in 0..TRIES {
            let (address, plain) = (free_address(), free_address());
            let conf = folder.path().join("nginx.conf");
            std::fs::write(&conf, configuration(folder.path(), gateways, address, plain)).expect("the folder takes files");
            let arguments =
                ["-c".to_owned(), conf.display().to_string(), "-p".to_owned(), folder.path().display().to_string()];
            let mut process = Process::start(&program(), &arguments, &[], folder.path(), "nginx");
            if listens(&mut process, address).await {
                return Self { process, address, plain, folder };
            }
        }
        panic!("nginx does not start: {}", std::fs::read_to_string(folder.path().join("nginx.stderr")).unwrap_or_default());
    }

    /// Where it takes TLS.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it takes plain HTTP.
    pub fn plain(&self) -> SocketAddr {
        self.plain
    }

    /// Everything that it logged of requests and of errors.
    pub fn logs(&self) -> String {
        let read = |name: &str| std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
        read("access.log") + &read("error.log") + &self.process.stderr()
    }

    /// Stops it.
    pub async fn finish(mut self) {
        self.process.signal(Signal::Terminate).await;
        self.process.ended(Duration::from_secs(20)).await;
    }
}

/// What operators are shown, with the addresses and files of a test, and what stands around it.
fn configuration(folder: &Path, gateways: &[SocketAddr], address: SocketAddr, plain: SocketAddr) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/proxy/nginx.conf");
    let mut shown = std::fs::read_to_string(path).expect("deploy/proxy/nginx.conf is there");
    let file = |name: &str| folder.join(name).display().to_string();
    let server = |number: usize| gateways.get(number).map_or_else(|| "# ".to_owned(), |gateway| format!("server {gateway} max_fails"));
    for (from, to) in [
        ("server 127.0.0.1:8080 max_fails", server(0)),
        ("server 127.0.0.1:8081 max_fails", server(1)),
        ("listen 443 ssl http2;", format!("listen {address} ssl http2; listen {plain};")),
        ("/etc/nginx/capi.pem", file("cert.pem")),
        ("/etc/nginx/capi.key", file("key.pem")),
        ("/var/log/nginx/capi.log", file("access.log")),
        // All of it: whether a body went to disk is a warning.
        ("/var/log/nginx/capi.error.log crit", format!("{} warn", file("error.log"))),
    ] {
        assert!(shown.contains(from), "deploy/proxy/nginx.conf lacks {from}");
        shown = shown.replace(from, &to);
    }
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {};\n", file(kind)))
        .concat();
    // Without a second user it could not read the folder of the test; where it is not started by root, the line is ignored.
    format!(
        "user root;\ndaemon off;\npid {};\nerror_log stderr;\nworker_processes 1;\nevents {{ worker_connections 512; }}\nhttp {{\n{temporary}{shown}\n}}\n",
        file("nginx.pid")
    )
}

fn program() -> PathBuf {
    // Debian keeps it where only root looks.
    let debian = Path::new("/usr/sbin/nginx");
    if debian.exists() { debian.to_owned() } else { PathBuf::from("nginx") }
}

/// An address on loopback that nobody listens on now, for what cannot tell which port it took.
pub fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound address")
}

/// Whether it came to listen; if it ended before, something took its port.
pub(crate) async fn listens(process: &mut Process, address: SocketAddr) -> bool {
    eventually("the proxy listens", Duration::from_secs(20), async || {
        if !process.runs() {
            return Some(false);
        }
        TcpStream::connect(address).await.ok().map(|_| true)
    })
    .await
}
