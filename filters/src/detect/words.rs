//! A text as words, each known by a 64-bit hash of its small letters.
//!
//! A *run* is what stands between two characters that are neither letter nor digit; an apostrophe inside a run is dropped, so
//! `Crohn's` is `crohns`. A run is split into words where letters meet digits and at camelCase borders: `HIVTest2` is `hiv`,
//! `test`, `2`. Whoever writes `buPROPion` means one word, so a text with camelCase is read again with [`Split::Digits`] alone.
//!
//! Nothing is copied or allocated but the list, which is kept. Letters beyond ASCII separate words: unwrapping has made every
//! look-alike plain.

mod hashes;

use std::ops::Range;

pub(crate) use hashes::hash_of;
use hashes::{each_byte, hash_between, hashes, hashes_without_apostrophes, mix};

/// Where runs are split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Split {
    /// Between letters and digits, and at the borders of camelCase.
    Camel,
    /// Between letters and digits alone.
    Digits,
}

/// A word of a text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Word {
    /// Of its small letters.
    pub(crate) hash: u64,
    /// Of the word without its last letter, if that is an `s` that may be a plural's; else the same as `hash`.
    pub(crate) singular: u64,
    /// Where it begins in the text, in bytes.
    pub(crate) start: usize,
    /// Where it ends.
    pub(crate) end: usize,
    /// It is a number.
    pub(crate) number: bool,
    /// Its run changes between letters, digits and cases as often as a random id does: a short word in it says nothing.
    pub(crate) random: bool,
}

/// The words of a text.
#[derive(Debug, Default)]
pub(crate) struct Words {
    list: Vec<Word>,
    /// Letters with camelCase borders, each as one word.
    joined: Vec<Word>,
    /// From the first run with a camelCase border to the end of the last.
    camel: Option<Range<usize>>,
    /// From the first run that may be a digest to the end of the last.
    long_runs: Option<Range<usize>>,
    numbers: bool,
    code_shape: bool,
    apostrophes: bool,
}

/// Words before and behind a run with a camelCase border that are read again with it.
const NEIGHBOURS: usize = 12;
/// Room that is made at once: hardly any text has more words.
const USUAL_WORDS: usize = 64;
/// A word of fewer letters is no plural: `als`, `gas`.
const SHORTEST_PLURAL: usize = 4;
/// A run that is shorter may be a word with a number, such as `hpv16`, however often it changes.
const SHORTEST_ID: usize = 7;
/// In words that are written together, a piece has at least so many characters on average; in a random id about two.
const WRITTEN_PIECE: usize = 3;
/// A run of so many characters may be a digest.
const SHORTEST_DIGEST: usize = 32;
/// No part of a code before its dash or dot is longer.
const LONGEST_CODE_PART: usize = 6;

impl Words {
    /// Reads a text. What was read before is forgotten.
    pub(crate) fn read(&mut self, text: &str, split: Split) {
        self.read_within(text, 0..text.len(), split);
    }

    /// Reads the runs that begin in a stretch of a text.
    pub(crate) fn read_within(&mut self, text: &str, stretch: Range<usize>, split: Split) {
        self.list.clear();
        self.list.reserve(USUAL_WORDS);
        self.joined.clear();
        (self.camel, self.long_runs) = (None, None);
        (self.numbers, self.code_shape, self.apostrophes) = (false, false, false);
        let bytes = text.as_bytes();
        let mut at = stretch.start;
        while let Some(&byte) = bytes.get(at).filter(|_| at < stretch.end) {
            at = match class(byte) {
                Class::Small | Class::Capital => match plain_run(bytes, at) {
                    Some(word) => {
                        self.list.push(word);
                        word.end
                    }
                    None => self.run(bytes, at, split),
                },
                Class::Digit => self.run(bytes, at, split),
                Class::Apostrophe | Class::Other => at + 1,
            };
        }
    }

    /// In the order of the text.
    pub(crate) fn list(&self) -> &[Word] {
        &self.list
    }

    /// The stretch of the text where [`Split::Digits`] gives other words, with some words of its neighbours, which may belong to
    /// a term with them or be its context; none if no run has a camelCase border.
    pub(crate) fn camel_stretch(&self) -> Option<Range<usize>> {
        let camel = self.camel.as_ref()?;
        let first = self.list.partition_point(|word| word.end <= camel.start).saturating_sub(NEIGHBOURS);
        let last = self.list.partition_point(|word| word.start < camel.end) + NEIGHBOURS;
        let start = self.list.get(first).map_or(camel.start, |word| word.start);
        let end = self.list.get(last.min(self.list.len()).saturating_sub(1)).map_or(camel.end, |word| word.end);
        Some(start..end)
    }

