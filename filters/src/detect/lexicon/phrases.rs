//! Phrases of one or more words, found in a text word by word.
//!
//! A phrase is known by one 64-bit hash, made from the hashes of its words in order; so is each of its beginnings. All stand in
//! one table. Nearly every word of an ordinary text begins no phrase, and goes on with none: a bitmap of 16 KiB for each says so
//! without a look at the table.

use std::collections::HashMap;

use super::super::words::{Split, Word, Words};
use super::bitmap::{Bitmap, place_of};

/// A set of phrases, each with a number that says which it is.
pub(crate) struct Phrases {
    begins: Bitmap<17>,
    /// Of every word of a phrase but its first.
    goes_on: Bitmap<17>,
    /// Open addressing; at most half full.
    slots: Box<[Slot]>,
    power: u32,
    most_words: usize,
}

/// A phrase or the beginning of one.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    /// 0 is an empty slot.
    hash: u64,
    number: Option<u16>,
    /// A longer phrase begins so.
    goes_on: bool,
}

/// A phrase that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    /// Which.
    pub(crate) number: u16,
    /// How many words it has.
    pub(crate) length: usize,
}

impl Phrases {
    /// Whether a phrase begins with this word.
    #[inline]
    pub(crate) fn begin_with(&self, word: &Word) -> bool {
        let may_begin = |hash| self.begins.may_have(hash);
        (may_begin(word.hash) || word.singular != word.hash && may_begin(word.singular)) && self.is_a_beginning(word)
    }

    /// The same, of a word of which the bitmap does not say that none does.
    #[cold]
    fn is_a_beginning(&self, word: &Word) -> bool {
        self.slot(word.hash).is_some() || self.slot(word.singular).is_some()
    }

    /// Whether a phrase may have this word, other than as its first; false is certain.
    pub(crate) fn may_go_on_with(&self, word: &Word) -> bool {
        self.goes_on.may_have(word.hash) || self.goes_on.may_have(word.singular)
    }

    /// How many words the longest phrase has.
    pub(crate) fn most_words(&self) -> usize {
        self.most_words
    }

    /// The longest phrase with which the words begin, of those that are `wanted`.
    pub(crate) fn longest(&self, words: &[Word], mut wanted: impl FnMut(Found) -> bool) -> Option<Found> {
        let mut longest: Option<Found> = None;
        self.each(words, 0, 0, &mut |found| {
            if longest.is_none_or(|longest| longest.length < found.length) && wanted(found) {
                longest = Some(found);
            }
        });
        longest
    }

    /// The phrase that is exactly these words.
    pub(crate) fn exactly(&self, words: &[Word]) -> Option<u16> {
        self.longest(words, |found| found.length == words.len()).map(|found| found.number)
    }

    /// Shows each phrase with which the words go on from the beginning `before`. A word that may be a plural is tried as its
    /// singular, too, in every place of a phrase.
    fn each(&self, words: &[Word], before: u64, length: usize, see: &mut dyn FnMut(Found)) {
        let Some((word, rest)) = words.split_first() else { return };
        let length = length + 1;
        let mut step = |hash| {
            let Some(slot) = self.slot(joined(before, hash)) else { return };
            if let Some(number) = slot.number {
                see(Found { number, length });
            }
            if slot.goes_on {
                self.each(rest, slot.hash, length, see);
            }
        };
        step(word.hash);
        if word.singular != word.hash {
            step(word.singular);
        }
    }

    fn slot(&self, hash: u64) -> Option<&Slot> {
        let mut index = place_of(hash, self.power);
        loop {
            let slot = self.slots.get(index)?;
            if slot.hash == hash {
                return Some(slot);
            }
            if slot.hash == 0 {
                return None;
            }
            index = (index + 1) & (self.slots.len() - 1);
        }
    }
}

/// Phrases that are being gathered.
#[derive(Default)]
pub(crate) struct PhrasesBuilder {
    slots: HashMap<u64, Slot>,
    first_words: Vec<u64>,
    further_words: Vec<u64>,
    words: Words,
    most_words: usize,
}

impl PhrasesBuilder {
    /// Adds a phrase. False if it has no word, or is a phrase with another number already, which stays.
    pub(crate) fn add(&mut self, phrase: &str, number: u16) -> bool {
        self.words.read(phrase, Split::Digits);
        let Some((last, beginning)) = self.words.list().split_last() else { return false };
        self.most_words = self.most_words.max(beginning.len() + 1);
        let mut before = 0;
        for word in beginning {
            before = joined(before, word.hash);
            self.slots.entry(before).or_insert(Slot { hash: before, ..Slot::default() }).goes_on = true;
        }
        self.first_words.push(beginning.first().unwrap_or(last).hash);
        self.further_words.extend(self.words.list().iter().skip(1).map(|word| word.hash));
        let whole = joined(before, last.hash);
        let slot = self.slots.entry(whole).or_insert(Slot { hash: whole, ..Slot::default() });
        *slot.number.get_or_insert(number) == number
    }

