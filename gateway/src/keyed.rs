//! HMAC-SHA-256 under keys of 32 bytes: keyed once, cloned for each text.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// With a key that is filled up with zeros to a block, as HMAC does itself where the key's length is only known when it runs.
pub(crate) fn hmac(key: &[u8; 32]) -> Hmac<Sha256> {
    let mut block = [0; 64];
    block.iter_mut().zip(key).for_each(|(byte, key)| *byte = *key);
    Hmac::new(&block.into())
}

/// The first half of a digest: among a hundred million texts, two share one once in 10^22 years of trying.
pub(crate) fn half(keyed: Hmac<Sha256>) -> [u8; 16] {
    let digest: [u8; 32] = keyed.finalize().into_bytes().into();
    let mut half = [0; 16];
    half.iter_mut().zip(digest).for_each(|(byte, digest)| *byte = digest);
    half
}
