//! Numbers out of text in which each character stands for six bits, as IAB's consent strings are written: base64 with `-` and `_`
//! and without padding.

/// Bits of a text, the most significant first.
pub(super) struct Bits<'t> {
    text: &'t [u8],
    at: usize,
}

impl<'t> Bits<'t> {
    /// `None` if a character stands for nothing.
    pub(super) fn of(text: &'t str) -> Option<Self> {
        text.bytes().all(|character| value(character).is_some()).then_some(Self { text: text.as_bytes(), at: 0 })
    }

    /// The next bit; `None` at the end.
    pub(super) fn bit(&mut self) -> Option<bool> {
        let value = value(*self.text.get(self.at / 6)?)?;
        let is_set = value >> (5 - self.at % 6) & 1 == 1;
        self.at += 1;
        Some(is_set)
    }

    /// The next bits as a number.
    pub(super) fn number(&mut self, bits: u32) -> Option<u64> {
        let mut number: u64 = 0;
        for _ in 0..bits {
            number = number.checked_mul(2)? | u64::from(self.bit()?);
        }
        Some(number)
    }

    /// Passes over so many bits, which have to be there.
    pub(super) fn skip(&mut self, bits: usize) -> Option<()> {
        self.at = self.at.checked_add(bits)?;
        (self.at <= self.text.len().checked_mul(6)?).then_some(())
    }

    /// A whole number, written as a sum of Fibonacci's numbers: the least comes first, and two set bits in a row end it. Nothing
    /// that these strings count is larger than sixteen bits hold.
    pub(super) fn fibonacci(&mut self) -> Option<u16> {
        let (mut this, mut next) = (1_u16, 2_u16);
        let (mut sum, mut was_set) = (0_u16, false);
        loop {
            let is_set = self.bit()?;
            if was_set && is_set {
                return Some(sum);
            }
            if is_set {
                sum = sum.checked_add(this)?;
            }
            was_set = is_set;
            (this, next) = (next, this.checked_add(next)?);
        }
    }
}

fn value(character: u8) -> Option<u8> {
    Some(match character {
        b'A'..=b'Z' => character - b'A',
        b'a'..=b'z' => character - b'a' + 26,
        b'0'..=b'9' => character - b'0' + 52,
        b'-' => 62,
        b'_' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_stand_for_six_bits_each() {
        let mut bits = Bits::of("DBABMA").unwrap();
        assert_eq!([bits.number(6), bits.number(6), bits.number(12)], [Some(3), Some(1), Some(1)]);
        assert_eq!((bits.bit(), bits.fibonacci()), (Some(false), Some(2)));
        assert_eq!((bits.skip(8), bits.bit()), (Some(()), None));
        assert!(Bits::of("A").unwrap().skip(7).is_none());
        for wrong in ["A=", "A+", "A/", "é", " "] {
            assert!(Bits::of(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_number_that_is_too_large_or_does_not_end_is_none() {
        assert_eq!(Bits::of(&"_".repeat(20)).unwrap().number(65), None);
        // Every other bit set: a sum without an end.
        assert_eq!(Bits::of(&"q".repeat(50)).unwrap().fibonacci(), None);
        assert_eq!(Bits::of(&"A".repeat(50)).unwrap().fibonacci(), None);
    }
}