    /// Adds a phrase as it is written without spaces, if it then has so many characters.
    pub(crate) fn add_glued(&mut self, phrase: &str, number: u16, shortest: usize) {
        let glued: String = phrase.split_whitespace().collect();
        if glued.len() < phrase.len() && glued.len() >= shortest {
            self.add(&glued, number);
        }
    }

    /// The finished set.
    pub(crate) fn build(self) -> Phrases {
        let power = (self.slots.len() * 2).max(2).next_power_of_two().ilog2();
        let (mut begins, mut goes_on) = (Bitmap::new(), Bitmap::new());
        self.first_words.iter().for_each(|hash| begins.insert(*hash));
        self.further_words.iter().for_each(|hash| goes_on.insert(*hash));
        let mut slots = vec![Slot::default(); 1 << power];
        for slot in self.slots.into_values() {
            let mut index = place_of(slot.hash, power);
            while slots.get(index).is_some_and(|taken| taken.hash != 0) {
                index = (index + 1) & (slots.len() - 1);
            }
            if let Some(free) = slots.get_mut(index) {
                *free = slot;
            }
        }
        Phrases { begins, goes_on, slots: slots.into(), power, most_words: self.most_words }
    }
}

/// The hash of a beginning and one more word.
fn joined(before: u64, word: u64) -> u64 {
    // An odd number without a pattern; the rotation keeps the order of words.
    if before == 0 { word } else { (before.rotate_left(29) ^ word).wrapping_mul(0xa24b_aed4_963e_e407) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn longest(phrases: &Phrases, text: &str) -> Option<Found> {
        let mut words = Words::default();
        words.read(text, Split::Camel);
        phrases.longest(words.list(), |_| true)
    }

    fn phrases(list: &[&str]) -> Phrases {
        let mut builder = PhrasesBuilder::default();
        for (number, phrase) in (0..).zip(list) {
            assert!(builder.add(phrase, number));
            builder.add_glued(phrase, number, 8);
        }
        builder.build()
    }

    #[test]
    fn the_longest_phrase_wins() {
        let phrases = phrases(&["heart", "heart attack", "heart attack risk test"]);
        assert_eq!(longest(&phrases, "heart-attack risk"), Some(Found { number: 1, length: 2 }));
        assert_eq!(longest(&phrases, "HeartAttackRiskTest"), Some(Found { number: 2, length: 4 }));
        assert_eq!(longest(&phrases, "hearty"), None);
        assert_eq!(longest(&phrases, "attack"), None);
    }

    #[test]
    fn plurals_count_in_every_place_also_where_a_phrase_has_the_plural() {
        let phrases = phrases(&["kidney stone", "kidneys", "heart attack"]);
        for text in ["kidney stones", "kidneys stone", "kidneys stones"] {
            assert_eq!(longest(&phrases, text), Some(Found { number: 0, length: 2 }), "{text}");
        }
        assert_eq!(longest(&phrases, "hearts attacks"), Some(Found { number: 2, length: 2 }));
    }

    #[test]
    fn phrases_count_without_their_spaces_too() {
        let phrases = phrases(&["birth control", "type 2 diabetes", "low t"]);
        assert_eq!(longest(&phrases, "birthcontrol"), Some(Found { number: 0, length: 1 }));
        assert_eq!(longest(&phrases, "type2diabetes"), Some(Found { number: 1, length: 3 }));
        assert_eq!(longest(&phrases, "lowt"), None, "too short to be told from other words");
    }

    #[test]
    fn no_further_word_of_a_phrase_is_denied() {
        let phrases = phrases(&["heart attack risk", "kidney stone"]);
        let mut words = Words::default();
        words.read("attack risks stones stone", Split::Camel);
        assert!(words.list().iter().all(|word| phrases.may_go_on_with(word)));
        words.read("heart kidneys lamp", Split::Camel);
        assert!(!words.list().iter().any(|word| phrases.may_go_on_with(word)));
    }

    #[test]
    fn a_phrase_keeps_its_first_number() {
        let mut builder = PhrasesBuilder::default();
        assert!(builder.add("flu shot", 1));
        assert!(builder.add("Flu-Shot", 1));
        assert!(!builder.add("flu shot", 2));
        assert!(!builder.add(" - ", 3));
        assert_eq!(longest(&builder.build(), "flu shots"), Some(Found { number: 1, length: 2 }));
    }
}
