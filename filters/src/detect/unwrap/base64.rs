//! Base64 and base64url, padded or not, also glued to other text.
//!
//! A token may begin anywhere in a run of the alphabet, so a run is read at all four alignments; and because `-`, `_`, `/` and
//! `+` belong to the alphabet and glue words too, the pieces between them are read as well. Shorter runs than eight characters
//! count only with their padding. Most runs are ids or words: whether eight characters could be text is asked first, of the
//! whole text at once.

use std::ops::Range;

use memchr::memchr_iter;

use super::stretches::{self, Take};
use crate::detect::WorkLimit;

/// Runs of fewer characters are words, not base64.
const SHORTEST: usize = 8;
/// No character of the alphabet.
const NONE: u8 = 64;

/// Four characters stand for three bytes. The first three of them say how a byte begins, which tells what it can be; a bit for
/// each of the three bytes.
#[derive(Clone, Copy)]
struct Kinds {
    /// ASCII text.
    ascii: u16,
    /// What follows the first byte of a letter of UTF-8.
    rest: u16,
    /// The first byte of such a letter.
    lead: u16,
}

const FIRST: Kinds = Kinds { ascii: 1, rest: 1 << 1, lead: 1 << 2 };
const SECOND: Kinds = Kinds { ascii: 1 << 3, rest: 1 << 4, lead: 1 << 5 };
const THIRD: Kinds = Kinds { ascii: 1 << 6, rest: 1 << 7, lead: 1 << 8 };

/// Four characters whose three bytes could be ASCII, could be UTF-8, and could be followed by the next four's.
const ASCII_GROUP: u8 = 1;
const UTF8_GROUP: u8 = 1 << 1;
const LINKED: u8 = 1 << 2;

static VALUES: [u8; 256] = values();
static CLASSES: [u16; 256] = classes();

/// Finds what base64 holds; keeps its buffers.
#[derive(Debug, Default)]
pub(super) struct Base64 {
    /// What bytes each character can begin.
    classes: Vec<u16>,
    /// What the four characters from each place on can be.
    groups: Vec<u8>,
    decoded: Vec<u8>,
}

impl Base64 {
    /// Shows the text that tokens hold. A text without capitals and digits has only words.
    pub(super) fn each(&mut self, text: &str, take: &mut Take<'_>) -> Result<(), WorkLimit> {
        if self.could_be_text(text) {
            for run in runs(text) {
                self.run(text, run, take)?;
            }
        }
        Ok(())
    }

    /// Shows what short tokens hold that are told by their padding.
    pub(super) fn each_padded(&mut self, text: &str, take: &mut Take<'_>) -> Result<(), WorkLimit> {
        for pad in memchr_iter(b'=', text.as_bytes()) {
            let (Some(before), Some(after)) = (text.as_bytes().get(..pad), text.as_bytes().get(pad..)) else { continue };
            let length = before.iter().rev().take(SHORTEST).take_while(|&&byte| value(byte) != NONE).count();
            let padding = match length {
                6 => 2,
                7 => 1,
                _ => continue,
            };
            let Some((pads, rest)) = after.split_at_checked(padding) else { continue };
            if pads.iter().all(|&byte| byte == b'=') && rest.first().is_none_or(|&next| next != b'=' && value(next) == NONE)
            {
                self.decode(before.get(pad - length..).unwrap_or_default());
                stretches::each(pad - length, &self.decoded, take)?;
            }
        }
        Ok(())
    }

    /// Whether eight characters in a row could hold six letters, or twelve could hold UTF-8. One random id of 60 characters in
    /// two passes.
    fn could_be_text(&mut self, text: &str) -> bool {
        self.classes.clear();
        self.classes.extend(text.bytes().map(class));
        self.classes.extend([0; 4]);
        let after = |places: usize| self.classes.get(places..).unwrap_or_default();
        let groups = after(0).iter().zip(after(1)).zip(after(2)).zip(after(4));
        self.groups.clear();
        self.groups.extend(groups.map(|(((first, second), third), next)| group(*first, *second, *third, *next)));
        let length = self.groups.len();
        self.groups.extend([0; SHORTEST]);
        let after = |places: usize| self.groups.get(places..).unwrap_or_default();
        let passes = after(0).iter().zip(after(4)).zip(after(8)).take(length);
        passes.fold(0, |any, ((first, second), third)| any | passes_for_text(*first, *second, *third)) != 0
    }

