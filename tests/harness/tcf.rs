//! Strings of the Transparency and Consent Framework, of any moment: those in fixtures grow old.

use std::fmt::Write as _;

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A string of version 2, written at this moment, with consent to these purposes and to no vendor.
pub fn tcf_string(purposes: &[u32], written_secs: u64) -> String {
    let consents: u64 = purposes.iter().map(|purpose| 1 << (24 - purpose)).sum();
    let tenths = written_secs * 10;
    // The fields of the core in their order, each with its width. The languages and countries are EN and FR.
    let fields = [
        (2, 6),
        (tenths, 36),
        (tenths, 36),
        (10, 12),
        (1, 12),
        (1, 6),
        (4, 6),
        (13, 6),
        (7, 12),
        (5, 6),
        (0, 2),
        (0, 12),
        (consents, 24),
        (0, 24),
        (0, 1),
        (5, 6),
        (17, 6),
        (0, 17),
        (0, 17),
        (0, 12),
    ];
    let bits = fields.iter().fold(String::new(), |mut bits, (value, width): &(u64, usize)| {
        write!(bits, "{value:0width$b}", width = *width).expect("a string takes text");
        bits
    });
    let letter = |six: &[u8]| {
        let value = six.iter().fold(0_usize, |value, bit| value * 2 + usize::from(*bit == b'1')) << (6 - six.len());
        char::from(LETTERS[value])
    };
    bits.as_bytes().chunks(6).map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the library of IAB Tech Lab reads it: see `consent_vectors.mjs`.
    #[test]
    fn it_is_the_string_that_its_fields_make() {
        let text = tcf_string(&[1, 2, 3, 4, 7], 1_790_000_000);
        assert_eq!(text, "CQq7FMAQq7FMAAKABBENAHFAAPIAAAAAAAqIAAAAAAAA");
    }
}
