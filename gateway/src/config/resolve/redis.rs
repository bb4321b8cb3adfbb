//! `[redis]`: the engine that keeps events, and how the Redis that gateways share is reached.
//!
//! Where the back end is another one, nothing of the table is read, not even its secrets; that it is of no use is said. How the
//! address is written is left to `redis_address`, inequalities to `validate`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use secrecy::ExposeSecret as _;
use zeroize::Zeroizing;

use super::super::document::{self, BackendWord, Document, FilePath, PemPath, TopologyWord};
use super::super::{Backend, ConfigError, Outbox, Redis, RedisTls, Topology, file, secret};
use super::redis_address::{self, Address};
use super::{MAX_CERTIFICATE_BYTES, Resolver};

impl Resolver<'_> {
    pub(super) fn backend(
        &mut self,
        word: Option<BackendWord>,
        path: Option<FilePath>,
        redis: document::Redis,
    ) -> Result<Backend, ConfigError> {
        let word = self.need(word, "outbox.backend")?;
        let path = self.base.join(self.need(path, "outbox.path")?.0);
        Ok(match word {
            BackendWord::Embedded => Backend::Embedded(path),
            BackendWord::Redis => Backend::Redis(path, Arc::new(self.redis(redis)?)),
            BackendWord::Memory => Backend::Memory,
        })
    }

    fn redis(&mut self, written: document::Redis) -> Result<Redis, ConfigError> {
        let Some(url) = &written.url else {
            let reason =
                "is missing, and outbox.backend = \"redis\" needs it; add url = { env = \"NAME\" } or { file = \"PATH\" }";
            return Err(self.fail("redis.url", reason));
        };
        let topology = self.need(written.topology, "redis.topology")?;
        let text = self.secret(url, "redis.url")?;
        let address = redis_address::read(text.expose_secret(), usual_port(topology))
            .map_err(|error| self.fail("redis.url", error))?;
        let topology = match (topology, written.sentinel_primary) {
            (TopologyWord::Single, None) => Topology::Single,
            (TopologyWord::Cluster, None) => Topology::Cluster,
            (TopologyWord::Sentinel, Some(name)) => Topology::Sentinel(name.0),
            (TopologyWord::Sentinel, None) => {
                let reason = "is missing: sentinels watch over several primaries, each by its name; give that of ours";
                return Err(self.fail("redis.sentinel_primary", reason));
            }
            (_, Some(_)) => {
                return Err(
                    self.fail("redis.sentinel_primary", "is of no use without topology = \"sentinel\"; leave it out")
                );
            }
        };
        let password = written.password.map(|source| self.secret(&source, "redis.password")).transpose()?;
        let username = self.one_of(written.username.map(|name| name.0), address.username.clone(), "redis.username")?;
        let password = self.one_of(password, address.password.clone(), "redis.password")?;
        if username.is_some() && password.is_none() {
            return Err(
                self.fail("redis.username", "stands without a password; give redis.password, or put it into the URL")
            );
        }
        Ok(Redis {
            tls: self.redis_tls(&address, written.ca_file, written.client_cert, written.client_key)?,
            nodes: address.nodes,
            topology,
            username,
            password,
            database: address.database,
            prefix: self.need(written.prefix, "redis.prefix")?.0,
            require_durable: self.need(written.require_durable, "redis.require_durable")?,
            replicas: self.need(written.replicas, "redis.replicas")?,
            on_unavailable: self.need(written.on_unavailable, "redis.on_unavailable")?,
            connect_timeout: self.millis(written.connect_timeout_ms, "redis.connect_timeout_ms")?,
            command_timeout: self.millis(written.command_timeout_ms, "redis.command_timeout_ms")?,
        })
    }

    /// What stands either in a key of its own or in the URL.
    fn one_of<T>(&self, key: Option<T>, url: Option<T>, name: &str) -> Result<Option<T>, ConfigError> {
        if key.is_some() && url.is_some() {
            return Err(self.fail(name, "stands in redis.url too; keep one of them"));
        }
        Ok(key.or(url))
    }

    fn redis_tls(
        &mut self,
        address: &Address,
        ca: Option<FilePath>,
        cert: Option<PemPath>,
        key: Option<PemPath>,
    ) -> Result<Option<RedisTls>, ConfigError> {
        if !address.tls {
            let files = [
                ("redis.ca_file", ca.is_some()),
                ("redis.client_cert", cert.is_some()),
                ("redis.client_key", key.is_some()),
            ];
            return match files.into_iter().find(|(_, is_there)| *is_there) {
                Some((key, _)) => {
                    Err(self.fail(key, "is of no use without TLS; write rediss:// in the URL, or leave it out"))
                }
                None => Ok(None),
            };
        }
        let ca_pem = ca.map(|path| self.certificate("redis.ca_file", &path.0)).transpose()?;
        let client = match (cert, key) {
            (Some(cert), Some(key)) => Some(self.client_pair(&cert.0, &key.0)?),
            (None, None) => None,
            (Some(_), None) => return Err(self.fail("redis.client_key", "is missing beside client_cert; give both or none")),
            (None, Some(_)) => return Err(self.fail("redis.client_cert", "is missing beside client_key; give both or none")),
        };
        Ok(Some(RedisTls { ca_pem, client }))
    }

    /// The certificate that is shown to the server and its key, which must fit it: what does not would only be found out at the first
    /// connection.
    fn client_pair(&mut self, cert: &Path, key: &Path) -> Result<(Vec<u8>, Zeroizing<Vec<u8>>), ConfigError> {
        let pem = self.certificate("redis.client_cert", cert)?;
        let path: PathBuf = self.base.join(key);
        let opened = std::fs::File::open(&path).and_then(|mut file| {
            let is_open = secret::readable_by_others(&file)?;
            Ok((file::read_open(&mut file, MAX_CERTIFICATE_BYTES)?, is_open))
        });
        let (private, is_open) = opened
            .map_err(|error| self.fail("redis.client_key", format!("the file that it names cannot be read: {error}")))?;
        if is_open {
            self.warn("redis.client_key", "the file that it names can be read by others; its mode should be 0600");
        }
        let chain = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|_| self.fail("redis.client_cert", "the file that it names is cut off"))?;
        let parsed = PrivateKeyDer::from_pem_slice(&private)
            .map_err(|_| self.fail("redis.client_key", "the file that it names holds no private key in PEM form"))?;
        CertifiedKey::from_der(chain, parsed, &aws_lc_rs::default_provider()).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                self.fail("redis.client_key", "is the key of another certificate than redis.client_cert")
            }
            rustls::Error::InvalidCertificate(_) => self.fail(
                "redis.client_cert",
                "the first certificate in the file that it names cannot be read; it has to be X.509 of version 3",
            ),
            _ => self.fail("redis.client_key", "the key in the file that it names cannot be used"),
        })?;
        Ok((pem, private))
    }

    /// Keys of `[redis]` that somebody set while events are kept elsewhere.
    pub(super) fn remark_on_unused(&mut self, layers: &Document, defaults: &Document) {
        if layers.outbox.backend == Some(BackendWord::Redis) {
            return;
        }
        for key in layers.redis.differences(&defaults.redis) {
            self.warn(&format!("redis.{key}"), "is of no use: events are not kept in Redis; set outbox.backend = \"redis\"");
        }
    }

    /// What is allowed with Redis but should be known.
    pub(super) fn remark_on_redis(&mut self, outbox: &Outbox) {
        let Some(redis) = outbox.backend.redis() else { return };
        if outbox.encryption.is_none() {
            let remark = "is missing, so events rest in Redis, in its files, its replicas and its copies as they will be sent; give \
                          it, the same to all gateways; `openssl rand -base64 32` makes one";
            self.warn("outbox.encryption_key", remark);
        }
        if !redis.require_durable {
            let remark = "is false, so a gateway also takes a Redis that can lose events which it had answered 2xx; \
                          portcullis_durability_info says what it can lose";
            self.warn("redis.require_durable", remark);
        }
        if redis.tls.is_none() && !redis.nodes.iter().all(super::super::Node::is_loopback) {
            let remark =
                "leads beyond this machine without TLS, so the password and events travel readable; write rediss:// in it";
            self.warn("redis.url", remark);
        }
    }
}

fn usual_port(topology: TopologyWord) -> u16 {
    match topology {
        TopologyWord::Single | TopologyWord::Cluster => 6379,
        TopologyWord::Sentinel => 26_379,
    }
}
