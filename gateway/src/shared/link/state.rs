//! Whether Redis can be asked.

use std::fmt::{Display, Formatter};

use crate::shared::SharedError;

/// The state of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkState {
    /// The first try to connect is under way.
    Connecting,
    /// It can be asked.
    Up,
    /// It cannot: why not, in words that may be shown.
    Away(SharedError),
}

impl Display for LinkState {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Connecting => f.write_str("Redis is being connected to"),
            Self::Up => f.write_str("Redis is up"),
            Self::Away(why) => write!(f, "{why}"),
        }
    }
}
