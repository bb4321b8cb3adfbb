//! `external_id`: lower case, no spaces, and otherwise as the site made it.
//!
//! Meta only advises hashing. The SDKs leave the value alone and do not hash it; parameter builder and pixel lower it,
//! take spaces out and hash. The last are followed, because the same id comes from the browser in that form. Two ids
//! that differ only in case become one there as well.

use std::borrow::Cow;

use super::letters::compose;

pub(super) fn normalize(value: &str) -> Cow<'_, str> {
    if value.is_ascii() {
        if !value.bytes().any(|byte| byte.is_ascii_uppercase() || byte == b' ') {
            return Cow::Borrowed(value);
        }
        let mut id = String::with_capacity(value.len());
        id.extend(value.bytes().filter(|&byte| byte != b' ').map(|byte| char::from(byte.to_ascii_lowercase())));
        return Cow::Owned(id);
    }
    let lower = compose(value).to_lowercase();
    let id: String = lower.chars().filter(|c| !c.is_whitespace()).collect();
    Cow::Owned(compose(&id).into_owned())
}
