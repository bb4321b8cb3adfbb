//! Keyed digests for the site's own ids. (skeleton)
/// The key of all pseudonyms. Its `Debug` shows nothing.
pub struct PseudonymKey(#[expect(dead_code, reason = "skeleton")] [u8; 32]);
impl std::fmt::Debug for PseudonymKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PseudonymKey(..)")
    }
}
impl PseudonymKey {
    /// From 32 random bytes.
    pub fn new(key: [u8; 32]) -> Self {
        Self(key)
    }
}
