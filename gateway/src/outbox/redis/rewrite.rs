//! What was deleted, out of the server's log too (O8): its append-only file keeps every command until it is rewritten.
//!
//! Where the server does not let us ask for that, it does it by itself once the file has doubled, and a warning says so. Left to
//! others: dumps, replicas' files and backups, which are the operator's.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::{InfoDict, Value};

use super::Redis;
use crate::shared::SharedError;

/// A rewriting that was under way before the deletion may hold what was deleted: another one is asked for when it has ended.
const ASK: Duration = Duration::from_millis(500);
const ASKED_AT_MOST: u32 = 20;

/// Whether something was deleted that may still be in the server's log.
#[derive(Debug, Default)]
pub(super) struct Rewrites(AtomicBool);

/// What came of asking for it.
#[derive(Debug)]
enum Asked {
    Begun,
    /// Another one is under way.
    Later,
    Refused(SharedError),
}

impl Redis {
    /// Has the server rewrite its log, and waits until it has begun.
    pub(super) async fn rewrite_log(&self) {
        self.core.rewrites.0.store(true, Ordering::Relaxed);
        for _ in 0..ASKED_AT_MOST {
            match self.ask_to_rewrite().await {
                Asked::Begun => return,
                Asked::Later => tokio::time::sleep(ASK).await,
                Asked::Refused(error) => {
                    self.core.rewrites.0.store(false, Ordering::Relaxed);
                    return warn(&error.to_string());
                }
            }
        }
        warn("another rewriting is under way");
    }

    /// The same, within some seconds: for what goes while events are on their way.
    pub(super) fn rewrite_log_soon(&self) {
        self.core.rewrites.0.store(true, Ordering::Relaxed);
    }

    /// Has it done where that is due.
    pub(super) async fn tend_log(&self) {
        if self.core.rewrites.0.load(Ordering::Relaxed)
            && let Asked::Refused(error) = self.ask_to_rewrite().await
        {
            self.core.rewrites.0.store(false, Ordering::Relaxed);
            warn(&error.to_string());
        }
    }

    async fn ask_to_rewrite(&self) -> Asked {
        let link = &self.core.link;
        let servers: Vec<InfoDict> = match link.on_each("to look at its log", redis::cmd("INFO").arg("persistence")).await {
            Ok(servers) => servers,
            Err(error) => return Asked::Refused(error),
        };
        let is = |name: &str| servers.iter().any(|server| server.get::<u8>(name) == Some(1));
        if is("aof_rewrite_in_progress") {
            return Asked::Later;
        }
        // Without a log there is nothing in it, and asking would make one.
        if is("aof_enabled")
            && let Err(error) = link.on_each::<Value>("to rewrite its log", &redis::cmd("BGREWRITEAOF")).await
        {
            return Asked::Refused(error);
        }
        self.core.rewrites.0.store(false, Ordering::Relaxed);
        Asked::Begun
    }
}

fn warn(reason: &str) {
    tracing::warn!(
        reason,
        "what was deleted may still be in the append-only file of Redis until it is rewritten; allow BGREWRITEAOF, or run it"
    );
}
