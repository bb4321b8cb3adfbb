//! Hints: what is a signal in company only.

use crate::report::SignalKind;

use super::super::WorkLimit;

/// What a text told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// A signal by itself.
    Signal(SignalKind),
    /// A signal if the event's hints together are one.
    Hint(SignalKind),
    /// Nothing.
    Nothing,
}

impl Sight {
    /// Looks on, unless there is a signal already. A hint stays if nothing more is found.
    pub(super) fn or_else(self, look: impl FnOnce() -> Result<Self, WorkLimit>) -> Result<Self, WorkLimit> {
        match self {
            Self::Signal(_) => Ok(self),
            Self::Nothing => look(),
            Self::Hint(_) => look().map(|other| if other == Self::Nothing { self } else { other }),
        }
    }
}

/// The hints of one event. A hint alone is no signal; two of different kinds or terms are.
#[derive(Debug, Default)]
pub(super) struct Hints {
    /// Each once, in order. More than two change nothing.
    hints: [Option<(SignalKind, Which)>; 2],
}

/// Which hint of a kind: the same one twice is no company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Term(u16),
    /// All keys are one: a shop's article has a `condition` and a `provider`.
    Key,
    Dose,
}

impl Hints {
    pub(super) fn add_term(&mut self, kind: SignalKind, number: u16) -> Sight {
        self.add(kind, Which::Term(number))
    }

    pub(super) fn add_key(&mut self) -> Sight {
        self.add(SignalKind::TellingKey, Which::Key)
    }

    pub(super) fn add_dose(&mut self) -> Sight {
        self.add(SignalKind::Drug, Which::Dose)
    }

    fn add(&mut self, kind: SignalKind, which: Which) -> Sight {
        let hint = Some((kind, which));
        if !self.hints.contains(&hint)
            && let Some(free) = self.hints.iter_mut().find(|held| held.is_none())
        {
            *free = hint;
        }
        Sight::Hint(kind)
    }

    /// Whether the hints together are a signal, and of which kind.
    pub(super) fn adds_up(&self) -> Option<SignalKind> {
        match self.hints {
            [Some((kind, _)), Some(_)] => Some(kind),
            _ => None,
        }
    }
}
