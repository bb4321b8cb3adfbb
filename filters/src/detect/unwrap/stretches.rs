//! Stretches of text among decoded bytes.
//!
//! Random ids decode to bytes of which a few, by chance, are text. So a short stretch counts only if it looks like a word or
//! like digits, which of a random id of 60 characters one in ten has.

use crate::detect::WorkLimit;

/// What takes the text that a token holds: the token's place, and the text.
pub(super) type Take<'t> = dyn FnMut(usize, &str) -> Result<(), WorkLimit> + 't;

/// Shows the stretches of UTF-8 among bytes, without zeros, so that UTF-16 of ASCII letters reads as letters; `whole` if the
/// bytes are all that a token holds.
pub(super) fn each(place: usize, bytes: &[u8], whole: bool, take: &mut Take<'_>) -> Result<(), WorkLimit> {
    for chunk in bytes.utf8_chunks() {
        for stretch in
            chunk.valid().split(|letter: char| letter.is_control() && !matches!(letter, '\t' | '\n' | '\r' | '\0'))
        {
            if stretch.len() < 4 {
                continue;
            }
            if stretch.contains('\0') {
                let letters = stretch.replace('\0', "");
                if speaks(&letters, whole && stretch.len() == bytes.len()) {
                    take(place, &letters)?;
                }
            } else if speaks(stretch, whole && stretch.len() == bytes.len()) {
                take(place, stretch)?;
            }
        }
    }
    Ok(())
}

/// Whether a stretch is more than chance; `whole` if there is nothing but it.
fn speaks(stretch: &str, whole: bool) -> bool {
    let bytes = stretch.as_bytes();
    let alike = |least: usize, holds: fn(u8) -> bool| longest(bytes, holds) >= least;
    let lettered = bytes.iter().filter(|byte| byte.is_ascii_alphanumeric() || **byte == b' ' || !byte.is_ascii()).count();
    bytes.len() >= 12
        || bytes.len() >= 8 && lettered * 8 >= bytes.len() * 5
        || whole && bytes.len() >= 6
        || alike(4, |byte| byte.is_ascii_lowercase())
        || alike(4, |byte| byte.is_ascii_uppercase())
        || alike(6, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'-' | b'.' | b'@'))
}

/// The longest run of bytes that are alike.
fn longest(bytes: &[u8], alike: fn(u8) -> bool) -> usize {
    bytes.split(|&byte| !alike(byte)).map(<[u8]>::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretches(bytes: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        each(0, bytes, false, &mut |_, text| {
            found.push(text.to_owned());
            Ok(())
        })
        .unwrap();
        found
    }

    #[test]
    fn words_among_other_bytes_are_found() {
        assert_eq!(stretches(b"\x08\x0ametformin\x12\x04herp\xff\x01plan b\x02"), ["\nmetformin", "herp", "plan b"]);
        assert_eq!(stretches("диабет\u{1}depresión".as_bytes()), ["диабет", "depresión"]);
    }

    #[test]
    fn utf_16_reads_as_its_letters() {
        assert_eq!(stretches(b"h\0e\0r\0p\0e\0s\0"), ["herpes"]);
        assert_eq!(stretches(b"\0h\0e\0r\0p\0e\0s"), ["herpes"]);
    }

    #[test]
    fn what_chance_makes_is_none() {
        assert_eq!(stretches(b"a1$k\xffQ{x\x00\xfe}:=v2"), [""; 0]);
    }
}
