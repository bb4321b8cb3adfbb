//! `application/x-www-form-urlencoded`: pairs of a name and a text. The docs' own example and both Python SDKs write it.
//!
//! The one encoding in which all of a body must be written anew to be read. Python's thousand events are megabytes, nearly half of
//! them escapes, so it is done in steps that let others have a turn; and strictly, where the usual reader of forms would put a
//! sign for what is no UTF-8.

use std::borrow::Cow;

use percent_encoding::percent_decode;

use super::{Collector, Decoded, NOT_UTF8};
use crate::ingest::respond::Fault;

/// How much is resolved at once: a fraction of a millisecond.
const STEP: usize = 64 * 1024;

pub(super) async fn form(bytes: &[u8]) -> Result<Decoded<'_>, Fault> {
    let mut collector = Collector::default();
    for pair in bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let at = memchr::memchr(b'=', pair).unwrap_or(pair.len());
        let (name, value) = pair.split_at_checked(at).unwrap_or((pair, &[]));
        match collector.name(resolve(name).await?)? {
            Some(parameter) => collector.put(parameter, resolve(value.get(1..).unwrap_or_default()).await?),
            None => collector.unknown(),
        }
    }
    Ok(collector.decoded)
}

/// The text that this is written for: `+` stands for a space, `%` and two digits for a byte.
async fn resolve(mut written: &[u8]) -> Result<Cow<'_, str>, Fault> {
    if memchr::memchr2(b'+', b'%', written).is_none() {
        return std::str::from_utf8(written).map(Cow::Borrowed).map_err(|_| NOT_UTF8);
    }
    let mut text = Vec::with_capacity(written.len());
    while let Some((step, rest)) = written.split_at_checked(step_of(written)) {
        for (at, piece) in step.split(|byte| *byte == b'+').enumerate() {
            if at > 0 {
                text.push(b' ');
            }
            text.extend(percent_decode(piece));
        }
        if rest.is_empty() {
            break;
        }
        written = rest;
        tokio::task::yield_now().await;
    }
    String::from_utf8(text).map(Cow::Owned).map_err(|_| NOT_UTF8)
}

/// How long the next step is: no escape is cut in two.
fn step_of(written: &[u8]) -> usize {
    match written.get(STEP - 2..STEP) {
        Some([b'%', _]) if written.len() > STEP => STEP - 2,
        Some([_, b'%']) if written.len() > STEP => STEP - 1,
        _ => written.len().min(STEP),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn resolved(written: &[u8]) -> Result<String, Fault> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(resolve(written)).map(Cow::into_owned)
    }

    #[test]
    fn no_step_cuts_an_escape() {
        for shift in 0..4 {
            let written = "x".repeat(STEP - shift) + "%41%C3%A9+" + &"%2B".repeat(STEP);
            let text = "x".repeat(STEP - shift) + "Aé " + &"+".repeat(STEP);
            assert_eq!(resolved(written.as_bytes()), Ok(text), "{shift}");
        }
        assert_eq!(resolved("%41".repeat(STEP).as_bytes()), Ok("A".repeat(STEP)));
    }

    proptest! {
        #[test]
        fn what_is_utf8_is_resolved_as_the_standard_says(pieces in prop::collection::vec(prop::sample::select(vec![
            "a", "+", "%", "%4", "%41", "%c3%A9", "%ff", "é", "%zz", "%%", "%25", "\u{fffd}",
        ]), 1..12)) {
            let written = pieces.concat();
            let is_utf8 = percent_encoding::percent_decode_str(&written).decode_utf8().is_ok();
            let usual = form_urlencoded::parse(written.as_bytes()).next().map(|(text, _)| text.into_owned());
            prop_assert_eq!(resolved(written.as_bytes()).ok(), usual.filter(|_| is_utf8));
        }
    }
}
