//! An event as it is about to leave: closed forms only, put there by the stages, written in the order of the table.

use std::borrow::Cow;

use super::Slots;
use crate::normalize::{self, Digest};
use crate::policy::Property;
use crate::schema::{Field, FieldSet, Kind, Section};

/// A value in its closed form.
pub(crate) enum Leaving<'a> {
    /// A JSON string.
    Text(Cow<'a, str>),
    /// A JSON number or boolean, in its own text.
    Literal(Cow<'a, str>),
    /// A JSON number.
    Whole(i64),
    /// A JSON list of the above.
    List(Vec<Self>),
    /// A digest as 64 hex digits.
    Digest(Digest),
    /// A JSON list of digests: the first and the rest, because most lists have one.
    Digests(Digest, Vec<Digest>),
    /// The list of goods.
    Items(Vec<Item<'a>>),
}

impl Leaving<'_> {
    /// How many values it is: the elements of a list, else one.
    pub(crate) fn count(&self) -> u32 {
        match self {
            Self::List(list) => u32::try_from(list.len()).unwrap_or(u32::MAX),
            Self::Items(items) => u32::try_from(items.len()).unwrap_or(u32::MAX),
            Self::Digests(_, rest) => u32::try_from(rest.len()).unwrap_or(u32::MAX).saturating_add(1),
            Self::Text(_) | Self::Literal(_) | Self::Whole(_) | Self::Digest(_) => 1,
        }
    }
}

/// One of the goods, its fields in the order of the table.
pub(crate) type Item<'a> = Vec<(Field, Leaving<'a>)>;

/// The event that the stages build.
pub(crate) struct Outgoing<'a> {
    slots: Slots<Leaving<'a>>,
    /// In the order of the policy.
    properties: Vec<(&'a Property, Leaving<'a>)>,
}

impl<'a> Outgoing<'a> {
    pub(crate) fn new() -> Self {
        Self { slots: Slots::new(), properties: Vec::new() }
    }

    /// Puts a field's closed form. A field is put once; a second value is ignored, for the first was checked.
    #[expect(clippy::inline_always, reason = "a value that is handed on is copied in words that its reader waits for")]
    #[inline(always)]
    pub(crate) fn put(&mut self, field: Field, value: Leaving<'a>) {
        self.slots.put(field, value);
    }

    /// A field's closed form, to be made narrower.
    pub(crate) fn get_mut(&mut self, field: Field) -> Option<&mut Leaving<'a>> {
        self.slots.get_mut(field)
    }

    /// Takes a field's closed form out again.
    pub(crate) fn take(&mut self, field: Field) -> Option<Leaving<'a>> {
        self.slots.take(field)
    }

    /// Puts the closed form of a property of the site's own, once.
    pub(crate) fn put_property(&mut self, property: &'a Property, value: Leaving<'a>) {
        if let Err(at) = self.properties.binary_search_by_key(&property.position(), |(other, _)| other.position()) {
            self.properties.insert(at, (property, value));
        }
    }

    pub(crate) fn get(&self, field: Field) -> Option<&Leaving<'a>> {
        self.slots.get(field)
    }

    /// Whether a property of the site's own has a value.
    pub(crate) fn has_property(&self, property: &Property) -> bool {
        self.properties.iter().any(|(other, _)| other.position() == property.position())
    }

    /// The fields that have a value.
    pub(crate) fn present(&self) -> &FieldSet {
        self.slots.present()
    }

    /// The JSON object: one line, no spaces, keys of each object in the order of the table, properties of the site's own after them.
    pub(crate) fn to_json(&self) -> String {
        // A thousand of these may wait for the disk together, so they are given what they need and little more.
        let mut json = String::with_capacity(self.width());
        self.write_section(&mut json, &self.written(), Section::Event);
        json
    }

    /// About how many bytes are written, rather more than fewer: objects in the event, then each field.
    fn width(&self) -> usize {
        let fields = self.slots.iter().map(|(field, value)| key_width(field.row().name) + width(value));
        let properties = self.properties.iter().map(|(property, value)| key_width(property.name()) + width(value));
        64 + fields.sum::<usize>() + properties.sum::<usize>()
    }

    /// What is written: the fields that have a value, the objects around them, and `user_data`, since Meta wants it.
    fn written(&self) -> FieldSet {
        let mut written = self.present().with(Field::UserData);
        if !self.properties.is_empty() {
            written.insert(Field::CustomData);
        }
        // An object in an object stands after it in the list of sections.
        for section in Section::ALL.iter().rev() {
            if let Some(holder) = section.holder().filter(|_| written.meets(section.fields())) {
                written.insert(holder);
            }
        }
        written
    }

    /// Writes what leaves of a section, and of the sections in it. An object is no value but a place for some: it has no slot.
    fn write_section(&self, json: &mut String, written: &FieldSet, section: Section) {
        json.push('{');
        let mut first = true;
        for field in written.intersection(section.fields()).iter() {
            let row = field.row();
            separate(json, &mut first);
            json.push_str(row.key);
            match (row.kind, self.slots.get(field)) {
                (Kind::Object(section), _) => self.write_section(json, written, section),
                (_, Some(value)) => write_value(json, value),
                // Nothing else is written without a value; if it were, the guard would not take it.
                (_, None) => json.push_str("null"),
            }
        }
        if section == Section::CustomData {
            for (property, value) in &self.properties {
                separate(json, &mut first);
                json.extend(["\"", property.name(), "\":"]);
                write_value(json, value);
            }
        }
        json.push('}');
    }
}

