//! What came and has no slot: unknown keys with their values, and what stood where a field wants another type.
//!
//! They are kept for the health scan only, borrowed from the request where that can be, and only if the policy scans whole
//! events. Nothing here can reach the outgoing event: no stage but health asks for it.

use std::borrow::Cow;

use crate::schema::Field;

/// Values that are kept at most. What is more is not looked at, so the event does not leave.
const MAX_STRAYS: usize = 8 * 1024;

/// All of one event.
#[derive(Default)]
pub(crate) struct Strays<'a> {
    /// Each key once, however many values of a list stand under it.
    keys: Vec<Cow<'a, str>>,
    values: Vec<(Under, Scalar<'a>)>,
    is_cut: bool,
}

/// Fewer numbers than so many spell nothing.
const SHORTEST_SPELLED: usize = 4;

/// Under what a value stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Under {
    /// Its key, by its place in the list, if it is none of the table.
    key: Option<u16>,
    /// The field that has no use for it.
    field: Option<Field>,
}

/// A value, without what says nothing: `null` and `false`.
pub(super) enum Scalar<'a> {
    Text(Cow<'a, str>),
    Whole(i64),
    Unsigned(u64),
    Decimal(f64),
    True,
    /// An object that is not empty; its members are strays of their own.
    Object,
}

/// One of them.
pub(crate) struct Stray<'s> {
    /// Its key; empty where it stands under a field of the table.
    pub(crate) key: &'s str,
    /// The field of the table under which it stands, if it does.
    pub(crate) field: Option<Field>,
    /// It, as text.
    pub(crate) text: Cow<'s, str>,
}

impl Under {
    /// In the place of a field's value.
    pub(super) fn field(field: Option<Field>) -> Self {
        Self { key: None, field }
    }
}

impl<'a> Strays<'a> {
    /// Notes a key that is none of the table.
    pub(super) fn key(&mut self, key: Cow<'a, str>) -> Under {
        let Ok(position) = u16::try_from(self.keys.len()) else {
            self.is_cut = true;
            return Under::default();
        };
        self.keys.push(key);
        Under { key: Some(position), field: None }
    }

    /// Notes a value.
    pub(super) fn value(&mut self, under: Under, value: Scalar<'a>) {
        if self.values.len() < MAX_STRAYS { self.values.push((under, value)) } else { self.is_cut = true }
    }

    /// Each with its key, in the order in which they came.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Stray<'_>> {
        self.values.iter().map(|(under, value)| self.stray(*under, value.text()))
    }

    /// What lists of bytes spell, as programs write their memory: `{"type":"Buffer","data":[104,105,118,33]}`.
    pub(crate) fn spelled(&self) -> impl Iterator<Item = Stray<'_>> {
        let lists = self.values.chunk_by(|(one, _), (next, _)| one == next).filter(|list| list.len() >= SHORTEST_SPELLED);
        lists.filter_map(|list| {
            let (under, _) = list.first()?;
            let bytes = list.iter().map(|(_, value)| value.byte()).collect::<Option<Vec<u8>>>()?;
            Some(self.stray(*under, Cow::Owned(String::from_utf8(bytes).ok()?)))
        })
    }

    fn stray<'s>(&'s self, under: Under, text: Cow<'s, str>) -> Stray<'s> {
        let key = under.key.and_then(|key| self.keys.get(usize::from(key))).map_or("", AsRef::as_ref);
        Stray { key, field: under.field, text }
    }

    /// Whether there were more than are kept.
    pub(crate) fn is_cut(&self) -> bool {
        self.is_cut
    }
}

impl Scalar<'_> {
    fn byte(&self) -> Option<u8> {
        match self {
            Self::Whole(number) => u8::try_from(*number).ok(),
            Self::Unsigned(number) => u8::try_from(*number).ok(),
            Self::Text(_) | Self::Decimal(_) | Self::True | Self::Object => None,
        }
    }

    fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Whole(number) => Cow::Owned(number.to_string()),
            Self::Unsigned(number) => Cow::Owned(number.to_string()),
            Self::Decimal(number) => Cow::Owned(number.to_string()),
            // A key with either is one that holds.
            Self::True | Self::Object => Cow::Borrowed("true"),
        }
    }
}
