//! A text and its readings: as it came, and once each layer of wrapping is taken off, to a fixed point.
//!
//! Taken off are percent escapes and plus for a space, HTML entities, backslash escapes, quoted-printable, base64 and
//! base64url, base32, hexadecimal digits and host labels of IDNA; letters are made plain first. Every reading is also taken
//! apart into what stands under a key. A text that is still wrapped after [`MAX_DEPTH`] layers fails closed.
//!
//! Left to others: case, words, what a reading means. Absent on purpose: UTF-7, compression, encryption, and what nobody does
//! by accident (ROT13, reversed text, digits for letters).

mod letters;
mod look_alikes;

mod backslash;
mod bytes;
mod entities;
mod percent;

mod readings;

use readings::Readings;

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
pub(crate) struct Unwrapper {
    readings: Readings,
}

impl Unwrapper {
    /// Shows every reading of a text to `see`, the text as it came first. `see` may fail; what it returns ends the walk.
    pub(crate) fn readings(
        &mut self,
        key: &str,
        text: &str,
        work: &mut Work,
        see: &mut dyn FnMut(Reading<'_>, &mut Work) -> Result<(), WorkLimit>,
    ) -> Result<(), WorkLimit> {
        self.readings.clear();
        self.unwrap(key, text, 0, work, see)?;
        while let Some(next) = self.readings.next() {
            let shown = self.unwrap(&next.key, &next.text, next.depth, work, see);
            self.readings.keep(next);
            shown?;
        }
        Ok(())
    }

    /// Shows one reading, and sets aside those that it holds.
    fn unwrap(
        &mut self,
        key: &str,
        text: &str,
        depth: u8,
        work: &mut Work,
        see: &mut dyn FnMut(Reading<'_>, &mut Work) -> Result<(), WorkLimit>,
    ) -> Result<(), WorkLimit> {
        work.spend(text.len())?;
        let plain = letters::plain(text);
        see(Reading { key, text: &plain, depth }, work)?;
        for resolve in [percent::resolve, entities::resolve, backslash::resolve] {
            let mut resolved = String::new();
            let layers = resolve(&plain, &mut resolved);
            if layers > 0 || (depth < MAX_DEPTH && resolved != *plain) {
                self.readings.add(key, resolved, depth + 1)?;
            }
        }
        Ok(())
    }
}
