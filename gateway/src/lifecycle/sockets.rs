//! Sockets that a service manager has bound and passes: `LISTEN_FDS`, told apart by the names in `LISTEN_FDNAMES`.
//!
//! With them callers wait in the system's queue over a restart, and the gateway needs no right to bind a low port. A socket that
//! is not understood stops the start: nobody would answer its callers.

use std::net::{SocketAddr, TcpListener};

use listenfd::ListenFd;

use crate::config::Environment;

const CALLERS: &str = "callers";
const ADMIN: &str = "admin";

/// What was passed.
#[derive(Debug, Default)]
pub struct Sockets {
    /// In place of `server.listen`.
    pub callers: Option<TcpListener>,
    /// In place of `admin.listen`.
    pub admin: Option<TcpListener>,
}

/// Why the sockets cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// Nobody knows what it is for.
    #[error(
        "a passed socket is named `{0}`; with systemd, write FileDescriptorName=callers in the .socket unit for the listener of \
         callers, and FileDescriptorName=admin for that of operators"
    )]
    Name(String),
    /// There are two for one purpose, or more than names.
    #[error("{0} sockets were passed, and one for `callers` and one for `admin` can be used")]
    Count(usize),
    /// It is of another kind.
    #[error("the socket passed as `{name}` is no TCP listener: {reason}")]
    Kind {
        /// Its name.
        name: String,
        /// Why.
        reason: std::io::Error,
    },
}

impl Sockets {
    /// Those of this process, once. To be called before there is a second thread, as it takes them out of the environment.
    pub fn passed(environment: &Environment) -> Result<Self, SocketError> {
        let mut passed = ListenFd::from_env();
        // Without names the order tells.
        let names = environment.socket_names().unwrap_or_else(|| vec![CALLERS, ADMIN]);
        let mut sockets = Self::default();
        for index in 0..passed.len() {
            let name = *names.get(index).ok_or(SocketError::Count(passed.len()))?;
            let place = match name {
                CALLERS => &mut sockets.callers,
                ADMIN => &mut sockets.admin,
                other => return Err(SocketError::Name(other.to_owned())),
            };
            let fail = |reason| SocketError::Kind { name: name.to_owned(), reason };
            let socket = passed.take_tcp_listener(index).map_err(fail)?;
            if place.is_some() {
                return Err(SocketError::Count(passed.len()));
            }
            *place = socket;
        }
        Ok(sockets)
    }

    /// Their addresses: of callers, and of operators.
    pub fn addresses(&self) -> (Option<SocketAddr>, Option<SocketAddr>) {
        let address = |socket: &Option<TcpListener>| socket.as_ref().and_then(|socket| socket.local_addr().ok());
        (address(&self.callers), address(&self.admin))
    }
}
