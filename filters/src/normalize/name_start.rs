//! `f5first`, `f5last`, `fi`: how a name begins, in lower case; its first five characters, or its first.
//!
//! Meta documents none of them, and no browser sends them. The SDKs alone know them and agree: what stands in the name is
//! cut as it stands, so `o'bri` keeps the mark that `ln` loses. They are followed, but for a space at which the cut
//! happens to end (`anna ` of Anna Marie): trimmed is trimmed. What begins with no letter at all is refused.

use std::borrow::Cow;

use super::letters::compose;

const FIVE: usize = 5;

pub(super) fn normalize_five(value: &str) -> Option<Cow<'_, str>> {
    Some(start(value, FIVE)).filter(|start| start.chars().any(char::is_alphanumeric))
}

pub(super) fn normalize_initial(value: &str) -> Option<Cow<'_, str>> {
    Some(start(value, 1)).filter(|initial| initial.chars().all(char::is_alphanumeric))
}

/// So many characters in lower case, without a space at their end.
fn start(value: &str, count: usize) -> Cow<'_, str> {
    if value.is_ascii() && !value.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Cow::Borrowed(value.get(..count).unwrap_or(value).trim_end());
    }
    let lower = compose(value).to_lowercase();
    let start: String = compose(&lower).chars().take(count).collect();
    Cow::Owned(start.trim_end().to_owned())
}
