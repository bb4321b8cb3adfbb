//! Finds what speaks of health or of a person in text, whatever it is wrapped in.
//!
//! `unwrap` turns a text into its readings: as it came, and once each layer of wrapping is taken off. `health` looks in them for
//! the terms of the `lexicon`, for codes and for telling keys; `personal` for what identifies a person. All of it is paid from
//! one budget of work an event, so that no text costs more than a constant times its length; past it the event fails closed.
//!
//! Absent on purpose: names of people in free text, which no detector finds. The list of fields and their closed forms keep
//! those back; detectors only look behind forms that cannot.

mod unwrap;
mod words;
mod work;

pub(crate) mod lexicon;

pub(crate) mod health;
pub(crate) mod personal;

pub(crate) use unwrap::{LONGEST_KEY, Reading, Unwrapper, could_be_text};
pub(crate) use work::{Work, WorkLimit};

/// How ready the detectors are to see health and persons in what is ambiguous.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Setting {
    /// A shop whose goods are mostly harmless: `on_signal = "drop_goods"`.
    Retail,
    /// A pharmacy, telehealth: `on_signal = "drop_event"`.
    Health,
    /// A hospital: `ambiguous = "always"`.
    Clinical,
}
