//! Makes connections, with TLS, user and password as configured. Names are looked up each time, as a name may lead elsewhere after a
//! failover.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{
    AsyncConnectionConfig, Client, ClientTlsConfig, ConnectionAddr, IntoConnectionInfo as _, RedisConnectionInfo,
    RedisResult, TlsCertificates,
};
use secrecy::ExposeSecret as _;

use super::fault;
use super::server::Server;
use crate::config::{Node, Redis, RedisTls};
use crate::shared::SharedError;

/// Whether the server is told who we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Login {
    /// As configured.
    Known,
    /// Not at all.
    Nobody,
}

/// Makes connections.
pub(super) struct Dialer(pub(super) Arc<Redis>);

impl Dialer {
    /// How long an answer may take.
    pub(super) fn deadline(&self) -> Duration {
        self.0.command_timeout
    }

    /// Connects to a server.
    pub(super) async fn dial(self: &Arc<Self>, node: &Node) -> Result<Server, SharedError> {
        self.dial_as(node, Login::Known).await
    }

    /// The same, known or not.
    pub(super) async fn dial_as(self: &Arc<Self>, node: &Node, login: Login) -> Result<Server, SharedError> {
        let connecting = self.connect(node, login);
        let connected = tokio::time::timeout(self.0.connect_timeout, connecting).await;
        let connected = connected.map_err(|_| if self.0.tls.is_some() { fault::no_tls() } else { fault::silence() })?;
        let connection = connected.map_err(|error| fault::at_connect(&error, self.0.tls.is_some()))?;
        Ok(Server::new(Arc::clone(self), node.clone(), connection))
    }

    async fn connect(&self, node: &Node, login: Login) -> RedisResult<MultiplexedConnection> {
        let (host, port) = (node.host.clone(), node.port);
        let address = match &self.0.tls {
            None => ConnectionAddr::Tcp(host, port),
            Some(_) => ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None },
        };
        let info = address
            .into_connection_info()?
            .set_tcp_settings(TcpSettings::default().set_nodelay(true))
            .set_redis_settings(self.login(login));
        let client = match &self.0.tls {
            None => Client::open(info)?,
            Some(tls) => Client::build_with_tls(info, certificates(tls))?,
        };
        // Deadlines are ours: the library's is one for all commands of a connection.
        let settings = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        client.get_multiplexed_async_connection_with_config(&settings).await
    }

    fn login(&self, login: Login) -> RedisConnectionInfo {
        let settings = RedisConnectionInfo::default().set_lib_name("portcullis", crate::VERSION);
        if login == Login::Nobody {
            return settings;
        }
        let settings = settings.set_db(self.0.database.into());
        let settings = match &self.0.username {
            Some(name) => settings.set_username(name),
            None => settings,
        };
        match &self.0.password {
            Some(password) => settings.set_password(password.expose_secret()),
            None => settings,
        }
    }
}

fn certificates(tls: &RedisTls) -> TlsCertificates {
    let client = tls.client.as_ref();
    TlsCertificates {
        client_tls: client.map(|(cert, key)| ClientTlsConfig { client_cert: cert.clone(), client_key: key.to_vec() }),
        root_cert: tls.ca_pem.clone(),
    }
}
