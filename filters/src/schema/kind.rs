//! What a row of the table says: how a value is read, what of it may leave, and what it can give away.

use super::Section;
use crate::normalize::Normalizer;

/// How a value is parsed, and which exact shape may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An event name; only names listed by the policy leave.
    EventName,
    /// Seconds since 1970.
    UnixSeconds,
    /// The event's id: opaque or token, as the policy says.
    EventId,
    /// Seconds since 1970, from so many days before the event to a few minutes after it.
    SecondsNear {
        /// How far before the event.
        days: u16,
    },
    /// `[A-Za-z0-9._:-]{1,80}` without a run of exactly 32, 40, 64 or 128 hex digits, which could be somebody's hash.
    Token,
    /// `[A-Za-z0-9._-]{1,64}` with the same exception.
    ContentId,
    /// So many digits: an id that Meta itself gave out, or a code of digits.
    Digits {
        /// Fewest.
        min: u8,
        /// Most.
        max: u8,
    },
    /// A UUID with dashes, but the one of zeros, which says that there is none.
    Uuid,
    /// A URL, which leaves only as an origin or as a path that the policy writes.
    Url,
    /// One of these words, compared without case and sent as written here.
    Word(&'static [&'static str]),
    /// True or false, also as 1 or 0.
    Bool,
    /// A restriction that the sender sets. One that cannot be read counts as its strictest value.
    Restriction(Restriction),
    /// A whole number from `min` to `max`.
    Integer {
        /// Smallest value that may leave.
        min: i64,
        /// Largest value that may leave.
        max: i64,
    },
    /// A decimal number from 0 to `max`, without exponent, with four fraction digits at most.
    Decimal {
        /// Largest value that may leave.
        max: u32,
    },
    /// A list of so many numbers from 0 to `max`, none smaller than the one before it; all of it leaves or nothing.
    Range {
        /// Most numbers.
        most: u8,
        /// Largest number that may leave.
        max: u32,
    },
    /// An ISO 4217 code; leaves in upper case.
    Currency,
    /// An amount and an ISO 4217 code, `12.50 USD`.
    Price {
        /// Largest amount that may leave.
        max: u32,
    },
    /// An ISO 3166 country, given as code or English name; leaves as the code of two letters, in upper case.
    Country,
    /// Three letters, as IATA names airports; leaves in upper case.
    Airport,
    /// A day that exists, from 2000 to 2099: `YYYY-MM-DD` or `YYYYMMDD`.
    Date,
    /// Such a day, with or without a time of day and its zone: `YYYY-MM-DDThh:mm:ss+hh:mm`.
    DateTime,
    /// Personal data that leaves only as the SHA-256 of its normalised form.
    Hashed(Normalizer),
    /// An IPv4 or IPv6 address, whole.
    IpAddress,
    /// A browser's user agent whose every part is on the list of known parts.
    UserAgent,
    /// Meta's browser id cookie.
    Fbp,
    /// Meta's click id cookie.
    Fbc,
    /// A bare click id of Meta's.
    ClickId,
    /// Sixteen texts that describe an app and its device, each in a closed form of its own or empty.
    ExtInfo,
    /// The list of goods.
    Contents,
    /// Free text: has no closed form, so nothing of it leaves.
    FreeText,
    /// Never leaves, whatever a policy says, for this reason.
    Denied(&'static str),
    /// An object whose fields are the rows of this section.
    Object(Section),
}

/// A limit that the sender sets on the use of the event, such as an opt-out. It is handled without a line in the policy and may
/// only become stricter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restriction {
    /// `true` is the stricter value.
    StrictWhenTrue,
    /// `false` is the stricter value.
    StrictWhenFalse,
    /// `["LDU"]` is the stricter value of `["LDU"]` and `[]`.
    LimitedDataUse,
    /// 0 (Meta works it out) and 1 (United States).
    LimitedDataUseCountry,
    /// 0 (Meta works it out) and 1000 to 1013.
    LimitedDataUseState,
}

/// What Meta's documentation says about hashing a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashRule {
    /// Says nothing, or the field is not personal.
    None,
    /// Must be hashed; a policy cannot say otherwise.
    Must,
    /// Hashing is advised.
    Advised,
    /// Must not be hashed.
    Never,
}

/// What a field can give away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Risk {
    /// Nothing about a person.
    Low,
    /// Names a person, a device or a record of theirs.
    Identifier,
    /// Narrows down who it is.
    QuasiIdentifier,
    /// Can tell of health.
    Health,
    /// Free text that can hold anything.
    FreeText,
    /// Part of a device's fingerprint.
    Device,
    /// Says what may not be done with the event: to be kept.
    Restriction,
}

impl Risk {
    /// In a word, as `policy explain` shows it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Identifier => "identifier",
            Self::QuasiIdentifier => "quasi_identifier",
            Self::Health => "health",
            Self::FreeText => "free_text",
            Self::Device => "device",
            Self::Restriction => "restriction",
        }
    }
}

impl Kind {
    /// Whether a list is one value, of which all leaves or nothing; of any other list each element is judged by itself.
    pub(crate) fn is_one_list(self) -> bool {
        matches!(self, Self::Range { .. } | Self::ExtInfo)
    }

    /// Whether the digits of its numbers matter, so that they must not pass through a float.
    pub(crate) fn keeps_digits(self) -> bool {
        matches!(self, Self::Decimal { .. } | Self::Range { .. } | Self::ExtInfo)
    }
}
