//! HTML entities: `&#109;`, `&#x6d;`, `&commat;`, with and without their semicolon.

use html_escape::NAMED_ENTITIES;

/// Longer names than this are none.
const LONGEST_NAME: usize = 32;

/// Appends the text with its entities resolved, once; tells how many there were.
pub(super) fn resolve(text: &str, resolved: &mut String) -> usize {
    let mut entities = 0;
    let mut parts = text.split('&');
    resolved.push_str(parts.next().unwrap_or_default());
    for part in parts {
        if let Some(rest) = numbered(part, resolved).or_else(|| named(part, resolved)) {
            entities += 1;
            resolved.push_str(rest);
        } else {
            resolved.push('&');
            resolved.push_str(part);
        }
    }
    entities
}

/// Appends the character of a number; what follows it comes back.
fn numbered<'t>(part: &'t str, resolved: &mut String) -> Option<&'t str> {
    let number = part.strip_prefix('#')?;
    let (digits, radix) = number.strip_prefix(['x', 'X']).map_or((number, 10), |digits| (digits, 16));
    let end = digits.find(|digit: char| !digit.is_digit(radix)).unwrap_or(digits.len());
    let (digits, rest) = digits.split_at_checked(end)?;
    resolved.push(char::from_u32(u32::from_str_radix(digits, radix).ok()?)?);
    Some(rest.strip_prefix(';').unwrap_or(rest))
}

/// Appends the characters of a name; what follows it comes back.
fn named<'t>(part: &'t str, resolved: &mut String) -> Option<&'t str> {
    let end = part.bytes().take(LONGEST_NAME).take_while(u8::is_ascii_alphanumeric).count();
    let (name, rest) = part.split_at_checked(end)?;
    if let Some(after) = rest.strip_prefix(';')
        && let Some(characters) = look_up(name)
    {
        resolved.push_str(characters);
        return Some(after);
    }
    // Without a semicolon browsers take the longest name they know among the oldest ones, those of Latin-1. A parameter of a
    // query that begins like such a name, `&region=`, is none.
    if rest.starts_with('=') {
        return None;
    }
    (2..=name.len().min(6)).rev().find_map(|length| {
        let (name, _) = name.split_at_checked(length)?;
        let characters = look_up(name).filter(|characters| characters.chars().all(|letter| letter <= 'ÿ'))?;
        resolved.push_str(characters);
        part.split_at_checked(length).map(|(_, rest)| rest)
    })
}

fn look_up(name: &str) -> Option<&'static str> {
    let index = NAMED_ENTITIES.binary_search_by(|(known, _)| (*known).cmp(name.as_bytes())).ok()?;
    NAMED_ENTITIES.get(index).map(|(_, characters)| *characters)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(text: &str) -> (String, usize) {
        let mut out = String::new();
        let entities = resolve(text, &mut out);
        (out, entities)
    }

    #[test]
    fn numbers_are_read_in_both_bases_with_and_without_a_semicolon() {
        assert_eq!(resolved("&#109;&#x65;&#116&#X66;&#0111r"), ("metfor".into(), 5));
    }

    #[test]
    fn names_are_read_once() {
        assert_eq!(resolved("jane&commat;example&period;com"), ("jane@example.com".into(), 2));
        assert_eq!(resolved("&lpar;555&rpar;&nbsp;&num;1 &mfr;&escr;&topf;"), ("(555)\u{a0}#1 𝔪ℯ𝕥".into(), 7));
        assert_eq!(resolved("&amp;#109;"), ("&#109;".into(), 1));
    }

    #[test]
    fn old_names_need_no_semicolon() {
        assert_eq!(resolved("diab&eacutetes &amp b"), ("diabétes & b".into(), 2));
    }

    #[test]
    fn what_is_no_entity_stays() {
        for text in ["a&b", "?x=1&region=us&copy=2&order=3", "&#;", "&#x;", "&#1114112;", "&;", "&", "&nosuchname;"] {
            assert_eq!(resolved(text), (text.to_owned(), 0));
        }
    }
}
