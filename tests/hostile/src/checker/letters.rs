//! Letters as a reader sees them: without marks, without what is invisible, look-alikes as the Latin letters that they pass for.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::encodings::LOOK_ALIKES;

/// The text as a reader sees it.
pub(super) fn plain(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    text.nfkd().filter(|c| !is_combining_mark(*c) && !is_invisible(*c)).map(latin).collect()
}

fn latin(c: char) -> char {
    LOOK_ALIKES.iter().find(|(_, other)| *other == c).map_or(c, |(latin, _)| *latin)
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{180b}'..='\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}' | '\u{34f}' | '\u{61c}' | '\u{115f}')
}
