//! `ph`: digits with the country code, without leading zeros.
//!
//! All libraries drop spaces, dashes, brackets, a plus and leading zeros, and none adds a country code, although Meta's
//! example does: we cannot know it either. Dots: Python refuses them, Node keeps them, parameter builder and pixel drop
//! them; the last are followed, as "digits only" is the documented rule. Letters: the same two join an extension's
//! digits to the number (`ext. 9`) or cut a number short (`1-800-FLOWERS`); Python refuses, and is followed, because
//! the result is not a number that exists. Digits of other scripts become ASCII: the libraries keep or lose them, and
//! neither gives what Meta can have.

use std::borrow::Cow;

/// From the shortest national number that is taken alone to the longest of E.164.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

pub(super) fn normalize(value: &str) -> Option<Cow<'_, str>> {
    if !value.starts_with('0') && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return DIGITS.contains(&value.len()).then_some(Cow::Borrowed(value));
    }
    let mut digits = String::with_capacity(*DIGITS.end());
    let mut plus = false;
    for c in value.chars() {
        if let Some(digit) = decimal(c) {
            if digit != '0' || !digits.is_empty() {
                digits.push(digit);
            }
        } else if matches!(c, '+' | '\u{ff0b}') {
            // A second plus, or one inside, means two numbers or none.
            if plus || !digits.is_empty() {
                return None;
            }
            plus = true;
        } else if !matches!(c, ' ' | '-' | '(' | ')' | '.' | '/') && !is_foreign_separator(c) {
            return None;
        }
    }
    DIGITS.contains(&digits.len()).then_some(Cow::Owned(digits))
}

/// What stands for a space, a dash or a bracket elsewhere.
fn is_foreign_separator(c: char) -> bool {
    matches!(c, '\u{a0}' | '\u{2010}'..='\u{2015}' | '\u{202f}' | '\u{2212}' | '\u{ff08}' | '\u{ff09}' | '\u{ff0d}')
        || is_invisible(c)
}

/// Marks that address books put around a number to keep its direction.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The ASCII digit that a digit of a script in use for phone numbers stands for.
pub(crate) fn decimal(c: char) -> Option<char> {
    let zero = match c {
        '0'..='9' => return Some(c),
        '\u{660}'..='\u{669}' => 0x660,
        '\u{6f0}'..='\u{6f9}' => 0x6f0,
        '\u{966}'..='\u{96f}' => 0x966,
        '\u{9e6}'..='\u{9ef}' => 0x9e6,
        '\u{ff10}'..='\u{ff19}' => 0xff10,
        _ => return None,
    };
    char::from_digit(u32::from(c) - zero, 10)
}
