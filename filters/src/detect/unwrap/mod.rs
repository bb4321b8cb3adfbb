//! A text and its readings: as it came, and once each layer of wrapping is taken off, to a fixed point.
//!
//! Taken off are percent escapes and plus for a space, HTML entities and tags inside words, backslash escapes, quoted-printable, base64 and
//! base64url, base32, hexadecimal digits and host labels of IDNA; letters are made plain first. Every reading is also taken
//! apart into what stands under a key. A text that is still wrapped after [`MAX_DEPTH`] layers fails closed.
//!
//! Left to others: case, words, what a reading means. Absent on purpose: UTF-7, compression, encryption, and what nobody does
//! by accident (ROT13, reversed text, digits for letters).

mod kinds;

mod letters;
mod look_alikes;

mod pairs;

mod backslash;
mod bytes;
mod entities;
mod percent;
mod quoted_printable;
mod tags;

mod base32;
mod base64;
mod hex;
mod labels;
mod stretches;

mod changed;
mod readings;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;

pub(crate) use hex::could_be_text;
pub(crate) use letters::plain as plain_letters;
pub(crate) use pairs::LONGEST_KEY;

use base64::Base64;
use changed::Changed;
use pairs::Pairs;
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
    /// Its words stand in a reading that was shown before, in the same order; what is new is the key, or a space for a plus.
    pub(crate) repeated: bool,
    /// What of it no reading before it had under this key.
    pub(crate) changed: Changed,
}

/// What takes readings.
pub(crate) type See<'s> = dyn FnMut(Reading<'_>, &mut Work) -> Result<(), WorkLimit> + 's;

/// Takes texts apart. It keeps its buffers from one text to the next.
#[derive(Debug, Default)]
pub(crate) struct Unwrapper {
    readings: Readings,
    pairs: Pairs,
    base64: Base64,
}

/// Where a text stands.
#[derive(Debug, Clone, Copy)]
struct At<'k> {
    key: &'k str,
    depth: u8,
    repeated: bool,
    changed: Changed,
}

impl<'k> At<'k> {
    /// A text of which nothing was shown before.
    fn new(key: &'k str, depth: u8) -> Self {
        Self { key, depth, repeated: false, changed: Changed::ALL }
    }
}

/// A wrapper of a text as a whole.
struct Wrapper {
    /// The kind of byte without which there is none.
    kind: u8,
    /// Appends the text without it, and tells how many escapes there were.
    resolve: fn(&str, &mut String) -> usize,
}

const WRAPPERS: [Wrapper; 5] = [
    Wrapper { kind: kinds::PERCENT, resolve: percent::resolve },
    Wrapper { kind: kinds::ENTITY, resolve: entities::resolve },
    Wrapper { kind: kinds::ENTITY, resolve: tags::resolve },
    Wrapper { kind: kinds::BACKSLASH, resolve: backslash::resolve },
    Wrapper { kind: kinds::MARK, resolve: quoted_printable::resolve },
];

impl Unwrapper {
    /// Shows every reading of a text to `see`, the text as it came first. `see` may fail; what it returns ends the walk.
    ///
    /// Names of keys are payload too: what the key itself wraps is shown as text without a key, but not the key as it came.
    pub(crate) fn readings(&mut self, key: &str, text: &str, work: &mut Work, see: &mut See<'_>) -> Result<(), WorkLimit> {
        self.readings.clear();
        let key = plain_key(key, work)?;
        self.unwrap(At::new(&key, 0), text, work, see)?;
        let kinds = if key.is_empty() { 0 } else { kinds::of(&key) };
        if kinds != 0 {
            work.spend(key.len())?;
            self.pairs.find(kinds & kinds::MARK != 0, &key, &(0..key.len()));
            self.tokens(At::new("", 0), &key, 0..key.len(), kinds)?;
        }
        while let Some(next) = self.readings.next() {
            let at = At { key: &next.key, depth: next.depth, repeated: next.repeated, changed: next.changed };
            let shown = self.unwrap(at, &next.text, work, see);
            self.readings.keep(next);
            shown?;
        }
        Ok(())
    }

