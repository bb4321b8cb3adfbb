//! Signals: reasons to think that an event speaks of health.

use std::fmt;

use super::{Setting, Unwrapper, Work, WorkLimit};
use crate::report::SignalKind;

/// `[health]`, compiled: what counts as a signal under one policy.
pub(crate) struct HealthRules {
    setting: Setting,
}

/// What is wrong with a term that a policy adds or leaves out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TermError {
    /// A term without a letter or digit would count nowhere.
    #[error("add_terms has a term without a letter or a digit; write words, such as \"winter tonic\"")]
    Empty,
    /// A term that is not left out because it never counted.
    #[error("ignore_terms names `{term}`, which is no term of the lexicon{}", did_you_mean(.nearest.as_deref()))]
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
        let _ = (add_terms, ignore_terms);
        Ok(Self { setting })
    }
}

impl fmt::Debug for HealthRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HealthRules({:?})", self.setting)
    }
}

/// Where a text stands, as far as that decides what counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Position {
    /// Any text: a URL, an id, an unknown key's value.
    Text,
    /// A person's name or place, where a term that is also a surname or a town says nothing.
    Name,
    /// What a user agent's grammar does not explain.
    UserAgent,
}

/// What a text told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// A signal by itself.
    Signal(SignalKind),
    /// Evidence that needs company: a signal if [`HealthScan::finish`] says so at the event's end.
    Hint(SignalKind),
    /// Nothing.
    Nothing,
}

/// Looks through the texts of one event.
#[derive(Debug)]
pub(crate) struct HealthScan<'p> {
    rules: &'p HealthRules,
    unwrapper: Unwrapper,
}

impl<'p> HealthScan<'p> {
    pub(crate) fn new(rules: &'p HealthRules) -> Self {
        Self { rules, unwrapper: Unwrapper::default() }
    }

    /// Looks through a text that stands under a key; `key` is empty for a key of the table, which says nothing, and is looked
    /// through itself otherwise.
    pub(crate) fn text(&mut self, key: &str, text: &str, position: Position, work: &mut Work) -> Result<Sight, WorkLimit> {
        let _ = (self.rules, position);
        self.unwrapper.readings(key, text, work, &mut |_, _| Ok(()))?;
        Ok(Sight::Nothing)
    }

    /// Whether the hints of all texts together are a signal: two of different kinds or terms are.
    pub(crate) fn finish(&self) -> Option<SignalKind> {
        None
    }
}
