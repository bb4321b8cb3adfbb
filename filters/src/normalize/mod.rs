//! Normalisation by Meta's rules, and the SHA-256 that follows it.
//!
//! Promises: what cannot be brought into the form of its field is not hashed; normalising twice changes nothing; the
//! hash of nothing never leaves. Meta's documented rule holds; where it is silent or the official libraries disagree,
//! the file of the rule says which is followed and why. Left to others: which fields are hashed (`schema`), own
//! pseudonyms (`pseudonym`), the health lexicon's digests. Absent on purpose: guessing a country code, an e-mail's
//! missing domain or a two-digit year.

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};

use self::prehashed::Recognized;

mod app_user_id;
mod birth_date;
mod birth_parts;
mod country;
mod email;
mod external_id;
mod gender;
mod letters;
mod name;
mod name_start;
mod phone;
mod place;
mod postcode;
mod prehashed;

pub(crate) use self::country::COUNTRIES;
pub(crate) use self::phone::decimal;
pub(crate) use self::place::STATES;
pub(crate) use self::prehashed::{OF_NOTHING, is_written_digest};
pub use self::prehashed::{hex, parse_hex, strip_suffix};

/// Longer values are not normalised; the longest legal one, an e-mail address, has 254 bytes.
pub(crate) const MAX_BYTES: usize = 512;

/// Which rule normalises a field before it is hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Normalizer {
    /// `em`
    Email,
    /// `ph`
    Phone,
    /// `fn`, `ln`
    Name,
    /// `f5first`, `f5last`
    FirstFive,
    /// `fi`
    Initial,
    /// `db`
    BirthDate,
    /// `dobd`
    BirthDay,
    /// `dobm`
    BirthMonth,
    /// `doby`
    BirthYear,
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
    /// `app_user_id`
    AppUserId,
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
    /// The normalised form, or `None` where the rule gives none. A value that is normal already is borrowed.
    pub fn normalize(self, input: &str) -> Option<Cow<'_, str>> {
        let value = input.trim();
        if value.is_empty() || value.len() > MAX_BYTES || is_damaged(value) {
            return None;
        }
        match self {
            Self::Email => email::normalize(value),
            Self::Phone => phone::normalize(value),
            Self::Name => name::normalize(value),
            Self::FirstFive => name_start::normalize_five(value),
            Self::Initial => name_start::normalize_initial(value),
            Self::BirthDate => birth_date::normalize(value),
            Self::BirthDay => birth_parts::normalize_day(value),
            Self::BirthMonth => birth_parts::normalize_month(value),
            Self::BirthYear => birth_parts::normalize_year(value),
            Self::Gender => gender::normalize(value).map(Cow::Borrowed),
            Self::City => place::normalize_city(value),
            Self::State => place::normalize_state(value),
            Self::Postcode => postcode::normalize(value),
            Self::Country => country::normalize(value).map(Cow::Borrowed),
            Self::ExternalId => Some(external_id::normalize(value)),
            Self::AppUserId => Some(app_user_id::normalize(value)),
        }
    }

    /// The SHA-256 that leaves: of the normalised value, or the digest itself where the value is already one.
    pub fn digest(self, input: &str) -> Result<Digest, Unhashable> {
        match prehashed::recognize(input.trim()) {
            Recognized::Sha256(digest) => Ok(digest),
            Recognized::Nothing => Err(Unhashable::DigestOfNothing),
            Recognized::Foreign => Err(Unhashable::ForeignDigest),
            Recognized::Raw => {
                let value = self.normalize(input).ok_or(Unhashable::NotNormalizable)?;
                Ok(Sha256::digest(value.as_bytes()).into())
            }
        }
    }
}

/// Whether a value holds a control character, or the mark of a byte that a decoder could not read: what was meant is
/// unknown.
fn is_damaged(value: &str) -> bool {
    value.bytes().any(|byte| byte.is_ascii_control())
        || (!value.is_ascii() && value.chars().any(|c| c.is_control() || c == char::REPLACEMENT_CHARACTER))
}

/// The inner digest of a pseudonym of one of the site's own ids: the digest itself where the id is already a SHA-256, else the
/// SHA-256 of the id as it came. An id may look like any other digest; a UUID without dashes does.
pub(crate) fn own_id_digest(id: &str) -> Result<Digest, Unhashable> {
    match prehashed::recognize(id.trim()) {
        Recognized::Sha256(digest) => Ok(digest),
        Recognized::Nothing => Err(Unhashable::DigestOfNothing),
        Recognized::Foreign | Recognized::Raw => Ok(Sha256::digest(id.as_bytes()).into()),
    }
}
