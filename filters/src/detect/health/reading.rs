//! What one reading of a text tells, by a policy's rules.

use std::cell::Cell;

use super::super::lexicon::{
    Found, KeyMeaning, Misspellings, Telling, Term, Weight, digests, digests_of_specialties, lexicon,
};
use super::super::words::{Split, Word, Words};
use super::super::{LONGEST_KEY, Reading, Setting, Work, WorkLimit};
use super::codes::has_code;
use super::denial::{denies, is_denied_behind, says_nothing};
use super::dose::has_dose;
use super::hints::{Hints, Sight};
use super::{HealthRules, Role};
use crate::report::SignalKind;

/// What forms glue to the front of a key that is all small letters, and to its end: `hasdiabetes`, `diabetesstatus`.
const GLUED_BEFORE: [&str; 5] = ["is", "has", "had", "my", "takes"];
const GLUED_BEHIND: [&str; 7] = ["status", "history", "type", "test", "result", "level", "score"];
/// What is left has so many letters at least: of a shorter one too many words are made.
const SHORTEST_BARE: usize = 5;

/// Hexadecimal digits of an MD5; other digests have more.
const SHORTEST_DIGEST: usize = 32;

/// Reads texts; its list of words is kept from one to the next.
#[derive(Debug)]
pub(super) struct Reader<'p> {
    rules: &'p HealthRules,
    words: Words,
    /// A term of the text that was read last did not count for what stands beside it, so each part is read by itself too.
    parts_may_tell: Cell<bool>,
    /// What some term means was asked of the words beside it, in whichever reading of the text.
    weighed: Cell<bool>,
    /// Some word begins a term, in whichever reading of the text. Where none does, no part of it holds a term either.
    term_begins: Cell<bool>,
    /// Some words are a term, in whichever reading of the text and whether it counts or not.
    term_stands: Cell<bool>,
}

impl<'p> Reader<'p> {
    pub(super) fn new(rules: &'p HealthRules) -> Self {
        Self {
            rules,
            words: Words::default(),
            parts_may_tell: false.into(),
            weighed: false.into(),
            term_begins: false.into(),
            term_stands: false.into(),
        }
    }

    /// Forgets what the readings of another text said.
    pub(super) fn begin(&mut self) {
        for seen in [&self.parts_may_tell, &self.weighed, &self.term_begins, &self.term_stands] {
            seen.set(false);
        }
    }

    /// What a reading tells; its hints are added to those of the event.
    pub(super) fn read(
        &mut self,
        reading: Reading<'_>,
        role: Role,
        hints: &mut Hints,
        work: &mut Work,
    ) -> Result<Sight, WorkLimit> {
        let Reading { key, text, repeated, changed, .. } = reading;
        let mut sight = Sight::Nothing;
        let mut meaning = KeyMeaning::default();
        if !key.is_empty() {
            self.words.read(key, Split::Camel);
            meaning = lexicon().keys.meaning(self.words.list());
            // The words of a part stand in the whole, unless one was cut: a key that is too long, a word at its apostrophe.
            let may_hold_terms = !repeated || self.term_begins.get() || key.len() >= LONGEST_KEY;
            let bare = without_glued(key);
            // A form that leaves `drugName` empty tells of no drug; `hasDiabetes` must be denied.
            let is_silent = || if meaning.telling.is_some() { says_nothing(text) } else { denies(text) };
            if (may_hold_terms || bare.is_some() || meaning.telling.is_some()) && !is_silent() {
                sight = meaning.telling.map_or(Sight::Nothing, |telling| self.of_key(telling, hints));
                if may_hold_terms {
                    sight = sight.or_else(|| self.terms(key, role, hints, work))?;
                }
                if let Some(bare) = bare {
                    sight = sight.or_else(|| {
                        self.words.read(bare, Split::Camel);
                        self.terms(bare, role, hints, work)
                    })?;
                }
            }
        }
        if repeated && meaning == KeyMeaning::default() && !self.parts_may_tell.get() {
            return Ok(sight);
        }
        if !repeated {
            self.parts_may_tell.set(false);
        }
        sight.or_else(|| {
            if !changed.is_all_of(text) && !self.weighed.get() {
                let added = self.rules.added.as_ref().map_or(0, |added| added.phrases.most_words());
                let most_words = lexicon().terms.most_words().max(added);
                self.words.read_within(text, changed.with_words(text, most_words), Split::Camel);
                let sight = self.of_words(text, meaning, role, hints, work)?;
                if sight == Sight::Nothing && !self.weighed.get() {
                    return Ok(sight);
                }
                // What a term means is said by words anywhere in the text.
            }
            self.words.read(text, Split::Camel);
            self.of_words(text, meaning, role, hints, work)
        })
    }

