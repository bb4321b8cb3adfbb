//! Lower case with nothing but letters, and digits where wanted: what names and places have in common.
//!
//! Composed (NFC) before lower-casing and again at the end, since a mark may come next to its letter only when what
//! stood between them is gone. No official library composes; Meta's examples are composed, as are the texts that most
//! keyboards send.

use std::borrow::Cow;

use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

/// The letters of a value, and its digits if `DIGITS`, in lower case; `None` if nothing remains.
pub(super) fn squeeze<const DIGITS: bool>(value: &str) -> Option<Cow<'_, str>> {
    if value.is_ascii() {
        return squeeze_ascii::<DIGITS>(value);
    }
    if value.chars().all(|c| is_kept::<DIGITS>(c) && is_lower(c)) && is_nfc_quick(value.chars()) == IsNormalized::Yes {
        return has_letter(value).then_some(Cow::Borrowed(value));
    }
    let lower = compose(value).to_lowercase();
    let kept: String = lower.chars().filter(|&c| is_kept::<DIGITS>(c)).collect();
    has_letter(&kept).then(|| Cow::Owned(compose(&kept).into_owned()))
}

/// Normal form C.
pub(super) fn compose(value: &str) -> Cow<'_, str> {
    if is_nfc_quick(value.chars()) == IsNormalized::Yes { Cow::Borrowed(value) } else { Cow::Owned(value.nfc().collect()) }
}

fn squeeze_ascii<const DIGITS: bool>(value: &str) -> Option<Cow<'_, str>> {
    let is_kept = |byte: &u8| byte.is_ascii_alphabetic() || (DIGITS && byte.is_ascii_digit());
    if value.bytes().all(|byte| is_kept(&byte) && !byte.is_ascii_uppercase()) {
        return (!value.is_empty()).then_some(Cow::Borrowed(value));
    }
    let mut kept = String::with_capacity(value.len());
    kept.extend(value.bytes().filter(is_kept).map(|byte| char::from(byte.to_ascii_lowercase())));
    (!kept.is_empty()).then_some(Cow::Owned(kept))
}

fn is_kept<const DIGITS: bool>(c: char) -> bool {
    c.is_alphabetic() || is_combining_mark(c) || (DIGITS && c.is_numeric())
}

fn is_lower(c: char) -> bool {
    let mut lower = c.to_lowercase();
    lower.next() == Some(c) && lower.next().is_none()
}

/// A value of marks alone says nothing.
fn has_letter(value: &str) -> bool {
    value.chars().any(char::is_alphanumeric)
}
