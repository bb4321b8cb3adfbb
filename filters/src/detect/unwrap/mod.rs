//! A text and its readings: as it came, and once each layer of wrapping is taken off, to a fixed point.

use super::{Work, WorkLimit};

/// Layers that are taken off at most. A text that is wrapped once more fails closed.
pub(crate) const MAX_DEPTH: u8 = 4;

/// What a text says after some layers are taken off.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading<'r> {
    /// The key under which it stands: of JSON, a query or a form. Empty if it has none.
    pub(crate) key: &'r str,
    /// Composed letters without marks, invisible characters and look-alikes; case and punctuation as they came.
    pub(crate) text: &'r str,
    /// Layers that were taken off; 0 is the text as it came.
    pub(crate) depth: u8,
}

/// Takes texts apart. It keeps its buffers from one text to the next.
#[derive(Debug, Default)]
pub(crate) struct Unwrapper {}

impl Unwrapper {
    /// Shows every reading of a text to `see`, the text as it came first. `see` may fail; what it returns ends the walk.
    pub(crate) fn readings(
        &mut self,
        key: &str,
        text: &str,
        work: &mut Work,
        see: &mut dyn FnMut(Reading<'_>, &mut Work) -> Result<(), WorkLimit>,
    ) -> Result<(), WorkLimit> {
        work.spend(text.len())?;
        see(Reading { key, text, depth: 0 }, work)
    }
}