/// What stands between members of an object. Keys come from the table and the policy, whose names need no escapes.
fn separate(json: &mut String, first: &mut bool) {
    if !std::mem::take(first) {
        json.push(',');
    }
}

/// Of a key with its quotes, colon and comma.
fn key_width(name: &str) -> usize {
    name.len() + 4
}

fn width(value: &Leaving<'_>) -> usize {
    match value {
        Leaving::Text(text) => text.len() + 2,
        Leaving::Literal(text) => text.len(),
        Leaving::Whole(_) => 20,
        Leaving::List(list) => 2 + list.iter().map(|value| 1 + width(value)).sum::<usize>(),
        Leaving::Digest(_) => 66,
        Leaving::Digests(_, rest) => 2 + 67 * (1 + rest.len()),
        Leaving::Items(items) => {
            let item = |item: &Item<'_>| {
                item.iter().map(|(field, value)| key_width(field.row().name) + width(value)).sum::<usize>()
            };
            2 + items.iter().map(|one| 3 + item(one)).sum::<usize>()
        }
    }
}

fn write_value(json: &mut String, value: &Leaving<'_>) {
    match value {
        Leaving::Text(text) => write_text(json, text),
        Leaving::Literal(text) => json.push_str(text),
        Leaving::Whole(number) => json.push_str(itoa::Buffer::new().format(*number)),
        Leaving::Digest(digest) => write_digest(json, digest),
        Leaving::List(list) => write_list(json, list, write_value),
        Leaving::Digests(first, rest) => write_list(json, std::iter::once(first).chain(rest), write_digest),
        Leaving::Items(items) => write_list(json, items, |json, item| {
            json.push('{');
            let mut first = true;
            for (field, value) in item {
                separate(json, &mut first);
                json.push_str(field.row().key);
                write_value(json, value);
            }
            json.push('}');
        }),
    }
}

fn write_list<'l, T: 'l>(json: &mut String, list: impl IntoIterator<Item = &'l T>, write: impl Fn(&mut String, &T)) {
    json.push('[');
    for (at, element) in list.into_iter().enumerate() {
        if at > 0 {
            json.push(',');
        }
        write(json, element);
    }
    json.push(']');
}

fn write_digest(json: &mut String, digest: &Digest) {
    json.push('"');
    json.push_str(std::str::from_utf8(&normalize::hex(digest)).unwrap_or_default());
    json.push('"');
}

fn write_text(json: &mut String, text: &str) {
    // Adding up over every byte, in a byte, lets the compiler look at sixteen at once.
    let is_odd = |byte: u8| u8::from(byte < 0x20) | u8::from(byte == b'"') | u8::from(byte == b'\\');
    let odd = text.bytes().fold(0, |odd, byte| odd | is_odd(byte));
    if odd == 0 {
        json.push('"');
        json.push_str(text);
        json.push('"');
    } else {
        // No closed form needs escapes today; a text with some is written correctly all the same.
        json.push_str(&serde_json::to_string(text).unwrap_or_else(|_| String::from("null")));
    }
}
