//! Values that must not be found where they have no business.
//!
//! Most raw values of test events hold [`MARK`]. Values that cannot hold it (a telephone number, an IP address) are added one by
//! one. A search is blind to case and also looks for the percent-encoded form, because normalising and URLs change just that.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;

/// Stands in every raw personal value of a test event.
pub const MARK: &str = "qzcanary";

/// What to search for.
#[derive(Debug, Clone, Default)]
pub struct Canaries {
    /// Name and value.
    list: Vec<(String, String)>,
    /// Looks for all of them at once: there are hundreds, and logs of megabytes.
    search: OnceLock<AhoCorasick>,
}

impl Canaries {
    /// The mark alone.
    pub fn marked() -> Self {
        let mut canaries = Self::default();
        canaries.add("a raw value of an event", MARK);
        canaries
    }

    /// Adds a value; `name` is what a failure calls it.
    pub fn add(&mut self, name: &str, value: &str) {
        assert!(value.len() >= 5, "the canary of {name} is too short to be told from chance: {value}");
        let plain = value.to_lowercase();
        let encoded: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
        if encoded.to_lowercase() != plain {
            self.list.push((name.to_owned(), encoded.to_lowercase()));
        }
        self.list.push((name.to_owned(), plain));
        self.search = OnceLock::new();
    }

    /// The names of those that stand in the text.
    pub fn found_in(&self, text: &[u8]) -> Vec<&str> {
        let build = || {
            let values = self.list.iter().map(|(_, value)| value);
            AhoCorasick::builder().ascii_case_insensitive(true).build(values).expect("few enough to search for")
        };
        let finds = self.search.get_or_init(build).find_overlapping_iter(text);
        let found: BTreeSet<usize> = finds.map(|find| find.pattern().as_usize()).collect();
        let mut names: Vec<&str> = found.into_iter().map(|position| self.list[position].0.as_str()).collect();
        names.dedup();
        names
    }

    /// Panics if one stands in the text; `place` is what the failure calls it.
    pub fn absent_from(&self, place: &str, text: &[u8]) {
        let found = self.found_in(text);
        assert!(found.is_empty(), "{place} holds {found:?}\n{}", self.around(text));
    }

    /// Panics if one stands in a file of the folder, at any depth, or in a file's name.
    pub fn absent_from_folder(&self, folder: &Path) {
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for entry in entries {
            let path = entry.expect("a folder can be listed").path();
            self.absent_from("a file's name", path.file_name().unwrap_or_default().as_encoded_bytes());
            if path.is_dir() {
                self.absent_from_folder(&path);
            } else if path.is_file() {
                self.absent_from(&path.display().to_string(), &std::fs::read(&path).expect("a file can be read"));
            }
        }
    }

    /// A little of the text before and after the first find: the find itself is test data.
    fn around(&self, text: &[u8]) -> String {
        let text = String::from_utf8_lossy(text).to_lowercase();
        let at = self.list.iter().find_map(|(_, value)| text.find(value.as_str())).unwrap_or(0);
        let (start, end) = (at.saturating_sub(200), at.saturating_add(200));
        String::from_utf8_lossy(text.as_bytes().get(start..end.min(text.len())).unwrap_or_default()).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_canary_is_found_in_any_case_and_percent_encoded() {
        let mut canaries = Canaries::default();
        canaries.add("e-mail", "Jane+1@Example.com");
        assert_eq!(canaries.found_in(b"x=JANE%2B1%40example.com"), ["e-mail"]);
        assert_eq!(canaries.found_in(b"jane+1@EXAMPLE.com"), ["e-mail"]);
        assert!(canaries.found_in(b"jane at example").is_empty());
    }

    #[test]
    #[should_panic(expected = "the log holds [\"a raw value of an event\"]")]
    fn a_find_fails_with_the_place_and_the_name() {
        Canaries::marked().absent_from("the log", b"name=QzCanaryJane");
    }
}
