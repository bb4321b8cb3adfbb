//! Every reading of a text, to six layers: each decoder is tried on everything, at every alignment.

use std::collections::{HashSet, VecDeque};

use serde_json::Value;

use super::{letters, texts_of};

const DEPTH: u8 = 6;
/// Readings of one text; random text has a few dozen.
const MOST: usize = 4000;

/// The text and all that it can be read as.
pub(super) fn readings(text: &str) -> Vec<String> {
    let mut seen: HashSet<String> = HashSet::from([text.to_owned()]);
    let mut waiting: VecDeque<(String, u8)> = VecDeque::from([(text.to_owned(), 0)]);
    while let Some((text, depth)) = waiting.pop_front() {
        if depth == DEPTH || seen.len() > MOST {
            continue;
        }
        for child in children(&text) {
            if says_something(&child) && seen.insert(child.clone()) {
                waiting.push_back((child, depth + 1));
            }
        }
    }
    seen.into_iter().collect()
}

/// At least four characters that a text could be made of.
fn says_something(text: &str) -> bool {
    text.chars().filter(|c| c.is_alphanumeric() || matches!(c, '%' | '&' | '\\' | '=')).count() >= 4
}

fn children(text: &str) -> Vec<String> {
    let mut children = vec![
        letters::plain(text),
        escapes(text, '%'),
        escapes(text, '='),
        entities(text),
        backslashes(text),
        text.replace('+', " "),
        url::quirks::domain_to_unicode(text),
    ];
    if let Ok(json) = serde_json::from_str::<Value>(text.trim()) {
        texts_of(&json, &mut children);
    }
    children.extend(base64(text));
    children.extend(hex(text));
    children.extend(hex(&text.replace([':', '-', ' '], "")));
    children.extend(base32(text));
    children
}

/// `%41`, `%u0041`, `=41`.
fn escapes(text: &str, sign: char) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(at) {
        let code = |from: usize, to: usize| {
            let digits = std::str::from_utf8(bytes.get(from..to)?).ok()?;
            u32::from_str_radix(digits, 16).ok()
        };
        if char::from(*byte) == sign {
            let long = bytes.get(at + 1).filter(|byte| byte.eq_ignore_ascii_case(&b'u')).and_then(|_| code(at + 2, at + 6));
            if let Some(c) = long.and_then(char::from_u32) {
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                at += 6;
                continue;
            }
            if let Some(byte) = code(at + 1, at + 3).and_then(|code| u8::try_from(code).ok()) {
                out.push(byte);
                at += 3;
                continue;
            }
        }
        out.push(*byte);
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// `&#65;`, `&#x41;`, `&commat;`, with and without the semicolon.
fn entities(text: &str) -> String {
    #[rustfmt::skip]
    const NAMES: &[(&str, &str)] = &[
        ("nbsp", " "), ("commat", "@"), ("period", "."), ("lpar", "("), ("rpar", ")"), ("plus", "+"), ("comma", ","), ("colon", ":"),
        ("lowbar", "_"), ("sol", "/"), ("quot", "\""), ("lt", "<"), ("gt", ">"), ("amp", "&"),
    ];
    let mut parts = text.split('&');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let numeric = part.strip_prefix('#').and_then(|digits| {
            let (digits, radix) = digits.strip_prefix(['x', 'X']).map_or((digits, 10), |digits| (digits, 16));
            let end = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
            let c = char::from_u32(u32::from_str_radix(&digits[..end], radix).ok()?)?;
            Some((c.to_string(), &digits[end..]))
        });
        let named = || NAMES.iter().find_map(|(name, c)| Some(((*c).to_owned(), part.strip_prefix(name)?)));
        if let Some((c, rest)) = numeric.or_else(named) {
            out.push_str(&c);
            out.push_str(rest.strip_prefix(';').unwrap_or(rest));
        } else {
            out.push('&');
            out.push_str(part);
        }
    }
    out
}

/// `\u0041`, `\x41`, `\n`, `\"`.
fn backslashes(text: &str) -> String {
    let mut parts = text.split('\\');
    let mut units: Vec<u16> = parts.next().unwrap_or_default().encode_utf16().collect();
    for part in parts {
        let length = match part.as_bytes().first() {
            Some(b'u' | b'U') => 5,
            Some(b'x') => 3,
            _ => 0,
        };
        match part.get(1..length).and_then(|digits| u16::from_str_radix(digits, 16).ok()) {
            Some(unit) => {
                units.push(unit);
                units.extend(part[length..].encode_utf16());
            }
            None => units.extend(part.encode_utf16()),
        }
    }
    String::from_utf16_lossy(&units)
}

/// Runs of the alphabet, read from each of the four alignments.
fn base64(text: &str) -> Vec<String> {
    let value = |c: char| match c {
        'A'..='Z' => Some(u32::from(c) - 65),
        'a'..='z' => Some(u32::from(c) - 71),
        '0'..='9' => Some(u32::from(c) + 4),
        '+' | '-' => Some(62),
        '/' | '_' => Some(63),
        _ => None,
    };
    bits(text, 6, value)
}

fn base32(text: &str) -> Vec<String> {
    let value = |c: char| match c.to_ascii_uppercase() {
        upper @ 'A'..='Z' => Some(u32::from(upper) - 65),
        digit @ '2'..='7' => Some(u32::from(digit) - 24),
        _ => None,
    };
    bits(text, 5, value)
}

fn hex(text: &str) -> Vec<String> {
    bits(text, 4, |c| c.to_digit(16))
}

/// Runs of an alphabet of so many bits a character, read from every alignment.
fn bits(text: &str, width: usize, value: impl Fn(char) -> Option<u32>) -> Vec<String> {
    let alignments = [0, 0, 0, 0, 2, 8, 4][width];
    let mut found = Vec::new();
    for run in text.split(|c| value(c).is_none()).filter(|run| run.len() * width >= 24) {
        for start in 0..alignments {
            let (mut bytes, mut held, mut count) = (Vec::new(), 0u32, 0);
            for c in run.chars().skip(start) {
                held = held << width | value(c).unwrap_or(0);
                count += width;
                if count >= 8 {
                    count -= 8;
                    bytes.push(u8::try_from(held >> count & 0xff).unwrap_or(0));
                }
            }
            found.push(String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    found
}
