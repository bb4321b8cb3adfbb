//! `[health]`, compiled: what counts as a signal under one policy.

use std::fmt;

use super::super::Setting;
use super::super::lexicon::{Digests, Phrases, PhrasesBuilder, lexicon, nearest_term};
use super::super::unwrap::plain_letters;
use super::super::words::{Split, Words};

/// A term that is added counts as one word without its spaces if that has so many letters.
const SHORTEST_GLUED: usize = 6;
/// A single letter stands in nearly every text, and what is longer than a line is no term.
const TERM_LETTERS: std::ops::RangeInclusive<usize> = 2..=100;

/// What counts as a signal under one policy.
pub(crate) struct HealthRules {
    pub(super) setting: Setting,
    pub(super) added: Option<AddedTerms>,
    /// Numbers of terms of the lexicon that do not count, sorted.
    ignored: Vec<u16>,
}

/// The terms that a policy adds.
pub(super) struct AddedTerms {
    pub(super) phrases: Phrases,
    pub(super) digests: Digests,
}

/// What is wrong with a term that a policy adds or leaves out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TermError {
    /// A term without a letter or digit would count nowhere.
    #[error("holds a term without a letter or a digit; write words, such as \"winter tonic\"")]
    Empty,
    /// A term whose letters no reading of an event keeps, so that it would count nowhere.
    #[error("holds `{term}`, whose letters are not Latin; words in other letters are not recognised")]
    NotLatin {
        /// As the policy writes it.
        term: String,
    },
    /// A term that would count everywhere, or never.
    #[error("holds a term of {letters} letters; a term has {} to {}", TERM_LETTERS.start(), TERM_LETTERS.end())]
    Length {
        /// Its letters, digits and spaces.
        letters: usize,
    },
    /// A term cannot count and not count.
    #[error("names `{term}`, which add_terms has too; remove one of the two")]
    AddedAndIgnored {
        /// As the policy adds it.
        term: String,
    },
    /// A term that is not left out because it never counted.
    #[error("names `{term}`, which is no term of the lexicon{}", did_you_mean(.nearest.as_deref()))]
    NotInLexicon {
        /// As the policy writes it.
        term: String,
        /// The term of the lexicon that is spelled most alike.
        nearest: Option<String>,
    },
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |nearest| format!("; did you mean `{nearest}`?"))
}

impl HealthRules {
    /// The rules of a policy: its setting, the terms that count besides those of the lexicon, and those that do not count.
    pub(crate) fn new(setting: Setting, add_terms: &[String], ignore_terms: &[String]) -> Result<Self, TermError> {
        let added = if add_terms.is_empty() { None } else { Some(AddedTerms::compile(add_terms)?) };
        let mut words = Words::default();
        let mut ignored = Vec::new();
        for term in ignore_terms {
            words.read(&plain_letters(term), Split::Digits);
            let number = lexicon().terms.exactly(words.list());
            ignored.push(number.ok_or_else(|| TermError::NotInLexicon { term: term.clone(), nearest: nearest_term(term) })?);
        }
        ignored.sort_unstable();
        for term in add_terms {
            words.read(&plain_letters(term), Split::Digits);
            if lexicon().terms.exactly(words.list()).is_some_and(|number| ignored.contains(&number)) {
                return Err(TermError::AddedAndIgnored { term: term.clone() });
            }
        }
        Ok(Self { setting, added, ignored })
    }

    /// How ready its detectors are.
    pub(crate) fn setting(&self) -> Setting {
        self.setting
    }

    /// Whether the policy says that a term does not count.
    pub(super) fn ignores(&self, number: u16) -> bool {
        self.ignored.binary_search(&number).is_ok()
    }
}