    /// What [`Split::Digits`] gives for the letters that have camelCase borders.
    pub(crate) fn joined(&self) -> &[Word] {
        &self.joined
    }

    /// The stretch of the text that has all runs that are long enough to be a digest; none if there is none.
    pub(crate) fn long_runs(&self) -> Option<Range<usize>> {
        self.long_runs.clone()
    }

    /// Whether some word is a number.
    pub(crate) fn has_numbers(&self) -> bool {
        self.numbers
    }

    /// Whether some word was read without an apostrophe inside it.
    pub(crate) fn has_apostrophes(&self) -> bool {
        self.apostrophes
    }

    /// Whether a dash or a dot stands behind a short run with a digit, as in codes of drugs and diagnoses.
    pub(crate) fn has_code_shape(&self) -> bool {
        self.code_shape
    }

    /// Reads one run and returns where it ends.
    fn run(&mut self, bytes: &[u8], from: usize, split: Split) -> usize {
        let (first, first_joined) = (self.list.len(), self.joined.len());
        let mut camel = false;
        let mut pieces = 0;
        let mut digits = false;
        let mut at = from;
        loop {
            match bytes.get(at).copied().map(class) {
                Some(Class::Small | Class::Capital) => {
                    let borders;
                    (at, borders) = self.letters(bytes, at, split);
                    if borders > 0 {
                        camel = true;
                    }
                    pieces += 1 + borders;
                }
                Some(Class::Digit) => {
                    at = self.number(bytes, at);
                    digits = true;
                    pieces += 1;
                }
                _ => break,
            }
        }
        let length = at - from;
        if length >= SHORTEST_ID && length < WRITTEN_PIECE * pieces {
            let joined = self.joined.iter_mut().skip(first_joined);
            self.list.iter_mut().skip(first).chain(joined).for_each(|word| word.random = true);
        }
        let up_to_here = |runs: &Option<Range<usize>>| runs.as_ref().map_or(from, |runs| runs.start)..at;
        if camel {
            self.camel = Some(up_to_here(&self.camel));
        }
        if length >= SHORTEST_DIGEST {
            self.long_runs = Some(up_to_here(&self.long_runs));
        }
        self.code_shape |= digits && length <= LONGEST_CODE_PART && matches!(bytes.get(at), Some(b'-' | b'.'));
        at
    }

    /// Reads letters up to the next that is none, and returns where that is and how many camelCase borders were passed.
    fn letters(&mut self, bytes: &[u8], from: usize, split: Split) -> (usize, usize) {
        let mut begun = from;
        let mut borders = 0;
        let mut capitals = 0;
        let mut last_capital = from;
        let mut apostrophes = false;
        let mut at = from;
        loop {
            let small = small_letters(bytes, at);
            if small > 0 {
                if capitals > 1 {
                    // The last of several capitals begins the next word: `HIVTest`.
                    borders += 1;
                    if split == Split::Camel {
                        self.list.push(word(bytes, begun, last_capital, apostrophes));
                        begun = last_capital;
                    }
                }
                capitals = 0;
                at += small;
            }
            match bytes.get(at).copied().map(class) {
                Some(Class::Small) => {}
                Some(Class::Capital) => {
                    if capitals == 0 && at > from {
                        borders += 1;
                        if split == Split::Camel {
                            self.list.push(word(bytes, begun, at, apostrophes));
                            begun = at;
                        }
                    }
                    capitals += 1;
                    last_capital = at;
                    at += 1;
                }
                Some(Class::Apostrophe | Class::Other) => match apostrophe(bytes, at) {
                    0 => break,
                    width => {
                        at += width;
                        apostrophes = true;
                        self.apostrophes = true;
                    }
                },
                Some(Class::Digit) | None => break,
            }
        }
        self.list.push(word(bytes, begun, at, apostrophes));
        if borders > 0 && split == Split::Camel {
            self.joined.push(word(bytes, from, at, apostrophes));
        }
        (at, borders)
    }

    fn number(&mut self, bytes: &[u8], from: usize) -> usize {
        let digits = bytes.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
        let end = from + digits;
        let hash = hash_between(bytes, from, end);
        self.list.push(Word { hash, singular: hash, start: from, end, number: true, random: false });
        self.numbers = true;
        end
    }
}

