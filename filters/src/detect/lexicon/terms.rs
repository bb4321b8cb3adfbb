//! What each term is, and when it counts.

use super::super::words::{Split, Word, Words};
use super::bitmap::Bitmap;
use super::files::{self, entries};
use super::phrases::{Found, Phrases, PhrasesBuilder};
use crate::report::SignalKind;

/// A term of several words counts as one word, too, if that has so many letters: `planb`, but not `hepa`, which is a filter.
const SHORTEST_GLUED: usize = 5;
/// A shorter term is too often somebody's initials, a state, or a piece of an id to be sought as a digest.
const SHORTEST_DIGESTED: usize = 3;

/// The terms of the lexicon.
pub(crate) struct Terms {
    phrases: Phrases,
    by_number: Vec<Term>,
    contexts: Vec<Context>,
}

/// A term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Term {
    /// What it is.
    pub(crate) kind: SignalKind,
    /// When it counts.
    pub(crate) weight: Weight,
    /// It is also a surname, a given name or a place.
    pub(crate) is_name: bool,
    /// It is so short that a random id may hold it.
    pub(crate) is_short: bool,
}

/// When a term counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Wherever it stands.
    Always,
    /// As its context, which has this number, says.
    Ambiguous(u16),
    /// It has no sense of health. It is here to keep the terms inside it from counting: `stroke width`.
    Never,
}

/// What must and must not stand in the same text for an ambiguous term to count.
struct Context {
    /// It counts without any of `beside`.
    alone: bool,
    beside: Vec<Phrase>,
    not_beside: Vec<Phrase>,
    /// The words with which phrases of either begin: most words of most texts are none of them.
    begins: Bitmap<9>,
}

impl Context {
    fn holds(&self, words: &[Word]) -> bool {
        let mut holds = self.alone;
        let mut rest = words;
        while let Some((word, others)) = rest.split_first() {
            if self.begins.may_have(word.singular) {
                if self.not_beside.iter().any(|phrase| begin_with(rest, phrase)) {
                    return false;
                }
                holds = holds || self.beside.iter().any(|phrase| begin_with(rest, phrase));
            }
            rest = others;
        }
        holds
    }
}

/// Hashes of words, each without a plural's s.
type Phrase = Box<[u64]>;

/// The longest term with so many letters may stand in a random id by chance.
const LONGEST_BY_CHANCE: usize = 4;

impl Terms {
    pub(super) fn compile() -> Self {
        let mut gathered = Gathered::default();
        for (kind, file) in files::TERMS {
            for term in entries(file) {
                gathered.add(term, kind, Weight::Always);
            }
        }
        for line in entries(files::SPANISH) {
            let [term, kind] = files::columns(line);
            if let Some(kind) = files::kind(kind) {
                gathered.add(term, kind, Weight::Always);
            }
        }
        for line in entries(files::AMBIGUOUS) {
            gathered.add_ambiguous(line);
        }
        gathered.finish()
    }

    /// Whether a term begins with this word.
    #[inline]
    pub(crate) fn begin_with(&self, word: &Word) -> bool {
        self.phrases.begin_with(word)
    }

    /// Whether a term may have this word, other than as its first; false is certain.
    pub(crate) fn may_go_on_with(&self, word: &Word) -> bool {
        self.phrases.may_go_on_with(word)
    }

    /// How many words the longest term has.
    pub(crate) fn most_words(&self) -> usize {
        self.phrases.most_words()
    }

    /// The longest term with which the words begin, of those that are `wanted`.
    pub(crate) fn longest(&self, words: &[Word], mut wanted: impl FnMut(Found, Term) -> bool) -> Option<(Found, Term)> {
        let mut longest = None;
        self.phrases.longest(words, |found| match self.term(found.number) {
            Some(term) if wanted(found, term) => {
                longest = Some((found, term));
                true
            }
            _ => false,
        });
        longest
    }

    /// The number of the term that is exactly these words.
    pub(crate) fn exactly(&self, words: &[Word]) -> Option<u16> {
        self.phrases.exactly(words)
    }

    /// Whether an ambiguous term has its sense of health in a text of these words.
    pub(crate) fn context_holds(&self, context: u16, words: &[Word]) -> bool {
        self.contexts.get(usize::from(context)).is_some_and(|context| context.holds(words))
    }

    fn term(&self, number: u16) -> Option<Term> {
        self.by_number.get(usize::from(number)).copied()
    }
}

fn begin_with(words: &[Word], phrase: &[u64]) -> bool {
    words.len() >= phrase.len() && words.iter().zip(phrase).all(|(word, hash)| word.singular == *hash)
}

