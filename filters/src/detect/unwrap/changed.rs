//! Which stretch of a text is new in it: what a layer, taken off, has changed.
//!
//! One `%20` in a long URL makes a reading that says nearly the same. All that stands apart from the change stood in the reading
//! before, in the same words and pairs and tokens; so only the stretch, with what it touches on both sides, is looked at.

use std::ops::Range;

/// Words on each side of a change that are read with it at least: what was one word, or none, may now be part of a code or of a
/// dose with them, and a dose with its form has no more words.
const NEIGHBOURS: usize = 6;
/// Bytes that are compared at once.
const BLOCK: usize = 16;

/// A stretch of a text, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Changed {
    start: usize,
    end: usize,
}

impl Changed {
    /// All of a text, whatever its length.
    pub(super) const ALL: Self = Self { start: 0, end: usize::MAX };

    /// Where a text differs from what it was: all but their common beginning and their common end. Where something was taken
    /// away and nothing put in its place the stretch is empty, and touches what stands around it.
    pub(super) fn between(was: &str, is: &str) -> Self {
        let (was, is) = (was.as_bytes(), is.as_bytes());
        let start = common_start(was, is);
        let end = is.len() - common_end(was.get(start..).unwrap_or_default(), is.get(start..).unwrap_or_default());
        Self { start, end }
    }

    /// Whether it is the whole text.
    pub(crate) fn is_all_of(self, text: &str) -> bool {
        self.start == 0 && self.end >= text.len()
    }

    /// Whether some bytes are changed, or stand directly beside what is.
    pub(super) fn touches(self, bytes: &Range<usize>) -> bool {
        bytes.start <= self.end && self.start <= bytes.end
    }

    /// The stretch with the rest of the tokens of base64, base32 and hexadecimal digits that it touches: it ends at bytes that
    /// no token and no separator of digits has.
    pub(super) fn with_tokens(self, text: &str) -> Range<usize> {
        let outside = |byte: &u8| {
            !(byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=' | b' ' | b':' | b',' | b'.'))
        };
        let (before, behind) = self.sides(text);
        let start = before.iter().rposition(&outside).map_or(0, |place| place + 1);
        let end = behind.iter().position(&outside).map_or(text.len(), |place| text.len() - behind.len() + place);
        start..end
    }

    /// The stretch with the words around it, as a term of up to so many words needs them.
    pub(crate) fn with_words(self, text: &str, longest_term: usize) -> Range<usize> {
        let words = longest_term.max(NEIGHBOURS);
        let (before, behind) = self.sides(text);
        let start = before.len() - length_of_words(before.iter().rev(), words);
        start..text.len() - behind.len() + length_of_words(behind.iter(), words)
    }

    /// What of a text stands before it and behind it.
    fn sides(self, text: &str) -> (&[u8], &[u8]) {
        let bytes = text.as_bytes();
        (bytes.get(..self.start).unwrap_or_default(), bytes.get(self.end..).unwrap_or_default())
    }
}

/// How many bytes the first words have, with what separates them. What is not ASCII, and an apostrophe, may belong to a word.
fn length_of_words<'b>(bytes: impl ExactSizeIterator<Item = &'b u8>, words: usize) -> usize {
    let length = bytes.len();
    let mut ended = 0;
    let mut inside = true;
    let past = bytes.enumerate().find(|(_, byte)| {
        let is_word = byte.is_ascii_alphanumeric() || !byte.is_ascii() || matches!(byte, b'\'' | b'_');
        ended += usize::from(inside && !is_word);
        inside = is_word;
        ended > words
    });
    past.map_or(length, |(place, _)| place)
}

/// How many bytes two texts begin with alike.
fn common_start(one: &[u8], other: &[u8]) -> usize {
    let (blocks, _) = one.as_chunks::<BLOCK>();
    let (others, _) = other.as_chunks();
    let whole = BLOCK * blocks.iter().zip(others).take_while(|(block, other)| block == other).count();
    let rest = one.iter().skip(whole).zip(other.iter().skip(whole));
    whole + rest.take_while(|(byte, other)| byte == other).count()
}

/// How many bytes two texts end with alike.
fn common_end(one: &[u8], other: &[u8]) -> usize {
    let (_, blocks) = one.as_rchunks::<BLOCK>();
    let (_, others) = other.as_rchunks();
    let whole = BLOCK * blocks.iter().rev().zip(others.iter().rev()).take_while(|(block, other)| block == other).count();
    let rest = one.iter().rev().skip(whole).zip(other.iter().rev().skip(whole));
    whole + rest.take_while(|(byte, other)| byte == other).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed<'t>(was: &str, is: &'t str) -> &'t str {
        let Changed { start, end } = Changed::between(was, is);
        is.get(start..end).unwrap()
    }

    #[test]
    fn a_change_is_what_lies_between_the_common_ends() {
        assert_eq!(changed("a=met%66ormin&b=1", "a=metformin&b=1"), "f");
        assert_eq!(changed("a%20b%20c", "a b c"), " b ");
        assert_eq!(changed("aaa", "aa"), "");
        assert_eq!(changed("", "new"), "new");
        let (before, behind) = ("before ".repeat(9), " behind".repeat(9));
        for length in 0..40 {
            let (before, behind) = (before.get(..length).unwrap(), behind.get(..length).unwrap());
            assert_eq!(changed(&format!("{before}%41{behind}"), &format!("{before}A{behind}")), "A", "{length}");
        }
    }

    #[test]
    fn what_stands_directly_beside_a_change_is_touched() {
        let taken_away = Changed::between("met<b>formin", "metformin");
        assert!(taken_away.touches(&(0..3)) && taken_away.touches(&(3..9)));
        assert!(!taken_away.touches(&(4..9)) && !taken_away.touches(&(0..2)));
    }

    #[test]
    fn tokens_and_words_around_a_change_belong_to_it() {
        let text = "one two&x=bWV0Zm9ybWlu?three four";
        let changed = Changed { start: 14, end: 15 };
        assert_eq!(text.get(changed.with_tokens(text)).unwrap(), "x=bWV0Zm9ybWlu");
        assert_eq!(text.get(changed.with_words(text, 1)).unwrap(), text);
        let words = "w ".repeat(60);
        let near = words.get(Changed { start: 60, end: 61 }.with_words(&words, 1)).unwrap();
        assert_eq!(near.split_whitespace().count(), 2 * NEIGHBOURS + 1);
        assert_eq!(Changed { start: 60, end: 61 }.with_words(&words, 99), 0..words.len());
    }
}