/// The word of some letters.
fn word(bytes: &[u8], start: usize, end: usize, apostrophes: bool) -> Word {
    let (hash, singular) =
        if apostrophes { hashes_without_apostrophes(bytes, start, end) } else { hashes(bytes, start, end) };
    Word { hash, singular, start, end, number: false, random: false }
}

/// A run of letters that are small but for the first, as most are: it is one word. It is read and hashed eight letters at a time.
fn plain_run(bytes: &[u8], start: usize) -> Option<Word> {
    let mut at = start;
    // Of what stands before the last letters that were read, and those letters.
    let (mut before, mut read) = (0, 0);
    let mut hash = 0;
    loop {
        let eight = eight_from(bytes, at);
        // The first letter may be a capital.
        let eight = if at == start { eight | 0x20 } else { eight };
        let Some(length) = first_other_than_small(eight) else {
            (before, read) = (hash, eight);
            hash = mix(hash, eight);
            at += 8;
            continue;
        };
        let end = at + length;
        // Beyond ASCII there are apostrophes.
        let behind = eight.to_le_bytes().get(length).copied()?;
        if !behind.is_ascii() || class(behind) != Class::Other || end - start >= SHORTEST_DIGEST {
            return None;
        }
        let first = |of: u64, letters: usize| of & (u64::MAX >> (64 - 8 * letters));
        let mut last = length;
        if length > 0 {
            (before, read) = (hash, first(eight, length));
            hash = mix(hash, read);
        } else {
            last = 8;
        }
        let is_plural = end - start >= SHORTEST_PLURAL && read >> (8 * (last - 1)) == u64::from(b's');
        let singular = match (is_plural, last - 1) {
            (false, _) => hash,
            (true, 0) => before,
            (true, others) => mix(before, first(read, others)),
        };
        return Some(Word { hash, singular, start, end, number: false, random: false });
    }
}

/// Eight bytes of a text, with zeros behind its end.
fn eight_from(bytes: &[u8], at: usize) -> u64 {
    let rest = bytes.get(at..).unwrap_or_default();
    let eight = rest.first_chunk().copied().unwrap_or_else(|| {
        let mut padded = [0; 8];
        padded.iter_mut().zip(rest).for_each(|(slot, byte)| *slot = *byte);
        padded
    });
    u64::from_le_bytes(eight)
}

/// The first of eight bytes that is no small letter.
fn first_other_than_small(eight: u64) -> Option<usize> {
    const HIGH: u64 = each_byte(0x80);
    // In each byte the high bit of the first sum says "a or above", that of the second "above z".
    let seven_bits = eight & !HIGH;
    let from_a = seven_bits + each_byte(0x80 - b'a');
    let above_z = seven_bits + each_byte(0x7f - b'z');
    let others = !(from_a & !above_z & !eight) & HIGH;
    if others == 0 { None } else { Some(others.trailing_zeros() as usize / 8) }
}

/// How many small letters stand from a place on, eight at a time: most words are found in one step, whatever their length.
fn small_letters(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        match first_other_than_small(u64::from_le_bytes(*eight)) {
            Some(count) => return at - from + count,
            None => at += 8,
        }
    }
    let rest = bytes.get(at..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_lowercase()).count();
    at - from + rest
}

/// The width of an apostrophe with a letter behind it; 0 if there is none.
#[cold]
fn apostrophe(bytes: &[u8], at: usize) -> usize {
    let width = match bytes.get(at..) {
        Some([b'\'', ..]) => 1,
        Some([0xE2, 0x80, 0x99, ..]) => 3, // the typographic one
        _ => return 0,
    };
    if bytes.get(at + width).is_some_and(u8::is_ascii_alphabetic) { width } else { 0 }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Other,
    Small,
    Capital,
    Digit,
    Apostrophe,
}

fn class(byte: u8) -> Class {
    CLASSES.get(usize::from(byte)).copied().unwrap_or(Class::Other)
}

#[expect(clippy::indexing_slicing, reason = "at compile time, where an index beyond the end is an error")]
const CLASSES: [Class; 256] = {
    let mut classes = [Class::Other; 256];
    let mut byte: u8 = 0;
    loop {
        classes[byte as usize] = match byte {
            b'a'..=b'z' => Class::Small,
            b'A'..=b'Z' => Class::Capital,
            b'0'..=b'9' => Class::Digit,
            b'\'' => Class::Apostrophe,
            _ => Class::Other,
        };
        if byte == u8::MAX {
            break classes;
        }
        byte += 1;
    }
};

#[cfg(test)]
mod tests;
