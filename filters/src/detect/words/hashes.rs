//! The hashes by which words are known: over blocks of eight letters, blind to case.

use super::SHORTEST_PLURAL;

/// The hashes of a word and of its singular.
pub(super) fn hashes(bytes: &[u8], start: usize, end: usize) -> (u64, u64) {
    let hash = hash_between(bytes, start, end);
    let is_plural = end - start >= SHORTEST_PLURAL && matches!(bytes.get(end - 1), Some(b's' | b'S'));
    (hash, if is_plural { hash_between(bytes, start, end - 1) } else { hash })
}

/// No word that is known is longer, with its apostrophes left out.
const LONGEST_WITH_APOSTROPHE: usize = 32;

/// The same of a word with apostrophes inside, which are left out.
#[cold]
pub(super) fn hashes_without_apostrophes(bytes: &[u8], start: usize, end: usize) -> (u64, u64) {
    let mut letters = [0; LONGEST_WITH_APOSTROPHE];
    let kept = bytes.get(start..end).unwrap_or_default().iter().filter(|byte| byte.is_ascii_alphabetic());
    let length = letters.iter_mut().zip(kept).map(|(letter, byte)| *letter = *byte).count();
    hashes(&letters, 0, length)
}

/// The hash of a word as [`super::Words`] makes it, from letters or digits.
pub(crate) const fn hash_of(word: &str) -> u64 {
    hash_of_blocks(0, word.as_bytes())
}

/// The same for a word inside a text: what stands behind it is read with it and masked, so that no letter is read by itself.
pub(super) fn hash_between(bytes: &[u8], start: usize, end: usize) -> u64 {
    let mut hash = 0;
    let mut at = start;
    while at < end {
        let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk) else {
            return hash_of_blocks(hash, bytes.get(at..end).unwrap_or_default());
        };
        let beyond = 8_usize.saturating_sub(end - at);
        hash = mix(hash, u64::from_le_bytes(*eight) & (u64::MAX >> (8 * beyond)));
        at += 8;
    }
    hash
}

/// Goes on with a hash, in blocks of eight letters of which the last is filled with zeros.
const fn hash_of_blocks(hash: u64, letters: &[u8]) -> u64 {
    let mut hash = hash;
    let mut rest = letters;
    while !rest.is_empty() {
        let mut block = 0;
        let mut filled = 0;
        while filled < 64
            && let Some((letter, others)) = rest.split_first()
        {
            block |= (*letter as u64) << filled;
            filled += 8;
            rest = others;
        }
        hash = mix(hash, block);
    }
    hash
}

/// That no two words of the lexicon have one hash is tested.
pub(super) const fn mix(hash: u64, block: u64) -> u64 {
    // Bit 5 makes letters small and is set in digits; bytes of zero behind the last letter get it too, always alike.
    let mixed = (hash ^ (block | each_byte(0x20))).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 32)
}

/// The same byte eight times.
pub(super) const fn each_byte(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}
