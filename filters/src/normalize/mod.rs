//! Normalisation by Meta's rules, and the SHA-256 that follows it. (skeleton)
use std::borrow::Cow;

/// Which rule normalises a field before it is hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Normalizer {
    /// `em`
    Email,
    /// `ph`
    Phone,
    /// `fn`, `ln`
    Name,
    /// `db`
    BirthDate,
    /// `ge`
    Gender,
    /// `ct`
    City,
    /// `st`
    State,
    /// `zp`
    Postcode,
    /// `country`
    Country,
    /// `external_id`
    ExternalId,
}

/// A SHA-256.
pub type Digest = [u8; 32];

/// Why a value was not hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unhashable {
    /// The rule of the field gives nothing for this value.
    NotNormalizable,
    /// An MD5 or another digest that Meta does not take.
    ForeignDigest,
    /// The SHA-256 of the empty string.
    DigestOfNothing,
}

impl Normalizer {
    /// The normalised form, or `None` where the rule gives none.
    pub fn normalize(self, input: &str) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(input))
    }

    /// The SHA-256 that leaves: of the normalised value, or the digest itself where the value is already one.
    pub fn digest(self, input: &str) -> Result<Digest, Unhashable> {
        let _ = input;
        Err(Unhashable::NotNormalizable)
    }
}

/// The value without the suffix that Meta's parameter builder appends.
pub fn strip_suffix(value: &str) -> &str {
    value
}
/// skel
pub fn hex(digest: &Digest) -> [u8; 64] {
    let t = b"0123456789abcdef";
    let mut o = [0; 64];
    for (i, b) in digest.iter().enumerate() {
        o[2 * i] = t[(b >> 4) as usize];
        o[2 * i + 1] = t[(b & 15) as usize];
    }
    o
}
/// skel
pub fn parse_hex(t: &str) -> Option<Digest> {
    if t.len() != 64 {
        return None;
    }
    let mut o = [0; 32];
    for i in 0..32 {
        o[i] = u8::from_str_radix(&t[2 * i..2 * i + 2], 16).ok()?;
    }
    Some(o)
}
/// skel
pub fn is_digest_of_nothing(d: &Digest) -> bool {
    d[0] == 0xe3 && d[1] == 0xb0 && d[2] == 0xc4
}
/// skel
pub fn own_id_digest(t: &str) -> Result<Digest, Unhashable> {
    use sha2::Digest as _;
    Ok(sha2::Sha256::digest(t.as_bytes()).into())
}
