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
mod survey;

pub mod membership;
pub mod news;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use error::SharedError;
pub use hook::{AtConnect, AtJoin, Joined, Work};
pub use keys::Keys;
pub use link::{Link, LinkParts, LinkState, Reader};
pub use script::{Call, Script};
pub use survey::Durability;