impl AddedTerms {
    fn compile(terms: &[String]) -> Result<Self, TermError> {
        let mut phrases = PhrasesBuilder::default();
        let plain = terms.iter().map(|term| plain(term)).collect::<Result<Vec<_>, _>>()?;
        for term in &plain {
            if !term.is_empty() && !TERM_LETTERS.contains(&term.len()) {
                return Err(TermError::Length { letters: term.len() });
            }
            if !phrases.add(term, 0) {
                return Err(TermError::Empty);
            }
            phrases.add_glued(term, 0, SHORTEST_GLUED);
        }
        // Whoever hashes a term hashes it with its accents.
        let written = terms.iter().map(|term| term.to_lowercase());
        let spellings: Vec<String> = plain.into_iter().chain(written).collect();
        Ok(Self { phrases: phrases.build(), digests: Digests::of(spellings.iter().map(String::as_str)) })
    }
}

/// A term as the lexicon writes its own: small letters without accents, single spaces.
fn plain(term: &str) -> Result<String, TermError> {
    let letters = plain_letters(term);
    if letters.chars().any(|letter| letter.is_alphabetic() && !letter.is_ascii()) {
        return Err(TermError::NotLatin { term: term.to_owned() });
    }
    let letters = letters.chars().filter(|letter| !matches!(letter, '\'' | '’'));
    let spaced: String =
        letters.map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { ' ' }).collect();
    Ok(spaced.split_whitespace().collect::<Vec<_>>().join(" "))
}

impl fmt::Debug for HealthRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HealthRules({:?})", self.setting)
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    fn error(add: &[&str], ignore: &[&str]) -> TermError {
        let owned = |terms: &[&str]| terms.iter().map(|term| (*term).to_owned()).collect::<Vec<_>>();
        HealthRules::new(Setting::Retail, &owned(add), &owned(ignore)).unwrap_err()
    }

    #[test]
    fn a_term_that_is_not_in_the_lexicon_cannot_be_ignored_and_the_nearest_is_named() {
        let said = error(&[], &["metformine"]).to_string();
        assert_eq!(said, "names `metformine`, which is no term of the lexicon; did you mean `metformin`?");
        let said = error(&[], &["zzzzzzzzzz"]).to_string();
        assert_eq!(said, "names `zzzzzzzzzz`, which is no term of the lexicon");
    }

    #[test]
    fn a_term_without_letters_cannot_be_added() {
        assert_eq!(error(&["…"], &[]), TermError::Empty);
    }

    #[test]
    fn terms_are_known_with_their_accents_as_without() {
        let added = AddedTerms::compile(&["Schmerzöl".to_owned(), "CAFÉ-Kur".to_owned()]).unwrap();
        let mut words = Words::default();
        for term in ["schmerzol", "cafe kur"] {
            words.read(term, Split::Digits);
            assert!(added.phrases.exactly(words.list()).is_some(), "{term}");
        }
        for hashed in ["schmerzöl", "schmerzol"] {
            assert!(added.digests.has(&Sha256::digest(hashed)), "{hashed}");
        }
        assert!(HealthRules::new(Setting::Retail, &[], &["Depresión".to_owned()]).is_ok());
    }

    #[test]
    fn a_term_in_letters_that_are_not_read_cannot_be_added() {
        for term in ["жаропонижающее", "風邪薬", "ear drops 耳"] {
            assert_eq!(error(&[term], &[]), TermError::NotLatin { term: term.to_owned() });
        }
    }

    #[test]
    fn a_term_is_no_single_letter_and_no_essay() {
        assert_eq!(error(&["a"], &[]), TermError::Length { letters: 1 });
        assert_eq!(error(&[&"a ".repeat(51)], &[]), TermError::Length { letters: 101 });
        assert!(HealthRules::new(Setting::Retail, &["b6".into(), "a".repeat(100)], &[]).is_ok());
    }

    #[test]
    fn a_term_cannot_be_added_and_ignored() {
        let said = error(&["Metformin"], &["metformin"]).to_string();
        assert_eq!(said, "names `Metformin`, which add_terms has too; remove one of the two");
    }

    #[test]
    fn debug_tells_no_terms() {
        let rules = HealthRules::new(Setting::Health, &["moon drops".to_owned()], &[]).unwrap();
        assert_eq!(format!("{rules:?}"), "HealthRules(Health)");
    }
}
