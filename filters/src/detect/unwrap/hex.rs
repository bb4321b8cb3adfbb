//! Hexadecimal digits that stand for text: `6d6574666f726d696e`, `6d:65:74:66`.
//!
//! Left out: digits that each have a prefix of their own, as in `0x6d,0x65`.

use super::bytes::hex_byte;
use super::stretches::{self, Take};
use crate::detect::WorkLimit;

/// Runs of fewer digits are numbers.
const SHORTEST: usize = 8;
/// Pairs in a row that are ASCII, or that are UTF-8, before a run is read at all; digests and numbers have fewer.
const LEAST_ASCII: usize = 4;
const LEAST_UTF8: usize = 8;

/// Shows the text that runs of digits hold, at both alignments.
pub(super) fn each(text: &str, take: &mut Take<'_>) -> Result<(), WorkLimit> {
    let bytes = text.as_bytes();
    // A run that is long enough covers one of every eight places.
    let mut probe = SHORTEST - 1;
    while let Some(&byte) = bytes.get(probe) {
        let mut end = probe + 1;
        if byte.is_ascii_hexdigit() {
            let (before, after) = bytes.split_at_checked(probe).unwrap_or_default();
            let start = probe - before.iter().rev().take_while(|byte| byte.is_ascii_hexdigit()).count();
            end = probe + after.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
            let run = bytes.get(start..end).unwrap_or_default();
            if run.len() >= SHORTEST {
                for (place, run) in [(start, run), (start + 1, run.get(1..).unwrap_or_default())] {
                    token(place, run.as_chunks().0.iter().copied(), take)?;
                }
            }
        }
        probe = end + SHORTEST - 1;
    }
    separated(bytes, take)
}

/// Shows what pairs of digits hold that have the same character between them.
fn separated(bytes: &[u8], take: &mut Take<'_>) -> Result<(), WorkLimit> {
    let after = |places: usize| bytes.get(places..).unwrap_or_default();
    let between = |first: u8, second: u8, third: u8| {
        (first == second)
            & (second == third)
            & ((first == b' ') | (first == b':') | (first == b'-') | (first == b',') | (first == b'.'))
    };
    let places =
        || after(0).iter().zip(after(3)).zip(after(6)).map(|((first, second), third)| between(*first, *second, *third));
    // First without a branch a byte: hardly any text has it.
    if !places().fold(false, |any, here| any | here) {
        return Ok(());
    }
    let mut shown = 0;
    for (place, _) in places().enumerate().filter(|(_, here)| *here) {
        let Some(start) = place.checked_sub(2).filter(|&start| start >= shown) else { continue };
        let mark = bytes.get(place);
        let pairs = || {
            let mut next = Some(after(start));
            std::iter::from_fn(move || {
                let [high, low, rest @ ..] = next? else { return None };
                next = (rest.first() == mark).then(|| rest.get(1..)).flatten();
                (high.is_ascii_hexdigit() && low.is_ascii_hexdigit()).then_some([*high, *low])
            })
        };
        shown = start + 3 * pairs().count();
        token(start, pairs(), take)?;
    }
    Ok(())
}

/// Shows what pairs of digits hold, if enough of them in a row could be text.
fn token(place: usize, pairs: impl Iterator<Item = [u8; 2]> + Clone, take: &mut Take<'_>) -> Result<(), WorkLimit> {
    if could_be_text(pairs.clone()) {
        let decoded: Vec<u8> = pairs.filter_map(|pair| hex_byte(&pair).map(|(byte, _)| byte)).collect();
        stretches::each(place, &decoded, false, take)?;
    }
    Ok(())
}

fn could_be_text(pairs: impl Iterator<Item = [u8; 2]>) -> bool {
    let (mut ascii, mut utf8, mut lead) = (0, 0, false);
    for [high, _] in pairs {
        let starts_ascii = matches!(high, b'2'..=b'7' | b'0');
        let goes_on = matches!(high, b'8' | b'9' | b'a' | b'b' | b'A' | b'B');
        ascii = if starts_ascii { ascii + 1 } else { 0 };
        // A letter of UTF-8 that has begun goes on, and none goes on that has not begun.
        let follows = high != b'1' && (goes_on || !lead) && (!goes_on || utf8 > 0);
        utf8 = if follows { utf8 + 1 } else { 0 };
        lead = !starts_ascii && !goes_on;
        if ascii >= LEAST_ASCII || utf8 >= LEAST_UTF8 {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        each(text, &mut |_, text| {
            found.push(text.to_owned());
            Ok(())
        })
        .unwrap();
        found
    }

    #[test]
    fn digits_of_either_case_are_read_at_both_alignments() {
        for text in [
            "6d6574666f726d696e",
            "6D6574666F726D696E",
            "0x6d6574666f726d696e",
            "id-6d6574666f726d696e_x",
            "46d6574666f726d696e",
        ] {
            assert_eq!(held(text), ["metformin"], "{text}");
        }
        assert_eq!(held("68657270"), ["herp"]);
        assert_eq!(held("686572706573"), ["herpes"]);
        assert_eq!(held("d0b4d0b8d0b0d0b1d0b5d182"), ["диабет"]);
    }

    #[test]
    fn pairs_with_separators_are_read() {
        for mark in [":", "-", " ", ",", "."] {
            let text = ["6d", "65", "74", "66", "6f", "72", "6d", "69", "6e"].join(mark);
            assert_eq!(held(&text), ["metformin"], "{text}");
            assert_eq!(held(&format!("x={text}; y")), ["metformin"], "{text}");
        }
    }

    #[test]
    fn numbers_and_ids_hold_nothing() {
        for text in [
            "3f2504e0-4f89-41d3-9a0c-0305e8afe1b3",
            "fb.1.1554763741205.987654321",
            "973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b",
            "2026-05-04 12:30:45 00:1a:2b:3c:4d:5e 10.20.30.40",
            "1718900000123 5551234567 4111111111111111",
            "decaffeinated facade bedded",
        ] {
            assert_eq!(held(text), [""; 0], "{text}");
        }
    }
}
