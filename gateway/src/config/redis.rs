//! `[redis]` as it was resolved: the server that several gateways share, and what is asked of it.

use std::net::IpAddr;
use std::time::Duration;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;
use zeroize::Zeroizing;

/// `[redis]`
#[derive(Debug, Clone)]
pub struct Redis {
    /// Where it is: one server, the nodes of a cluster that are asked first, or sentinels. Not empty.
    pub nodes: Vec<Node>,
    /// What these are.
    pub topology: Topology,
    /// How connections are secured, if they are.
    pub tls: Option<RedisTls>,
    /// User of the access control list; the default one if there is none.
    pub username: Option<String>,
    /// Its password.
    pub password: Option<SecretString>,
    /// Number of the database. A cluster has 0 alone.
    pub database: u32,
    /// Every key begins with it, in braces with what decides on the node of a cluster.
    pub prefix: String,
    /// Whether a server is refused that can lose what it has said yes to.
    pub require_durable: bool,
    /// So many replicas must have an event before it is accepted.
    pub replicas: u32,
    /// What happens to events while it cannot be reached.
    pub on_unavailable: OnUnavailable,
    /// How long to wait for a connection.
    pub connect_timeout: Duration,
    /// How long to wait for an answer.
    pub command_timeout: Duration,
}

/// Host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// A name or an address.
    pub host: String,
    /// A port of TCP.
    pub port: u16,
}

impl Node {
    /// Whether it is this machine, so that nobody else reads what is said to it.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
    }
}

/// What the configured nodes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Topology {
    /// The server itself. After a failover its name has to lead to the new primary.
    Single,
    /// Sentinels, which know where the primary of this name is.
    Sentinel(String),
    /// Nodes of a cluster.
    Cluster,
}

impl Topology {
    /// In words.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Single => "a single server",
            Self::Sentinel(_) => "a primary that sentinels know",
            Self::Cluster => "a cluster",
        }
    }
}

/// TLS towards the server.
#[derive(Clone)]
pub struct RedisTls {
    /// The authority that the server's certificate must come from, in PEM form; those of the system if there is none.
    pub ca_pem: Option<Vec<u8>>,
    /// Our certificate and its key, in PEM form, where the server asks for one.
    pub client: Option<(Vec<u8>, Zeroizing<Vec<u8>>)>,
}

impl std::fmt::Debug for RedisTls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisTls").field("client", &self.client.is_some()).finish_non_exhaustive()
    }
}

/// What happens to events while Redis cannot be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnUnavailable {
    /// They are kept in the file of this machine that `outbox.path` names, and sent from there.
    Spill,
    /// They are answered 503.
    Refuse,
}
