//! Which wrappers a text could have, told from its bytes in one pass; most texts have none.

/// Not ASCII, or a control character: letters may have to be made plain.
pub(super) const LETTERS: u8 = 1;
/// `%` and `+`.
pub(super) const PERCENT: u8 = 1 << 1;
/// `&`.
pub(super) const ENTITY: u8 = 1 << 2;
/// `\`.
pub(super) const BACKSLASH: u8 = 1 << 3;
/// `=` and `:`, between a key and its value; `=` of quoted-printable and of base64's padding.
pub(super) const MARK: u8 = 1 << 4;
pub(super) const UPPER: u8 = 1 << 5;
pub(super) const DIGIT: u8 = 1 << 6;
/// `-`, of host labels.
pub(super) const HYPHEN: u8 = 1 << 7;

static KINDS: [u8; 256] = kinds();

/// The kinds of bytes that a text has.
pub(super) fn of(text: &str) -> u8 {
    // Four at a time, so that one need not wait for another.
    let (fours, rest) = text.as_bytes().as_chunks::<4>();
    let all =
        fours.iter().fold([0; 4], |[a, b, c, d], [e, f, g, h]| [a | kind(*e), b | kind(*f), c | kind(*g), d | kind(*h)]);
    all.into_iter().chain(rest.iter().map(|&byte| kind(byte))).fold(0, |all, kind| all | kind)
}

#[expect(clippy::indexing_slicing, reason = "a byte is below 256")]
fn kind(byte: u8) -> u8 {
    KINDS[usize::from(byte)]
}

#[expect(clippy::indexing_slicing, reason = "runs when the program is compiled")]
const fn kinds() -> [u8; 256] {
    let mut kinds = [0; 256];
    let mut byte = 0_u8;
    loop {
        kinds[byte as usize] = match byte {
            b'\t' | b'\n' | 0x0b | 0x0c | b'\r' => 0,
            0..=0x1f | 0x7f..=0xff => LETTERS,
            b'%' | b'+' => PERCENT,
            b'&' => ENTITY,
            b'\\' => BACKSLASH,
            b'=' | b':' => MARK,
            b'A'..=b'Z' => UPPER,
            b'0'..=b'9' => DIGIT,
            b'-' => HYPHEN,
            _ => 0,
        };
        if byte == u8::MAX {
            return kinds;
        }
        byte += 1;
    }
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
