//! The files of the lexicon keep the rules of their README, and what is compiled from them finds every term.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write;

use super::super::words::{Split, Words, hash_of};
use super::files::{AMBIGUOUS, EPONYMS, ICD10_CATEGORIES, LOOKALIKES, SPANISH, TELLING_KEYS, TERMS, columns, entries};
use super::*;
use crate::report::SignalKind;

/// A digest as it is written.
pub(crate) fn hex(digest: &[u8]) -> String {
    let mut text = String::new();
    for byte in digest {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

/// Files whose entries are terms, alone or before a bar.
fn lists() -> Vec<(&'static str, &'static str)> {
    let names = ["drugs", "conditions", "procedures", "topics", "specialties"];
    let mut lists: Vec<_> = names.into_iter().zip(TERMS.map(|(_, file)| file)).collect();
    lists.extend([("ambiguous", AMBIGUOUS), ("spanish", SPANISH)]);
    lists
}

fn terms_of(file: &'static str) -> impl Iterator<Item = &'static str> {
    entries(file).map(|line| columns::<1>(line)[0])
}

#[test]
fn entries_are_sorted_unique_and_plain() {
    let others =
        [("eponyms", EPONYMS), ("lookalikes", LOOKALIKES), ("telling_keys", TELLING_KEYS), ("icd10", ICD10_CATEGORIES)];
    for (name, file) in lists().into_iter().chain(others) {
        let entries: Vec<&str> = terms_of(file).collect();
        assert!(entries.len() > 50, "{name}");
        for pair in entries.windows(2) {
            assert!(pair[0] < pair[1], "{name}: `{}` before `{}`", pair[0], pair[1]);
        }
        for entry in entries {
            let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b' ';
            assert!(entry.bytes().all(is_plain) && entry.trim() == entry && !entry.contains("  "), "{name}: `{entry}`");
        }
    }
}

#[test]
fn a_term_stands_in_one_file_only() {
    let mut seen = BTreeMap::new();
    for (name, file) in lists() {
        for term in terms_of(file) {
            assert_eq!(seen.insert(term, name), None, "{term} in {name}");
        }
    }
    for word in entries(LOOKALIKES) {
        assert!(!seen.contains_key(word), "{word} is a term");
    }
}

#[test]
fn every_kind_and_column_is_known() {
    for line in entries(SPANISH) {
        let [_, kind] = columns(line);
        assert!(super::files::kind(kind).is_some(), "{line}");
    }
    for line in entries(AMBIGUOUS) {
        let [_, kind, beside, _] = columns(line);
        assert_eq!(kind == "none", beside == "-", "{line}");
        assert!(super::files::kind(kind).is_some() || kind == "none", "{line}");
        assert!(!beside.is_empty(), "{line}");
    }
    for line in entries(TELLING_KEYS) {
        let [_, strength] = columns(line);
        assert!(matches!(strength, "strong" | "weak"), "{line}");
    }
    assert!(version().parse::<u32>().is_ok());
}

#[test]
fn no_two_words_have_one_hash() {
    let mut words = Words::default();
    let mut hashes: HashMap<u64, String> = HashMap::new();
    for (_, file) in lists() {
        for term in terms_of(file) {
            words.read(term, Split::Digits);
            for word in words.list() {
                let text = term.get(word.start..word.end).unwrap().to_owned();
                assert_eq!(word.hash, hash_of(&text));
                let other = hashes.entry(word.hash).or_insert_with(|| text.clone());
                assert_eq!(*other, text);
            }
        }
    }
}

#[test]
fn every_term_is_found_as_what_it_is() {
    let mut words = Words::default();
    for (kind, file) in TERMS {
        for text in entries(file) {
            words.read(text, Split::Camel);
            let (found, term) = lexicon().terms.longest(words.list(), |_, _| true).unwrap();
            assert_eq!(found.length, words.list().len(), "{text}");
            assert_eq!((term.kind, term.weight), (kind, Weight::Always), "{text}");
        }
    }
    assert!(lexicon().has_icd10_category("e11") && !lexicon().has_icd10_category("e19"));
}

#[test]
fn names_of_persons_and_short_terms_are_no_digests() {
    let digested: HashSet<&str> = terms::telling_alone().collect();
    assert!(digested.len() > 8000);
    assert!(digested.contains("metformin") && digested.contains("embarazo"));
    for other in entries(EPONYMS).chain(["cold", "cardiology"]) {
        assert!(!digested.contains(other), "{other}");
    }
}

#[test]
fn one_wrong_letter_anywhere_is_a_misspelled_drug_and_everyday_words_are_none() {
    for word in entries(LOOKALIKES) {
        assert!(!lexicon().misspellings.has(word), "{word}");
    }
    let drugs = TERMS.into_iter().filter(|(kind, _)| *kind == SignalKind::Drug).flat_map(|(_, file)| entries(file));
    let names = drugs.filter(|drug| drug.len() >= 7 && drug.bytes().all(|byte| byte.is_ascii_lowercase()));
    for (drug, place) in names.step_by(20).flat_map(|drug| (0..drug.len()).map(move |place| (drug, place))) {
        let (front, back) = drug.split_at(place);
        let (letter, rest) = back.split_at(1);
        let exchanged =
            rest.split_at_checked(1).map(|(next, behind)| format!("{front}{next}{letter}{behind}")).filter(|it| it != drug);
        let others = [format!("{front}q{back}"), format!("{front}{rest}"), format!("{front}q{rest}"), format!("{drug}q")];
        for spelled in others.into_iter().chain(exchanged).filter(|spelled| spelled != drug) {
            let is_known = entries(LOOKALIKES).any(|word| word == spelled);
            assert!(lexicon().misspellings.has(&spelled) || is_known, "{spelled}");
        }
    }
}

#[test]
fn lexicon_and_digests_stay_small() {
    let mut kept = None;
    let measured = allocation_counter::measure(|| {
        kept = Some((Lexicon::compile(), Digests::of(terms::telling_alone())));
    });
    assert!(measured.bytes_current < 10 << 20, "{} bytes are kept", measured.bytes_current);
    assert!(measured.bytes_max < 24 << 20, "{} bytes at most while it is made", measured.bytes_max);
    drop(kept);
}
