//! `application/x-www-form-urlencoded`: pairs of a name and a text. The docs' own example and both Python SDKs write it.

use std::borrow::Cow;

use super::{Collector, Decoded, NOT_UTF8};
use crate::ingest::respond::Fault;

pub(super) fn form(bytes: &[u8]) -> Result<Decoded<'_>, Fault> {
    let mut collector = Collector::default();
    let mut is_known_utf8 = false;
    // What was not changed was not replaced either, and needs no search.
    let is_replaced = |text: &Cow<'_, str>| matches!(text, Cow::Owned(text) if text.contains(char::REPLACEMENT_CHARACTER));
    for (name, value) in form_urlencoded::parse(bytes) {
        // Escapes that are no UTF-8 would be replaced without a word; a request with such bytes is refused instead.
        if !is_known_utf8 && (is_replaced(&name) || is_replaced(&value)) {
            is_known_utf8 = is_utf8(bytes);
            if !is_known_utf8 {
                return Err(NOT_UTF8);
            }
        }
        match collector.name(name)? {
            Some(parameter) => collector.put(parameter, value),
            None => collector.unknown(),
        }
    }
    Ok(collector.decoded)
}

/// Whether the escapes of a form resolve to UTF-8.
fn is_utf8(bytes: &[u8]) -> bool {
    percent_encoding::percent_decode(bytes).decode_utf8().is_ok()
}
