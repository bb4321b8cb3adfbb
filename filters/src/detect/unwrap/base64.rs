//! Base64 and base64url, padded or not, also glued to other text.
//!
//! A token may begin anywhere in a run of the alphabet, so a run is read from every place; and because `-`, `_`, `/` and `+`
//! belong to the alphabet and glue words too, what ends at one of them is read as well. Tokens of fewer than seven characters
//! count only with their padding. Left out: single letters of Latin-1, and UTF-16 of other letters than ASCII.

mod groups;

use std::ops::Range;

use memchr::memchr_iter;

use super::stretches::{self, Take};
use crate::detect::WorkLimit;

/// What is shorter is a word.
const SHORTEST: usize = 7;
/// No character of the alphabet.
const NONE: u8 = 64;

static VALUES: [u8; 256] = values();

/// Finds what base64 holds; keeps its buffer.
#[derive(Debug, Default)]
pub(super) struct Base64 {
    decoded: Vec<u8>,
}

impl Base64 {
    /// Shows the text that tokens hold.
    pub(super) fn each(&mut self, text: &str, take: &mut Take<'_>) -> Result<(), WorkLimit> {
        let bytes = text.as_bytes();
        if bytes.len() < SHORTEST {
            return Ok(());
        }
        // A run that is long enough covers one of every seven places.
        let mut probe = SHORTEST - 1;
        while let Some(&byte) = bytes.get(probe) {
            let mut end = probe + 1;
            if value(byte) != NONE {
                let (before, after) = bytes.split_at_checked(probe).unwrap_or_default();
                let start = probe - before.iter().rev().take_while(|&&byte| value(byte) != NONE).count();
                end = probe + after.iter().take_while(|&&byte| value(byte) != NONE).count();
                self.run(bytes, start..end, take)?;
            }
            probe = end + SHORTEST - 1;
        }
        Ok(())
    }

    /// Shows the text that tokens hold within a run of the alphabet.
    fn run(&mut self, bytes: &[u8], run: Range<usize>, take: &mut Take<'_>) -> Result<(), WorkLimit> {
        let characters = bytes.get(run.clone()).unwrap_or_default();
        if characters.len() < SHORTEST || is_word_or_number(characters) {
            return Ok(());
        }
        // Up to where the text was decoded, for tokens that begin at each of four places.
        let mut ends = [0; 4];
        groups::each(characters, |place| {
            let place = run.start + place;
            if bytes.get(place..place + SHORTEST).is_some_and(is_word_or_number) {
                return Ok(());
            }
            let Some(end) = ends.get_mut(place % 4).filter(|end| **end <= place) else { return Ok(()) };
            let token = around(bytes, place);
            *end = token.end;
            self.token(bytes, token, take)
        })
    }

    /// Shows what short tokens hold that are told by their padding.
    pub(super) fn each_padded(&mut self, text: &str, take: &mut Take<'_>) -> Result<(), WorkLimit> {
        for pad in memchr_iter(b'=', text.as_bytes()) {
            let (Some(before), Some(after)) = (text.as_bytes().get(..pad), text.as_bytes().get(pad..)) else { continue };
            let length = before.iter().rev().take(SHORTEST + 1).take_while(|&&byte| value(byte) != NONE).count();
            let padding = match length {
                6 => 2,
                7 => 1,
                _ => continue,
            };
            let Some((pads, rest)) = after.split_at_checked(padding) else { continue };
            if pads.iter().all(|&byte| byte == b'=') && rest.first().is_none_or(|&next| next != b'=' && value(next) == NONE)
            {
                self.show(text.as_bytes(), pad - length..pad, take)?;
            }
        }
        Ok(())
    }

    /// Shows what a token holds, and what those of its pieces hold that begin like groups.
    fn token(&mut self, bytes: &[u8], token: Range<usize>, take: &mut Take<'_>) -> Result<(), WorkLimit> {
        let characters = bytes.get(token.clone()).unwrap_or_default();
        self.show(bytes, token.clone(), take)?;
        let mut start = token.start;
        for piece in characters.split(|&byte| is_glue(byte)) {
            let end = start + piece.len();
            if piece.len() >= SHORTEST && piece.len() < token.len() && (start - token.start).is_multiple_of(4) {
                self.show(bytes, start..end, take)?;
            }
            start = end + 1;
        }
        Ok(())
    }

    fn show(&mut self, bytes: &[u8], token: Range<usize>, take: &mut Take<'_>) -> Result<(), WorkLimit> {
        let inside = |place: Option<usize>| {
            place.and_then(|place| bytes.get(place)).is_some_and(|&byte| value(byte) != NONE && !is_glue(byte))
        };
        let whole = !inside(token.start.checked_sub(1)) && !inside(Some(token.end));
        self.decode(bytes.get(token.clone()).unwrap_or_default());
        stretches::each(token.start, &self.decoded, whole, take)
    }

    fn decode(&mut self, token: &[u8]) {
        self.decoded.clear();
        for characters in token.chunks(4) {
            let bits = characters.iter().fold(0, |bits, &character| bits << 6 | u32::from(value(character)));
            let [_, bytes @ ..] = (bits << (6 * (4 - characters.len()))).to_be_bytes();
            self.decoded.extend_from_slice(bytes.get(..characters.len() * 6 / 8).unwrap_or_default());
        }
    }
}

