//! `zp`: lower case, no space, no dash; of a US ZIP code the first five digits.
//!
//! All four libraries cut at the first dash instead of taking it out (`01310-100` gives `01310`), and that is followed:
//! it is what Meta gets from everyone, and it says less. Spaces: parameter builder and pixel leave them inside, the
//! SDKs and the documented `m11ae` do not. ZIP+4: the libraries cut only at a dash, but the rule says five digits for
//! the US, and no other country writes nine, so `94035 1234` and `940351234` are cut too: one person, one hash. What is
//! cut to one character is refused, as in Node and parameter builder (Python sends `D-10115` as `d`).

use std::borrow::Cow;

use super::phone::decimal;

/// No country's code is longer.
const LENGTH: std::ops::RangeInclusive<usize> = 2..=10;

pub(super) fn normalize(value: &str) -> Option<Cow<'_, str>> {
    let (code, _) = value.split_once(is_dash).unwrap_or((value, ""));
    if code.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase()) {
        return zip(code).filter(|code| LENGTH.contains(&code.len())).map(Cow::Borrowed);
    }
    let mut kept = String::with_capacity(*LENGTH.end());
    for c in code.chars() {
        match decimal(c) {
            Some(digit) => kept.push(digit),
            None if c.is_ascii_alphabetic() => kept.push(c.to_ascii_lowercase()),
            // Every country's codes are digits and Latin letters; another letter is not part of one.
            None if c.is_alphanumeric() => return None,
            None => {}
        }
    }
    let kept = zip(&kept)?;
    LENGTH.contains(&kept.len()).then(|| Cow::Owned(kept.to_owned()))
}

/// Nine digits are a ZIP code with its extension.
fn zip(code: &str) -> Option<&str> {
    if code.len() == 9 && code.bytes().all(|byte| byte.is_ascii_digit()) { code.get(..5) } else { Some(code) }
}

fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ff0d}')
}