    fn run(&mut self, text: &str, run: Range<usize>, take: &mut Take<'_>) -> Result<(), WorkLimit> {
        let bytes = text.as_bytes();
        for alignment in 0..4 {
            self.token(bytes, run.start + alignment..run.end, take)?;
        }
        let mut start = run.start;
        for piece in bytes.get(run.clone()).unwrap_or_default().split(|byte| matches!(byte, b'-' | b'_' | b'/' | b'+')) {
            let end = start + piece.len();
            if piece.len() >= SHORTEST && piece.len() < run.len() {
                self.token(bytes, start..end, take)?;
            }
            start = end + 1;
        }
        Ok(())
    }

    /// Shows what a token holds that begins where the range begins.
    fn token(&mut self, bytes: &[u8], token: Range<usize>, take: &mut Take<'_>) -> Result<(), WorkLimit> {
        let mut starts = token.clone().step_by(4);
        let group = |place: usize| self.groups.get(place).copied().unwrap_or_default();
        if starts.any(|place| passes_for_text(group(place), group(place + 4), group(place + 8)) != 0) {
            self.decode(bytes.get(token.clone()).unwrap_or_default());
            stretches::each(token.start, &self.decoded, take)?;
        }
        Ok(())
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

/// Runs of the alphabet that are long enough and no words in small letters.
fn runs(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut end = 0;
    text.as_bytes().split(|&byte| value(byte) == NONE).filter_map(move |run| {
        let start = end;
        end = start + run.len() + 1;
        (run.len() >= SHORTEST && !run.iter().all(u8::is_ascii_lowercase)).then_some(start..start + run.len())
    })
}

/// What four characters can be, from the first three and the one after the fourth.
fn group(first: u16, second: u16, third: u16, next: u16) -> u8 {
    let is = |byte: u16, bit: u16| byte & bit != 0;
    let follows = |byte: u16, kinds: Kinds, next: u16, next_kinds: Kinds| {
        (is(byte, kinds.ascii) | is(byte, kinds.rest)) & (is(next, next_kinds.ascii) | is(next, next_kinds.lead))
            | (is(byte, kinds.lead) | is(byte, kinds.rest)) & is(next, next_kinds.rest)
    };
    let ascii = is(first, FIRST.ascii) & is(second, SECOND.ascii) & is(third, THIRD.ascii);
    let utf8 = follows(first, FIRST, second, SECOND) & follows(second, SECOND, third, THIRD);
    u8::from(ascii) * ASCII_GROUP | u8::from(utf8) * UTF8_GROUP | u8::from(follows(third, THIRD, next, FIRST)) * LINKED
}

/// Not zero if two groups in a row are ASCII or three are UTF-8.
fn passes_for_text(first: u8, second: u8, third: u8) -> u8 {
    first & second & ASCII_GROUP | first & second & first >> 1 & second >> 1 & third & UTF8_GROUP
}

#[expect(clippy::indexing_slicing, reason = "a byte is below 256")]
fn value(character: u8) -> u8 {
    VALUES[usize::from(character)]
}

#[expect(clippy::indexing_slicing, reason = "a byte is below 256")]
fn class(character: u8) -> u16 {
    CLASSES[usize::from(character)]
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

#[expect(clippy::indexing_slicing, reason = "runs when the program is compiled")]
const fn classes() -> [u16; 256] {
    let values = values();
    let mut classes = [0; 256];
    let mut character = 0;
    while character < 256 {
        let value = values[character];
        if value != NONE {
            // The first byte begins with six bits of its first character, the second with four of its, the third with two.
            classes[character] =
                class_of(value << 2, 0b11, FIRST) | class_of(value << 4, 0b1111, SECOND) | class_of(value << 6, 0x3f, THIRD);
        }
        character += 1;
    }
    classes
}

/// What a byte can be whose first bits are known; `open` has the bits that are not.
const fn class_of(known: u8, open: u8, kinds: Kinds) -> u16 {
    let mut class = 0;
    let mut low = 0;
    while low <= open {
        class |= match known | low {
            // Zeros stand between the letters of UTF-16.
            0 | b'\t' | b'\n' | b'\r' | b' '..=b'~' => kinds.ascii,
            0x80..=0xbf => kinds.rest,
            0xc2..=0xf4 => kinds.lead,
            _ => 0,
        };
        low += 1;
    }
    class
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
