//! Signals: reasons to think that an event speaks of health.
//!
//! `rules` is what counts under one policy. A [`HealthScan`] looks through the texts of one event: every reading of a text, and
//! the key of each. `reading` says what one tells: terms of the lexicon, also misspelled or hashed, keys that only events about
//! care have, `codes`, a `dose`. What is a signal in company only is kept as one of the `hints` until the event's end.
//!
//! What becomes of an event that speaks of health is left to the stage. What was found is never kept, only its kind.

mod rules;

mod reading;

mod codes;
mod denial;
mod dose;
mod hints;

pub(crate) use self::denial::denies;
use self::hints::Hints;
pub(crate) use self::hints::Sight;
use self::reading::Reader;
pub(crate) use self::rules::{HealthRules, TermError};
use super::{Unwrapper, Work, WorkLimit};
use crate::report::SignalKind;

#[cfg(test)]
mod phrases_tests;
#[cfg(test)]
mod tests;

/// What a text is, as far as that decides what counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Any text: a URL, an id, an unknown key's value.
    Text,
    /// A person's name or place, where a term that is also a surname or a town says nothing.
    Name,
    /// What a user agent's grammar does not explain. An ambiguous term needs its context there under every policy: `android`.
    UserAgent,
}

/// Looks through the texts of one event.
#[derive(Debug)]
pub(crate) struct HealthScan<'p> {
    unwrapper: Unwrapper,
    reader: Reader<'p>,
    hints: Hints,
}

impl<'p> HealthScan<'p> {
    /// A scan that has seen nothing yet.
    pub(crate) fn new(rules: &'p HealthRules) -> Self {
        Self { unwrapper: Unwrapper::default(), reader: Reader::new(rules), hints: Hints::default() }
    }

    /// Looks through a text that stands under a key; `key` is empty for a key of the table, which says nothing, and is looked
    /// through itself otherwise.
    pub(crate) fn text(&mut self, key: &str, text: &str, role: Role, work: &mut Work) -> Result<Sight, WorkLimit> {
        let Self { unwrapper, reader, hints } = self;
        reader.begin();
        let mut sight = Sight::Nothing;
        let walked = unwrapper.readings(key, text, work, &mut |reading, work| {
            sight = sight.or_else(|| reader.read(reading, role, hints, work))?;
            Ok(())
        });
        // A signal that was found stays one if the walk then came to its bound.
        if matches!(sight, Sight::Signal(_)) {
            return Ok(sight);
        }
        walked.map(|()| sight)
    }

    /// Looks at a text for digests of terms only.
    pub(crate) fn digest(&self, text: &str) -> Sight {
        if self.reader.has_digest(text) { Sight::Signal(SignalKind::Digest) } else { Sight::Nothing }
    }

    /// What took the texts apart, for whoever looks through texts of the event after this scan.
    pub(crate) fn unwrapper(&mut self) -> &mut Unwrapper {
        &mut self.unwrapper
    }

    /// Whether the hints of all texts together are a signal: two of different kinds or terms are.
    pub(crate) fn finish(&self) -> Option<SignalKind> {
        self.hints.adds_up()
    }
}