    /// Codes, doses and terms in a text whose words were read with [`Split::Camel`].
    fn of_words(
        &mut self,
        text: &str,
        meaning: KeyMeaning,
        role: Role,
        hints: &mut Hints,
        work: &mut Work,
    ) -> Result<Sight, WorkLimit> {
        self.codes_and_doses(text, meaning, role, hints).or_else(|| self.terms(text, role, hints, work))
    }

    /// Codes and doses in a text whose words were read with [`Split::Camel`].
    fn codes_and_doses(&self, text: &str, meaning: KeyMeaning, role: Role, hints: &mut Hints) -> Sight {
        if role != Role::Text {
            Sight::Nothing
        } else if has_code(text, &self.words, meaning, self.rules.setting) {
            Sight::Signal(SignalKind::Code)
        } else if self.rules.setting >= Setting::Health && self.words.has_numbers() && has_dose(self.words.list()) {
            hints.add_dose()
        } else {
            Sight::Nothing
        }
    }

    fn of_key(&self, telling: Telling, hints: &mut Hints) -> Sight {
        if telling == Telling::Strong || self.rules.setting >= Setting::Health {
            Sight::Signal(SignalKind::TellingKey)
        } else {
            hints.add_key()
        }
    }

    /// Terms, misspelled terms and digests of terms in a text whose words were read with [`Split::Camel`].
    fn terms(&mut self, text: &str, role: Role, hints: &mut Hints, work: &mut Work) -> Result<Sight, WorkLimit> {
        let mut sight = self.terms_of_words(text, role, hints, work)?;
        if self.words.has_apostrophes() {
            self.term_begins.set(true);
        }
        let long_runs = self.words.long_runs().and_then(|runs| text.get(runs));
        if long_runs.is_some_and(|runs| self.has_digest(runs)) {
            sight = sight.or_else(|| Ok(Sight::Signal(SignalKind::Digest)))?;
        }
        let Some(stretch) = self.words.camel_stretch() else { return Ok(sight) };
        if self.joined_may_tell() {
            sight.or_else(|| {
                self.words.read_within(text, stretch, Split::Digits);
                self.terms_of_words(text, role, hints, work)
            })
        } else if self.has_misspelling(text, role, self.words.joined()) {
            sight.or_else(|| Ok(Sight::Signal(SignalKind::Drug)))
        } else {
            Ok(sight)
        }
    }

    /// Tells whether a term begins with a word.
    fn begins_term(&self) -> impl Fn(&Word) -> bool {
        let (terms, added) = (&lexicon().terms, self.rules.added.as_ref());
        move |word| terms.begin_with(word) || added.is_some_and(|added| added.phrases.begin_with(word))
    }

    /// Whether joined words may make a difference: as words of a term, or because they take one apart that stands without them,
    /// and that may have kept another from counting.
    fn joined_may_tell(&self) -> bool {
        let (terms, added) = (&lexicon().terms, self.rules.added.as_ref().map(|added| &added.phrases));
        let begins_term = self.begins_term();
        let goes_on = |word| terms.may_go_on_with(word) || added.is_some_and(|added| added.may_go_on_with(word));
        let is_of_term = |word| begins_term(word) || self.term_begins.get() && goes_on(word);
        self.term_stands.get() || self.words.joined().iter().any(is_of_term)
    }

