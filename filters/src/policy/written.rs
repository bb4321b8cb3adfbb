//! Closed forms that a policy writes: a list of words, or a range of whole numbers.
//!
//! They are the only way out for a property of a site's own, and a list of words is the only one for free text of the
//! table. They are checked as they are read, so that an error names the line. A word or name that could be a telephone
//! number or a digest is refused: a list of such words would send people's data under an auditor's eyes.

use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::closed_form;
use crate::event::{Leaving, Value};
use crate::report::Action;

/// Most words of one list.
pub(super) const MAX_WORDS: usize = 64;
/// Longest word, in characters.
pub(super) const MAX_WORD: usize = 40;
/// Most digits of a number or in one place of a word: a telephone number has seven or more.
const MAX_DIGITS: usize = 6;
/// Largest number that a range may hold.
pub(super) const MAX_NUMBER: i64 = 999_999;

/// The form in which a value leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum WrittenForm {
    /// `{ one_of = ["gold", "silver"] }`
    OneOf(WordList),
    /// `{ integer = [0, 100] }`
    Integer(WholeRange),
}

impl WrittenForm {
    /// Its word in reports.
    pub(crate) fn word(&self) -> Action {
        match self {
            Self::OneOf(_) => Action::OneOf,
            Self::Integer(_) => Action::Integer,
        }
    }

    /// What leaves of a value.
    pub(crate) fn leaving(&self, value: &Value<'_>) -> Option<Leaving<'_>> {
        match self {
            Self::OneOf(words) => words.find(value).map(|word| Leaving::Text(word.into())),
            Self::Integer(range) => range.find(value).map(Leaving::Whole),
        }
    }

    /// In words, for an auditor.
    pub(super) fn explain(&self) -> String {
        match self {
            Self::OneOf(words) => words.explain(),
            Self::Integer(WholeRange { min, max }) => format!("a whole number from {min} to {max}"),
        }
    }
}

/// The words that may leave: compared without case, sent as the policy writes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct WordList(Box<[Box<str>]>);

impl WordList {
    /// The word that a text is.
    pub(crate) fn find(&self, value: &Value<'_>) -> Option<&str> {
        let text = value.text()?;
        self.0.iter().find(|word| word.eq_ignore_ascii_case(text)).map(AsRef::as_ref)
    }

    /// Each of them, as the policy writes it.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }

    pub(super) fn explain(&self) -> String {
        format!("one of {}", self.0.join(", "))
    }
}

impl<'de> Deserialize<'de> for WordList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(WordListVisitor)
    }
}

struct WordListVisitor;

impl<'de> Visitor<'de> for WordListVisitor {
    type Value = WordList;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of words such as [\"gold\", \"silver\"]")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<WordList, A::Error> {
        let mut words: Vec<Box<str>> = Vec::new();
        while let Some(Word(word)) = seq.next_element()? {
            if let Some(at) = words.iter().position(|other| other.eq_ignore_ascii_case(&word)) {
                return Err(A::Error::custom(format!(
                    "word {} is word {} again, but for its case; remove one of them",
                    words.len() + 1,
                    at + 1
                )));
            }
            words.push(word);
        }
        if words.is_empty() || words.len() > MAX_WORDS {
            return Err(A::Error::custom(format!("must list 1 to {MAX_WORDS} words, and lists {}", words.len())));
        }
        Ok(WordList(words.into_boxed_slice()))
    }
}

/// One word of a list.
struct Word(Box<str>);

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'_' | b'.' | b'-');
        if !(1..=MAX_WORD).contains(&word.len()) || !word.bytes().all(plain) || word.trim() != word {
            return Err(D::Error::custom(format!(
                "a word has 1 to {MAX_WORD} letters, digits, spaces and _ . -, and no space at either end"
            )));
        }
        match personal(&word) {
            Some(reason) => Err(D::Error::custom(reason)),
            None => Ok(Self(word.into_boxed_str())),
        }
    }
}

/// Why a word or a name that the policy would send looks like somebody's data.
pub(super) fn personal(text: &str) -> Option<&'static str> {
    // What people write between the digits of a telephone number does not end it; a letter does.
    let digits = |run: &str| run.bytes().filter(u8::is_ascii_digit).count();
    if text.split(|c: char| c.is_ascii_alphabetic()).any(|run| digits(run) > MAX_DIGITS) {
        Some("has seven digits or more without a letter between them, as a telephone number has; choose another")
    } else if closed_form::token(&text.replace(' ', "_")).is_none() {
        Some("has as many hexadecimal digits as a digest; choose another")
    } else {
        None
    }
}

/// The whole numbers that may leave, as a number of the event or as its digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(into = "[i64; 2]")]
pub(crate) struct WholeRange {
    min: i64,
    max: i64,
}

impl WholeRange {
    pub(super) fn holds(self, number: i64) -> bool {
        (self.min..=self.max).contains(&number)
    }

    fn find(&self, value: &Value<'_>) -> Option<i64> {
        let short = value.text().is_none_or(|text| (1..=MAX_DIGITS).contains(&text.len()));
        if short { closed_form::integer(value, self.min, self.max) } else { None }
    }
}

impl From<WholeRange> for [i64; 2] {
    fn from(range: WholeRange) -> Self {
        [range.min, range.max]
    }
}

impl<'de> Deserialize<'de> for WholeRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // An array would take a longer list and forget its end.
        if let [min, max] = *Vec::<i64>::deserialize(deserializer)?
            && 0 <= min
            && min <= max
            && max <= MAX_NUMBER
        {
            return Ok(Self { min, max });
        }
        Err(D::Error::custom(format!(
            "must be the smallest and the largest number that may leave, from 0 to {MAX_NUMBER}, such as [0, 100]"
        )))
    }
}
