//! Signals: reasons to think that an event speaks of health.

use std::fmt;

use super::{Setting, Unwrapper, Work, WorkLimit};
use crate::report::SignalKind;

/// `[health]`, compiled: what counts as a signal under one policy.
pub(crate) struct HealthRules {
    pub(crate) setting: Setting,
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
    pub(crate) fn text(
        &mut self,
        key: &str,
        text: &str,
        position: Position,
        work: &mut Work,
    ) -> Result<Option<SignalKind>, WorkLimit> {
        let _ = (self.rules, position);
        self.unwrapper.readings(key, text, work, &mut |_, _| Ok(()))?;
        Ok(None)
    }
}
