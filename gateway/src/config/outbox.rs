//! `[outbox]` as it was resolved: where events are kept, how much of them, and under which keys.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::Redis;

/// `[outbox]`
#[derive(Debug, Clone)]
pub struct Outbox {
    /// Which engine.
    pub backend: Backend,
    /// Cap of what is kept, in bytes.
    pub max_bytes: u64,
    /// What the events that wait are encrypted with, if they are.
    pub encryption: Option<Encryption>,
    /// How events that come twice are known, if they are to be.
    pub deduplicate: Option<Deduplicate>,
}

/// What is remembered of events that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deduplicate {
    /// How long, in milliseconds.
    pub keep_ms: u64,
    /// Of how many at most; the oldest are forgotten first.
    pub max_events: u64,
}

/// The keys of the outbox.
#[derive(Clone, PartialEq, Eq)]
pub struct Encryption {
    /// Encrypts what comes in.
    pub key: Zeroizing<[u8; 32]>,
    /// Those before it, which still open what they encrypted.
    pub previous: Vec<Zeroizing<[u8; 32]>>,
}

impl std::fmt::Debug for Encryption {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encryption").field("previous", &self.previous.len()).finish_non_exhaustive()
    }
}

/// The engine that keeps events.
#[derive(Debug, Clone)]
pub enum Backend {
    /// SQLite in this file.
    Embedded(PathBuf),
    /// Redis, shared with other gateways; and beside it this file, for what Redis cannot take.
    Redis(PathBuf, Arc<Redis>),
    /// Memory: not durable, for demonstration and comparison.
    Memory,
}

impl Backend {
    /// Whether other gateways keep their events there too.
    pub fn is_shared(&self) -> bool {
        self.redis().is_some()
    }

    /// How the shared Redis is reached, if there is one.
    pub fn redis(&self) -> Option<&Arc<Redis>> {
        match self {
            Self::Redis(_, redis) => Some(redis),
            Self::Embedded(_) | Self::Memory => None,
        }
    }

    /// The outbox's file on this machine, if it has one. What belongs to the gateway, such as its socket, lies beside it.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Embedded(path) | Self::Redis(path, _) => Some(path),
            Self::Memory => None,
        }
    }
}
