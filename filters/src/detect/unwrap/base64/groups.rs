//! Where base64 in a text could stand for text, asked before anything is decoded.
//!
//! Four characters, a group, stand for three bytes. The first three characters say how the bytes begin, so a table tells of
//! each character what the byte can be that begins with it. Two groups in a row that can be ASCII, or three whose bytes can
//! follow each other in UTF-8, are worth decoding; of ids of 60 random characters half have such a place. All places of a text
//! are asked, without branches, so that the compiler asks eight at once.

use super::{NONE, VALUES};
use crate::detect::WorkLimit;

/// Places that are asked at once.
const PLACES: usize = 16;
/// No fewer characters are worth decoding: a group, and the three that say what the next one is.
const FEWEST: usize = 7;
/// Groups that have to be known for that: up to three in a row from each place.
const GROUPS: usize = PLACES + 8;
/// Characters that have to be known for that: a group's, and the first of the next.
const CHARACTERS: usize = GROUPS + 4;

/// What a byte can be, in four bits for each of the three bytes of a group. Letters of UTF-8 begin and go on: the lower two
/// bits say what may come after the byte, the upper two what the byte is, so that an `and` tells whether one may follow.
const THEN_BEGINS: u16 = 1;
const THEN_GOES_ON: u16 = 1 << 1;
const BEGINS: u16 = 1 << 2;
const GOES_ON: u16 = 1 << 3;
const SECOND: u16 = 4;
const THIRD: u16 = 8;
/// The byte can be ASCII text; a bit for each of the three.
const ASCII: u16 = 12;

/// What a group can be: its bytes may follow each other (two bits), the next group may follow, its bytes are ASCII text.
const UTF8_BYTES: u16 = 0b11;
const THEN_NEXT: u16 = 1 << 2;
const ASCII_BYTES: u16 = 1 << 3;

static CLASSES: [u16; 256] = classes();

/// Shows each place where groups begin that are worth decoding.
pub(super) fn each(text: &[u8], mut found: impl FnMut(usize) -> Result<(), WorkLimit>) -> Result<(), WorkLimit> {
    let mut rest = text;
    while rest.len() >= FEWEST {
        let worth = worth(rest);
        if worth.iter().fold(0, |any, place| any | place) != 0 {
            let before = text.len() - rest.len();
            for (place, _) in worth.iter().enumerate().filter(|(_, worth)| **worth != 0) {
                found(before + place)?;
            }
        }
        rest = rest.get(PLACES..).unwrap_or_default();
    }
    Ok(())
}

/// Whether a single group can be text.
pub(super) fn can_be_text(characters: &[u8]) -> bool {
    let [first, second, third, _] = characters else { return false };
    let group = group(class(*first), class(*second), class(*third), 0);
    group & ASCII_BYTES != 0 || group & UTF8_BYTES == UTF8_BYTES
}

/// Of the first places of a text, those where groups begin that are worth decoding: not zero.
fn worth(text: &[u8]) -> [u16; PLACES] {
    let mut classes = [0; CHARACTERS];
    for (slot, &character) in classes.iter_mut().zip(text) {
        *slot = class(character);
    }
    let mut groups = [0; GROUPS];
    let [second, third, next] = [1, 2, 4].map(|places| classes.get(places..).unwrap_or_default());
    for ((((slot, first), second), third), next) in groups.iter_mut().zip(&classes).zip(second).zip(third).zip(next) {
        *slot = group(*first, *second, *third, *next);
    }
    let mut worth = [0; PLACES];
    let [second, third] = [4, 8].map(|places| groups.get(places..).unwrap_or_default());
    for (((slot, first), second), third) in worth.iter_mut().zip(&groups).zip(second).zip(third) {
        let in_row = first & second & (third | THEN_NEXT);
        *slot = (in_row & in_row >> 1 & in_row >> 2 | (first & second) >> 3) & 1;
    }
    worth
}

