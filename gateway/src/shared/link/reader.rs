//! A connection of one owner, for commands that wait for data (C10): on the one that everybody shares they would hold up the others.

use std::sync::Arc;
use std::time::Duration;

use redis::{Cmd, FromRedisValue};

use super::server::Server;
use super::session::Session;
use super::{Link, Source};
use crate::shared::SharedError;

/// How long a read may block, besides the deadline that every answer has. A server may block longer than it was asked to (C13).
const LONGEST_BLOCK: Duration = Duration::from_secs(5);

/// A connection for commands that wait for data. Once a read failed it is of no use; take another from the link.
pub struct Reader {
    link: Link,
    session: Arc<Session>,
    server: Server,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}

impl Reader {
    pub(super) fn new(link: Link, session: Arc<Session>, server: Server) -> Self {
        Self { link, session, server }
    }

    /// Runs a command that waits for data, for 5 seconds at most.
    pub async fn read<T: FromRedisValue>(&mut self, command: &Cmd) -> Result<T, SharedError> {
        let deadline = LONGEST_BLOCK + self.link.deadline();
        let answer = self.server.command_within("a read", command, deadline).await;
        if let (Err(SharedError::Away(_)), Source::Kept(kept)) = (&answer, &self.link.0) {
            // Perhaps this connection alone; perhaps the server, and then nobody else may have noticed.
            kept.upkeep.doubts(&self.session);
        }
        answer
    }
}
