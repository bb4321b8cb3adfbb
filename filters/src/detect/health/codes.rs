//! Codes of drugs, diagnoses, procedures and prescriptions.
//!
//! Nearly every such code is also the shape of some article's number: three of four ids such as `E27` are a category of
//! diagnoses. So most count only under a key that says what they are; on sites of health, drugs' numbers with their dashes and
//! diagnoses with their dot count alone. The number of a prescription counts everywhere directly behind `rx`.

use super::super::Setting;
use super::super::lexicon::{CodeKind, KeyMeaning, lexicon};
use super::super::words::{Word, Words, hash_of};

const RX: u64 = hash_of("rx");
/// Digits of a prescription's number. Cameras, graphics cards and cars have fewer behind their `rx`.
const RX_DIGITS: std::ops::RangeInclusive<usize> = 6..=12;
/// The digits between the dashes of a drug's number: as the FDA writes it today, as claims do, and as it is to be written.
const NDC_PARTS: [[usize; 3]; 5] = [[4, 4, 2], [5, 3, 2], [5, 4, 1], [5, 4, 2], [6, 4, 2]];
/// A drug's number without dashes, and inside the number under a bar code.
const NDC_DIGITS: std::ops::RangeInclusive<usize> = 10..=14;

/// Whether a text is, or has in it, a code.
pub(super) fn has_code(text: &str, words: &Words, key: KeyMeaning, setting: Setting) -> bool {
    let list = words.list();
    words.has_numbers() && has_rx_number(text, list)
        || key.names_any() && has_named_code(text, key)
        || setting >= Setting::Health && words.has_code_shape() && (has_dashed_ndc(text, list) || has_dotted_icd(text))
}

/// `Rx# 1234567`
fn has_rx_number(text: &str, words: &[Word]) -> bool {
    words.windows(2).any(|pair| {
        let [rx, number] = pair else { return false };
        number.number
            && rx.hash == RX
            && RX_DIGITS.contains(&(number.end - number.start))
            && before(text, rx.start).is_none_or(|byte| !byte.is_ascii_alphanumeric())
            && text.get(rx.end..number.start).is_some_and(|between| {
                between.len() <= 3
                    && between.bytes().all(|byte| matches!(byte, b' ' | b'#' | b':' | b'-' | b'_' | b'=' | b'.'))
            })
    })
}

/// `0093-7214-01`
fn has_dashed_ndc(text: &str, words: &[Word]) -> bool {
    words.windows(3).any(|three| {
        let [labeler, product, package] = three else { return false };
        let dashed = |from: &Word, to: &Word| text.get(from.end..to.start) == Some("-");
        let apart = |byte: Option<u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric() && byte != b'-');
        three.iter().all(|part| part.number)
            && dashed(labeler, product)
            && dashed(product, package)
            && NDC_PARTS.contains(&[labeler, product, package].map(|part| part.end - part.start))
            && apart(before(text, labeler.start))
            && apart(text.as_bytes().get(package.end).copied())
    })
}

/// `E11.9`
fn has_dotted_icd(text: &str) -> bool {
    if !text.contains('.') {
        return false;
    }
    let parts = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '.');
    parts.map(|part| part.trim_end_matches('.')).any(|part| {
        let Some((category, detail)) = part.split_once('.') else { return false };
        is_icd_category(category) && is_icd_detail(detail)
    })
}

fn is_icd_category(text: &str) -> bool {
    text.len() == 3 && lexicon().has_icd10_category(&text.to_ascii_lowercase())
}

/// What stands behind the dot of a diagnosis: digits, the letter x where a place is not used, a letter at most at its end.
fn is_icd_detail(text: &str) -> bool {
    let Some((last, others)) = text.as_bytes().split_last() else { return false };
    let is_place = |byte: &u8| byte.is_ascii_digit() || byte.eq_ignore_ascii_case(&b'x');
    let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
    text.len() <= 4 && last.is_ascii_alphanumeric() && others.iter().all(is_place) && (has_digit || text.len() == 4)
}

/// A code of a kind that the key names, alone, in a list, or in JSON of whatever depth, with its escapes.
fn has_named_code(text: &str, key: KeyMeaning) -> bool {
    let parts = text.split(|letter: char| letter.is_whitespace() || ",;|:\"'[]{}\\".contains(letter));
    parts.filter(|part| !part.is_empty()).any(|part| {
        (key.names(CodeKind::Ndc) && is_ndc(part))
            || (key.names(CodeKind::Icd) && is_icd(part))
            || (key.names(CodeKind::Hcpcs) && is_hcpcs(part))
            || (key.names(CodeKind::Rx) && is_rx(part))
            || (key.names(CodeKind::Snomed) && is_number(part, 6..=18))
            || (key.names(CodeKind::Loinc) && is_loinc(part))
    })
}

fn is_ndc(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    NDC_DIGITS.contains(&digits) && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
}

fn is_icd(text: &str) -> bool {
    let (category, rest) = text.split_at_checked(3).unwrap_or((text, ""));
    let detail = rest.strip_prefix('.').unwrap_or(rest);
    is_icd_category(category)
        && (rest.is_empty() || (detail.len() <= 4 && detail.bytes().all(|byte| byte.is_ascii_alphanumeric())))
}

/// A letter and four digits, five digits, or four and a letter.
fn is_hcpcs(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = |some: &[u8]| some.iter().all(u8::is_ascii_digit);
    match bytes {
        [first, others @ .., last] if bytes.len() == 5 => match (first.to_ascii_uppercase(), last.to_ascii_uppercase()) {
            (b'A'..=b'V', b'0'..=b'9') | (b'0'..=b'9', b'0'..=b'9' | b'F' | b'T' | b'U') => digits(others),
            _ => false,
        },
        _ => false,
    }
}

fn is_rx(text: &str) -> bool {
    let number = text.trim_start_matches(['r', 'R', 'x', 'X', '#', '-']);
    is_number(number, RX_DIGITS)
}

/// Digits, a dash, a check digit.
fn is_loinc(text: &str) -> bool {
    text.split_once('-').is_some_and(|(number, check)| is_number(number, 1..=5) && is_number(check, 1..=1))
}

fn is_number(text: &str, digits: std::ops::RangeInclusive<usize>) -> bool {
    digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn before(text: &str, at: usize) -> Option<u8> {
    text.as_bytes().get(at.checked_sub(1)?).copied()
}
