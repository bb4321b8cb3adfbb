//! Walks a parsed TOML document for serde, remembering path and position for [`Problem`].
//!
//! The toml crate has such a reader, but its errors carry serde's texts, and those quote values.

use std::cmp::Reverse;

use serde::de::value::CowStrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::problem::{Problem, Segment, quotable};

/// Reads a document. The depth of nesting is bounded by the parser.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    let root = DeTable::parse(text).map_err(|error| syntax(&error, text))?;
    // A key missing at the top is missing nowhere in particular, so the root has no position.
    T::deserialize(Value { value: DeValue::Table(root.into_inner()), start: None })
}

/// The parser's descriptions name kinds and punctuation, never what was written; its `Display` would show the line.
fn syntax(error: &toml::de::Error, text: &str) -> Problem {
    let Some(span) = error.span() else { return Problem::new(error.message()) };
    let column = text.get(..span.start).map_or(0, |before| before.chars().rev().take_while(|c| *c != '\n').count()) + 1;
    let key = text.get(span.clone()).and_then(quotable).filter(|_| error.message() == "duplicate key");
    let reason = match key {
        Some(key) => format!("the key `{key}` stands twice (column {column})"),
        None => format!("{} (column {column})", error.message()),
    };
    Problem::new(reason).at(Some(span.start))
}

/// A value and where it stands.
struct Value<'de> {
    value: DeValue<'de>,
    start: Option<usize>,
}

impl<'de> Value<'de> {
    fn of(value: Spanned<DeValue<'de>>) -> Self {
        Self { start: Some(value.span().start), value: value.into_inner() }
    }

    fn visit<V: Visitor<'de>>(value: DeValue<'de>, visitor: V) -> Result<V::Value, Problem> {
        match value {
            DeValue::String(DeString::Borrowed(text)) => visitor.visit_borrowed_str(text),
            DeValue::String(DeString::Owned(text)) => visitor.visit_string(text),
            DeValue::Integer(number) => {
                if let Ok(number) = i64::from_str_radix(number.as_str(), number.radix()) {
                    visitor.visit_i64(number)
                } else if let Ok(number) = u64::from_str_radix(number.as_str(), number.radix()) {
                    visitor.visit_u64(number)
                } else {
                    Err(Problem::new("this number is too large"))
                }
            }
            DeValue::Float(number) => match number.as_str().parse::<f64>() {
                Ok(number) => visitor.visit_f64(number),
                Err(_) => Err(Problem::new("this is not a number")),
            },
            DeValue::Boolean(value) => visitor.visit_bool(value),
            DeValue::Datetime(_) => Err(Problem::invalid_type(Unexpected::Other("a date"), &visitor)),
            DeValue::Array(elements) => visitor.visit_seq(List { elements: elements.into_iter(), read: 0 }),
            DeValue::Table(table) => visitor.visit_map(Table::of(table)),
        }
    }
}

impl<'de> Deserializer<'de> for Value<'de> {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        let start = self.start;
        Self::visit(self.value, visitor).map_err(|problem| problem.at(start))
    }

    // TOML has no null: what is there is there.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Problem> {
        let start = self.start;
        visitor.visit_newtype_struct(self).map_err(|problem| problem.at(start))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        let start = self.start;
        match self.value {
            DeValue::String(word) => visitor.visit_enum(CowStrDeserializer::new(word)),
            DeValue::Table(table) => visitor.visit_enum(Choice(Table::of(table), variants)),
            other => Self::visit(other, visitor),
        }
        .map_err(|problem| problem.at(start))
    }

    // Serde would also take a list, its elements in the order of the keys.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        match self.value {
            DeValue::Array(_) => Err(Problem::invalid_type(Unexpected::Seq, &visitor).at(self.start)),
            _ => self.deserialize_any(visitor),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

type Entry<'de> = (Spanned<DeString<'de>>, Spanned<DeValue<'de>>);

/// The entries of a table.
struct Table<'de> {
    /// Last first, so that the problem reported is the first in the file; the parser sorts by name.
    entries: Vec<Entry<'de>>,
    /// The value of the key that was read last.
    pending: Option<(String, Spanned<DeValue<'de>>)>,
}

impl<'de> Table<'de> {
    fn of(table: DeTable<'de>) -> Self {
        let mut entries: Vec<Entry<'de>> = table.into_iter().collect();
        entries.sort_by_key(|(key, _)| Reverse(key.span().start));
        Self { entries, pending: None }
    }
}

impl<'de> MapAccess<'de> for Table<'de> {
    type Error = Problem;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Problem> {
        let Some((key, value)) = self.entries.pop() else { return Ok(None) };
        let start = Some(key.span().start);
        let key = key.into_inner();
        self.pending = Some((key.to_string(), value));
        seed.deserialize(CowStrDeserializer::new(key)).map(Some).map_err(|problem: Problem| problem.at(start))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Problem> {
        let (key, value) = self.pending.take().ok_or_else(|| Problem::new("a value was read before its key"))?;
        seed.deserialize(Value::of(value)).map_err(|problem| problem.below(Segment::Key(key)))
    }
}

/// The elements of a list.
struct List<I> {
    elements: I,
    read: usize,
}

impl<'de, I: Iterator<Item = Spanned<DeValue<'de>>>> SeqAccess<'de> for List<I> {
    type Error = Problem;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Problem> {
        let Some(element) = self.elements.next() else { return Ok(None) };
        self.read += 1;
        let number = self.read;
        seed.deserialize(Value::of(element)).map(Some).map_err(|problem| problem.below(Segment::Element(number)))
    }
}

/// A word with something to it, written as a table of one key: `{ round_to = 1 }`.
struct Choice<'de>(Table<'de>, &'static [&'static str]);

impl<'de> EnumAccess<'de> for Choice<'de> {
    type Error = Problem;
    type Variant = Chosen<'de>;

    fn variant_seed<V: DeserializeSeed<'de>>(mut self, seed: V) -> Result<(V::Value, Chosen<'de>), Problem> {
        let (Some((key, value)), true) = (self.0.entries.pop(), self.0.entries.is_empty()) else {
            return Err(Problem::new("expected a table of exactly one key"));
        };
        let start = Some(key.span().start);
        let key = key.into_inner();
        let word = seed.deserialize(key.as_ref().into_deserializer()).map_err(|_: Problem| {
            // Here the word is a key and may be named.
            Problem::unknown_field(&key, self.1).at(start)
        })?;
        Ok((word, Chosen(key.into_owned(), Value::of(value))))
    }
}

/// What stands beside the word.
struct Chosen<'de>(String, Value<'de>);

impl<'de> VariantAccess<'de> for Chosen<'de> {
    type Error = Problem;

    fn unit_variant(self) -> Result<(), Problem> {
        Err(Problem::new("this word stands alone, in quotes"))
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Problem> {
        seed.deserialize(self.1).map_err(|problem| problem.below(Segment::Key(self.0)))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Problem> {
        self.1.deserialize_any(visitor).map_err(|problem| problem.below(Segment::Key(self.0)))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Problem> {
        self.1.deserialize_any(visitor).map_err(|problem| problem.below(Segment::Key(self.0)))
    }
}
