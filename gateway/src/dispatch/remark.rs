//! What Meta says to a person about a refusal, in a form that may rest in quarantine.
//!
//! Meta's texts can quote the event and, from other senders' reports, the token. The text is taken from the answer to one single
//! event, so what it quotes of events was sent and has passed the policy; and every word that could be a digest, a token, an
//! address or an id is masked, so that it says less than the event beside it. It is never in a log or a metric.

use std::sync::Arc;

/// The longest remark, in characters.
const LONGEST: usize = 300;

/// A word with a digit in it that is at least so long is masked: no word of a language, and no time in seconds, is.
const LONG_WORD: usize = 14;

/// What stands in place of a word.
const MASK: &str = "[…]";

/// A text of Meta's, bounded and masked.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Remark(Arc<str>);

/// Shows nothing, so that no log line can show it by accident.
impl std::fmt::Debug for Remark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Remark(..)")
    }
}

impl Remark {
    /// Joins the parts that say something new. `None` if nothing is said.
    pub(crate) fn new<'a>(parts: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut text = String::new();
        let mut said: Vec<String> = Vec::new();
        for part in parts {
            let part = clean(part);
            if part.is_empty() || said.contains(&part) {
                continue;
            }
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&part);
            said.push(part);
        }
        let bounded: String = text.chars().take(LONGEST).collect();
        (!bounded.is_empty()).then(|| Self(bounded.into()))
    }

    /// The text.
    #[cfg(test)]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, for the outbox.
    pub(crate) fn into_text(self) -> Arc<str> {
        self.0
    }
}

/// Words by single spaces; what cannot be printed parts words as a space does.
fn clean(text: &str) -> String {
    let words = text.split(|letter: char| letter.is_whitespace() || letter.is_control() || is_invisible(letter));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).map(|word| if tells(word) { MASK } else { word }).collect();
    words.join(" ")
}

/// Zero-width and direction marks, with which a text can be shown as another one.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Whether a word could name a person or open a door.
fn tells(word: &str) -> bool {
    let length = word.chars().count();
    word.contains('@')
        || word.contains("://")
        || (length >= LONG_WORD && word.contains(|letter: char| letter.is_ascii_digit()))
        || length > 40
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remark(parts: &[&str]) -> String {
        Remark::new(parts.iter().copied()).map(|remark| remark.0.to_string()).unwrap_or_default()
    }

    #[test]
    fn parts_that_say_the_same_are_said_once() {
        assert_eq!(remark(&["Invalid parameter", "Invalid parameter", "No currency"]), "Invalid parameter: No currency");
        assert_eq!(remark(&["", " \u{7} "]), "");
    }

    #[test]
    fn p2_words_that_could_name_a_person_or_open_a_door_are_masked() {
        let told = remark(&[
            "em 5f3a9e12c4b7d8f0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718 of jane@example.com at https://a.example/x \
             token EAAcanaryToken0123456789 fbp fb.1.1558571054389.1098115397 time 1790000000 is too old",
        ]);
        assert_eq!(told, "em […] of […] at […] token […] fbp […] time 1790000000 is too old");
    }

    #[test]
    fn it_is_bounded_and_holds_no_control_character() {
        let told = remark(&[&"word\n\u{1b}[31m\u{202e}".repeat(400)]);
        assert!(
            told.chars().count() <= LONGEST && !told.contains(|letter: char| letter.is_control() || is_invisible(letter))
        );
        assert!(!format!("{:?}", Remark::new(["secret"].into_iter())).contains("secret"));
    }
}
