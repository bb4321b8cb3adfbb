//! Ids: opaque, tokens, ids of goods.

use std::borrow::Cow;

/// Lengths of hex digests. A run of exactly so many hex digits could be somebody's hash, so it is no token and no content id.
const DIGEST_LENGTHS: [usize; 4] = [32, 40, 64, 128];

/// `[A-Za-z0-9._:-]{1,80}` without a run that could be a digest.
pub(crate) fn token(text: &str) -> Option<&str> {
    plain(text, 80, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'-'))
}

/// `[A-Za-z0-9._-]{1,64}` without a run that could be a digest.
pub(crate) fn content_id(text: &str) -> Option<&str> {
    plain(text, 64, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

/// From `min` to `max` digits.
pub(crate) fn digits(text: &str, min: u8, max: u8) -> Option<&str> {
    let fits = (usize::from(min)..=usize::from(max)).contains(&text.len());
    (fits && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}

fn plain(text: &str, longest: usize, allowed: impl Fn(u8) -> bool) -> Option<&str> {
    // Adding up over every byte, in a byte, lets the compiler look at sixteen at once.
    let odd = || text.bytes().fold(0, |odd, byte| odd | u8::from(!allowed(byte)));
    let fits = (1..=longest).contains(&text.len()) && odd() == 0;
    (fits && !holds_digest(text)).then_some(text)
}

/// Whether a run of hex digits in it could be somebody's hash.
pub(super) fn holds_digest(text: &str) -> bool {
    if text.len() < 32 {
        return false;
    }
    let mut run = 0;
    for byte in text.bytes() {
        if byte.is_ascii_hexdigit() {
            run += 1;
        } else if DIGEST_LENGTHS.contains(&run) {
            return true;
        } else {
            run = 0;
        }
    }
    DIGEST_LENGTHS.contains(&run)
}

/// A UUID with dashes, of a version and variant that exist; the one of zeros, which phones give for "none", has neither.
pub(crate) fn uuid(text: &str) -> Option<&str> {
    (text.len() == 36 && is_opaque(text)).then_some(text)
}

/// A UUID with dashes or a SHA-256, its digits small. It is made of random bytes, or of bytes like them, unless those bytes spell
/// something: whoever asks has to look for that.
pub(crate) fn is_uuid_or_sha256(text: &str) -> bool {
    let has_form = match text.len() {
        36 => is_opaque(text),
        64 => text.bytes().all(|byte| byte.is_ascii_hexdigit()),
        _ => false,
    };
    has_form && !text.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// Any text of one line and 200 characters at most that JSON writes without escapes, without blanks around it.
pub(crate) fn free_text(text: &str) -> Option<&str> {
    let text = text.trim();
    let odd = |letter: char| letter.is_control() || matches!(letter, '"' | '\\' | '\u{2028}' | '\u{2029}');
    let fits = (1..=200).contains(&text.chars().count()) && !text.contains(odd);
    (fits && !holds_digest(text)).then_some(text)
}

/// Three letters in upper case. IATA gives nearly every such code to some place, so a list would not be much narrower.
pub(crate) fn airport(text: &str) -> Option<Cow<'_, str>> {
    let fits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_upper = text.bytes().all(|byte| byte.is_ascii_uppercase());
    fits.then(|| if is_upper { Cow::Borrowed(text) } else { Cow::Owned(text.to_ascii_uppercase()) })
}

/// A UUID or ULID, after one of the policy's prefixes or none. One without a letter is a number that was filled up: of random ones
/// not one in a million has none.
pub(crate) fn opaque_id<'a>(text: &'a str, prefixes: &[Box<str>]) -> Option<&'a str> {
    let is_one = |text: &str| is_opaque(text) && text.bytes().any(|byte| byte.is_ascii_alphabetic());
    let mut bare = prefixes.iter().filter_map(|prefix| text.strip_prefix(prefix.as_ref()));
    (is_one(text) || bare.any(is_one)).then_some(text)
}

/// The form of a UUID or ULID. Version and variant are checked, so that 32 hex digits of an MD5 pass for a UUID only by a chance
/// of 1 in 8.
pub(crate) fn is_opaque(text: &str) -> bool {
    let bytes = text.as_bytes();
    match bytes.len() {
        36 => {
            let dashes = [8, 13, 18, 23].into_iter().all(|at| bytes.get(at) == Some(&b'-'));
            let digits = bytes.iter().filter(|byte| byte.is_ascii_hexdigit()).count() == 32;
            dashes && digits && has_uuid_version(bytes.get(14), bytes.get(19))
        }
        32 => bytes.iter().all(u8::is_ascii_hexdigit) && has_uuid_version(bytes.get(12), bytes.get(16)),
        26 => {
            let crockford =
                |byte: &u8| byte.is_ascii_alphanumeric() && !matches!(byte.to_ascii_uppercase(), b'I' | b'L' | b'O' | b'U');
            // The time of a ULID has 48 bits, so its first digit is at most 7.
            bytes.first().is_some_and(|byte| (b'0'..=b'7').contains(byte)) && bytes.iter().all(crockford)
        }
        _ => false,
    }
}

/// RFC 9562: versions 1 to 8, variant 10.
fn has_uuid_version(version: Option<&u8>, variant: Option<&u8>) -> bool {
    matches!(version, Some(b'1'..=b'8')) && matches!(variant, Some(b'8' | b'9' | b'a' | b'b' | b'A' | b'B'))
}

/// A random UUID (version 4) from sixteen random bytes.
pub(crate) fn fresh_uuid(mut random: [u8; 16]) -> Cow<'static, str> {
    let [_, _, _, _, _, _, version, _, variant, ..] = &mut random;
    *version = (*version & 0x0f) | 0x40;
    *variant = (*variant & 0x3f) | 0x80;
    let mut text = String::with_capacity(36);
    for (at, byte) in random.into_iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        for digit in [byte >> 4, byte & 0x0f] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn airports_are_three_letters() {
        assert_eq!(airport("SFO").as_deref(), Some("SFO"));
        assert_eq!(airport("sFo").as_deref(), Some("SFO"));
        for bad in ["", "SF", "SFOX", "S1O", "SÖ", "S O"] {
            assert_eq!(airport(bad), None, "{bad}");
        }
    }

    #[test]
    fn tokens_hold_no_digest() {
        for good in ["order-1", "evt_0:a.b", "ORD-2026-11-22-000017", &"a".repeat(31), &"a".repeat(33)] {
            assert_eq!(token(good), Some(good));
        }
        for length in DIGEST_LENGTHS {
            let digest = "a1".repeat(length / 2);
            assert_eq!(token(&digest), None);
            assert_eq!(content_id(&format!("x_{digest}")), None);
        }
        for bad in ["", "a b", "jane@example.com", "é", &"x".repeat(81), "a/b", "a%20b"] {
            assert_eq!(token(bad), None, "{bad}");
        }
    }

    #[test]
    fn opaque_ids_are_uuids_and_ulids() {
        // One prefix may begin as another does, whichever is listed first.
        let prefixes = ["o".into(), "order-".into(), "order-2".into()];
        for good in [
            "7f3c9a52-1b2e-4f7d-9c66-5f0a4d1be2c1",
            "7F3C9A52-1B2E-7F7D-BC66-5F0A4D1BE2C1",
            "7f3c9a521b2e4f7d9c665f0a4d1be2c1",
            "01JD2XKQ8N5Z3W9V7R4T6Y1M0P",
            "order-7f3c9a52-1b2e-4f7d-9c66-5f0a4d1be2c1",
        ] {
            assert_eq!(opaque_id(good, &prefixes), Some(good));
        }
        for bad in [
            "order-17",
            "7f3c9a52-1b2e-0f7d-9c66-5f0a4d1be2c1",
            "d41d8cd98f00b204e9800998ecf8427e",
            "invoice-7f3c9a52-1b2e-4f7d-9c66-5f0a4d1be2c1",
            "81JD2XKQ8N5Z3W9V7R4T6Y1M0P",
            "metformin-refill-jane-doe",
            "50355501-4200-4000-8000-000000000000",
            "50355501420040008000000000000000",
            "01503555014200000000000000",
            "order-50355501-4200-4000-8000-000000000000",
        ] {
            assert_eq!(opaque_id(bad, &prefixes), None, "{bad}");
        }
        assert_eq!(uuid("38400000-8cf0-11bd-b23e-10b96e40000d"), Some("38400000-8cf0-11bd-b23e-10b96e40000d"));
        for bad in
            ["00000000-0000-0000-0000-000000000000", "7f3c9a521b2e4f7d9c665f0a4d1be2c1", "01JD2XKQ8N5Z3W9V7R4T6Y1M0P", ""]
        {
            assert_eq!(uuid(bad), None, "{bad}");
        }
        let digest = "a1".repeat(32);
        for good in ["7f3c9a52-1b2e-4f7d-9c66-5f0a4d1be2c1", &digest] {
            assert!(is_uuid_or_sha256(good) && !is_uuid_or_sha256(&good.to_ascii_uppercase()), "{good}");
        }
        for bad in
            ["", "metformin-refill-for-somebody-at-home", "7f3c9a521b2e4f7d9c665f0a4d1be2c1", &digest.replace('1', "x")]
        {
            assert!(!is_uuid_or_sha256(bad), "{bad}");
        }
        let fresh = fresh_uuid([0xff; 16]);
        assert_eq!(fresh, "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert!(is_opaque(&fresh));
    }
}
