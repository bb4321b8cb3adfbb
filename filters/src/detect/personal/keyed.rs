//! What a value is by the key under which it stands.
//!
//! A key is split into words at signs, case and digits; each run of digits reads `#`, so `q7` is `q#`. One to four words in a row,
//! written together, are looked up: `patientFirstName`, `patient_first_name` and `firstname` all have `firstname`.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::super::Setting;
use super::NOUNS;
use crate::report::Reason;

/// Keys, and what a value under them has to be.
pub(super) struct Keyed {
    pub(super) reason: Reason,
    /// In words, with commas between them.
    pub(super) keys: &'static str,
    pub(super) from: Setting,
    /// The value has no space at its ends and says something.
    pub(super) holds: fn(&str) -> bool,
}

/// Most words of a key in one row of [`Keyed::keys`].
const WORDS: usize = 4;

/// Longest key that is looked at. A longer one is prose, and its last words are looked at.
const LONGEST: usize = 256;

static KEYS: LazyLock<HashMap<String, Vec<&'static Keyed>>> = LazyLock::new(|| {
    let mut keys: HashMap<String, Vec<&'static Keyed>> = HashMap::new();
    for row in NOUNS.iter().flat_map(|noun| noun.keyed) {
        for key in row.keys.split(", ") {
            keys.entry(key.replace(' ', "")).or_default().push(row);
        }
    }
    keys
});

/// What a value is by its key, if it is anything.
pub(super) fn find(setting: Setting, key: &str, value: &str) -> Option<Reason> {
    let value = value.trim_matches(|c: char| c.is_ascii_whitespace() || matches!(c, '"' | '\'' | '[' | ']'));
    if is_no_answer(value) {
        return None;
    }
    let (words, ends) = glued(key);
    let starts = || std::iter::once(0).chain(ends.iter().copied());
    for (at, start) in starts().enumerate() {
        for end in ends.iter().skip(at).take(WORDS) {
            let rows = words.get(start..*end).and_then(|run| KEYS.get(run));
            let mut rows = rows.into_iter().flatten().filter(|row| setting >= row.from);
            if let Some(row) = rows.find(|row| (row.holds)(value)) {
                return Some(row.reason);
            }
        }
    }
    None
}

/// Answers that say that there is none.
fn is_no_answer(value: &str) -> bool {
    ["", "false", "null", "none", "undefined", "n/a", "na", "nan", "unknown", "0"]
        .iter()
        .any(|word| value.eq_ignore_ascii_case(word))
}

/// The words of a key written together in lower case, and where each ends.
fn glued(key: &str) -> (String, Vec<usize>) {
    let from = key.char_indices().rev().take(LONGEST).last().map_or(0, |(at, _)| at);
    let (mut words, mut ends) = (String::with_capacity(key.len()), Vec::new());
    let mut before = ' ';
    let mut rest = key.get(from..).unwrap_or_default().chars().peekable();
    while let Some(c) = rest.next() {
        let begins = match (before, c) {
            (_, c) if !c.is_alphanumeric() => true,
            (a, c) if a.is_ascii_digit() != c.is_ascii_digit() => true,
            (a, c) if a.is_lowercase() && c.is_uppercase() => true,
            // The last letter of a row of capitals begins the next word: `IPAddress`.
            (a, c) => a.is_uppercase() && c.is_uppercase() && rest.peek().is_some_and(|next| next.is_lowercase()),
        };
        if begins && ends.last().copied().unwrap_or(0) < words.len() {
            ends.push(words.len());
        }
        if c.is_ascii_digit() {
            if !before.is_ascii_digit() {
                words.push('#');
            }
        } else if c.is_alphanumeric() {
            words.extend(c.to_lowercase());
        }
        before = c;
    }
    if ends.last().copied().unwrap_or(0) < words.len() {
        ends.push(words.len());
    }
    (words, ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_split_at_signs_case_and_digits() {
        let words = |key: &str| {
            let (text, ends) = glued(key);
            let starts = std::iter::once(0).chain(ends.iter().copied());
            starts.zip(ends.iter()).map(|(start, end)| text.get(start..*end).unwrap()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(words("patientFirstName"), "patient first name");
        assert_eq!(words("cd[date_of_birth]"), "cd date of birth");
        assert_eq!(words("clientIPAddress"), "client ip address");
        assert_eq!(words("q12"), "q #");
        assert_eq!(words("  "), "");
    }

    #[test]
    fn every_key_is_written_as_it_is_looked_up() {
        for row in NOUNS.iter().flat_map(|noun| noun.keyed) {
            for key in row.keys.split(", ") {
                let (glued, ends) = glued(&key.replace('#', "12"));
                assert_eq!(glued, key.replace(' ', ""), "{key}");
                assert!(ends.len() <= WORDS, "{key}");
            }
        }
    }
}
