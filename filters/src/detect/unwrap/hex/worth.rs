//! Whether digits could stand for text, asked before they are decoded.
//!
//! The first digit of a pair says what its byte can be. Four pairs in a row that can be letters of ASCII, six that can be ASCII
//! text, or eight that can follow each other in UTF-8 are worth decoding; of digests of 32 digits one in three has them, of 64
//! three in five. Sets of places are kept as bits, so that both alignments and all places are asked at once.

/// Places that are asked at once; even, so that even places are of one alignment.
const PLACES: usize = 50;
/// Places that have to be known for that, eight pairs from each: as many as there are bits.
const KNOWN: usize = 64;
/// The first digits of four pairs stand in so many places; fewer digits are not worth decoding.
const FEWEST: usize = 7;
/// The bits of even places.
const EVEN: u64 = 0x5555_5555_5555_5555;

/// Whether the pairs that begin at even and at odd places are worth decoding.
pub(super) fn at(digits: &[u8]) -> [bool; 2] {
    let mut all = 0;
    let mut rest = digits;
    while rest.len() >= FEWEST {
        all |= places(rest);
        rest = rest.get(PLACES..).unwrap_or_default();
    }
    [all & EVEN != 0, all & !EVEN != 0]
}

/// Of the first places, those where pairs begin that are worth decoding.
fn places(digits: &[u8]) -> u64 {
    let mut places = [0; 5];
    let mut place = 1_u64;
    for digit in digits.iter().take(KNOWN) {
        if let Some(places) = places.get_mut(kind(*digit)) {
            *places |= place;
        }
        place <<= 1;
    }
    let [_, letters, others, goes_on, begins_only] = places;
    let ascii = letters | others;
    // Letters of UTF-8 begin and go on: what a byte is has to be what may come after the one before.
    let begins = ascii | begins_only;
    let follows = (ascii | goes_on) & begins >> 2 | (goes_on | begins_only) & goes_on >> 2;
    let in_row = |places: u64| places & places >> 2;
    let four_letters = in_row(letters & letters >> 4);
    let six_ascii = ascii & in_row(ascii >> 2 & ascii >> 6) & ascii >> 10;
    let seven_follow = follows & in_row(follows >> 2 & follows >> 6) & in_row(follows >> 10);
    four_letters | six_ascii | seven_follow
}

/// What bytes the first digit of a pair can begin, as the place of the set that its places are kept in.
#[expect(clippy::indexing_slicing, reason = "a byte is below 256")]
fn kind(digit: u8) -> usize {
    usize::from(KINDS[usize::from(digit)])
}

#[expect(clippy::indexing_slicing, reason = "runs when the program is compiled")]
static KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut digit: u8 = 0;
    while digit < 128 {
        kinds[digit as usize] = match digit {
            // Letters of ASCII.
            b'4'..=b'7' => 1,
            // Other ASCII; zeros stand between the letters of UTF-16.
            b'0' | b'2' | b'3' => 2,
            // A byte with which a letter of UTF-8 goes on, after which another may follow, or one may begin.
            b'8' | b'9' | b'a' | b'b' | b'A' | b'B' => 3,
            // A byte with which a letter of UTF-8 begins, so that it goes on.
            b'c'..=b'f' | b'C'..=b'F' => 4,
            _ => 0,
        };
        digit += 1;
    }
    kinds
};

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

    /// The same, place by place and pair by pair.
    fn plainly(digits: &[u8]) -> [bool; 2] {
        let kind = |place: usize| match digits.get(place) {
            Some(b'4'..=b'7') => "letter",
            Some(b'0' | b'2' | b'3') => "other",
            Some(b'8' | b'9' | b'a' | b'b' | b'A' | b'B') => "goes on",
            Some(b'c'..=b'f' | b'C'..=b'F') => "begins",
            _ => "none",
        };
        let is_ascii = |place| matches!(kind(place), "letter" | "other");
        let follows = |place| match kind(place + 2) {
            "goes on" => matches!(kind(place), "goes on" | "begins"),
            "letter" | "other" | "begins" => is_ascii(place) || kind(place) == "goes on",
            _ => false,
        };
        let all = |pairs: usize, holds: &dyn Fn(usize) -> bool, from: usize| (0..pairs).all(|pair| holds(from + 2 * pair));
        let mut worth = [false; 2];
        for place in 0..digits.len() {
            worth[place % 2] |=
                all(4, &|place| kind(place) == "letter", place) || all(6, &is_ascii, place) || all(7, &follows, place);
        }
        worth
    }

    #[test]
    fn all_places_at_once_are_what_each_place_is() {
        // A first digit of each kind, and some runs of them, between digits of which none is of a kind.
        let mut state = 1_u64;
        let mut below = |most: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap() % most
        };
        let mut worth = 0;
        for length in (0..200).cycle().take(20_000) {
            let mut digits = vec![b'1'; length];
            for _ in 0..below(3) {
                let (from, run, step) = (below(length + 1), 2 * below(10), 1 + below(2));
                let alphabet = [&b"4567"[..], b"023", b"4023", b"8ab9", b"cdef8ab9", b"4208abcf"][below(6)];
                for digit in digits.iter_mut().skip(from).take(run).step_by(step) {
                    *digit = alphabet[below(alphabet.len())];
                }
            }
            let expected = plainly(&digits);
            assert_eq!(at(&digits), expected, "{}", String::from_utf8_lossy(&digits));
            worth += usize::from(expected.contains(&true));
        }
        assert!((2_000..18_000).contains(&worth), "{worth} of 20,000 say little");
    }

    #[test]
    fn numbers_are_not() {
        for digits in ["1718100000123", "19991231000000", "ffffffffffffffff", "c1c1c1c1c1c1c1c1"] {
            assert_eq!(at(digits.as_bytes()), [false; 2], "{digits}");
        }
    }
}
