//! One server: a connection that many use at once, and a deadline for each answer.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, FromRedisValue, RedisError, Value};
use tokio::time::Instant;

use super::dial::Dialer;
use super::fault;
use crate::config::Node;
use crate::shared::{Call, Script, SharedError};

/// How long to wait before asking again while a slot of a cluster moves.
const MOVING: Duration = Duration::from_millis(20);

/// A server that was reached.
pub(in crate::shared) struct Server {
    dialer: Arc<Dialer>,
    node: Node,
    connection: MultiplexedConnection,
}

impl Server {
    pub(super) fn new(dialer: Arc<Dialer>, node: Node, connection: MultiplexedConnection) -> Self {
        Self { dialer, node, connection }
    }

    /// One more connection to it.
    pub(super) async fn again(&self) -> Result<Self, SharedError> {
        self.dialer.dial(&self.node).await
    }

    /// Runs a plain command.
    pub(in crate::shared) async fn command<T: FromRedisValue>(
        &self,
        what: &'static str,
        command: &Cmd,
    ) -> Result<T, SharedError> {
        self.command_within(what, command, self.dialer.deadline()).await
    }

    /// The same with a deadline of its own.
    pub(super) async fn command_within<T: FromRedisValue>(
        &self,
        what: &'static str,
        command: &Cmd,
        deadline: Duration,
    ) -> Result<T, SharedError> {
        match self.ask(command, Instant::now() + deadline).await {
            Ok(answer) => answer.map_err(|error| fault::read(what, &error)),
            Err(silence) => Err(silence),
        }
    }

    /// Runs a script. A server that does not know it is told its text, and runs it then.
    pub(super) async fn call<T: FromRedisValue>(&self, script: &Script, call: &Call) -> Result<T, SharedError> {
        let until = Instant::now() + self.dialer.deadline();
        let mut command = written("EVALSHA", &script.hash, call);
        loop {
            let error = match self.ask(&command, until).await? {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match error.code() {
                Some("NOSCRIPT") => command = written("EVAL", &script.text, call),
                // Some keys of the slot are here still and some there already: nothing was done, and soon all are there.
                Some("TRYAGAIN" | "ASK") if Instant::now() + MOVING < until => tokio::time::sleep(MOVING).await,
                _ => return Err(fault::read(script.name, &error)),
            }
        }
    }

    async fn ask<T: FromRedisValue>(&self, command: &Cmd, until: Instant) -> Result<Result<T, RedisError>, SharedError> {
        let mut connection = self.connection.clone();
        let answer = tokio::time::timeout_at(until, command.query_async::<Value>(&mut connection)).await;
        let value = answer.map_err(|_| fault::silence())?;
        Ok(value.and_then(|value| redis::from_redis_value(value).map_err(RedisError::from)))
    }
}

/// A script, by its hash or its text.
fn written(command: &str, script: &str, call: &Call) -> Cmd {
    let mut command = redis::cmd(command);
    command.arg(script).arg(call.keys.len()).arg(&call.keys);
    for argument in &call.arguments {
        command.arg(argument.as_slice());
    }
    command
}
