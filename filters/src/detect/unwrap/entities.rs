//! HTML entities: `&#109;`, `&#x6d;`, `&commat;`, with and without their semicolon.

use html_escape::NAMED_ENTITIES;
use memchr::memchr_iter;

/// Longer names than this are none.
const LONGEST_NAME: usize = 32;

/// What an entity stands for.
enum Characters {
    One(char),
    Some(&'static str),
}

/// Appends the text with its entities resolved, once; tells how many there were. Without any, nothing is appended.
pub(super) fn resolve(text: &str, resolved: &mut String) -> usize {
    let mut entities = 0;
    let mut copied = 0;
    for ampersand in memchr_iter(b'&', text.as_bytes()) {
        let Some((characters, length)) = text.get(ampersand + 1..).and_then(entity) else { continue };
        resolved.push_str(text.get(copied..ampersand).unwrap_or_default());
        match characters {
            Characters::One(character) => resolved.push(character),
            Characters::Some(characters) => resolved.push_str(characters),
        }
        copied = ampersand + 1 + length;
        entities += 1;
    }
    if entities > 0 {
        resolved.push_str(text.get(copied..).unwrap_or_default());
    }
    entities
}

/// The entity that a text begins with, after its `&`, and how long it is.
fn entity(text: &str) -> Option<(Characters, usize)> {
    let Some(number) = text.strip_prefix('#') else { return named(text) };
    let (digits, radix) = number.strip_prefix(['x', 'X']).map_or((number, 10), |digits| (digits, 16));
    let end = digits.bytes().take_while(|&digit| char::from(digit).is_digit(radix)).count();
    let (digits, rest) = digits.split_at_checked(end)?;
    let character = char::from_u32(u32::from_str_radix(digits, radix).ok()?)?;
    Some((Characters::One(character), text.len() - rest.len() + usize::from(rest.starts_with(';'))))
}

fn named(text: &str) -> Option<(Characters, usize)> {
    let end = text.bytes().take(LONGEST_NAME).take_while(u8::is_ascii_alphanumeric).count();
    let (name, rest) = text.split_at_checked(end)?;
    if rest.starts_with(';')
        && let Some(characters) = look_up(name)
    {
        return Some((Characters::Some(characters), end + 1));
    }
    // Without a semicolon browsers take the longest name they know among the oldest ones, those of Latin-1. A parameter of a
    // query that begins like such a name, `&region=` or `&part_no=`, is none.
    let parameter =
        rest.bytes().find(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'_' | b'-' | b'.' | b'[' | b']'));
    if parameter == Some(b'=') {
        return None;
    }
    (2..=name.len().min(6)).rev().find_map(|length| {
        let characters = name.get(..length).and_then(look_up)?;
        characters.chars().all(|letter| letter <= 'ÿ').then_some((Characters::Some(characters), length))
    })
}

fn look_up(name: &str) -> Option<&'static str> {
    let index = NAMED_ENTITIES.binary_search_by(|(known, _)| (*known).cmp(name.as_bytes())).ok()?;
    NAMED_ENTITIES.get(index).map(|(_, characters)| *characters)
}

#[cfg(test)]
mod tests {
    use super::super::tests::resolved;
    use super::*;

    #[test]
    fn numbers_are_read_in_both_bases_with_and_without_a_semicolon() {
        assert_eq!(resolved(resolve, "&#109;&#x65;&#116&#X66;&#0111r"), ("metfor".into(), 5));
    }

    #[test]
    fn names_are_read_once() {
        assert_eq!(resolved(resolve, "jane&commat;example&period;com"), ("jane@example.com".into(), 2));
        assert_eq!(resolved(resolve, "&lpar;555&rpar;&nbsp;&num;1 &mfr;&escr;&topf;"), ("(555)\u{a0}#1 𝔪ℯ𝕥".into(), 7));
        assert_eq!(resolved(resolve, "&amp;#109;"), ("&#109;".into(), 1));
    }

    #[test]
    fn old_names_need_no_semicolon() {
        assert_eq!(resolved(resolve, "diab&eacutetes &amp b"), ("diabétes & b".into(), 2));
    }

    #[test]
    fn what_is_no_entity_stays() {
        for text in [
            "a&b",
            "?x=1&region=us&copy=2&order=3&part_no=4&reg[a]=5",
            "&#;",
            "&#x;",
            "&#1114112;",
            "&;",
            "&",
            "&nosuchname;",
        ] {
            assert_eq!(resolved(resolve, text), (String::new(), 0));
        }
    }
}
