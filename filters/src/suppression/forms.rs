//! Every form in which a library, or a careless sender, hashes an identifier.
//!
//! The official libraries disagree on telephone numbers and on what an e-mail address is, and senders hash what was typed as
//! well. So a person stands under the SHA-256 of each of these texts. Too many forms cost a look-up, one too few lets somebody's
//! event out. Absent on purpose: texts so short that they stand for many people, and guesses at the country of a number, but
//! for North America's, whose numbers have a shape of their own.

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};

use super::Identifier;
use crate::normalize::{MAX_BYTES, Normalizer, OF_NOTHING, decimal, parse_hex, strip_suffix};

/// Fewer digits are no telephone number. It is the fewest that a normalised one has.
const FEWEST_DIGITS: usize = 7;

/// As what somebody is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// The site's own id of the person.
    ExternalId,
    /// Meta's browser id, `fb.1.1558571054389.1098115397`.
    Fbp,
}

/// What stands for somebody known by this text; nothing if it is too short, too long or no such thing at all. A SHA-256, with or
/// without the parameter builder's suffix, stands for itself.
pub fn forms(kind: Kind, raw: &str) -> Vec<Identifier> {
    let mut forms = Vec::new();
    any(kind, raw, true, &mut |form| {
        if !forms.contains(form) {
            forms.push(*form);
        }
        false
    });
    forms
}

/// Shows each form that a library gives until one is the one that is looked for; whether one was. What no library gives, such as
/// the very text that was typed, is among [`forms`] alone: one of the two sides is enough, and this one is paid for every event.
pub(super) fn any_form(kind: Kind, raw: &str, is_it: IsIt<'_>) -> bool {
    any(kind, raw, false, is_it)
}

/// What is asked of each identifier; `true` ends the look.
pub(super) type IsIt<'i> = &'i mut dyn FnMut(&Identifier) -> bool;

fn any(kind: Kind, raw: &str, is_wide: bool, is_it: IsIt<'_>) -> bool {
    let text = raw.trim();
    if let Some(is_found) = is_digest(text, is_it) {
        return is_found;
    }
    if text.is_empty() || text.len() > MAX_BYTES {
        return false;
    }
    if !is_wide {
        // What is in order already, as nearly everything is, needs no list.
        match kind {
            Kind::Email if is_plain_email(text) => return is_it(&of_text(&lower(text))),
            Kind::ExternalId if text.bytes().all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase()) => {
                return is_it(&of_text(text));
            }
            Kind::Phone => {
                if let Some(number) = PlainNumber::of(text) {
                    return number.any(is_it);
                }
            }
            Kind::Email | Kind::ExternalId | Kind::Fbp => {}
        }
    }
    let mut texts = Texts { list: Vec::with_capacity(4), is_wide };
    match kind {
        Kind::Email => texts.add_email(text),
        Kind::Phone => texts.add_phone(text),
        Kind::ExternalId => texts.add_external_id(text),
        Kind::Fbp => texts.add_browser_id(text),
    }
    texts.list.iter().any(|text| is_it(&of_text(text)))
}

fn of_text(text: &str) -> Identifier {
    Identifier(Sha256::digest(text.as_bytes()).into())
}

/// Asks of a text that is a SHA-256 already, with or without suffix; nothing of any other. That of the empty text, which careless
/// senders make of a missing value, is nobody's.
pub(super) fn is_digest(text: &str, is_it: IsIt<'_>) -> Option<bool> {
    let digest = parse_hex(if text.len() < 64 { return None } else { strip_suffix(text) })?;
    Some(digest != OF_NOTHING && is_it(&Identifier(digest)))
}

/// Texts of which each is hashed, every one once.
struct Texts<'r> {
    list: Vec<Cow<'r, str>>,
    /// Whether what no library gives is among them.
    is_wide: bool,
}

impl<'r> Texts<'r> {
    fn add(&mut self, text: impl Into<Cow<'r, str>>) {
        let text = text.into();
        if !self.list.contains(&text) {
            self.list.push(text);
        }
    }

    /// Python's SDK hashes whatever has an @, as it stands but for case.
    fn add_email(&mut self, text: &'r str) {
        if !text.contains('@') {
            return;
        }
        self.list.extend(Normalizer::Email.normalize(text));
        self.add(lower(text));
        if self.is_wide {
            self.add(text);
        }
        let inside = text.rsplit_once('<').map_or(text, |(_, rest)| rest.trim_end_matches('>'));
        let address = inside.strip_prefix("mailto:").unwrap_or(inside).trim_end_matches('.').trim();
        if address.len() < text.len() && address.contains('@') {
            self.add_email(address);
        }
    }

