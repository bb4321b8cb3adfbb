//! Digits of a number that may be written with separators, and the check digits that several numbers share.

/// The digits of a text, if they are exactly so many. What else stands in it is passed over.
pub(super) fn digits<const N: usize>(text: &[u8]) -> Option<[u32; N]> {
    let mut found = [0; N];
    let mut places = found.iter_mut();
    for byte in text.iter().filter(|byte| byte.is_ascii_digit()) {
        *places.next()? = u32::from(byte - b'0');
    }
    places.next().is_none().then_some(found)
}

/// How many digits a text has.
pub(super) fn count(text: &[u8]) -> usize {
    text.iter().filter(|byte| byte.is_ascii_digit()).count()
}

/// The number that a text of digits says; `None` past nine digits.
pub(super) fn number(text: &[u8]) -> Option<u32> {
    if text.is_empty() || text.len() > 9 || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(text.iter().fold(0, |sum, byte| sum * 10 + u32::from(byte - b'0')))
}

/// Luhn's check over the digits of a text, on top of what stands before it.
pub(super) fn luhn(text: &[u8], start: u32) -> bool {
    let digits = text.iter().rev().filter(|byte| byte.is_ascii_digit()).map(|byte| u32::from(byte - b'0'));
    let sum: u32 = digits
        .enumerate()
        .map(|(at, digit)| if at % 2 == 0 { digit } else { digit * 2 - if digit > 4 { 9 } else { 0 } })
        .sum();
    (sum + start).is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_counted_exactly() {
        assert_eq!(digits::<3>(b"1-2 3"), Some([1, 2, 3]));
        assert_eq!(digits::<3>(b"12"), None);
        assert_eq!(digits::<3>(b"1234"), None);
        assert_eq!((count(b"a1-2"), number(b"0042"), number(b"1234567890"), number(b"4a")), (2, Some(42), None, None));
    }

    #[test]
    fn luhn_tells_a_wrong_digit() {
        assert!(luhn(b"4111 1111 1111 1111", 0));
        assert!(!luhn(b"4111 1111 1111 1112", 0));
    }
}
