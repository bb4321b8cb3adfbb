//! The digests of terms: whoever hashes a drug's name has hidden it from nobody who has a list of drugs.

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::bitmap::place_of;

/// Digits of an MD5.
const SHORTEST_HEX: usize = 32;
/// Digits of what stands for a digest.
const KEY_HEX: usize = 16;

/// SHA-256, SHA-1 and MD5 of terms in their usual spellings. The first 8 bytes of a digest stand for it: that two of some
/// hundred thousand agree in them by chance does not happen.
pub(crate) struct Digests {
    /// Open addressing; at most half full; 0 is an empty slot.
    slots: Box<[u64]>,
    power: u32,
}

impl Digests {
    /// The digests of some terms of small letters and single spaces.
    pub(crate) fn of<'t>(terms: impl Iterator<Item = &'t str>) -> Self {
        let mut keys = Vec::new();
        let mut add = |text: &str| {
            keys.extend([key(&Sha256::digest(text)), key(&Sha1::digest(text)), key(&Md5::digest(text))]);
        };
        for term in terms {
            add(term);
            add(&term.to_ascii_uppercase());
            add(&capitalized(term, ' '));
            if term.contains(' ') {
                for with in ["", "-", "_", "+", "%20"] {
                    add(&term.replace(' ', with));
                }
            }
        }
        Self::from_keys(&keys)
    }

    fn from_keys(keys: &[u64]) -> Self {
        let power = (keys.len() * 2).max(2).next_power_of_two().ilog2();
        let mut slots = vec![0; 1 << power];
        for key in keys {
            let mut index = place_of(*key, power);
            while slots.get(index).is_some_and(|taken| *taken != 0 && taken != key) {
                index = (index + 1) & (slots.len() - 1);
            }
            if let Some(free) = slots.get_mut(index) {
                *free = *key;
            }
        }
        Self { slots: slots.into(), power }
    }

    /// Whether a digest is that of a term.
    pub(crate) fn has(&self, digest: &[u8]) -> bool {
        self.has_key(key(digest))
    }

    /// Whether a run of hexadecimal digits is, or holds between other letters or digits, the digest of a term. A run as long as a
    /// digest is one and holds no shorter one: most are somebody's, and are asked for once.
    pub(crate) fn has_hex(&self, run: &[u8]) -> bool {
        run.split(|byte| !byte.is_ascii_hexdigit()).any(|hex| {
            let starts = if matches!(hex.len(), 32 | 40 | 64) { 1 } else { (hex.len() + 1).saturating_sub(SHORTEST_HEX) };
            let mut key = 0;
            hex.iter().take(starts + KEY_HEX - 1).enumerate().any(|(at, digit)| {
                key = key << 4 | char::from(*digit).to_digit(16).map_or(0, u64::from);
                starts > 0 && at + 1 >= KEY_HEX && self.has_key(key)
            })
        })
    }

    fn has_key(&self, key: u64) -> bool {
        let mut index = place_of(key, self.power);
        loop {
            match self.slots.get(index) {
                None | Some(0) => return false,
                Some(slot) if *slot == key => return true,
                Some(_) => index = (index + 1) & (self.slots.len() - 1),
            }
        }
    }
}

fn key(digest: &[u8]) -> u64 {
    digest.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}

/// Each word with a capital.
fn capitalized(term: &str, between: char) -> String {
    let mut begins = true;
    let capital = |letter: char| {
        let shown = if begins { letter.to_ascii_uppercase() } else { letter };
        begins = letter == between;
        shown
    };
    term.chars().map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::lexicon::tests::hex;

    #[test]
    fn digests_of_every_usual_spelling_are_known() {
        let digests = Digests::of(["metformin", "birth control"].into_iter());
        for text in [
            "metformin",
            "Metformin",
            "METFORMIN",
            "birth control",
            "birthcontrol",
            "birth-control",
            "birth_control",
            "Birth Control",
        ] {
            assert!(digests.has(&Sha256::digest(text)), "{text}");
            assert!(digests.has(&Sha1::digest(text)), "{text}");
            assert!(digests.has(&Md5::digest(text)), "{text}");
        }
        for text in ["", "metformi", "jane@example.com"] {
            assert!(!digests.has(&Sha256::digest(text)), "{text}");
        }
    }

    #[test]
    fn a_digest_is_found_as_hex_of_either_case_and_whole() {
        let digests = Digests::of(["metformin"].into_iter());
        let hex = hex(&Md5::digest("metformin"));
        assert!(digests.has_hex(hex.as_bytes()));
        assert!(digests.has_hex(hex.to_uppercase().as_bytes()));
        assert!(digests.has_hex(format!("x{hex}z").as_bytes()));
        assert!(!digests.has_hex(&hex.as_bytes()[..31]));
        assert!(!digests.has_hex(b"00000000000000000000000000000000"));
    }

    #[test]
    fn a_digest_is_found_between_other_digits_unless_they_make_it_as_long_as_another() {
        let digests = Digests::of(["metformin"].into_iter());
        for digest in [hex(&Md5::digest("metformin")), hex(&Sha1::digest("metformin")), hex(&Sha256::digest("metformin"))] {
            for glued in [format!("01{digest}"), format!("{digest}7"), format!("0{digest}{}", "0".repeat(20))] {
                assert!(digests.has_hex(glued.as_bytes()), "{glued}");
            }
        }
        let sha1_long = format!("00000000{}", hex(&Md5::digest("metformin")));
        assert!(!digests.has_hex(sha1_long.as_bytes()));
    }
}
