//! Which user agents leave as they came: those that are built of known pieces only.
//!
//! Promises: of a kept value every word comes from a list, every number has the shape of a version, a device or a
//! build, and nothing else fits between them. What does not fit leaves as the fixed string of its family, or not at
//! all. Left to others: what to report, and the health scan of what the grammar does not explain. Absent on purpose:
//! mending a value by cutting the unknown piece out of it, and crawlers, which must not come to look like people.

use memchr::memchr;

pub(crate) use self::comment::LANGUAGES;
use self::products::Product;
pub(crate) use self::unexplained::unexplained;

mod comment;
mod families;
mod in_app;
mod models;
mod products;
mod shape;
#[cfg(test)]
mod tests;
mod unexplained;
mod usual;

/// Longer ones are not read.
const MAX_BYTES: usize = 512;

/// What may leave for a user agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Checked<'a> {
    /// The value itself, without blanks around it: all of it is known.
    Kept(&'a str),
    /// The fixed string of the platform and browser that the value names.
    Family(&'static str),
    /// No browser that we know.
    Unknown,
}

/// What may leave for a user agent as it came.
pub(crate) fn check(value: &str) -> Checked<'_> {
    let value = value.trim();
    if is_closed(value) {
        return Checked::Kept(value);
    }
    families::of(value).map_or(Checked::Unknown, Checked::Family)
}

/// Whether a value has the closed form: it is one that `check` would keep; the fixed strings of the families are too.
pub(crate) fn is_closed(value: &str) -> bool {
    value.len() <= MAX_BYTES && (usual::is_usual(value) || is_of_the_grammar(value))
}

fn is_of_the_grammar(value: &str) -> bool {
    value.strip_prefix("Mozilla/5.0 ").is_some_and(are_pieces)
}

/// A model of a phone or tablet: `SM-G991B`, `Pixel 8 Pro`, `iPhone15,3`.
pub(crate) fn is_model(text: &str) -> bool {
    comment::is_apple_device(text) || models::is_model(text)
}

/// The version of an operating system, `17.4.1`.
pub(crate) fn is_dotted_system_version(text: &str) -> bool {
    !text.contains('_') && shape::is_system_version(text)
}

/// The version of an app: `7.7.1`, or with its year `2026.10.3`.
pub(crate) fn is_release(text: &str) -> bool {
    shape::is_release(text)
}

/// `en_US`: a language and a country that exist.
pub(crate) fn is_posix_locale(text: &str) -> bool {
    text.len() == 5
        && text.get(2..3) == Some("_")
        && text.bytes().skip(3).all(|byte| byte.is_ascii_uppercase())
        && comment::is_locale(text)
}

/// Reads products, `(comments)` and `[in-app details]`, with a space between any two.
fn are_pieces(mut rest: &str) -> bool {
    // The first piece must be the comment that names the platform.
    if !rest.starts_with('(') {
        return false;
    }
    let mut after = Product::Plain;
    loop {
        let Some((piece, tail)) = next_piece(rest) else { return false };
        after = match read(piece, after) {
            Some(product) => product,
            None => return false,
        };
        match tail.strip_prefix(' ') {
            // Firefox on iOS puts two.
            Some(next) => rest = next.strip_prefix(' ').unwrap_or(next),
            None => return tail.is_empty() && after != Product::WantsVersion,
        }
    }
}

/// What a known piece is to the one after it; `None` if it is not known there.
fn read(piece: &str, after: Product) -> Option<Product> {
    if let Some(inner) = within(piece, '(', ')') {
        let in_app = after == Product::App;
        return (after != Product::WantsVersion && comment::is_known(inner, in_app)).then_some(Product::Plain);
    }
    if let Some(inner) = within(piece, '[', ']') {
        return (after != Product::WantsVersion && in_app::is_known(inner)).then_some(Product::Plain);
    }
    products::read(piece, after)
}

fn within(piece: &str, open: char, close: char) -> Option<&str> {
    piece.strip_prefix(open)?.strip_suffix(close)
}

/// Cuts the next piece off: to the bracket that closes it, or to the next space.
fn next_piece(rest: &str) -> Option<(&str, &str)> {
    let end = match rest.as_bytes().first()? {
        b'(' => closing_bracket(rest)?,
        b'[' => memchr(b']', rest.as_bytes())? + 1,
        _ => memchr(b' ', rest.as_bytes()).unwrap_or(rest.len()),
    };
    rest.split_at_checked(end)
}

/// The end of the comment at the front. Some models have brackets of their own, as in `moto g(60)`.
fn closing_bracket(rest: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in rest.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some(at + 1);
        }
    }
    None
}
