//! Hexadecimal digits that stand for text: `6d6574666f726d696e`, `6d:65:74:66`.
//!
//! Left out: digits that each have a prefix of their own, as in `0x6d,0x65`.

mod worth;

use super::bytes::hex_byte;
use super::stretches::{self, Take};
use crate::detect::WorkLimit;

/// Runs of fewer digits are numbers.
const SHORTEST: usize = 8;

/// Whether hexadecimal digits, with or without dashes between them, could stand for text.
pub(crate) fn could_be_text(digits: &str) -> bool {
    worth::at(digits.as_bytes()) != [false; 2]
}

/// Shows the text that runs of digits hold, at both alignments.
pub(super) fn each(text: &str, take: &mut Take<'_>) -> Result<(), WorkLimit> {
    let bytes = text.as_bytes();
    if bytes.len() < SHORTEST {
        return Ok(());
    }
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
                let [even, odd] = worth::at(run);
                if even {
                    show(start, run, take)?;
                }
                if odd {
                    show(start + 1, run.get(1..).unwrap_or_default(), take)?;
                }
            }
        }
        probe = end + SHORTEST - 1;
    }
    separated(bytes, take)
}

/// Shows what pairs of digits hold that have the same character between them.
#[expect(clippy::needless_bitwise_bool, reason = "without a branch a byte, as most texts have none of these")]
fn separated(bytes: &[u8], take: &mut Take<'_>) -> Result<(), WorkLimit> {
    let after = |places: usize| bytes.get(places..).unwrap_or_default();
    let between = |first: u8, second: u8, third: u8| {
        (first == second) & (second == third) & matches!(first, b' ' | b':' | b'-' | b',' | b'.')
    };
    let places =
        || after(0).iter().zip(after(3)).zip(after(6)).map(|((first, second), third)| between(*first, *second, *third));
    // Hardly any text has it.
    if !places().fold(false, |any, here| any | here) {
        return Ok(());
    }
    let mut shown = 0;
    for (place, _) in places().enumerate().filter(|(_, here)| *here) {
        let Some(start) = place.checked_sub(2).filter(|&start| start >= shown) else { continue };
        let mark = bytes.get(place);
        let mut digits = Vec::new();
        let mut next = Some(after(start));
        while let Some([high, low, rest @ ..]) = next
            && high.is_ascii_hexdigit()
            && low.is_ascii_hexdigit()
        {
            digits.extend([*high, *low]);
            next = (rest.first() == mark).then(|| rest.get(1..)).flatten();
        }
        shown = start + digits.len() / 2 * 3;
        if worth::at(&digits)[0] {
            show(start, &digits, take)?;
        }
    }
    Ok(())
}

/// Shows what pairs of digits hold.
fn show(place: usize, digits: &[u8], take: &mut Take<'_>) -> Result<(), WorkLimit> {
    let decoded: Vec<u8> =
        digits.as_chunks().0.iter().filter_map(|pair: &[u8; 2]| hex_byte(pair)).map(|(byte, _)| byte).collect();
    stretches::each(place, &decoded, false, take)
}

#[cfg(test)]
mod tests {
    use super::super::tests::held;
    use super::*;

    #[test]
    fn digits_of_either_case_are_read_at_both_alignments() {
        for text in [
            "6d6574666f726d696e",
            "6D6574666F726D696E",
            "0x6d6574666f726d696e",
            "id-6d6574666f726d696e_x",
            "46d6574666f726d696e",
        ] {
            assert_eq!(held(each, text), ["metformin"], "{text}");
        }
        assert_eq!(held(each, "68657270"), ["herp"]);
        assert_eq!(held(each, "686572706573"), ["herpes"]);
        assert_eq!(held(each, "d0b4d0b8d0b0d0b1d0b5d182"), ["диабет"]);
    }

    #[test]
    fn pairs_with_separators_are_read() {
        for mark in [":", "-", " ", ",", "."] {
            let text = ["6d", "65", "74", "66", "6f", "72", "6d", "69", "6e"].join(mark);
            assert_eq!(held(each, &text), ["metformin"], "{text}");
            assert_eq!(held(each, &format!("x={text}; y")), ["metformin"], "{text}");
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
            assert_eq!(held(each, text), [""; 0], "{text}");
        }
    }
}
