//! Base32 in capitals, padded or not.
//!
//! Left out: small letters, other alphabets, tokens that are glued to other capitals, and text of fewer than seven bytes.

use super::stretches::{self, Take};
use crate::detect::WorkLimit;

/// Runs of fewer characters are words or article numbers.
const SHORTEST: usize = 12;

/// Shows the text that runs of the alphabet hold. A run counts only if all of it is text.
pub(super) fn each(text: &str, take: &mut Take<'_>) -> Result<(), WorkLimit> {
    let bytes = text.as_bytes();
    // A run that is long enough covers one of every twelve places.
    let mut probe = SHORTEST - 1;
    while let Some(&byte) = bytes.get(probe) {
        let mut end = probe + 1;
        if value(byte).is_some() {
            let (before, after) = bytes.split_at_checked(probe).unwrap_or_default();
            let start = probe - before.iter().rev().take_while(|&&byte| value(byte).is_some()).count();
            end = probe + after.iter().take_while(|&&byte| value(byte).is_some()).count();
            let run = bytes.get(start..end).unwrap_or_default();
            if run.len() >= SHORTEST
                && let Some(decoded) = decode(run)
            {
                stretches::each(start, &decoded, true, take)?;
            }
        }
        probe = end + SHORTEST - 1;
    }
    Ok(())
}

/// The bytes of a run, unless one is no text.
fn decode(run: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(run.len());
    let (mut bits, mut open) = (0_u32, 0);
    for &character in run {
        bits = (bits << 5 | u32::from(value(character)?)) & 0xfff;
        open += 5;
        if open >= 8 {
            open -= 8;
            let byte = u8::try_from(bits >> open & 0xff).ok()?;
            if byte.is_ascii_control() && !matches!(byte, b'\t' | b'\n' | b'\r') {
                return None;
            }
            decoded.push(byte);
        }
    }
    str::from_utf8(&decoded).is_ok().then_some(decoded)
}

fn value(character: u8) -> Option<u8> {
    match character {
        b'A'..=b'Z' => Some(character - b'A'),
        b'2'..=b'7' => Some(character - b'2' + 26),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::held;
    use super::*;

    #[test]
    fn tokens_are_read_padded_or_not() {
        assert_eq!(held(each, "NVSXIZTPOJWWS3Q="), ["metformin"]);
        assert_eq!(held(each, "id.NVSXIZTPOJWWS3Q&x=PF5HK4DUMFXA===="), ["metformin", "yzuptan"]);
    }

    #[test]
    fn capitals_and_article_numbers_hold_nothing() {
        assert_eq!(held(each, "METFORMINHYDROCHLORIDE ABCDEFGH234567 CLEARANCESALE SKU2345ABCD67"), [""; 0]);
    }
}
