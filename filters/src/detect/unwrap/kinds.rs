//! Which wrappers a text could have, told from its bytes in one pass; most texts have none.

/// Not ASCII, or a control character: letters may have to be made plain.
pub(super) const LETTERS: u8 = 1;
/// `%` and `+`.
pub(super) const PERCENT: u8 = 1 << 1;
/// `&` and `<`.
pub(super) const ENTITY: u8 = 1 << 2;
/// `\`.
pub(super) const BACKSLASH: u8 = 1 << 3;
/// `=` and `:`, between a key and its value; `=` of quoted-printable and of base64's padding.
pub(super) const MARK: u8 = 1 << 4;
pub(super) const UPPER: u8 = 1 << 5;
pub(super) const DIGIT: u8 = 1 << 6;
/// `-`, of host labels.
pub(super) const HYPHEN: u8 = 1 << 7;

/// Bytes that are asked at once, without branches, so that the compiler asks them with few instructions.
const BYTES: usize = 32;

/// The kinds of bytes that a text has.
pub(super) fn of(text: &str) -> u8 {
    let (whole, rest) = text.as_bytes().as_chunks();
    let mut last = [b' '; BYTES];
    if let Some(slots) = last.get_mut(..rest.len()) {
        slots.copy_from_slice(rest);
    }
    whole.iter().chain((!rest.is_empty()).then_some(&last)).fold(0, |all, bytes| all | of_bytes(bytes))
}

fn of_bytes(bytes: &[u8; BYTES]) -> u8 {
    let bit = |is: bool, kind: u8| u8::from(is) * kind;
    bytes.iter().fold(0, |all, &byte| {
        all | bit(!matches!(byte, b' '..=b'~' | b'\t'..=b'\r'), LETTERS)
            | bit(matches!(byte, b'%' | b'+'), PERCENT)
            | bit(matches!(byte, b'&' | b'<'), ENTITY)
            | bit(byte == b'\\', BACKSLASH)
            | bit(matches!(byte, b'=' | b':'), MARK)
            | bit(byte.is_ascii_uppercase(), UPPER)
            | bit(byte.is_ascii_digit(), DIGIT)
            | bit(byte == b'-', HYPHEN)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kinds_of_all_bytes_are_told_wherever_they_stand() {
        assert_eq!(of(""), 0);
        assert_eq!(of("plain words, (some) of/them_all.\t\n"), 0);
        for (wrapped, kind) in
            [("%", PERCENT), ("+", PERCENT), ("&", ENTITY), ("\\", BACKSLASH), ("=", MARK), (":", MARK), ("-", HYPHEN)]
        {
            for before in 0..9 {
                assert_eq!(of(&format!("{}{wrapped}bcd", "a".repeat(before))), kind, "{wrapped} at {before}");
            }
        }
        assert_eq!(of("é"), LETTERS);
        assert_eq!(of("a\0"), LETTERS);
        assert_eq!(of("A9"), UPPER | DIGIT);
    }
}