    /// Shows one reading and what in it stands under keys, and sets aside what it wraps.
    fn unwrap(&mut self, at: At<'_>, text: &str, work: &mut Work, see: &mut See<'_>) -> Result<(), WorkLimit> {
        let At { key, depth, repeated, mut changed } = at;
        work.spend(text.len())?;
        let mut kinds = kinds::of(text);
        let mut plain = Cow::Borrowed(text);
        if kinds & kinds::LETTERS != 0 {
            plain = letters::plain(text);
            // Some single letters stand for whole phrases.
            work.spend(plain.len().saturating_sub(text.len()))?;
            kinds = kinds::of(&plain);
            changed = Changed::ALL;
        }
        let text = &*plain;
        see(Reading { key, text, depth, repeated, changed }, work)?;
        if kinds == 0 {
            return Ok(());
        }
        let stretch = changed.with_tokens(text);
        self.pairs.find(kinds & kinds::MARK != 0, text, &stretch);
        for (key, value) in self.pairs.near(changed, text) {
            work.spend(value.len())?;
            see(Reading { key, text: value, depth, repeated: true, changed: Changed::ALL }, work)?;
        }
        // A space for a plus makes no wrapper of what was none.
        if !repeated {
            self.texts(key, text, kinds, depth, work)?;
        }
        // A plus belongs to the alphabet of base64, so its tokens were found before it became a space; only hexadecimal digits
        // are held apart by spaces.
        let kinds = if repeated { kinds & kinds::DIGIT } else { kinds };
        self.tokens(at, text, stretch, kinds)
    }

    /// Sets aside the whole text without each of its wrappers.
    fn texts(&mut self, key: &str, text: &str, kinds: u8, depth: u8, work: &mut Work) -> Result<(), WorkLimit> {
        if WRAPPERS.iter().any(|wrapper| kinds & wrapper.kind != 0) {
            work.spend(text.len())?;
        }
        for Wrapper { kind, resolve } in &WRAPPERS {
            if kinds & kind != 0 {
                let mut resolved = String::new();
                let escapes = resolve(text, &mut resolved);
                // A plus for a space hides nothing, so it is no layer that a text can have too many of.
                if escapes > 0 || depth < MAX_DEPTH && !resolved.is_empty() && resolved != text {
                    let changed = Changed::between(text, &resolved);
                    let repeated = escapes == 0 && *kind == kinds::PERCENT;
                    self.readings.add(At { key, depth: depth + 1, repeated, changed }, &resolved)?;
                }
            }
        }
        Ok(())
    }

    /// Sets aside what tokens in a stretch of the text hold, each under the key of its place.
    fn tokens(&mut self, at: At<'_>, text: &str, stretch: Range<usize>, kinds: u8) -> Result<(), WorkLimit> {
        let At { key, depth, .. } = at;
        let before = stretch.start;
        let Some(tokens) = text.get(stretch) else { return Ok(()) };
        let Self { readings, pairs, base64 } = self;
        let mut take = |place: usize, held: &str| {
            let key = pairs.key_at(before + place, text).unwrap_or(key);
            readings.add(At::new(key, depth + 1), held)
        };
        if kinds & (kinds::UPPER | kinds::DIGIT) != 0 {
            base64.each(tokens, &mut take)?;
        }
        if kinds & kinds::MARK != 0 {
            base64.each_padded(tokens, &mut take)?;
        }
        if kinds & kinds::DIGIT != 0 {
            hex::each(tokens, &mut take)?;
        }
        if kinds & kinds::UPPER != 0 {
            base32::each(tokens, &mut take)?;
        }
        if kinds & kinds::HYPHEN != 0 {
            labels::each(tokens, &mut take)?;
        }
        Ok(())
    }
}

/// A key with plain letters and without escapes.
fn plain_key<'k>(key: &'k str, work: &mut Work) -> Result<Cow<'k, str>, WorkLimit> {
    let mut plain = Cow::Borrowed(key);
    if key.is_empty() {
        return Ok(plain);
    }
    for _ in 0..=MAX_DEPTH {
        let kinds = kinds::of(&plain);
        if kinds & kinds::LETTERS != 0 {
            plain = Cow::Owned(letters::plain(&plain).into_owned());
        }
        let mut escapes = 0;
        for Wrapper { kind, resolve } in WRAPPERS.iter().filter(|wrapper| wrapper.kind != kinds::MARK) {
            if kinds & kind != 0 {
                work.spend(plain.len())?;
                let mut resolved = String::new();
                escapes += resolve(&plain, &mut resolved);
                if !resolved.is_empty() {
                    plain = Cow::Owned(resolved);
                }
            }
        }
        if escapes == 0 {
            break;
        }
    }
    Ok(plain)
}
