//! Which site a key belongs to. Only digests of keys are kept, and every one of them is compared in constant time, so that
//! neither the answer nor its delay tells how near a guess was.

use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};

/// The shortest key that is taken; `portcullis key new` makes longer ones.
const SHORTEST: usize = 32;
/// The longest; Meta's own tokens stay far below.
const LONGEST: usize = 512;

/// Digests of all keys, each with the position of its site.
pub(super) struct Keys(Vec<([u8; 32], u32)>);

impl Keys {
    /// From the digests of each site, in the order of the sites.
    pub(super) fn new<'k>(sites: impl Iterator<Item = &'k [[u8; 32]]>) -> Self {
        let numbered = |(site, keys): (u32, &'k [[u8; 32]])| keys.iter().map(move |key| (*key, site));
        Self((0_u32..).zip(sites).flat_map(numbered).collect())
    }

    /// The position of the site whose key this is.
    pub(super) fn site_of(&self, key: &str) -> Option<usize> {
        if !(SHORTEST..=LONGEST).contains(&key.len()) {
            return None;
        }
        let shown: [u8; 32] = Sha256::digest(key.as_bytes()).into();
        let (mut found, mut site) = (Choice::from(0), 0_u32);
        for (digest, position) in &self.0 {
            let equal = digest.ct_eq(&shown);
            site.conditional_assign(position, equal);
            found |= equal;
        }
        bool::from(found).then_some(site as usize)
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_its_site() {
        let key = |text: &str| -> [u8; 32] { Sha256::digest(text.as_bytes()).into() };
        let (a, b, c) = ("a".repeat(32), "b".repeat(40), "c".repeat(32));
        let sites = [vec![key(&a)], vec![], vec![key(&b), key(&c)]];
        let keys = Keys::new(sites.iter().map(Vec::as_slice));
        assert_eq!(keys.site_of(&a), Some(0));
        assert_eq!(keys.site_of(&b), Some(2));
        assert_eq!(keys.site_of(&c), Some(2));
        for stranger in ["", "a", &"d".repeat(32), &"a".repeat(33), &"x".repeat(600)] {
            assert_eq!(keys.site_of(stranger), None);
        }
    }
}
