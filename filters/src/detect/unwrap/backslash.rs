//! Backslash escapes of JSON and of programs: `\u006d`, `\u{6d}`, `\x6d`, `\155`, `\n`, `\"`, `\/`.

use super::bytes::{self, Utf16};

/// Appends the text with its backslash escapes resolved, once; tells how many there were.
pub(super) fn resolve(text: &str, resolved: &mut String) -> usize {
    let mut escapes = 0;
    let mut units = Utf16::default();
    let mut raw = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let left = if first == b'\\' { escape(after, &mut units, &mut raw) } else { None };
        if let Some(left) = left {
            escapes += 1;
            rest = left;
        } else {
            units.forget();
            raw.push(first);
            rest = after;
        }
    }
    bytes::push_text(&raw, resolved);
    escapes
}

/// Appends what an escape stands for; what follows it comes back.
fn escape<'t>(escape: &'t [u8], units: &mut Utf16, raw: &mut Vec<u8>) -> Option<&'t [u8]> {
    let (kind, rest) = escape.split_first()?;
    if let b'u' | b'U' = kind {
        if let Some((unit, rest)) = bytes::hex_unit(rest) {
            units.push(unit, raw);
            return Some(rest);
        }
        return braced(rest, raw);
    }
    units.forget();
    let byte = match kind {
        b'x' | b'X' => {
            let (byte, rest) = bytes::hex_byte(rest)?;
            raw.push(byte);
            return Some(rest);
        }
        b'0'..=b'3' => {
            let [second @ b'0'..=b'7', third @ b'0'..=b'7', rest @ ..] = rest else { return None };
            raw.push((kind - b'0') << 6 | (second - b'0') << 3 | (third - b'0'));
            return Some(rest);
        }
        b'n' | b'r' => b'\n',
        b't' => b'\t',
        b'b' | b'f' | b'v' => b' ',
        b'"' | b'\'' | b'/' | b'\\' | b'&' | b'=' | b'<' | b'>' | b'.' | b'-' | b'_' => *kind,
        _ => return None,
    };
    raw.push(byte);
    Some(rest)
}

/// The form `\u{6d}`.
fn braced<'t>(escape: &'t [u8], raw: &mut Vec<u8>) -> Option<&'t [u8]> {
    let digits = escape.strip_prefix(b"{")?;
    let end = digits.iter().take(7).position(|&byte| byte == b'}')?;
    let (digits, rest) = digits.split_at_checked(end)?;
    let code = u32::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?;
    raw.extend_from_slice(char::from_u32(code)?.encode_utf8(&mut [0; 4]).as_bytes());
    rest.strip_prefix(b"}")
}

#[cfg(test)]
mod tests {
    use super::super::tests::resolved;
    use super::*;

    #[test]
    fn every_form_is_resolved() {
        assert_eq!(resolved(resolve, r"\u006d\x65\u{74}\146\U006frmin"), ("metformin".into(), 5));
        assert_eq!(resolved(resolve, r#"{\"a\":\"b\/c\"}\n\t"#), ("{\"a\":\"b/c\"}\n\t".into(), 7));
    }

    #[test]
    fn pairs_of_surrogates_are_one_letter_and_halves_are_none() {
        assert_eq!(resolved(resolve, r"\ud835\udc26et \ud835 \udc26"), ("𝐦et  ".into(), 4));
        assert_eq!(resolved(resolve, r"\ud835x\udc26"), ("x".into(), 2));
    }

    #[test]
    fn a_backslash_that_is_escaped_stands_for_itself() {
        assert_eq!(resolved(resolve, r"\\u006d"), (r"\u006d".into(), 1));
    }

    #[test]
    fn what_is_no_escape_stays() {
        for text in [r"\u12", r"\xg1", r"\u{110000}", r"\u{}", r"\metformin", r"a\", r"\8"] {
            assert_eq!(resolved(resolve, text), (text.to_owned(), 0));
        }
    }
}