    /// The form that leaves, what was typed, what each library leaves of it, and the number with and without its country.
    fn add_phone(&mut self, text: &'r str) {
        let digits: String = text.chars().filter_map(decimal).collect();
        if digits.len() < FEWEST_DIGITS {
            return;
        }
        self.list.extend(Normalizer::Phone.normalize(text));
        if self.is_wide {
            self.add(text);
        }
        // What Python's and Node's SDKs leave, and before them the zeros, of which one library takes off two and another all.
        let sdk: String = text.chars().filter(|c| !is_dropped_by_sdks(*c)).collect();
        self.add(sdk.trim_start_matches('0').to_owned());
        self.add(sdk);
        // The parameter builder leaves ASCII digits alone.
        let ascii: String = text.chars().filter(char::is_ascii_digit).collect();
        let ascii = ascii.trim_start_matches('0');
        if ascii.len() >= FEWEST_DIGITS {
            self.add(ascii.to_owned());
        }
        self.add_number(&digits, text.starts_with(['+', '\u{ff0b}']) || digits.starts_with("00"));
        // A zero that is dialled within the country only, as in `+44 (0)20 7946 0958`.
        if let Some((before, after)) = text.split_once("(0)") {
            let digits: String = before.chars().chain(after.chars()).filter_map(decimal).collect();
            self.add_number(&digits, true);
        }
    }

    fn add_number(&mut self, digits: &str, names_country: bool) {
        let number = digits.trim_start_matches('0');
        if number.len() < FEWEST_DIGITS {
            return;
        }
        self.add(number.to_owned());
        let is_american = number.len() == digits.len() && is_american(number);
        if is_american && number.len() == 10 && !names_country {
            self.add(format!("1{number}"));
        } else if names_country || is_american {
            if self.is_wide {
                self.add(format!("+{number}"));
            }
            self.list.extend(national(number).map(|national| Cow::Owned(national.to_owned())));
        }
    }

    /// SDKs send an id as it is; the parameter builder makes it small, without spaces.
    fn add_external_id(&mut self, text: &'r str) {
        self.list.extend(Normalizer::ExternalId.normalize(text));
        self.add(text);
        self.add(lower(text));
    }

    fn add_browser_id(&mut self, text: &'r str) {
        if text.starts_with("fb.") {
            self.add(strip_suffix(text));
        }
    }
}

/// A number that every library reads alike: digits, of which the first is no zero, a plus before them or none, and what all leave out.
struct PlainNumber {
    /// A one, for numbers of America that lack it, then the digits.
    text: [u8; 16],
    length: usize,
    has_plus: bool,
}

impl PlainNumber {
    fn of(text: &str) -> Option<Self> {
        let has_plus = text.starts_with('+');
        let mut number = Self { text: [b'1'; 16], length: 0, has_plus };
        for byte in text.bytes().skip(usize::from(has_plus)) {
            match byte {
                b'0'..=b'9' => {
                    number.length += 1;
                    *number.text.get_mut(number.length)? = byte;
                }
                b' ' | b'-' | b'(' | b')' => {}
                _ => return None,
            }
        }
        let is_plain = number.length >= FEWEST_DIGITS && number.text.get(1) != Some(&b'0') && !text.contains("(0)");
        is_plain.then_some(number)
    }

    fn any(&self, is_it: IsIt<'_>) -> bool {
        let with_one = self.text.get(..=self.length).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default();
        let digits = with_one.get(1..).unwrap_or_default();
        let other = match (self.has_plus, is_american(digits)) {
            (false, true) if digits.len() == 10 => Some(with_one),
            (true, _) | (_, true) => national(digits),
            (false, false) => None,
        };
        is_it(&of_text(digits)) || other.is_some_and(|other| is_it(&of_text(other)))
    }
}

/// An address without a name beside it, a scheme before it or a dot behind it.
fn is_plain_email(text: &str) -> bool {
    text.is_ascii() && memchr::memchr(b'@', text.as_bytes()).is_some() && !text.contains(['<', ':']) && !text.ends_with('.')
}

/// An international number without its country.
fn national(number: &str) -> Option<&str> {
    let national = number.get(length_of_country(number)..)?.trim_start_matches('0');
    (national.len() >= FEWEST_DIGITS).then_some(national)
}

fn lower(text: &str) -> Cow<'_, str> {
    if text.is_ascii() && !text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.to_lowercase())
    }
}

/// Node's SDK drops these; Python's, which drops fewer, refuses what has the others.
fn is_dropped_by_sdks(c: char) -> bool {
    c.is_whitespace()
        || c.is_ascii_lowercase()
        || matches!(c, '-' | '@' | '#' | '<' | '>' | '\'' | '"' | ',' | ';' | '(' | ')' | '+')
}

/// A number of North America's plan: area and exchange begin with 2 to 9, and a 1 may stand before them.
fn is_american(digits: &str) -> bool {
    let number = if digits.len() == 11 { digits.strip_prefix('1').unwrap_or_default() } else { digits };
    let begins = |at: usize| number.as_bytes().get(at).is_some_and(|digit| (b'2'..=b'9').contains(digit));
    number.len() == 10 && begins(0) && begins(3)
}

/// How many digits of an international number are its country's, by the list of the ITU.
fn length_of_country(number: &str) -> usize {
    match number.as_bytes() {
        [b'1' | b'7', ..] => 1,
        [b'2', b'0' | b'7', ..]
        | [b'3', b'0'..=b'4' | b'6' | b'9', ..]
        | [b'4', b'0' | b'1' | b'3'..=b'9', ..]
        | [b'5', b'1'..=b'8', ..]
        | [b'6', b'0'..=b'6', ..]
        | [b'8', b'1' | b'2' | b'4' | b'6', ..]
        | [b'9', b'0'..=b'5' | b'8', ..] => 2,
        _ => 3,
    }
}