/// The terms that tell of health by themselves and are nobody's name: those that are sought as digests.
pub(super) fn telling_alone() -> impl Iterator<Item = &'static str> {
    let spanish = entries(files::SPANISH).map(|line| files::columns::<1>(line)[0]);
    // In a digest no everyday word stands beside the term.
    let alone = entries(files::AMBIGUOUS).map(files::columns::<4>).filter_map(|[term, kind, beside, _]| {
        let counts = beside == "*" && files::kind(kind).is_some();
        counts.then_some(term)
    });
    nobodys_names(of_files(|kind| kind != SignalKind::Specialty).chain(spanish).chain(alone))
}

/// Departments and clinicians whose digests are sought: to shops they tell nothing alone, yet nobody is called so.
pub(super) fn specialties() -> impl Iterator<Item = &'static str> {
    nobodys_names(of_files(|kind| kind == SignalKind::Specialty))
}

fn of_files(wanted: fn(SignalKind) -> bool) -> impl Iterator<Item = &'static str> {
    files::TERMS.into_iter().filter(move |(kind, _)| wanted(*kind)).flat_map(|(_, file)| entries(file))
}

fn nobodys_names(terms: impl Iterator<Item = &'static str>) -> impl Iterator<Item = &'static str> {
    let names: std::collections::HashSet<&str> = entries(files::EPONYMS).collect();
    terms.filter(move |term| term.len() >= SHORTEST_DIGESTED && !names.contains(term))
}

/// The term that is spelled most like a word, for an error's text.
pub(crate) fn nearest(to: &str) -> Option<String> {
    let terms = files::TERMS.into_iter().flat_map(|(_, file)| entries(file));
    let others = [files::AMBIGUOUS, files::SPANISH].into_iter().flat_map(entries).map(|line| files::columns::<1>(line)[0]);
    let near = terms.chain(others).map(|term| (strsim::osa_distance(term, to), term)).min()?;
    (near.0 <= 2 && near.0 < to.len()).then(|| near.1.to_owned())
}

/// Terms that are being compiled.
#[derive(Default)]
struct Gathered {
    phrases: PhrasesBuilder,
    terms: Vec<Term>,
    contexts: Vec<Context>,
    words: Words,
    glued: Vec<(&'static str, u16)>,
}

impl Gathered {
    fn add(&mut self, text: &'static str, kind: SignalKind, weight: Weight) {
        let Ok(number) = u16::try_from(self.terms.len()) else { return };
        if !self.phrases.add(text, number) {
            return;
        }
        let letters = text.len() - text.matches(' ').count();
        self.terms.push(Term { kind, weight, is_name: false, is_short: letters <= LONGEST_BY_CHANCE });
        if weight != Weight::Never {
            self.glued.push((text, number));
        }
    }

    fn add_ambiguous(&mut self, line: &'static str) {
        let [text, kind, beside, not_beside] = files::columns(line);
        let Some(kind) = files::kind(kind).filter(|_| beside != "-") else {
            // A single word that never counts is no term; it would only be looked up for nothing.
            if text.contains(' ') {
                self.add(text, SignalKind::Topic, Weight::Never);
            }
            return;
        };
        let Ok(number) = u16::try_from(self.contexts.len()) else { return };
        let alone = beside == "*";
        let beside = if alone { Vec::new() } else { self.phrases_of(beside) };
        let not_beside = self.phrases_of(not_beside);
        let mut begins = Bitmap::new();
        beside.iter().chain(&not_beside).filter_map(|phrase| phrase.first()).for_each(|word| begins.insert(*word));
        self.contexts.push(Context { alone, beside, not_beside, begins });
        self.add(text, kind, Weight::Ambiguous(number));
    }

    fn phrases_of(&mut self, list: &str) -> Vec<Phrase> {
        let mut phrases = Vec::new();
        for phrase in list.split(',') {
            self.words.read(phrase, Split::Digits);
            if !self.words.list().is_empty() {
                phrases.push(self.words.list().iter().map(|word| word.singular).collect());
            }
        }
        phrases
    }

    fn finish(mut self) -> Terms {
        // Last, so that a term as it is written wins over another one without its spaces.
        for (text, number) in &self.glued {
            self.phrases.add_glued(text, *number, SHORTEST_GLUED);
        }
        let mut terms = Terms { phrases: self.phrases.build(), by_number: self.terms, contexts: self.contexts };
        for name in entries(files::EPONYMS) {
            self.words.read(name, Split::Digits);
            if let Some(number) = terms.phrases.exactly(self.words.list())
                && let Some(term) = terms.by_number.get_mut(usize::from(number))
            {
                term.is_name = true;
            }
        }
        terms
    }
}
