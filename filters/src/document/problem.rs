//! What is wrong with a document, in words that hold no value of it.

use std::fmt::{Display, Formatter};

use serde::de::{Error, Expected, Unexpected};

use super::nearest;

/// A key longer than this is not quoted: keys are short, tokens are not.
const LONGEST_QUOTED_KEY: usize = 40;

const LIST: &str = "a list";
const TABLE: &str = "a table";

/// What is wrong, and where. It is the error of every deserializer that reads what an operator wrote, so that no text of
/// serde's that quotes a value is ever made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    reason: String,
    /// From the root to the table or value at fault.
    path: Vec<Segment>,
    /// Whether the fault lies in a table's keys (then `path` names that table) or in the value at `path`.
    in_table: bool,
    /// Where in the text, in bytes.
    offset: Option<usize>,
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Segment {
    Key(String),
    /// Counted from 1, as people count.
    Element(usize),
}

impl Problem {
    /// A problem with this reason, which must hold no value.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), path: Vec::new(), in_table: false, offset: None }
    }

    fn of_table(reason: String) -> Self {
        Self { in_table: true, ..Self::new(reason) }
    }

    /// Says where, unless a deeper place is known already.
    pub(super) fn at(mut self, offset: Option<usize>) -> Self {
        self.offset = self.offset.or(offset);
        self
    }

    /// Says that it lies below this segment.
    pub(super) fn below(mut self, segment: Segment) -> Self {
        self.path.insert(0, segment);
        self
    }

    /// The text with key path and line: ``[pages] line 7: unknown key `defualt`; did you mean `default`?``
    pub(super) fn located(&self, document: &str) -> String {
        let path = match self.path.iter().map(Segment::text).collect::<String>() {
            path if path.is_empty() => None,
            path if self.in_table => Some(format!("[{}]", path.trim_start_matches('.'))),
            path => Some(path.trim_start_matches('.').to_owned()),
        };
        let line = self.offset.and_then(|offset| document.get(..offset)).map(|before| {
            let number = 1 + before.bytes().filter(|byte| *byte == b'\n').count();
            format!("line {number}")
        });
        match (path, line) {
            (Some(path), Some(line)) => format!("{path} {line}: {}", self.reason),
            (Some(place), None) | (None, Some(place)) => format!("{place}: {}", self.reason),
            (None, None) => self.reason.clone(),
        }
    }
}

impl Segment {
    fn text(&self) -> String {
        match self {
            Self::Key(key) => format!(".{}", quotable(key).unwrap_or("…")),
            Self::Element(number) => format!("#{number}"),
        }
    }
}

/// The reason alone; [`super::read`] adds file, path and line.
impl Display for Problem {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Problem {}

impl Error for Problem {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let (wanted, found) = (wanted(expected), kind(found));
        let cure = match (wanted.as_str(), found) {
            (LIST, _) => "; put it in one more pair of brackets",
            (TABLE, LIST) => "; take one pair of brackets away",
            _ => "",
        };
        Self::new(format!("expected {wanted}, found {found}{cure}"))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("this value will not do: expected {}", wanted(expected)))
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::new(format!("expected {}, found {length} elements", wanted(expected)))
    }

    // What was written is a value. It is quoted only where it is a slip or two from a word that everybody may know.
    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(match nearest(variant, expected) {
            Some(near) => format!("unknown word `{variant}`; did you mean `{near}`?"),
            None => format!("unknown word; it can be {}", listed(expected)),
        })
    }

    fn unknown_field(key: &str, expected: &'static [&'static str]) -> Self {
        let named = quotable(key).map_or_else(|| "unknown key".to_owned(), |key| format!("unknown key `{key}`"));
        Self::of_table(match nearest(key, expected) {
            Some(near) => format!("unknown key `{key}`; did you mean `{near}`?"),
            None if expected.is_empty() => format!("{named}; no key may stand here"),
            None => format!("{named}; the keys here are {}", listed(expected)),
        })
    }

    fn missing_field(key: &'static str) -> Self {
        Self::of_table(format!("the key `{key}` is missing"))
    }

    fn duplicate_field(key: &'static str) -> Self {
        Self::of_table(format!("the key `{key}` stands twice"))
    }
}

/// The key, if it looks like a name: `snake_case` with hardly a digit, or `CamelCase` without. A quote that was forgotten
/// makes a key of a token, and tokens are long and mix capitals with digits.
pub(super) fn quotable(key: &str) -> Option<&str> {
    let is_word = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    let digits = key.bytes().filter(u8::is_ascii_digit).count();
    let most_digits = if key.bytes().any(|byte| byte.is_ascii_uppercase()) { 0 } else { 4 };
    (is_word && digits <= most_digits && (1..=LONGEST_QUOTED_KEY).contains(&key.len())).then_some(key)
}

/// What was found, without saying what it was.
fn kind(found: Unexpected<'_>) -> &'static str {
    match found {
        Unexpected::Bool(_) => "true or false",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) => "a whole number",
        Unexpected::Float(_) => "a number with a fraction",
        Unexpected::Char(_) | Unexpected::Str(_) => "a text",
        Unexpected::Seq => LIST,
        Unexpected::Map | Unexpected::NewtypeStruct => TABLE,
        Unexpected::Other("a date") => "a date",
        _ => "something else",
    }
}

/// What serde expects, in the words of a document instead of those of Rust.
fn wanted(expected: &dyn Expected) -> String {
    let words = expected.to_string();
    match words.as_str() {
        "a string" | "string" | "str" => "a text in quotes".to_owned(),
        "path string" => "a path in quotes".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => LIST.to_owned(),
        "a map" => TABLE.to_owned(),
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, not negative and not too large".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        _ if words.starts_with("struct ") || words.starts_with("map") => TABLE.to_owned(),
        _ if words.starts_with("enum ") => "one of its words in quotes".to_owned(),
        _ => words,
    }
}

fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
