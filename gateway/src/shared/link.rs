//! The connection to Redis that everything but the blocking read shares.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, ErrorKind, FromRedisValue, RedisError, ServerErrorKind};

use super::{Call, Script, SharedError};
use crate::config;

/// A connection to Redis that is made again when it breaks. Cheap to clone; all clones share it.
#[derive(Clone)]
pub struct Link(Arc<Inner>);

struct Inner {
    config: config::Redis,
    connection: MultiplexedConnection,
}

/// A connection for commands that wait for data, of one owner.
pub struct Reader(MultiplexedConnection);

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}

impl Reader {
    /// Runs a command that waits for data, for some seconds at most.
    pub async fn read<T: FromRedisValue>(&mut self, command: &Cmd) -> Result<T, SharedError> {
        command.query_async(&mut self.0).await.map_err(|error| read("a read", &error))
    }
}

impl Link {
    /// Connects.
    pub async fn connect(config: &config::Redis) -> Result<Self, SharedError> {
        let away = |error: &RedisError| SharedError::Away(error.category().to_owned());
        let node = config.nodes.first().ok_or_else(|| SharedError::Away("there is no node".to_owned()))?;
        let client = Client::open((node.host.as_str(), node.port)).map_err(|error| away(&error))?;
        let settings = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(config.connect_timeout))
            .set_response_timeout(Some(config.command_timeout));
        let connection =
            client.get_multiplexed_async_connection_with_config(&settings).await.map_err(|error| away(&error))?;
        Ok(Self(Arc::new(Inner { config: config.clone(), connection })))
    }

    /// One more connection, for commands that wait for data.
    pub async fn reader(&self) -> Result<Reader, SharedError> {
        Self::connect(&self.0.config).await.map(|link| Reader(link.0.connection.clone()))
    }

    /// Runs a script once. [`SharedError::Away`] leaves open whether it ran.
    pub async fn call<T: FromRedisValue>(&self, script: &Script, call: &Call) -> Result<T, SharedError> {
        let mut invocation = script.script.prepare_invoke();
        for key in &call.keys {
            invocation.key(key);
        }
        for argument in &call.arguments {
            invocation.arg(argument.as_slice());
        }
        let mut connection = self.0.connection.clone();
        invocation.invoke_async(&mut connection).await.map_err(|error| read(script.name, &error))
    }

    /// Runs a script that does its work once however often it is asked to (it carries a token, or changes nothing twice), again and
    /// again while the connection breaks, for so long.
    pub async fn insist<T: FromRedisValue>(
        &self,
        script: &Script,
        call: &Call,
        patience: Duration,
    ) -> Result<T, SharedError> {
        let until = tokio::time::Instant::now() + patience;
        loop {
            match self.call(script, call).await {
                Err(SharedError::Away(_)) if tokio::time::Instant::now() < until => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                answer => return answer,
            }
        }
    }

    /// Runs a plain command on the node that has its key. `what` is what errors call it.
    pub async fn command<T: FromRedisValue>(&self, what: &'static str, command: &Cmd) -> Result<T, SharedError> {
        let mut connection = self.0.connection.clone();
        command.query_async(&mut connection).await.map_err(|error| read(what, &error))
    }
}

/// What an error of the library means for us.
fn read(what: &'static str, error: &RedisError) -> SharedError {
    match error.kind() {
        ErrorKind::Parse | ErrorKind::UnexpectedReturnType => SharedError::Strange(what),
        ErrorKind::Server(
            ServerErrorKind::BusyLoading
            | ServerErrorKind::ClusterDown
            | ServerErrorKind::MasterDown
            | ServerErrorKind::ReadOnly
            | ServerErrorKind::TryAgain,
        ) => SharedError::Away(error.code().unwrap_or("ERR").to_owned()),
        _ if error.code() == Some("OOM") => SharedError::Full,
        _ if error.is_io_error() || error.is_connection_dropped() || error.is_timeout() => {
            SharedError::Away(error.category().to_owned())
        }
        _ => SharedError::Refused { what, code: error.code().unwrap_or("ERR").to_owned() },
    }
}
