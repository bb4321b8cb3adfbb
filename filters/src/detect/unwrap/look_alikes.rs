//! Which ASCII letter a letter of another script looks like.
//!
//! Unicode's own list of look-alikes decides (Technical Standard 39); what it draws together with a small capital, or leaves
//! out, stands below.

use unicode_normalization::char::is_combining_mark;
use unicode_security::confusable_detection::skeleton;

/// Writes the ASCII that a letter looks like, or the letter itself if it looks like none.
pub(super) fn push(letter: char, plain: &mut String) {
    if let Some(ascii) = digit(letter).or_else(|| enclosed(letter)).or_else(|| by_hand(letter)) {
        plain.push(ascii);
        return;
    }
    if letter == 'ß' || letter == 'ẞ' {
        plain.push_str("ss");
        return;
    }
    let start = plain.len();
    let mut buffer = [0; 4];
    for drawn in skeleton(letter.encode_utf8(&mut buffer)).filter(|&drawn| !is_combining_mark(drawn)) {
        match if drawn.is_ascii() { Some(drawn) } else { by_hand(drawn) } {
            // The list draws capital I, small l and the digit 1 alike, as l.
            Some('l') if letter.is_uppercase() => plain.push('I'),
            Some(ascii) => plain.push(ascii),
            None => {
                plain.truncate(start);
                plain.push(letter);
                return;
            }
        }
    }
}

/// The zeros of the scripts that write numbers with ten digits of their own.
const ZEROS: [u32; 23] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0, 0xf20, 0x1040,
    0x1090, 0x17e0, 0x1810, 0x1946, 0xa620, 0xa8d0,
];

fn digit(letter: char) -> Option<char> {
    let code = u32::from(letter);
    ZEROS.iter().find_map(|zero| char::from_digit(code.checked_sub(*zero).filter(|&value| value < 10)?, 10))
}

/// Capitals in circles, squares and flags that have no compatibility form.
fn enclosed(letter: char) -> Option<char> {
    let place = match u32::from(letter) {
        code @ 0x1f150..=0x1f169 => code - 0x1f150,
        code @ 0x1f170..=0x1f189 => code - 0x1f170,
        code @ 0x1f1e6..=0x1f1ff => code - 0x1f1e6,
        _ => return None,
    };
    char::from_digit(place + 10, 36).map(|small| small.to_ascii_uppercase())
}

/// Small capitals and letters that the list draws with another one of no ASCII form.
fn by_hand(letter: char) -> Option<char> {
    Some(match letter {
        'ᴀ' => 'a',
        'ʙ' | 'β' => 'b',
        'ᴅ' | 'ð' | 'ẟ' => 'd',
        'ᴇ' | 'ꞓ' | 'є' | 'ə' | 'ɛ' => 'e',
        'ꜰ' => 'f',
        'ɢ' => 'g',
        'ʜ' => 'h',
        'ᴊ' => 'j',
        'ĸ' | 'κ' | 'к' => 'k',
        'ʟ' => 'l',
        'ʍ' | 'ᴍ' => 'm',
        'ɴ' | 'η' | 'п' | 'и' => 'n',
        'ᴘ' | 'þ' => 'p',
        'ꞯ' => 'q',
        'ʀ' | 'я' => 'r',
        'ᴛ' | 'τ' => 't',
        'ω' => 'w',
        'χ' => 'x',
        'ζ' => 'z',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '“' | '”' => '"',
        '•' => '.',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        let mut plain = String::new();
        text.chars().for_each(|letter| if letter.is_ascii() { plain.push(letter) } else { push(letter, &mut plain) });
        plain
    }

    #[test]
    fn cyrillic_and_greek_become_what_they_look_like() {
        assert_eq!(plain("аЬсԁеһіјкӏмпорԛгѕтυνԝхуʐ").to_lowercase().replace('ʐ', "z"), "abcdehijklmnopqrstuvwxyz");
        assert_eq!(plain("АВСЕНІЈКМОРЅТХУ"), "ABCEHIJKMOPSTXY");
        assert_eq!(plain("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"), "ABEZHIKMNOPTYX");
        assert_eq!(plain("αβεικνορτυχ"), "abeikvoptux");
    }

    #[test]
    fn small_capitals_and_enclosed_letters_are_letters() {
        assert_eq!(plain("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢ"), "abcdefghijklmnopqrstuvwyz");
        assert_eq!(plain("🅷🅸🆅 🅗🅘🅥 🇭🇮🇻"), "HIV HIV HIV");
    }

    #[test]
    fn digits_of_other_scripts_are_digits() {
        assert_eq!(plain("٠١٢٣٤٥٦٧٨٩ ۵۵۵ १२३ ๔๕๖"), "0123456789 555 123 456");
    }

    #[test]
    fn letters_of_two_are_written_out_and_strokes_are_dropped() {
        assert_eq!(plain("æœßøłđ"), "aeoessold");
    }

    #[test]
    fn a_letter_that_looks_like_none_stays() {
        assert_eq!(plain("жщ語한"), "жщ語한");
    }
}
