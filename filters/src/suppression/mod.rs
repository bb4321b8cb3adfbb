//! Persons who must not be sent: what stands for them, and the look-up that the gateway passes in.
//!
//! A person is known by an e-mail address, a telephone number, an id of the site's or a browser id. What stands for each is the
//! SHA-256 of its text in every form that a sender's library may give it ([`forms`]), because libraries hash before they send.
//! Kinds are not told apart: an e-mail address's digest counts in every field in which an identifier can stand (`event`). Stored
//! events may carry a keyed digest in its place ([`pseudonyms`]). Left to the gateway: who is in the set, and how it is kept.
//! MD5 and SHA-1 of an identifier are not recognised: Meta takes neither, so they never leave.

mod forms;

mod event;

mod pseudonyms;

pub(crate) use event::is_of;
pub use event::{is_stored_of, of_stored};
pub use forms::{Kind, forms};
pub use pseudonyms::pseudonyms;

use std::fmt;

use crate::normalize::Digest;

/// SHA-256 of a normalised identifier, or of what stands for one in stored bytes. Its `Debug` shows nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identifier(Digest);

impl Identifier {
    /// From the digest.
    pub fn from_digest(digest: Digest) -> Self {
        Self(digest)
    }

    /// The digest.
    pub fn digest(&self) -> &Digest {
        &self.0
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identifier(..)")
    }
}

/// Who must not be sent.
pub trait Suppressed: fmt::Debug + Send + Sync {
    /// Whether nobody is. Nothing is then looked up.
    fn is_empty(&self) -> bool;

    /// Whether this person is.
    fn holds(&self, identifier: &Identifier) -> bool;
}

/// Nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nobody;

impl Suppressed for Nobody {
    fn is_empty(&self) -> bool {
        true
    }

    fn holds(&self, _: &Identifier) -> bool {
        false
    }
}