/// What a group can be, from its first three characters and the first of the next.
fn group(first: u16, second: u16, third: u16, next: u16) -> u16 {
    // Moved down by two, what a byte is meets what may come after the one before.
    let second_follows = first & second >> (SECOND + 2) & 0b11;
    let third_follows = second >> SECOND & third >> (THIRD + 2) & 0b11;
    let next_follows = third >> THIRD & next >> 2 & 0b11;
    let one_of_two = |bits: u16| (bits | bits >> 1) & 1;
    let ascii = first >> ASCII & second >> (ASCII + 1) & third >> (ASCII + 2) & 1;
    one_of_two(second_follows) | one_of_two(third_follows) << 1 | one_of_two(next_follows) << 2 | ascii << 3
}

#[expect(clippy::indexing_slicing, reason = "a byte is below 256")]
fn class(character: u8) -> u16 {
    CLASSES[usize::from(character)]
}

#[expect(clippy::indexing_slicing, reason = "runs when the program is compiled")]
const fn classes() -> [u16; 256] {
    let mut classes = [0; 256];
    let mut character = 0;
    while character < 256 {
        let value = VALUES[character];
        if value != NONE {
            // The first byte begins with the six bits of the first character, the second with the last four of the second, the
            // third with the last two of the third.
            let (first, second, third) =
                (class_of(value << 2, 0x03), class_of(value << 4, 0x0f), class_of(value << 6, 0x3f));
            classes[character] = first & 0xf | (second & 0xf) << SECOND | (third & 0xf) << THIRD;
            classes[character] |= (first >> 4) << ASCII | (second >> 4) << (ASCII + 1) | (third >> 4) << (ASCII + 2);
        }
        character += 1;
    }
    classes
}

/// What a byte can be whose first bits are known and whose last ones are open; the fifth bit says whether it can be ASCII text.
const fn class_of(known: u8, open: u8) -> u16 {
    let mut class = 0;
    let mut low = 0;
    while low <= open {
        class |= match known | low {
            // Zeros stand between the letters of UTF-16.
            0 | b'\t' | b'\n' | b'\r' | b' '..=b'~' => THEN_BEGINS | BEGINS | 1 << 4,
            0x80..=0xbf => THEN_BEGINS | THEN_GOES_ON | GOES_ON,
            0xc2..=0xf4 => THEN_GOES_ON | BEGINS,
            _ => 0,
        };
        low += 1;
    }
    class
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> Vec<usize> {
        let mut places = Vec::new();
        each(text.as_bytes(), |place| {
            places.push(place);
            Ok(())
        })
        .unwrap();
        places
    }

    #[test]
    fn text_is_worth_decoding_wherever_it_begins() {
        for before in 0..100 {
            for token in ["cGxhbiBi", "0LTQuNCw0LHQtdGC", "aABlAHIAcABlAHMA"] {
                assert!(places(&format!("{}{token}", "~".repeat(before))).contains(&before), "{token} at {before}");
            }
        }
    }

    #[test]
    fn a_group_that_decodes_to_text_is_never_turned_away() {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        for (first, second) in (0..64).flat_map(|first| (0..64).map(move |second| (first, second))) {
            for third in [0, 1, 17, 32, 50, 63] {
                for fourth in [0, 13, 36, 63] {
                    let values: [u32; 4] = [first, second, third, fourth];
                    let [_, bytes @ ..] = values.iter().fold(0, |bits, &value| bits << 6 | value).to_be_bytes();
                    if bytes.iter().all(|byte| (b' '..=b'~').contains(byte)) {
                        assert!(can_be_text(&values.map(|value| alphabet[value as usize])), "{bytes:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn few_ids_are_worth_decoding() {
        assert_eq!(places("fb.1.1596403881668.1116446470 3f2504e0-4f89-41d3-9a0c-0305e8afe1b3"), [0; 0]);
    }
}