/// The groups around a place that can be text, and one more on each side, which can be so in part.
fn around(bytes: &[u8], place: usize) -> Range<usize> {
    let (before, after) = bytes.split_at_checked(place).unwrap_or_default();
    let groups = before.rchunks_exact(4);
    let in_alphabet = |group: &[u8]| group.iter().all(|&byte| value(byte) != NONE);
    let texts = groups.clone().take_while(|group| groups::can_be_text(group) && in_alphabet(group)).count();
    let edge = groups.clone().nth(texts).is_some_and(in_alphabet);
    let start = place - 4 * (texts + usize::from(edge));
    let texts = after.chunks_exact(4).take_while(|group| groups::can_be_text(group) && in_alphabet(group)).count();
    let edge = after.iter().skip(4 * texts).take(4).take_while(|&&byte| value(byte) != NONE).count();
    start..place + 4 * texts + edge
}

/// Small letters, and hexadecimal digits of UUIDs and digests: base64 of text hardly ever has seven of one of them in a row,
/// and not at every place that is worth decoding.
fn is_word_or_number(characters: &[u8]) -> bool {
    characters.iter().all(u8::is_ascii_lowercase)
        || characters.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-'))
}

fn is_glue(byte: u8) -> bool {
    matches!(byte, b'-' | b'_' | b'/' | b'+')
}

#[expect(clippy::indexing_slicing, reason = "a byte is below 256")]
fn value(character: u8) -> u8 {
    VALUES[usize::from(character)]
}

#[expect(clippy::indexing_slicing, reason = "runs when the program is compiled")]
const fn values() -> [u8; 256] {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut values = [NONE; 256];
    let mut value = 0;
    while value < 62 {
        values[alphabet[value as usize] as usize] = value;
        value += 1;
    }
    // The last two characters differ between base64 and base64url.
    values[b'+' as usize] = 62;
    values[b'-' as usize] = 62;
    values[b'/' as usize] = 63;
    values[b'_' as usize] = 63;
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Characters of tokens made by other programs, so that no error of ours cancels out.
    const METFORMIN: &str = "bWV0Zm9ybWlu";
    const PLAN_B_PILL: &str = "UGxhbiBCIHBpbGw=";

    fn held(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut base64 = Base64::default();
        let mut take = |_: usize, text: &str| {
            found.push(text.to_owned());
            Ok(())
        };
        base64.each(text, &mut take).unwrap();
        base64.each_padded(text, &mut take).unwrap();
        found
    }

    fn holds(text: &str, secret: &str) -> bool {
        held(text).iter().any(|found| found == secret)
    }

    #[test]
    fn both_alphabets_are_read_padded_or_not() {
        assert_eq!(held(METFORMIN), ["metformin"]);
        assert!(holds(PLAN_B_PILL, "Plan B pill"));
        assert!(holds("UGxhbiBCIHBpbGw", "Plan B pill"));
        assert!(holds("b3plbXBpYw", "ozempic") && holds("b3plbXBpYw==", "ozempic"));
        assert!(holds("Pz8_Pj4-YWJj", "???>>>abc") && holds("Pz8/Pj4+YWJj", "???>>>abc"));
    }

    #[test]
    fn glued_tokens_are_read_at_every_alignment() {
        for glue in ["", "x", "xy", "xyz", "4", ".", "-", "_", "/", ",", ":", "~", "id-", "user/7_"] {
            assert!(held(&format!("{glue}{METFORMIN}")).iter().any(|found| found.ends_with("metformin")), "{glue}");
        }
        for glue in ["-", "_", "/", ".", ",", ":", "+"] {
            assert!(holds(&format!("A1{glue}b3plbXBpYw{glue}Z9"), "ozempic"), "{glue}");
        }
    }

    #[test]
    fn short_tokens_are_read_by_their_padding() {
        assert!(holds("aGVycA==", "herp") && holds("aGVycGU=", "herpe") && holds("a=aGVycA==&b=1", "herp"));
        assert_eq!(held("abcdef= abcdefg=1 xy=z"), [""; 0]);
    }

    #[test]
    fn letters_of_other_scripts_and_utf_16_are_read() {
        assert!(holds("0LTQuNCw0LHQtdGC", "диабет"));
        assert!(holds("ZGVwcmVzacOzbg==", "depresión"));
        assert!(holds("aABlAHIAcABlAHMA", "herpes"));
    }

    #[test]
    fn words_and_ids_hold_nothing() {
        for text in [
            "Autumn collection: waterproof jackets, CLEARANCE and Accessories/Underwear",
            "3f2504e0-4f89-41d3-9a0c-0305e8afe1b3",
            "fb.1.1554763741205.AbCdEfGhIjKlMnOpQrStUvWxYz1234567890",
            "IwAR2F4-dbP0l7Mn1IawQQGCINEz7PYXQvwjNwB_qa2ofrHyiLjcbCRxTDMgk",
            "973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b",
        ] {
            assert_eq!(held(text), [""; 0], "{text}");
        }
    }
}
