//! Certificates for a server of this machine and for its clients.

use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;
use zeroize::Zeroizing;

use super::{DURABLE, Server};
use crate::config::RedisTls;

/// An authority, a server's certificate and a client's.
pub(crate) struct Certificates {
    folder: TempDir,
}

impl Certificates {
    /// Makes them. `host` is what the server is called in its certificate.
    pub(crate) fn make(host: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        write("ca.pem", &authority.pem());
        for (name, host) in [("server", host), ("client", "gateway")] {
            let key = KeyPair::generate().unwrap();
            let cert = CertificateParams::new(vec![host.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
            write(&format!("{name}.pem"), &cert.pem());
            write(&format!("{name}.key"), &key.serialize_pem());
        }
        Self { folder }
    }

    /// A server that speaks TLS alone, and asks clients for a certificate or not.
    pub(crate) async fn server(&self, asks_clients: bool) -> Server {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        let (cert, key, ca) = (path("server.pem"), path("server.key"), path("ca.pem"));
        let asks = if asks_clients { "yes" } else { "no" };
        let files =
            ["--tls-cert-file", &cert, "--tls-key-file", &key, "--tls-ca-cert-file", &ca, "--tls-auth-clients", asks];
        for _ in 0..5 {
            let port = super::free_port();
            let text = port.to_string();
            let folder = tempfile::tempdir().unwrap();
            let settings = [DURABLE, &files, &["--port", "0", "--tls-port", &text]].concat();
            let mut server = Server { child: super::spawn(&folder, port, &settings), port, folder };
            if server.answers_in_time().await {
                return server;
            }
        }
        panic!("redis-server ends by itself; was it built without TLS?");
    }

    /// What a gateway is told: this authority, and a certificate of its own or none.
    pub(crate) fn tls(&self, shows_own: bool) -> RedisTls {
        let client = shows_own.then(|| (self.read("client.pem"), Zeroizing::new(self.read("client.key"))));
        RedisTls { ca_pem: Some(self.read("ca.pem")), client }
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(Path::new(self.folder.path()).join(name)).unwrap()
    }
}
