//! `fn`, `ln`: lower case, no punctuation, accents kept.
//!
//! The documented rule takes punctuation out, which the Python and Node SDKs do not do (`o'brien`); parameter builder
//! and pixel do, and take spaces out as well (`maríajosé`), of which the documentation says nothing. Those two are
//! followed whole, so that our hash equals the browser's. They know ASCII punctuation only; the rule does not say
//! ASCII, and phones type `O’Neil` with the curly mark, so every character goes that is neither letter, mark nor digit.

use std::borrow::Cow;

use super::letters::squeeze;

pub(super) fn normalize(value: &str) -> Option<Cow<'_, str>> {
    squeeze::<true>(value)
}
