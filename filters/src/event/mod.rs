//! An event in its three forms: as it came, as it is about to leave, and as it may leave.
//!
//! `raw` is what a caller sent and cannot be written anywhere: it has no `Serialize`, `Display` or `Clone`. `outgoing` is
//! filled by the stages from closed forms. `sanitized` is what has passed the guard; nothing else can be stored or sent.

mod envelope;
mod json_schema;
mod outgoing;
mod parse;
mod raw;
mod sanitized;
mod slots;
mod strays;

pub use envelope::{EnvelopeText, SanitizedEnvelope, sanitize_envelope};
pub use json_schema::json_schema;
pub use raw::RawEvent;
pub use sanitized::SanitizedEvent;

pub(crate) use outgoing::{Item as OutgoingItem, Leaving, Outgoing};
pub(crate) use raw::{Item, Value};
pub(crate) use slots::Slots;
pub(crate) use strays::Strays;
