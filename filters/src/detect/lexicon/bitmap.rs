//! A bit for each of some hashes: it says at once and for certain that a hash is none of them.

/// An odd number that spreads a hash over its upper bits.
const SPREAD: u64 = 0xd6e8_feb8_6659_fd93;

/// A number below two to the `power` for a hash.
#[inline]
pub(super) fn place_of(hash: u64, power: u32) -> usize {
    let upper = hash.wrapping_mul(SPREAD) >> (u64::BITS - power);
    usize::try_from(upper).unwrap_or(usize::MAX)
}

/// Two to the power of `POWER` bits.
pub(super) struct Bitmap<const POWER: u32>(Box<[u64]>);

impl<const POWER: u32> Bitmap<POWER> {
    pub(super) fn new() -> Self {
        Self(vec![0; 1 << (POWER - u64::BITS.ilog2())].into())
    }

    pub(super) fn insert(&mut self, hash: u64) {
        let place = place_of(hash, POWER);
        if let Some(bits) = self.0.get_mut(place / 64) {
            *bits |= 1 << (place % 64);
        }
    }

    /// Whether the hash may have been inserted; false is certain.
    #[inline]
    pub(super) fn may_have(&self, hash: u64) -> bool {
        let place = place_of(hash, POWER);
        self.0.get(place / 64).is_some_and(|bits| bits >> (place % 64) & 1 == 1)
    }
}
