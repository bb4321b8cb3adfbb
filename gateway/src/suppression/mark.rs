//! What is kept of a person: a mark, which is a digest of a digest under the store's own key.
//!
//! Whoever has the store alone can neither learn an address from it nor try one out. Kinds of identifiers are not told apart.
//! Absent on purpose: any way back from a mark.

use std::fmt;

use hmac::{Hmac, Mac as _};
use portcullis_filters::suppression::Identifier;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::Sha256;

use crate::keyed::{half, hmac};

/// Length of a mark as it is kept.
pub(super) const MARK_BYTES: usize = 16;

/// What stands for a person who must not be sent. Written as 32 hex digits; its `Debug` shows nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark(u128);

impl Mark {
    /// From 32 hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = text.len() == 2 * MARK_BYTES && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_hex { u128::from_str_radix(text, 16).ok().map(Self) } else { None }
    }

    /// From the bytes that are kept.
    pub(super) fn from_bytes(bytes: [u8; MARK_BYTES]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }

    /// The bytes that are kept; they sort as marks do.
    pub(crate) fn bytes(self) -> [u8; MARK_BYTES] {
        self.0.to_be_bytes()
    }

    /// Its two halves, each as random as the whole.
    #[expect(clippy::cast_possible_truncation, reason = "each half is what the other leaves")]
    pub(super) fn halves(self) -> (u64, u64) {
        ((self.0 >> 64) as u64, self.0 as u64)
    }
}

impl fmt::Debug for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mark(..)")
    }
}

/// For exports, which hold nothing else.
impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl Serialize for Mark {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Mark {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&str>::deserialize(deserializer)?;
        Self::parse(text).ok_or_else(|| de::Error::custom("a mark is 32 hex digits"))
    }
}

/// What makes marks. Its `Debug` shows its fingerprint alone.
#[derive(Clone)]
pub struct Marker {
    /// Keyed once: cloning it spares two rounds of SHA-256 a look.
    keyed: Hmac<Sha256>,
    fingerprint: Fingerprint,
}

/// What tells one key from another, and nothing of it. The store, exports and commands name theirs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Fingerprint {
    /// One that was written down.
    pub fn written(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Marker {
    /// Under a key.
    pub fn new(key: &[u8; 32]) -> Self {
        let keyed = hmac(key);
        // A text that no digest is, as digests have 32 bytes.
        let of_key = half(keyed.clone().chain_update(b"portcullis suppression 1 fingerprint"));
        Self { keyed, fingerprint: Fingerprint(Mark::from_bytes(of_key).to_string()) }
    }

    /// The mark of a person.
    pub fn mark(&self, identifier: &Identifier) -> Mark {
        Mark::from_bytes(half(self.keyed.clone().chain_update(identifier.digest())))
    }

    /// What only a holder of the key can put under these texts: they are what they were.
    pub(super) fn seal(&self, texts: &[&[u8]]) -> [u8; MARK_BYTES] {
        // The beginning is no digest, and no text can be taken for a part of its neighbour.
        let mut keyed = self.keyed.clone().chain_update(b"portcullis suppression 1 log entry");
        for text in texts {
            keyed.update(&(text.len() as u64).to_be_bytes());
            keyed.update(text);
        }
        half(keyed)
    }

    /// That of its key.
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }
}

impl fmt::Debug for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Marker").field("fingerprint", &self.fingerprint).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use hmac::KeyInit as _;

    use super::*;

    fn person(byte: u8) -> Identifier {
        Identifier::from_digest([byte; 32])
    }

    #[test]
    fn a_mark_needs_the_key_and_tells_persons_apart() {
        let marker = Marker::new(&[1; 32]);
        assert_eq!(marker.mark(&person(7)), Marker::new(&[1; 32]).mark(&person(7)));
        assert_ne!(marker.mark(&person(7)), marker.mark(&person(8)));
        assert_ne!(marker.mark(&person(7)), Marker::new(&[2; 32]).mark(&person(7)));
        assert_ne!(marker.fingerprint(), Marker::new(&[2; 32]).fingerprint());
    }

    #[test]
    fn a_mark_is_the_first_half_of_an_hmac() {
        let whole = Hmac::<Sha256>::new_from_slice(&[1; 32]).unwrap().chain_update([7; 32]).finalize().into_bytes();
        assert_eq!(Marker::new(&[1; 32]).mark(&person(7)).bytes(), whole[..16]);
    }

    #[test]
    fn a_mark_is_written_as_32_digits_and_read_back() {
        let mark = Mark::from_bytes([0x0a; 16]);
        assert_eq!(Mark::parse(&mark.to_string()), Some(mark));
        assert_eq!(mark.to_string(), "0a".repeat(16));
        for wrong in ["", "0a", &"0a".repeat(17), &format!("+{}", "a".repeat(31)), &"zz".repeat(16)] {
            assert_eq!(Mark::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn p2_neither_mark_nor_key_is_shown() {
        let marker = Marker::new(&[1; 32]);
        assert_eq!(format!("{:?}", marker.mark(&person(7))), "Mark(..)");
        assert!(!format!("{marker:?}").contains("1, 1"));
    }
}
