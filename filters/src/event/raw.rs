//! An event as it came.

use std::borrow::Cow;

use super::{Slots, Strays};
use crate::consent::statement::Statement;
use crate::policy::Property;
use crate::schema::{Field, Section};

/// An event as a caller sent it: personal data in clear, and no way to write it anywhere.
///
/// There is no `Serialize`, no `Display` and no `Clone`; `Debug` prints how many fields there are. Values borrow from the
/// request's bytes and are gone with them.
pub struct RawEvent<'a> {
    pub(super) slots: Slots<Value<'a>>,
    /// Those that the policy names, in the order in which they came.
    pub(super) properties: Vec<(&'a Property, Value<'a>)>,
    /// What is said of the person.
    pub(super) statement: Statement,
    pub(super) unknown_keys: u32,
    /// What has no slot, if the policy wants it looked at.
    pub(super) strays: Strays<'a>,
}

/// A value as it came, in the form in which its field's kind wants to read it.
pub(crate) enum Value<'a> {
    /// `null`, which counts as absent: Node's SDK sends it for what is not set.
    Null,
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Whole(i64),
    /// A number in its own text, for fields whose digits matter.
    Number(&'a str),
    /// A string.
    Text(Cow<'a, str>),
    /// A list of the above, `null` among them.
    List(Vec<Value<'a>>),
    /// The list of goods.
    Items(Vec<Item<'a>>),
    /// An object whose fields have slots of their own.
    Object,
    /// Something that no kind can read: an object, or a list in a list. Its content was skipped.
    Misfit,
}

/// One of the goods, or `None` where an element of the list is no object.
pub(crate) type Item<'a> = Option<Vec<(Field, Value<'a>)>>;

impl<'a> RawEvent<'a> {
    /// The value of a field, if it came and is not `null`.
    pub(crate) fn get(&self, field: Field) -> Option<&Value<'a>> {
        self.slots.get(field).filter(|value| !matches!(value, Value::Null))
    }

    /// Every field that came with a value, in the order in which they came.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Field, &Value<'a>)> {
        self.slots.iter().filter(|(_, value)| !matches!(value, Value::Null))
    }

    /// The objects that came with anything, which for most is an object.
    pub(crate) fn objects(&self) -> impl Iterator<Item = (Field, &Value<'a>)> {
        let came = self.slots.present().intersection(Section::holders());
        came.iter().filter_map(|field| Some((field, self.get(field)?)))
    }

    /// The properties of the site's own that came with a value.
    pub(crate) fn properties(&self) -> impl Iterator<Item = (&'a Property, &Value<'a>)> {
        self.properties.iter().filter(|(_, value)| !matches!(value, Value::Null)).map(|(property, value)| (*property, value))
    }

    /// What its sender says of the person's will and place. It has no way out.
    pub(crate) fn statement(&self) -> &Statement {
        &self.statement
    }

    /// How many keys, at every level, are neither in the table nor properties of the policy.
    pub(crate) fn unknown_keys(&self) -> u32 {
        self.unknown_keys
    }

    /// What has no slot: nothing unless the event was read for a scan of all of it.
    pub(crate) fn strays(&self) -> &Strays<'a> {
        &self.strays
    }
}

impl std::fmt::Debug for RawEvent<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let fields = self.slots.len() + self.properties.len();
        write!(f, "RawEvent({fields} fields, {} unknown keys)", self.unknown_keys)
    }
}

impl Value<'_> {
    /// How many values it is, for the count of removals: the elements of a list, else one.
    pub(crate) fn count(&self) -> u32 {
        match self {
            Self::List(list) => u32::try_from(list.len()).unwrap_or(u32::MAX),
            Self::Items(items) => u32::try_from(items.len()).unwrap_or(u32::MAX),
            _ => 1,
        }
    }

    /// Its text, where it is a string that is not empty, or a whole number that stands where an id is wanted.
    pub(crate) fn id_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(text) if !text.is_empty() => Some(Cow::Borrowed(text)),
            Self::Whole(number) if *number >= 0 => Some(Cow::Owned(number.to_string())),
            _ => None,
        }
    }

    /// Its text, where it is a string.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Its elements: those of a list, or itself.
    pub(crate) fn elements(&self) -> &[Self] {
        match self {
            Self::List(list) => list,
            single => std::slice::from_ref(single),
        }
    }
}
