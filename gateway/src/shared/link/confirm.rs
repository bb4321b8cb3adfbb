//! Waits until what a server did before is on its disk, and on its replicas.
//!
//! Done on a connection of its own, as it holds up whatever else is asked on the same one. What is waited for is a write of that
//! connection that comes after all that is to be confirmed: who has that has everything before. Callers share a wait: those that
//! come while one is under way are confirmed by the next. The connection is made once and never again: after it broke, the server may
//! be another one, which would confirm what it never had.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;

use super::server::Server;
use crate::shared::survey::{self, Wait};
use crate::shared::{Call, Script, SharedError};

/// How long disk and replicas may take. `appendfsync everysec` syncs every second, and up to two when the disk is busy.
const PATIENCE: Duration = Duration::from_secs(5);
/// How much longer than that the answer may be on its way.
const WAY: Duration = Duration::from_secs(1);

/// A write that is done also while the server's memory is full: what made room has to be confirmed too.
static MARK: LazyLock<Script> =
    LazyLock::new(|| Script::new("a mark", "#!lua flags=allow-oom\nredis.call('SET', KEYS[1], 1)"));

/// The waits of one server.
pub(super) struct Confirm {
    connection: Mutex<Server>,
    asked: AtomicU64,
    confirmed: AtomicU64,
}

impl Confirm {
    /// Makes the connection, before any write that is to be confirmed.
    pub(super) async fn prepare(server: &Server) -> Result<Self, SharedError> {
        let connection = server.again().await?;
        // A name may lead to several servers, and one cannot confirm what another one has.
        if survey::run_of(&connection).await? != survey::run_of(server).await? {
            return Err(SharedError::Away("its address leads to another server each time".to_owned()));
        }
        Ok(Self { connection: Mutex::new(connection), asked: AtomicU64::new(0), confirmed: AtomicU64::new(0) })
    }

    /// Returns when everything that this server answered before is where it has to be. `key` is written to: any that it has.
    pub(super) async fn wait(&self, wait: Wait, key: &str) -> Result<(), SharedError> {
        let ticket = self.asked.fetch_add(1, Ordering::SeqCst);
        let server = self.connection.lock().await;
        if self.confirmed.load(Ordering::SeqCst) > ticket {
            return Ok(());
        }
        let all = self.asked.load(Ordering::SeqCst);
        server.call::<()>(&MARK, &Call::on([key.to_owned()])).await?;
        let (on_disk, on_replicas) = ask(&server, wait).await?;
        if on_disk < u32::from(wait.disk) {
            return Err(SharedError::Away("its disk does not take what it is given".to_owned()));
        }
        if on_replicas < wait.replicas {
            return Err(SharedError::Away("too few of its replicas took what it was given".to_owned()));
        }
        self.confirmed.store(all, Ordering::SeqCst);
        Ok(())
    }
}

/// How many disks and replicas have it.
async fn ask(server: &Server, wait: Wait) -> Result<(u32, u32), SharedError> {
    let millis = u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX);
    if wait.disk {
        let mut command = redis::cmd("WAITAOF");
        command.arg(1).arg(wait.replicas).arg(millis);
        return server.command_within("a wait for its disk", &command, PATIENCE + WAY).await;
    }
    let mut command = redis::cmd("WAIT");
    command.arg(wait.replicas).arg(millis);
    let on_replicas = server.command_within("a wait for its replicas", &command, PATIENCE + WAY).await?;
    Ok((0, on_replicas))
}
