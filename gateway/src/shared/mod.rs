//! What several gateways share through one Redis: the connection to it, and the names of its keys.
//!
//! Left to others: what is kept there (`outbox::redis`). Absent on purpose: commands that wait for data on the connection that
//! everybody uses, and commands without a deadline.

mod error;
mod keys;
mod link;
mod script;

#[cfg(test)]
pub(crate) mod testing;

pub use error::SharedError;
pub use keys::Keys;
pub use link::Link;
pub use script::{Call, Script};