    fn terms_of_words(&self, text: &str, role: Role, hints: &mut Hints, work: &mut Work) -> Result<Sight, WorkLimit> {
        let mut sight = Sight::Nothing;
        let mut rest = self.words.list();
        let begins_term = self.begins_term();
        while let Some(place) = rest.iter().position(&begins_term) {
            rest = rest.get(place..).unwrap_or_default();
            let mut passed = 1;
            self.term_begins.set(true);
            let added = self.rules.added.as_ref().map(|added| &added.phrases);
            let counts = |found| {
                self.term_stands.set(true);
                !is_denied(text, rest, found)
            };
            if added.is_some_and(|added| added.longest(rest, counts).is_some()) {
                return Ok(Sight::Signal(SignalKind::AddedTerm));
            }
            if let Some((found, term)) = self.term_at(text, rest, role, work)? {
                if term.weight == Weight::Never || self.rules.ignores(found.number) {
                    passed = found.length;
                } else if term.kind == SignalKind::Specialty && self.rules.setting == Setting::Retail {
                    sight = hints.add_term(term.kind, found.number);
                } else {
                    return Ok(Sight::Signal(term.kind));
                }
            }
            rest = rest.get(passed..).unwrap_or_default();
        }
        if self.has_misspelling(text, role, self.words.list()) {
            return Ok(Sight::Signal(SignalKind::Drug));
        }
        Ok(sight)
    }

    /// The longest term with which the words `rest` of a text begin, of those that count here or keep others from counting.
    fn term_at(&self, text: &str, rest: &[Word], role: Role, work: &mut Work) -> Result<Option<(Found, Term)>, WorkLimit> {
        let mut paid = Ok(());
        let longest = lexicon().terms.longest(rest, |found, term| {
            self.term_stands.set(true);
            if term.is_short && rest.iter().take(found.length).any(|word| word.random) {
                return false;
            }
            if self.rules.ignores(found.number) {
                return true;
            }
            let counts = match (term.weight, role) {
                (Weight::Never, _) => return true,
                (Weight::Always, Role::Name) => !term.is_name,
                (Weight::Always, _) => true,
                (Weight::Ambiguous(_), Role::Name) => false,
                (Weight::Ambiguous(_), Role::Text) if self.rules.setting == Setting::Clinical => true,
                (Weight::Ambiguous(context), _) => {
                    let words = self.words.list();
                    self.weighed.set(true);
                    paid = paid.and_then(|()| work.spend(words.len()));
                    let holds = paid.is_ok() && lexicon().terms.context_holds(context, words);
                    self.parts_may_tell.set(self.parts_may_tell.get() || !holds);
                    holds
                }
            };
            counts && !is_denied(text, rest, found)
        });
        paid.map(|()| longest)
    }

    /// Whether some word is the name of a drug with one wrong letter.
    fn has_misspelling(&self, text: &str, role: Role, words: &[Word]) -> bool {
        let lexicon = lexicon();
        self.rules.setting >= Setting::Health
            && role == Role::Text
            && words.iter().any(|word| {
                Misspellings::LENGTHS.contains(&(word.end - word.start))
                    && !word.number
                    && !word.random
                    && text.get(word.start..word.end).is_some_and(|spelled| lexicon.misspellings.has(spelled))
                    && lexicon.terms.exactly(std::slice::from_ref(word)).is_none()
            })
    }

    /// Whether there is the digest of a term in a text, of those that count here alone.
    pub(super) fn has_digest(&self, text: &str) -> bool {
        // Few long runs are digits for the most part.
        if text.bytes().filter(u8::is_ascii_hexdigit).count() < SHORTEST_DIGEST {
            return false;
        }
        let runs = text.as_bytes().split(|byte| !byte.is_ascii_alphanumeric());
        let added = self.rules.added.as_ref().map(|added| &added.digests);
        let of_specialties = (self.rules.setting >= Setting::Health).then(digests_of_specialties);
        let lists = || [Some(digests()), of_specialties, added].into_iter().flatten();
        runs.filter(|run| run.len() >= SHORTEST_DIGEST).any(|run| lists().any(|list| list.has_hex(run)))
    }
}

/// A key without a word that is glued to it.
fn without_glued(key: &str) -> Option<&str> {
    let mut after = GLUED_BEFORE.iter().filter_map(|before| key.strip_prefix(before));
    let mut before = GLUED_BEHIND.iter().filter_map(|behind| key.strip_suffix(behind));
    let bare = after.next().or_else(|| before.next())?;
    (bare.len() >= SHORTEST_BARE && bare.bytes().all(|byte| byte.is_ascii_lowercase())).then_some(bare)
}

/// Whether what stands behind a phrase denies it, as in `hasDiabetes=false`.
fn is_denied(text: &str, rest: &[Word], found: Found) -> bool {
    let last = found.length.checked_sub(1).and_then(|index| rest.get(index));
    last.is_some_and(|last| is_denied_behind(text, last.end))
}
