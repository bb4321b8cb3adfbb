//! `app_user_id`: lower case, and otherwise as the app made it.
//!
//! Only the Node SDK knows the field; it trims, lowers and hashes, and is followed. Spaces inside stay, which they do not
//! in `external_id`.

use std::borrow::Cow;

use super::letters::compose;

pub(super) fn normalize(value: &str) -> Cow<'_, str> {
    if value.is_ascii() {
        if !value.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Cow::Borrowed(value);
        }
        return Cow::Owned(value.to_ascii_lowercase());
    }
    Cow::Owned(compose(&compose(value).to_lowercase()).into_owned())
}
