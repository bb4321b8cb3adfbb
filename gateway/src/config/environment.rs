//! The environment: where secrets may be found, and a layer of single values over the file.
//!
//! A variable `PORTCULLIS__SERVER__LISTEN` stands for one key of one single table. Its text is read as that key's type and
//! nothing else: it is never put into the text of a document, so whatever it holds, it adds no key and no table. Sites,
//! datasets and secrets cannot be given so.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::{Debug, Formatter};

use portcullis_filters::document::Problem;
use serde::de::value::{MapDeserializer, SeqDeserializer, StrDeserializer};
use serde::de::{Deserialize, Deserializer, Error, IntoDeserializer, Visitor};

use super::ConfigError;
use super::document::Document;

/// What a variable's name begins with when it replaces a key.
const PREFIX: &str = "PORTCULLIS__";

/// The variables of the process, or those of a test.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// Those of the process, as they are now.
    pub fn of_process() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
        Self(std::env::vars_os().collect())
    }

    /// These and no others.
    pub fn of<N: Into<OsString>, V: Into<OsString>>(variables: impl IntoIterator<Item = (N, V)>) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// The names that a service manager gave to the sockets that it passes, in their order.
    pub fn socket_names(&self) -> Option<Vec<&str>> {
        self.get("LISTEN_FDNAMES").ok().filter(|names| !names.is_empty()).map(|names| names.split(':').collect())
    }

    /// The text of a variable, or why there is none.
    pub(super) fn get(&self, name: &str) -> Result<&str, &'static str> {
        let value = self.0.get(&OsString::from(name)).ok_or("is not set")?;
        value.to_str().ok_or("is not UTF-8")
    }

    /// The keys that it replaces.
    pub(super) fn layer(&self) -> Result<Document, ConfigError> {
        let mut layer = Document::default();
        for name in self.0.keys().filter_map(|name| name.to_str()).filter(|name| name.starts_with(PREFIX)) {
            let fail = |reason: String| ConfigError::Variable { name: shown(name), reason };
            let value = self.get(name).map_err(|reason| fail(reason.to_owned()))?;
            let (table, key) = table_and_key(name).ok_or_else(|| {
                fail("replaces no key; the form is PORTCULLIS__TABLE__KEY in capitals, for keys of the tables in single brackets".to_owned())
            })?;
            let leaf = [(key.as_str(), Leaf(value))];
            let document = MapDeserializer::new([(table.as_str(), MapDeserializer::new(leaf.into_iter()))].into_iter());
            let fail = |problem: Problem| fail(format!("{table}.{key}: {problem}"));
            layer = Document::deserialize(document).map_err(fail)?.over(layer);
        }
        Ok(layer)
    }
}

/// Names and values are the business of the machine's owner.
impl Debug for Environment {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "Environment({} variables)", self.0.len())
    }
}

/// Names of variables are no secrets, but may be anything.
fn shown(name: &str) -> String {
    name.chars().take(100).map(|c| if c.is_ascii_graphic() { c } else { '?' }).collect()
}

fn table_and_key(name: &str) -> Option<(String, String)> {
    let (table, key) = name.strip_prefix(PREFIX)?.split_once("__")?;
    let fits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    let single = fits(table) && fits(key) && !key.contains("__") && !matches!(table, "SITE" | "DATASET");
    single.then(|| (table.to_ascii_lowercase(), key.to_ascii_lowercase()))
}

/// The text of one variable, read as the type of the key that it replaces.
struct Leaf<'a>(&'a str);

impl IntoDeserializer<'_, Problem> for Leaf<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! whole_numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
            let number = self.0.parse().map_err(|_| Problem::new("expected a whole number, not negative and not too large"))?;
            visitor.visit_u64(number)
        }
    )*};
}

impl<'de> Deserializer<'de> for Leaf<'_> {
    type Error = Problem;

    // A key that takes several forms is a reference to a secret; a text in its place is refused by that key.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_str(self.0)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            _ => Err(Problem::custom("expected true or false")),
        }
    }

    whole_numbers! { deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_some(self)
    }

    /// A list is written with commas.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        let elements = self.0.split(',').map(str::trim).filter(|element| !element.is_empty());
        visitor.visit_seq(SeqDeserializer::new(elements.map(Leaf)))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        visitor.visit_enum(StrDeserializer::new(self.0))
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct tuple tuple_struct map
        struct identifier ignored_any
    }
}
