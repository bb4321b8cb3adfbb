//! Whether digits could stand for text, asked before they are decoded.
//!
//! The first digit of a pair says what its byte can be. Four pairs in a row that can be letters of ASCII, six that can be ASCII
//! text, or eight that can follow each other in UTF-8 are worth decoding; of digests one in three has them. Both alignments are
//! asked at once, without branches, so that the compiler asks many places with one instruction.

/// Places that are asked at once; even, so that even places are of one alignment.
const PLACES: usize = 32;
/// Places that have to be known for that: eight pairs from each.
const KNOWN: usize = PLACES + 14;

/// What the byte of a pair can be. Letters of UTF-8 begin and go on: two bits say what may come after the byte, two what the
/// byte is, so that an `and` tells whether one may follow.
const LETTER: u8 = 1;
const ASCII: u8 = 1 << 1;
const BEGINS: u8 = 1 << 2;
const GOES_ON: u8 = 1 << 3;
const THEN_BEGINS: u8 = 1 << 4;
const THEN_GOES_ON: u8 = 1 << 5;

/// Whether the pairs that begin at even and at odd places are worth decoding.
pub(super) fn at(digits: &[u8]) -> [bool; 2] {
    let [mut even, mut odd] = [0, 0];
    let mut rest = digits;
    while !rest.is_empty() {
        for [at_even, at_odd] in places(rest).as_chunks().0 {
            even |= at_even;
            odd |= at_odd;
        }
        rest = rest.get(PLACES..).unwrap_or_default();
    }
    [even != 0, odd != 0]
}

/// Of the first places, those where pairs begin that are worth decoding: not zero.
fn places(digits: &[u8]) -> [u8; PLACES] {
    let mut bytes = [0; KNOWN];
    for (byte, &digit) in bytes.iter_mut().zip(digits) {
        *byte = kind(digit);
    }
    let mut follows = [0; KNOWN];
    for ((follows, byte), next) in follows.iter_mut().zip(&bytes).zip(bytes.get(2..).unwrap_or_default()) {
        let one_of_two = byte >> 4 & next >> 2 & 0b11;
        *follows = (one_of_two | one_of_two >> 1) & 1;
    }
    let two = and(&bytes, &bytes, 2);
    let four = and(&two, &two, 4);
    let six = and(&four, &two, 8);
    let two_follow = and(&follows, &follows, 2);
    let six_follow = and(&and(&two_follow, &two_follow, 4), &two_follow, 8);
    let seven_follow = and(&six_follow, &follows, 12);
    let mut places = [0; PLACES];
    for (((place, four), six), seven_follow) in places.iter_mut().zip(&four).zip(&six).zip(&seven_follow) {
        *place = four & LETTER | six & ASCII | seven_follow;
    }
    places
}

/// What is so at a place and some places later.
fn and(here: &[u8; KNOWN], there: &[u8; KNOWN], places: usize) -> [u8; KNOWN] {
    let mut both = [0; KNOWN];
    for ((both, here), there) in both.iter_mut().zip(here).zip(there.get(places..).unwrap_or_default()) {
        *both = here & there;
    }
    both
}

/// What bytes the first digit of a pair can begin.
fn kind(digit: u8) -> u8 {
    match digit {
        b'4'..=b'7' => LETTER | ASCII | BEGINS | THEN_BEGINS,
        // Zeros stand between the letters of UTF-16.
        b'0' | b'2' | b'3' => ASCII | BEGINS | THEN_BEGINS,
        b'8' | b'9' | b'a' | b'b' | b'A' | b'B' => GOES_ON | THEN_BEGINS | THEN_GOES_ON,
        b'c'..=b'f' | b'C'..=b'F' => BEGINS | THEN_GOES_ON,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_worth_decoding_wherever_it_begins() {
        for before in 0..80 {
            for text in ["68657270", "373037312d3132", "d0b4d0b8d0b0d0b1", "6800690076002000"] {
                let worth = at(format!("{}{text}", "f".repeat(before)).as_bytes());
                assert!(worth[before % 2], "{text} at {before}: {worth:?}");
            }
        }
    }

    #[test]
    fn numbers_are_not() {
        for digits in ["1718100000123", "19991231000000", "ffffffffffffffff", "c1c1c1c1c1c1c1c1"] {
            assert_eq!(at(digits.as_bytes()), [false; 2], "{digits}");
        }
    }
}
