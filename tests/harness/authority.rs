//! A certificate authority of a test, made at run time: no key is ever in the repository.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tempfile::TempDir;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::now_secs;

/// An authority that nobody trusts but who is told to.
#[derive(Debug)]
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

/// A certificate and its key, as PEM texts.
#[derive(Debug, Clone)]
pub struct Pair {
    /// The certificate.
    pub cert: String,
    /// The key.
    pub key: String,
}

impl Pair {
    /// Takes TLS connections with it.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        let chain = CertificateDer::pem_slice_iter(self.cert.as_bytes()).collect::<Result<_, _>>();
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).expect("the key is PEM");
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the library has versions")
            .with_no_client_auth()
            .with_single_cert(chain.expect("the certificate is PEM"), key)
            .expect("the two belong together");
        TlsAcceptor::from(Arc::new(config))
    }
}

impl Authority {
    /// A new one.
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "an authority of a test");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key can be made");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("an authority can be made");
        let authority = Self { issuer, folder: tempfile::tempdir().expect("a temporary folder") };
        std::fs::write(authority.file(), authority.pem()).expect("the folder takes files");
        authority
    }

    /// Its own certificate, which callers are to trust.
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// The same as a file.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// A certificate for loopback, valid for long.
    pub fn issue(&self) -> Pair {
        self.issue_until(4000)
    }

    /// One that ends with this year.
    pub fn issue_until(&self, year: i32) -> Pair {
        self.issue_to(|params| params.not_after = date_time_ymd(year, 12, 31))
    }

    /// One that ends so long from now.
    pub fn issue_for(&self, time: Duration) -> Pair {
        self.issue_to(|params| params.not_after = date_time_ymd(1970, 1, 1) + Duration::from_secs(now_secs()) + time)
    }

    fn issue_to(&self, end: impl FnOnce(&mut CertificateParams)) -> Pair {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut params = CertificateParams::new(names).expect("names of a certificate");
        params.distinguished_name.push(DnType::CommonName, "a gateway of a test");
        params.not_before = date_time_ymd(2020, 1, 1);
        end(&mut params);
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().expect("a key can be made");
        let cert = params.signed_by(&key, &self.issuer).expect("a certificate can be made");
        Pair { cert: cert.pem(), key: key.serialize_pem() }
    }

    /// Connects with TLS and trusts this authority alone.
    pub(crate) fn connector(&self) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(self.issuer.der().to_vec())).expect("the authority is a root");
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the library has versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        TlsConnector::from(Arc::new(config))
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}
