//! Keyed digests for the site's own ids: the same id gives the same pseudonym, and without the key nobody can tell which id it
//! was, not even by trying all of them.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};

use crate::normalize::Digest;

/// Length of the key in bytes.
pub const KEY_BYTES: usize = 32;

/// The key of all pseudonyms. Its `Debug` shows nothing. Whoever loses it cannot make the same pseudonyms again.
pub struct PseudonymKey {
    /// Keyed once: cloning it spares two rounds of SHA-256 an id.
    keyed: Hmac<Sha256>,
}

impl PseudonymKey {
    /// From 32 random bytes.
    #[expect(clippy::missing_panics_doc, reason = "it does not panic: HMAC takes keys of every length")]
    pub fn new(key: [u8; KEY_BYTES]) -> Self {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
        let keyed = Hmac::<Sha256>::new_from_slice(&key).expect("a key of any length");
        Self { keyed }
    }

    /// HMAC-SHA-256 of `"v1"`, the field's path and the SHA-256 of the normalised value.
    pub(crate) fn pseudonym(&self, path: &str, inner: &Digest) -> Digest {
        let mut hmac = self.keyed.clone();
        hmac.update(b"v1");
        hmac.update(path.as_bytes());
        hmac.update(inner);
        hmac.finalize().into_bytes().into()
    }

    /// The pseudonym of a text that is not normalised.
    pub(crate) fn of_text(&self, path: &str, text: &str) -> Digest {
        self.pseudonym(path, &Sha256::digest(text.as_bytes()).into())
    }
}

impl fmt::Debug for PseudonymKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PseudonymKey(..)")
    }
}
