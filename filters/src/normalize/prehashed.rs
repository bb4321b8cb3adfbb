//! Values that are digests already, their hexadecimal form, and the suffix of Meta's parameter builder.
//!
//! Of 64 hex digits nobody can tell what was hashed; they are taken as SHA-256, as every library does. The SDKs let MD5
//! through, which the documentation does not take: it is refused, and SHA-1, SHA-384 and SHA-512 with it. A phone of 32
//! digits is no phone.

use super::Digest;

/// What a value is before any rule has seen it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Recognized {
    /// A SHA-256, suffix taken off.
    Sha256(Digest),
    /// The SHA-256 of the empty string, which a careless sender makes of a missing value.
    Nothing,
    /// The length of another digest.
    Foreign,
    /// Not a digest.
    Raw,
}

/// The SHA-256 of the empty string.
pub(crate) const OF_NOTHING: Digest = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4,
    0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

/// What a trimmed value is. The suffix is looked for only behind a digest: a raw `anna@shop.BA` must keep its end.
pub(super) fn recognize(value: &str) -> Recognized {
    if value.len() < 32 {
        return Recognized::Raw;
    }
    let digits = strip_suffix(value);
    match digits.len() {
        64 => match parse_hex(digits) {
            Some(OF_NOTHING) => Recognized::Nothing,
            // A text, written in hexadecimal digits: of 200 million digests one is UTF-8 by chance.
            Some(text) if std::str::from_utf8(&text).is_ok() => Recognized::Foreign,
            Some(digest) => Recognized::Sha256(digest),
            None => Recognized::Raw,
        },
        32 | 40 | 96 | 128 if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => Recognized::Foreign,
        _ => Recognized::Raw,
    }
}

/// The value without the suffix that Meta's parameter builder appends: a dot and eight base64url characters that encode
/// its version, or two in older versions. For values that machines make (digests, `fbc`, `fbp`, addresses, URLs); in an
/// e-mail address the same letters are a domain.
pub fn strip_suffix(value: &str) -> &str {
    let without = |length| {
        let (rest, suffix) = value.split_at_checked(value.len().checked_sub(length)?)?;
        rest.strip_suffix('.').filter(|rest| !rest.is_empty() && is_suffix(suffix.as_bytes()))
    };
    without(8).or_else(|| without(2)).unwrap_or(value)
}

fn is_suffix(suffix: &[u8]) -> bool {
    match suffix {
        // Six bytes: 1, language 1 to 6, type 0 to 3, then the version.
        [b'A', b'Q', b'E' | b'I' | b'M' | b'Q' | b'U' | b'Y', b'A'..=b'D', version @ ..] => {
            version.len() == 4 && version.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        }
        [b'A', b'Q' | b'g' | b'w'] | [b'B', b'A' | b'Q' | b'g'] => true,
        _ => false,
    }
}

/// A digest as Meta wants it: 64 hexadecimal digits in lower case.
pub fn hex(digest: &Digest) -> [u8; 64] {
    let mut text = [0; 64];
    let (pairs, _) = text.as_chunks_mut::<2>();
    for (pair, byte) in pairs.iter_mut().zip(digest) {
        *pair = [hex_digit(byte >> 4), hex_digit(byte & 0x0f)];
    }
    text
}

/// The digit of a number below 16. Without a table the compiler writes sixteen digits at once.
fn hex_digit(number: u8) -> u8 {
    number + if number < 10 { b'0' } else { b'a' - 10 }
}

/// Whether a text is a digest as [`hex`] writes it, and not that of the empty string.
pub(crate) fn is_written_digest(text: &str) -> bool {
    const OF_NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    // Adding up over every byte, in a byte, lets the compiler look at sixteen at once.
    let is_odd = |byte: u8| u8::from(!matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    text.len() == 64 && text.bytes().fold(0, |odd, byte| odd | is_odd(byte)) == 0 && text != OF_NOTHING
}

/// The digest that 64 hexadecimal digits of either case stand for.
pub fn parse_hex(text: &str) -> Option<Digest> {
    if text.len() != 64 {
        return None;
    }
    let mut digest = [0; 32];
    let (pairs, _) = text.as_bytes().as_chunks::<2>();
    for (byte, [high, low]) in digest.iter_mut().zip(pairs) {
        *byte = (nibble(*high)? << 4) | nibble(*low)?;
    }
    Some(digest)
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}
