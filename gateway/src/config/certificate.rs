//! The certificate that the listener shows, and its key: two PEM files, read and checked together.
//!
//! What is read here fits: the key is that of the first certificate. Whether it is valid is a question of the time of day, which
//! the caller hands in. The rest of the chain is for callers to judge. No error holds a piece of a file, and none names the
//! certificate's owner; paths are named, as a renewed file is what somebody has to mend.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use sha2::{Digest as _, Sha256};
use x509_cert::der::Decode as _;

use super::{ConfigError, file, secret};

/// A chain of certificates has 10 kB.
const MAX_PEM_BYTES: usize = 256 * 1024;
/// How long before its end a certificate is worth a warning: two weeks are what a renewal by hand takes.
const NOTICE_SECS: u64 = 14 * 86_400;

/// Where a certificate and its key are found; one file may hold both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain, the listener's own certificate first.
    pub cert: PathBuf,
    /// The key of that first certificate.
    pub key: PathBuf,
}

/// A chain of certificates and the key of its first.
#[derive(Debug)]
pub struct Certificate {
    certified: Arc<CertifiedKey>,
    path: PathBuf,
    from: u64,
    until: u64,
    digest: [u8; 32],
    key_is_open: bool,
}

/// Why a pair of files cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {fault}", path.display())]
pub struct CertificateError {
    half: Half,
    path: PathBuf,
    fault: Fault,
}

#[derive(Debug, Clone, Copy)]
enum Half {
    Cert,
    Key,
}

#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    #[error("is no file but a folder, a pipe or a device; a renewal is found by reading a file again")]
    NoFile,
    #[error("is cut off or is no PEM file")]
    NotPem,
    #[error("holds no certificate in PEM form")]
    NoCertificate,
    #[error("holds no private key in PEM form (PKCS#8, PKCS#1 or SEC1); one with a passphrase cannot be used")]
    NoKey,
    #[error("holds a certificate that cannot be read")]
    BadCertificate,
    #[error("holds a key that cannot be used: RSA from 2048 bits, ECDSA on P-256 to P-521 and Ed25519 can")]
    BadKey,
    #[error("is not the key of the certificate in {}", .0.display())]
    AnotherKey(PathBuf),
    #[error("the certificate is valid only until {}", date(*.0))]
    Over(u64),
    #[error("the certificate is valid only from {}; is the clock right?", date(*.0))]
    TooEarly(u64),
}

impl TlsFiles {
    /// Reads both files. They are small, and read at start and on a thread for such work.
    pub fn read(&self) -> Result<Certificate, CertificateError> {
        let of_cert = |fault| CertificateError { half: Half::Cert, path: self.cert.clone(), fault };
        let of_key = |fault| CertificateError { half: Half::Key, path: self.key.clone(), fault };

        let cert = open(&self.cert).and_then(|mut cert| Ok(file::read_open(&mut cert, MAX_PEM_BYTES)?)).map_err(of_cert)?;
        let (key, key_is_open) = open(&self.key).and_then(read_key).map_err(of_key)?;
        let chain = chain(&cert).map_err(of_cert)?;
        let (from, until) = validity(&chain).map_err(of_cert)?;
        let private = PrivateKeyDer::from_pem_slice(&key).map_err(|error| of_key(Fault::of_pem(&error, Fault::NoKey)))?;
        let certified =
            CertifiedKey::from_der(chain, private, &aws_lc_rs::default_provider()).map_err(|error| match error {
                rustls::Error::InconsistentKeys(_) => of_key(Fault::AnotherKey(self.cert.clone())),
                rustls::Error::InvalidCertificate(_) => of_cert(Fault::BadCertificate),
                _ => of_key(Fault::BadKey),
            })?;
        let length = u64::try_from(cert.len()).unwrap_or(u64::MAX).to_le_bytes();
        let digest = Sha256::new().chain_update(length).chain_update(&*cert).chain_update(&*key).finalize().into();
        Ok(Certificate { certified: Arc::new(certified), path: self.cert.clone(), from, until, digest, key_is_open })
    }
}

impl Certificate {
    /// Whether it is valid at this time, in seconds since 1970.
    pub fn valid_at(&self, now: u64) -> Result<(), CertificateError> {
        let fault = if now > self.until {
            Fault::Over(self.until)
        } else if now < self.from {
            Fault::TooEarly(self.from)
        } else {
            return Ok(());
        };
        Err(CertificateError { half: Half::Cert, path: self.path.clone(), fault })
    }

    /// The last second at which it is valid, since 1970.
    pub fn until(&self) -> u64 {
        self.until
    }

    /// The same for people.
    pub fn until_date(&self) -> String {
        date(self.until)
    }

    /// Where it was found.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the TLS library shows and signs with.
    pub fn certified(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.certified)
    }

    /// Whether both files hold the same as those of another. Times of files tell nothing where they are swapped by links.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.digest == other.digest
    }

    /// Whether somebody besides its owner can read the key.
    pub(super) fn key_is_open(&self) -> bool {
        self.key_is_open
    }

    /// What should be said if it ends soon.
    pub(super) fn ends_soon(&self, now: u64) -> Option<String> {
        let soon = self.until.saturating_sub(now) < NOTICE_SECS;
        soon.then(|| format!("{}: the certificate ends on {}; renew it", self.path.display(), self.until_date()))
    }
}

impl CertificateError {
    /// The key of the configuration that names the file at fault.
    pub fn key(&self) -> &'static str {
        match self.half {
            Half::Cert => "server.tls.cert",
            Half::Key => "server.tls.key",
        }
    }

    /// As an error of this configuration file.
    pub(super) fn in_file(&self, file: &str) -> ConfigError {
        ConfigError::Key { file: file.to_owned(), key: self.key().to_owned(), reason: self.to_string() }
    }
}

impl Fault {
    /// `absent` if the file is sound and what is looked for is not in it.
    fn of_pem(error: &pem::Error, absent: Self) -> Self {
        if matches!(error, pem::Error::NoItemsFound) { absent } else { Self::NotPem }
    }
}

/// Opens a file. To open a pipe that nobody writes to would take for ever.
fn open(path: &Path) -> Result<File, Fault> {
    if std::fs::metadata(path)?.is_file() { Ok(File::open(path)?) } else { Err(Fault::NoFile) }
}

fn read_key(mut file: File) -> Result<(zeroize::Zeroizing<Vec<u8>>, bool), Fault> {
    let is_open = secret::readable_by_others(&file)?;
    Ok((file::read_open(&mut file, MAX_PEM_BYTES)?, is_open))
}

fn chain(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let chain = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| Fault::of_pem(&error, Fault::NoCertificate))?;
    if chain.is_empty() { Err(Fault::NoCertificate) } else { Ok(chain) }
}

/// The first and the last second of the first certificate. Those after it are for callers, who may not even need them.
fn validity(chain: &[CertificateDer<'_>]) -> Result<(u64, u64), Fault> {
    let first = chain.first().ok_or(Fault::NoCertificate)?;
    let certificate = x509_cert::Certificate::from_der(first).map_err(|_| Fault::BadCertificate)?;
    let validity = certificate.tbs_certificate().validity();
    Ok((validity.not_before.to_unix_duration().as_secs(), validity.not_after.to_unix_duration().as_secs()))
}

/// A certificate can end in the year 9999, which is as far as this form goes.
fn date(unix_secs: u64) -> String {
    const LAST: u64 = 253_402_300_799;
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(unix_secs.min(LAST)))
}
