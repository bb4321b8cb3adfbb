//! Shapes of versions, builds and device codes.

/// Whether a text has the shape of a pattern: `@` is a capital, `~` a small letter, `%` either, `#` a digit, `&` a
/// capital or a digit, `$` a capital that stands for a region in codes of models, anything else itself; `?` after one
/// makes it optional.
#[inline]
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    fits_bytes(pattern.as_bytes(), text.as_bytes())
}

fn fits_bytes(mut pattern: &[u8], mut text: &[u8]) -> bool {
    loop {
        match (pattern, text) {
            ([], _) => return text.is_empty(),
            ([_, b'?', rest @ ..], []) => pattern = rest,
            ([class, b'?', rest @ ..], [byte, tail @ ..]) => {
                if is_of(*class, *byte) && fits_bytes(rest, tail) {
                    return true;
                }
                pattern = rest;
            }
            ([class, rest @ ..], [byte, tail @ ..]) if is_of(*class, *byte) => (pattern, text) = (rest, tail),
            _ => return false,
        }
    }
}

fn is_of(class: u8, byte: u8) -> bool {
    match class {
        b'@' => byte.is_ascii_uppercase(),
        b'~' => byte.is_ascii_lowercase(),
        b'%' => byte.is_ascii_alphabetic(),
        b'#' => byte.is_ascii_digit(),
        b'&' => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
        b'$' => matches!(byte, b'A' | b'C' | b'E' | b'G' | b'I' | b'L' | b'R' | b'S' | b'T' | b'U' | b'Y'),
        literal => byte == literal,
    }
}

/// The version of a product, `130.0.6723.58`. No number is longer than browsers have it at that place, so that a
/// person's number does not fit, nor one that is glued to a version.
pub(super) fn is_version(text: &str) -> bool {
    are_numbers(text, b'.', &[3, 2, 4, 4])
}

/// The version of an engine, `605.1.15`.
pub(super) fn is_engine_version(text: &str) -> bool {
    are_numbers(text, b'.', &[4, 2, 2])
}

/// The version of an app of Meta's, `402.1.0.24.84`.
pub(super) fn is_app_version(text: &str) -> bool {
    are_numbers(text, b'.', &[3, 2, 2, 3, 3])
}

/// The version of an app that its maker gives, `7.7.1.2`: too few digits for a telephone number.
pub(super) fn is_release(text: &str) -> bool {
    are_numbers(text, b'.', &[4, 2, 2, 1])
}

/// The version of an operating system, `17_4_1`.
pub(super) fn is_system_version(text: &str) -> bool {
    let separator = if text.as_bytes().contains(&b'_') { b'_' } else { b'.' };
    are_numbers(text, separator, &[2, 2, 2])
}

/// The version of Chrome OS, `14541.0.0`.
pub(super) fn is_chrome_os_version(text: &str) -> bool {
    are_numbers(text, b'.', &[5, 3, 3])
}

/// A number of at most so many digits.
pub(super) fn is_number(text: &str, digits: usize) -> bool {
    (1..=digits).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn are_numbers(text: &str, separator: u8, digits: &[usize]) -> bool {
    let mut digits = digits.iter();
    let (mut allowed, mut length, mut leading_zero) = (digits.next().copied().unwrap_or(0), 0, false);
    for byte in text.bytes() {
        if byte.is_ascii_digit() {
            // `078` is part of a person's number, not of a version.
            if leading_zero || length == allowed {
                return false;
            }
            leading_zero = length == 0 && byte == b'0';
            length += 1;
        } else if byte == separator && length > 0 {
            let Some(next) = digits.next() else { return false };
            (allowed, length, leading_zero) = (*next, 0, false);
        } else {
            return false;
        }
    }
    length > 0
}
