//! What several gateways share through one Redis: the connection to it, the names of its keys, who they are, and what they tell each
//! other.
//!
//! Left to others: what is kept there (`outbox::redis`). Absent on purpose: commands that wait for data on the connection that
//! everybody uses, and commands without a deadline.

mod error;
mod hook;
mod keys;
mod link;
mod script;

pub mod membership;
pub mod news;

#[cfg(test)]
pub(crate) mod testing;

pub use error::SharedError;
pub use hook::{AtConnect, AtJoin, Joined, Work};
pub use keys::Keys;
pub use link::{Link, Reader};
pub use script::{Call, Script};
