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
