//! `em`: trimmed, lower case, and an address by its shape.
//!
//! Meta documents trimming and lower case only. The libraries disagree on what an address is: Python takes anything like
//! `x@y.z`, so that `Name <a@b.c>`, `mailto:` and two @ are hashed as they stand; Node, parameter builder and pixel refuse them,
//! and so do we, because such a hash can match nobody. They refuse letters beyond ASCII too; there Python is followed, since
//! the documented rule excludes no alphabet and such addresses exist. The pixel appends "@gmail.com" to a value without an
//! @; nobody else does.

use std::borrow::Cow;

use unicode_normalization::char::is_combining_mark;

use super::letters::compose;

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
    let lower = match compose(&lower) {
        Cow::Borrowed(_) => lower,
        Cow::Owned(composed) => composed,
    };
    is_address(&lower).then_some(Cow::Owned(lower))
}

fn is_address(value: &str) -> bool {
    let Some((local, domain)) = value.split_once('@') else { return false };
    value.len() <= MAX_ADDRESS && is_local(local) && is_domain(domain)
}

/// The unquoted form. Dots may stand anywhere: Japanese carriers handed out `a..b.@` for years.
fn is_local(local: &str) -> bool {
    !local.is_empty()
        && local.len() <= MAX_LOCAL
        && local.chars().all(|c| {
            is_letter(c)
                || matches!(c, '.' | '_' | '-' | '+' | '!' | '#'..='\'' | '*' | '/' | '=' | '?' | '^' | '`' | '{'..='~')
        })
}

fn is_domain(domain: &str) -> bool {
    let mut labels = 0;
    let mut last = "";
    for label in domain.split('.') {
        let is_label = !label.is_empty()
            && label.len() <= MAX_LABEL
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| is_letter(c) || c == '-');
        if !is_label {
            return false;
        }
        labels += 1;
        last = label;
    }
    // A top-level domain of one letter or of digits does not exist: `a@b.c` is a placeholder, `a@10.0.0.1` a machine.
    labels >= 2 && last.len() >= 2 && !last.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || (!c.is_ascii() && (c.is_alphanumeric() || is_combining_mark(c)))
}
