//! A site's list of goods: which ids are neutral, which are sensitive, which are of prescriptions.
//!
//! A catalogue is CSV with the header `id,class`. It is read in pieces, so that a file of a million rows is never in memory as a
//! whole, and kept as its ids one after the other with a table of their places. An id is compared whole, byte for byte and with
//! its case: none stands for another, and no digest can be mistaken for one. The digest is that of the file, as `sha256sum`
//! prints it.

mod reader;

use std::hash::{DefaultHasher, Hasher as _};

use hashbrown::HashTable;

pub use reader::{CatalogError, CatalogReader};

use crate::normalize;

/// A shorter id is not looked for in texts.
const SHORTEST_NAMED: usize = 5;

/// What a catalogue says of an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Tells nothing of health.
    Neutral,
    /// Tells of health: a signal.
    Sensitive,
    /// Sold on prescription: a signal.
    Prescription,
}

impl Class {
    /// Every class.
    pub const ALL: &'static [Self] = &[Self::Neutral, Self::Sensitive, Self::Prescription];

    /// The word in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Sensitive => "sensitive",
            Self::Prescription => "prescription",
        }
    }

    /// Whether an article of this class is a reason to think that its event speaks of health.
    pub(crate) fn is_signal(self) -> bool {
        self != Self::Neutral
    }

    fn of_word(word: &[u8]) -> Option<Self> {
        Self::ALL.iter().copied().find(|class| class.as_str().as_bytes() == word)
    }
}

/// A catalogue, read and checked. It never changes.
pub struct Catalog {
    rows: Rows,
    counts: Counts,
    telling_lengths: Lengths,
    digest: [u8; 32],
}

/// The shortest and the longest id of goods that tell of health. There is none at first.
#[derive(Debug, Clone, Copy)]
struct Lengths {
    shortest: usize,
    longest: usize,
}

/// How many articles of each class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Neutral ones.
    pub neutral: usize,
    /// Sensitive ones.
    pub sensitive: usize,
    /// Those of prescriptions.
    pub prescription: usize,
}

impl Catalog {
    /// The class of an article, if the catalogue has its id.
    pub fn classify(&self, id: &str) -> Option<Class> {
        self.rows.find(id.as_bytes())
    }

    /// Whether a text names goods that tell of health: by an id that stands in it between characters that no id has, or with the
    /// ending of a file behind it. What could be a year, a size or a postcode is none: it has five characters and some letter, or six.
    pub(crate) fn names_telling_goods(&self, text: &str) -> bool {
        let Lengths { shortest, longest } = self.telling_lengths;
        let lengths = shortest.max(SHORTEST_NAMED)..=longest;
        if text.len() < *lengths.start() {
            return false;
        }
        let is_id = |token: &str| {
            lengths.contains(&token.len())
                && token.bytes().any(|byte| byte.is_ascii_digit())
                && (token.len() > SHORTEST_NAMED || token.bytes().any(|byte| byte.is_ascii_alphabetic()))
                && self.classify(token).is_some_and(Class::is_signal)
        };
        let tokens = text.split(|letter: char| !letter.is_ascii_alphanumeric() && !matches!(letter, '.' | '_' | '-'));
        tokens
            .filter(|token| token.len() >= *lengths.start())
            .any(|token| is_id(token) || token.rsplit_once('.').is_some_and(|(id, _)| is_id(id)))
    }

    /// How many articles of each class there are.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// SHA-256 of the file, as 64 hex digits.
    pub fn sha256(&self) -> String {
        normalize::hex(&self.digest).into_iter().map(char::from).collect()
    }

    /// Bytes of memory that it takes.
    pub fn memory_bytes(&self) -> usize {
        self.rows.memory_bytes()
    }
}

impl std::fmt::Debug for Catalog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Catalog({:?})", self.counts)
    }
}

impl Counts {
    /// All together.
    pub fn total(self) -> usize {
        self.neutral + self.sensitive + self.prescription
    }

    fn count(&mut self, class: Class) {
        match class {
            Class::Neutral => self.neutral += 1,
            Class::Sensitive => self.sensitive += 1,
            Class::Prescription => self.prescription += 1,
        }
    }
}

impl Lengths {
    fn include(&mut self, length: usize) {
        self.shortest = self.shortest.min(length);
        self.longest = self.longest.max(length);
    }
}

impl Default for Lengths {
    fn default() -> Self {
        Self { shortest: usize::MAX, longest: 0 }
    }
}

/// The rows, one after the other in one piece of memory: class, length, id. The table holds where each begins, so that an
/// article costs its id and some seven to twelve bytes.
#[derive(Default)]
struct Rows {
    bytes: Vec<u8>,
    places: HashTable<u32>,
}

/// What came of adding a row.
enum Added {
    New,
    /// The id is there already, with this class.
    Known(Class),
}

impl Rows {
    /// Adds a row, unless its id is there already. `None` for one that has no room; the bounds of the reader are below that.
    fn add(&mut self, id: &[u8], class: Class) -> Option<Added> {
        if let Some(known) = self.find(id) {
            return Some(Added::Known(known));
        }
        let length = u8::try_from(id.len()).ok()?;
        let place = u32::try_from(self.bytes.len()).ok()?;
        self.bytes.extend([class as u8, length]);
        self.bytes.extend_from_slice(id);
        let bytes = &self.bytes;
        self.places.insert_unique(hash(id), place, |place| hash(row(bytes, *place).map_or(&[], |(_, id)| id)));
        Some(Added::New)
    }

    fn find(&self, id: &[u8]) -> Option<Class> {
        let is_it = |place: &u32| row(&self.bytes, *place).is_some_and(|(_, other)| other == id);
        let place = self.places.find(hash(id), is_it)?;
        let (class, _) = row(&self.bytes, *place)?;
        Class::ALL.get(usize::from(class)).copied()
    }

    fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
    }

    fn memory_bytes(&self) -> usize {
        self.bytes.capacity() + self.places.allocation_size()
    }
}

/// The class and the id of the row that begins here.
fn row(bytes: &[u8], place: u32) -> Option<(u8, &[u8])> {
    let [class, length, rest @ ..] = bytes.get(usize::try_from(place).ok()?..)? else { return None };
    Some((*class, rest.get(..usize::from(*length))?))
}

/// Without a secret: whoever could choose ids so that they meet in the table writes the catalogue, and harms himself.
fn hash(id: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(id);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_whole_and_with_their_case_only() {
        let mut rows = Rows::default();
        for (at, id) in ["A", "AB", "ABC", "abc", "B-1"].into_iter().enumerate() {
            assert!(matches!(rows.add(id.as_bytes(), Class::ALL[at % 3]), Some(Added::New)));
        }
        assert_eq!(rows.find(b"A"), Some(Class::Neutral));
        assert_eq!(rows.find(b"ABC"), Some(Class::Prescription));
        assert_eq!(rows.find(b"abc"), Some(Class::Neutral));
        for other in ["", "a", "BC", "ABCD", "B", "-1", "B-1 "] {
            assert_eq!(rows.find(other.as_bytes()), None, "{other}");
        }
        assert!(matches!(rows.add(b"AB", Class::Neutral), Some(Added::Known(Class::Sensitive))));
        assert_eq!(rows.find(b"AB"), Some(Class::Sensitive));
    }

    #[test]
    fn a_class_is_the_byte_that_stands_for_it() {
        for (at, class) in Class::ALL.iter().enumerate() {
            assert_eq!(*class as usize, at);
            assert_eq!(Class::of_word(class.as_str().as_bytes()), Some(*class));
        }
        assert_eq!(Class::of_word(b"Neutral"), None);
    }
}
