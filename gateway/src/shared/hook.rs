//! What is done at every connection to Redis before anybody else may use it, and what is done whenever this gateway joined the
//! others there. Left to others: when that is (`link`, `membership`).

use std::fmt::Debug;
use std::pin::Pin;

use super::{Link, SharedError};

/// Work in hand.
pub type Work<'a, T = ()> = Pin<Box<dyn Future<Output = Result<T, SharedError>> + Send + 'a>>;

/// Work at every connection. While it fails, Redis counts as away.
pub trait AtConnect: Debug + Send + Sync {
    /// Does it on this connection, which nobody else has yet.
    fn connected<'a>(&'a self, link: &'a Link) -> Work<'a>;
}

/// Work whenever this gateway joined. While it fails, Redis counts as away. It may be done again at any time, also while the
/// connection is in use: when it is found that Redis lost its data.
pub trait AtJoin: Debug + Send + Sync {
    /// Does it.
    fn joined<'a>(&'a self, link: &'a Link, joined: &'a Joined) -> Work<'a>;
}

/// What was found when this gateway joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// Id of the outbox in Redis: another one after Redis lost its data.
    pub outbox: String,
    /// Whether this gateway knew another outbox there, which is gone with all that was in it.
    pub is_after_loss: bool,
    /// Whether no other gateway lived then.
    pub is_alone: bool,
}
