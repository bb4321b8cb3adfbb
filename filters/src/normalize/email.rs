//! `em`: trimmed, lower case, and an address by its shape.
//!
//! Meta documents trimming and lower case only. The libraries disagree on what an address is: Python takes anything
//! like `x@y.z`, so that `Name <a@b.c>`, `mailto:` and two @ are hashed as they stand; Node, parameter builder and
//! pixel refuse them, and so do we, because such a hash can match nobody. They refuse letters beyond ASCII too; there
//! Python is followed, since the documented rule excludes no alphabet and such addresses exist. The pixel appends
//! "@gmail.com" to a value without an @; nobody else does.

use std::borrow::Cow;

use unicode_normalization::char::is_combining_mark;

use super::letters::compose;
use crate::cut;

/// RFC 5321: the longest path, and the longest local part.
const MAX_ADDRESS: usize = 254;
const MAX_LOCAL: usize = 64;
const MAX_LABEL: usize = 63;

pub(super) fn normalize(value: &str) -> Option<Cow<'_, str>> {
    if value.is_ascii() {
        is_address(value).then_some(())?;
        if value.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Some(Cow::Owned(value.to_ascii_lowercase()));
        }
        return Some(Cow::Borrowed(value));
    }
    let lower = compose(value).to_lowercase();
    let address = compose(&lower).into_owned();
    let has_letters = address.chars().all(|c| c.is_ascii() || c.is_alphanumeric() || is_combining_mark(c));
    (has_letters && is_address(&address)).then_some(Cow::Owned(address))
}

/// The shape by its ASCII characters; any other counts as a letter here.
fn is_address(value: &str) -> bool {
    let Some((local, domain)) = cut::once(value, b'@') else { return false };
    value.len() <= MAX_ADDRESS && is_local(local) && is_domain(domain)
}

/// The unquoted form. Dots may stand anywhere: Japanese carriers handed out `a..b.@` for years.
fn is_local(local: &str) -> bool {
    (1..=MAX_LOCAL).contains(&local.len())
        && local.bytes().all(|byte| {
            is_letter(byte)
                || matches!(byte, b'.' | b'_' | b'-' | b'+' | b'!' | b'#'..=b'\'' | b'*' | b'/' | b'=' | b'?' | b'^' | b'`')
                || matches!(byte, b'{'..=b'~')
        })
}

/// Two labels or more. A top-level domain of one letter or of digits does not exist: `a@b.c` is a placeholder,
/// `a@10.0.0.1` a machine.
fn is_domain(domain: &str) -> bool {
    let (mut labels, mut length, mut digits, mut previous) = (1, 0, 0, b'-');
    for byte in domain.bytes() {
        if byte == b'.' {
            if length == 0 || previous == b'-' {
                return false;
            }
            labels += 1;
            (length, digits) = (0, 0);
        } else {
            let fits = is_letter(byte) || (byte == b'-' && length > 0);
            if !fits || length == MAX_LABEL {
                return false;
            }
            length += 1;
            digits += usize::from(byte.is_ascii_digit());
        }
        previous = byte;
    }
    labels >= 2 && length >= 2 && digits < length && previous != b'-'
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii()
}
