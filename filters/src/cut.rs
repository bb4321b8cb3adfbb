//! Cutting a text at an ASCII character: what the standard library's patterns do, at a fraction of their cost on texts as short
//! as those of events. Nothing here decides anything.

use memchr::memchr;

/// What stands before the first such character, and what stands after it.
pub(crate) fn once(text: &str, character: u8) -> Option<(&str, &str)> {
    debug_assert!(character.is_ascii(), "part of a character is no place to cut at");
    let (before, rest) = text.split_at_checked(memchr(character, text.as_bytes())?)?;
    Some((before, rest.get(1..)?))
}

/// The parts between such characters.
pub(crate) fn each(text: &str, character: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let (part, others) = match once(rest?, character) {
            Some((part, others)) => (part, Some(others)),
            None => (rest?, None),
        };
        rest = others;
        Some(part)
    })
}

/// What stands before the first byte of which this holds, and the rest, that byte included. It may hold of ASCII only.
pub(crate) fn before(text: &str, holds: impl Fn(u8) -> bool) -> (&str, &str) {
    text.bytes().position(holds).and_then(|at| text.split_at_checked(at)).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn texts_are_cut_as_the_standard_library_cuts_them(text in "[aé;.]{0,12}") {
            prop_assert_eq!(super::once(&text, b';'), text.split_once(';'));
            prop_assert!(super::each(&text, b';').eq(text.split(';')));
            let end = text.find([';', '.']).unwrap_or(text.len());
            prop_assert_eq!(super::before(&text, |byte| byte == b';' || byte == b'.'), text.split_at(end));
        }
    }
}
