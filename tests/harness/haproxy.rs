//! A real HAProxy in front of two gateways, with the configuration that deploy/proxy/haproxy.cfg shows to operators.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use crate::nginx::{free_address, listens};
use crate::process::Process;
use crate::{Authority, Gateway, Signal};

/// A free port may be taken by somebody else before it is bound here.
const TRIES: usize = 5;

/// A running HAProxy that ends TLS, and before it a balancer of connections that speaks the PROXY protocol to it.
#[derive(Debug)]
pub struct Haproxy {
    process: Process,
    address: SocketAddr,
    balancer: SocketAddr,
    /// Its configuration lies there while it runs.
    _folder: TempDir,
}

impl Haproxy {
    /// Starts one in front of two gateways, with a certificate of this authority.
    pub async fn start(gateways: [&Gateway; 2], authority: &Authority) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let pair = authority.issue();
        std::fs::write(folder.path().join("capi.pem"), pair.cert + &pair.key).expect("the folder takes files");
        for _ in 0..TRIES {
            let (address, balancer) = (free_address(), free_address());
            let file = folder.path().join("haproxy.cfg");
            let text = configuration(folder.path(), gateways, address, balancer);
            std::fs::write(&file, text).expect("the folder takes files");
            let arguments = ["-db".to_owned(), "-f".to_owned(), file.display().to_string()];
            let mut process = Process::start(&program(), &arguments, &[], folder.path(), "haproxy");
            if listens(&mut process, address).await {
                return Self { process, address, balancer, _folder: folder };
            }
        }
        let said = std::fs::read_to_string(folder.path().join("haproxy.stderr")).unwrap_or_default();
        panic!("haproxy does not start; where it is missing, tests/run --install-only installs it: {said}");
    }

    /// Where it takes TLS.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The balancer before it.
    pub fn balancer(&self) -> SocketAddr {
        self.balancer
    }

    /// Everything that it logged.
    pub fn logs(&self) -> String {
        self.process.stdout() + &self.process.stderr()
    }

    /// Stops it.
    pub async fn finish(mut self) {
        self.process.signal(Signal::Terminate).await;
        self.process.ended(Duration::from_secs(20)).await;
    }
}

/// What operators are shown, with the addresses and files of a test.
fn configuration(folder: &Path, gateways: [&Gateway; 2], address: SocketAddr, balancer: SocketAddr) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/proxy/haproxy.cfg");
    let mut shown = std::fs::read_to_string(path).expect("deploy/proxy/haproxy.cfg is there");
    let passed = free_address();
    let [one, two] = gateways.map(|gateway| format!("{} port {}", gateway.address(), gateway.admin().port()));
    for (from, to) in [
        ("log /dev/log local0", "log stdout format raw local0".to_owned()),
        ("bind :443", format!("bind {address}")),
        ("bind 127.0.0.1:8444", format!("bind {passed}")),
        ("/etc/haproxy/capi.pem", folder.join("capi.pem").display().to_string()),
        ("127.0.0.1:8080 port 9464", one),
        ("127.0.0.1:8081 port 9465", two),
    ] {
        assert!(shown.contains(from), "deploy/proxy/haproxy.cfg lacks {from}");
        shown = shown.replace(from, &to);
    }
    format!("{shown}\nlisten balancer\n    mode tcp\n    no log\n    bind {balancer}\n    server proxy {passed} send-proxy-v2\n")
}

fn program() -> PathBuf {
    // Debian keeps it where only root looks.
    let debian = Path::new("/usr/sbin/haproxy");
    if debian.exists() { debian.to_owned() } else { PathBuf::from("haproxy") }
}
