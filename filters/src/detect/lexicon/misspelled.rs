//! Names of drugs with one wrong letter: one too many, too few, another one, or two exchanged.
//!
//! Two words are so alike only if they agree once a letter is left out of one or both. So every name is listed without each of
//! its letters, and a word is sought there in the same way.

use std::collections::HashSet;

use super::super::words::hash_of;
use super::bitmap::Bitmap;
use super::files::{self, entries};
use crate::report::SignalKind;

/// A shorter name is one letter from too many other words.
const SHORTEST_NAME: usize = 7;
/// No name is longer; a longer word is not looked at.
const LONGEST_WORD: usize = 24;

/// The names of drugs, findable by their misspellings.
pub(crate) struct Misspellings {
    /// Of the first and of the last letters of each name, as [`edges`] has them for a misspelling of any length.
    starts: Bitmap<17>,
    ends: Bitmap<17>,
    begun: Bitmap<20>,
    /// Hashes of names without one of their letters, sorted, each with the place of its name.
    shortened: Vec<(u64, u16)>,
    names: Vec<&'static str>,
    /// Hashes of everyday words.
    everyday: HashSet<u64>,
}

impl Misspellings {
    /// How many letters a word has that can be one.
    pub(crate) const LENGTHS: std::ops::RangeInclusive<usize> = SHORTEST_NAME - 1..=LONGEST_WORD;

    pub(super) fn compile() -> Self {
        let drugs =
            files::TERMS.into_iter().filter(|(kind, _)| *kind == SignalKind::Drug).flat_map(|(_, file)| entries(file));
        let names: Vec<&'static str> = drugs
            .filter(|name| {
                (SHORTEST_NAME..LONGEST_WORD).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_lowercase())
            })
            .collect();
        let (mut starts, mut ends) = (Bitmap::new(), Bitmap::new());
        for name in &names {
            for length in name.len() - 1..=name.len() + 1 {
                let [start, end] = edges(name.as_bytes(), length);
                starts.insert(start);
                ends.insert(end);
            }
        }
        let mut begun = Bitmap::new();
        let mut shortened = Vec::new();
        for (number, name) in (0..).zip(&names) {
            each_shortened(name.as_bytes(), |hash| {
                begun.insert(hash);
                shortened.push((hash, number));
            });
        }
        shortened.sort_unstable();
        shortened.dedup();
        Self { starts, ends, begun, shortened, names, everyday: entries(files::LOOKALIKES).map(hash_of).collect() }
    }

    /// Whether a word that is no term is the name of a drug with one wrong letter.
    pub(crate) fn has(&self, word: &str) -> bool {
        if !Self::LENGTHS.contains(&word.len()) {
            return false;
        }
        let [start, end] = edges(word.as_bytes(), word.len());
        if !self.starts.may_have(start) && !self.ends.may_have(end) {
            return false;
        }
        let mut near = false;
        each_shortened(word.as_bytes(), |hash| near |= self.begun.may_have(hash) && self.is_near(hash, word));
        near
    }

    #[cold]
    fn is_near(&self, hash: u64, word: &str) -> bool {
        let word = word.to_ascii_lowercase();
        let from = self.shortened.partition_point(|(other, _)| *other < hash);
        let alike = self.shortened.iter().skip(from).take_while(|(other, _)| *other == hash);
        let mut names = alike.filter_map(|(_, number)| self.names.get(usize::from(*number)));
        names.any(|name| strsim::osa_distance(name, &word) == 1) && !self.is_everyday(&word)
    }

    fn is_everyday(&self, word: &str) -> bool {
        let singular = word.strip_suffix('s').unwrap_or(word);
        self.everyday.contains(&hash_of(word)) || self.everyday.contains(&hash_of(singular))
    }
}

/// How many letters at the start or at the end of a word are those of the name that it misspells: one wrong letter, or two that
/// are exchanged, leave at least half of the others, less one, on one side. The shortest name has seven letters.
fn kept(length: usize) -> usize {
    match length {
        ..=8 => 3,
        9 | 10 => 4,
        _ => 5,
    }
}

/// The first and the last letters that a misspelling of some length keeps, as one number each with that length, whatever their
/// case.
fn edges(letters: &[u8], length: usize) -> [u64; 2] {
    let others = 64 - 8 * kept(length);
    // Four letters are read at once, and the fifth beside them.
    let number = |four: u32, fifth: u8| {
        let small = (u64::from(four) | u64::from(fifth) << 32) & u64::from_le_bytes([0x1f; 8]);
        small & (u64::MAX >> others) | (length as u64) << 40
    };
    let first = letters.first_chunk::<5>().map_or(0, |[four @ .., fifth]| number(u32::from_le_bytes(*four), *fifth));
    let last = letters.last_chunk::<5>().map_or(0, |[fifth, four @ ..]| number(u32::from_be_bytes(*four), *fifth));
    [first, last]
}

/// The hash of a word and those of the word without each of its letters.
fn each_shortened(word: &[u8], mut see: impl FnMut(u64)) {
    let letters = word.iter().map(u8::to_ascii_lowercase);
    let whole = letters.clone().fold(0, step);
    see(whole);
    let mut before = 0_u64;
    let mut power = power_of(word.len().saturating_sub(1));
    for letter in letters {
        let with = step(before, letter);
        // What stands behind the letter keeps its part of the polynomial; what stands before moves up by one.
        see(whole.wrapping_sub(with.wrapping_sub(before).wrapping_mul(power)));
        before = with;
        power = power.wrapping_mul(INVERSE);
    }
}

/// A polynomial over the letters.
fn step(hash: u64, letter: u8) -> u64 {
    hash.wrapping_mul(BASE).wrapping_add(1 + u64::from(letter))
}

/// Odd, and without a pattern.
const BASE: u64 = 0x9e37_79b9_7f4a_7c15;

/// [`BASE`] to the power of some number.
fn power_of(exponent: usize) -> u64 {
    (0..exponent).fold(1, |power: u64, _| power.wrapping_mul(BASE))
}

/// The number that undoes a multiplication by [`BASE`]: every odd number has one.
const INVERSE: u64 = {
    let mut inverse: u64 = 1;
    let mut round = 0;
    while round < 6 {
        inverse = inverse.wrapping_mul(2_u64.wrapping_sub(BASE.wrapping_mul(inverse)));
        round += 1;
    }
    inverse
};
