//! Percent escapes, and plus for a space.

use memchr::memchr2;

use super::bytes::{self, Utf16};

/// Appends the text with its percent escapes resolved, once, and each plus a space; tells how many escapes there were.
///
/// The forms are `%e9` for a byte, of UTF-8 or else of Latin-1, and `%u00e9`.
pub(super) fn resolve(text: &str, resolved: &mut String) -> usize {
    let mut escapes = 0;
    let mut units = Utf16::default();
    let mut raw = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some(&next) = rest.first() {
        // Most of a text is no escape, and is taken over in one piece.
        let plain = if matches!(next, b'%' | b'+') { 0 } else { memchr2(b'%', b'+', rest).unwrap_or(rest.len()) };
        if plain > 0 {
            units.forget();
        }
        let (piece, escape) = rest.split_at_checked(plain).unwrap_or((rest, &[]));
        raw.extend_from_slice(piece);
        let Some((&first, after)) = escape.split_first() else { break };
        if first == b'%'
            && let Some((byte, left)) = bytes::hex_byte(after)
        {
            units.forget();
            raw.push(byte);
            escapes += 1;
            rest = left;
        } else if first == b'%'
            && let [b'u' | b'U', digits @ ..] = after
            && let Some((unit, left)) = bytes::hex_unit(digits)
        {
            units.push(unit, &mut raw);
            escapes += 1;
            rest = left;
        } else {
            units.forget();
            raw.push(if first == b'+' { b' ' } else { first });
            rest = after;
        }
    }
    bytes::push_text(&raw, resolved);
    escapes
}

#[cfg(test)]
mod tests {
    use super::super::tests::resolved;
    use super::*;

    #[test]
    fn escapes_are_resolved_once() {
        assert_eq!(resolved(resolve, "%6D%65t%2Bf%2541"), ("met+f%41".into(), 4));
    }

    #[test]
    fn a_plus_is_a_space_and_no_escape() {
        assert_eq!(resolved(resolve, "plan+b"), ("plan b".into(), 0));
    }

    #[test]
    fn utf_8_latin_1_and_utf_16_become_letters() {
        assert_eq!(resolved(resolve, "%C3%A9 %E9 %u00e9 %uD83D%uDE00"), ("é é é 😀".into(), 6));
    }

    #[test]
    fn what_is_no_escape_stays() {
        for text in ["100% wool", "5%", "%zz", "%u12", "%"] {
            assert_eq!(resolved(resolve, text), (text.to_owned(), 0));
        }
    }
}
