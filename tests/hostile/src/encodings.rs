//! How a secret is written: the spellings and wrappings in which sites have been seen to send values, and those that somebody
//! would try who wants to get round a filter.
//!
//! A spelling changes letters, a wrapping everything. Two can stand in each other; a spelling that destroys what a wrapping made
//! (base64 in capitals) is never put around one.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use crate::chance::Chance;

macro_rules! encodings {
    ($( $name:ident = $word:literal, )*) => {
        /// A way to write a text.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Encoding { $( $name, )* }

        impl Encoding {
            /// Every way.
            pub const ALL: &'static [Self] = &[ $( Self::$name, )* ];

            /// What reports call it.
            pub fn name(self) -> &'static str {
                match self { $( Self::$name => $word, )* }
            }
        }
    };
}

encodings! {
    Plain = "plain",
    Upper = "upper",
    MixedCase = "mixed case",
    Title = "title",
    Camel = "camel",
    Snake = "snake",
    Kebab = "kebab",
    Dots = "dots",
    DigitGlued = "digit-glued",
    FullWidth = "full-width",
    Mathematical = "mathematical",
    ZeroWidth = "zero-width",
    Bidi = "bidi",
    SoftHyphen = "soft hyphen",
    LookAlike = "look-alike",
    Combining = "combining",
    PercentAll = "percent",
    PercentSome = "percent some",
    PercentTwice = "percent twice",
    Plus = "plus",
    EntityDecimal = "entity decimal",
    EntityHex = "entity hex",
    EntityBare = "entity without semicolon",
    EntityNamed = "entity named",
    UnicodeEscape = "\\u escapes",
    JsonString = "JSON string",
    JsonObject = "JSON object",
    Base64 = "base64",
    Base64Unpadded = "base64 unpadded",
    Base64Url = "base64url",
    Base64UrlPadded = "base64url padded",
    Base64Glued = "base64 glued",
    Base64Inside = "base64 inside letters",
    HexLower = "hex lower",
    HexUpper = "hex upper",
    HexGlued = "hex glued",
}

impl Encoding {
    /// Whether it leaves words, letters or digits as they are for a reader: no layer has to be taken off.
    pub fn is_spelling(self) -> bool {
        self <= Self::Combining
    }

    /// Whether it only changes case and what stands between words.
    pub fn is_plain(self) -> bool {
        self <= Self::DigitGlued
    }

    /// Whether every letter is written with other letters.
    pub fn is_packed(self) -> bool {
        self >= Self::Base64
    }

    /// Whether it can stand around another without destroying it.
    pub fn can_wrap(self) -> bool {
        self >= Self::FullWidth && !matches!(self, Self::Plus | Self::EntityNamed)
    }

    /// Writes a text so.
    pub fn apply(self, text: &str, chance: &mut Chance) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Upper => text.to_uppercase(),
            Self::MixedCase => mixed_case(text),
            Self::Title => words(text).iter().map(|word| capital(word)).collect::<Vec<_>>().join(" "),
            Self::Camel => {
                let words = words(text);
                words
                    .iter()
                    .enumerate()
                    .map(|(at, word)| if at == 0 { word.to_lowercase() } else { capital(word) })
                    .collect()
            }
            Self::Snake => text.replace(' ', "_"),
            Self::Kebab => text.replace(' ', "-"),
            Self::Dots => text.replace(' ', "."),
            Self::DigitGlued => match chance.below(3) {
                0 => format!("{text}{}", chance.digits(2)),
                1 => format!("{}{text}", chance.digits(2)),
                _ => format!("{}{text}{}", chance.digits(1), chance.digits(3)),
            },
            Self::FullWidth => text.chars().map(full_width).collect(),
            Self::Mathematical => text.chars().map(mathematical).collect(),
            Self::ZeroWidth => between(text, chance.pick(&['\u{200b}', '\u{200d}', '\u{2060}', '\u{feff}'])),
            Self::Bidi => format!("\u{202e}{}\u{202c}", between(text, chance.pick(&['\u{200e}', '\u{2066}', '\u{202b}']))),
            Self::SoftHyphen => between(text, '\u{ad}'),
            Self::LookAlike => text.chars().map(look_alike).collect(),
            Self::Combining => combining(text, chance.pick(&['\u{301}', '\u{308}', '\u{327}', '\u{336}'])),
            Self::PercentAll => percent_all(text),
            Self::PercentSome => percent(text, |byte| !byte.is_ascii_alphanumeric() || byte % 3 == 0),
            Self::PercentTwice => percent_all(&percent_all(text)),
            Self::Plus => text.replace(' ', "+"),
            Self::EntityDecimal => each(text, |c| format!("&#{};", u32::from(c))),
            Self::EntityHex => each(text, |c| format!("&#x{:X};", u32::from(c))),
            // The last one needs its semicolon, or a digit after it would be part of it.
            Self::EntityBare => each(text, |c| format!("&#{}", u32::from(c))) + ";",
            Self::EntityNamed => named_entities(text),
            Self::UnicodeEscape => text.encode_utf16().fold(String::new(), |mut written, unit| {
                write!(written, "\\u{unit:04x}").unwrap_or_default();
                written
            }),
            Self::JsonString => serde_json::Value::from(text).to_string(),
            Self::JsonObject => serde_json::json!({ chance.pick(&["note", "v", "s1"]): text }).to_string(),
            Self::Base64 => STANDARD.encode(text),
            Self::Base64Unpadded => STANDARD_NO_PAD.encode(text),
            Self::Base64Url => URL_SAFE_NO_PAD.encode(text),
            Self::Base64UrlPadded => URL_SAFE.encode(text),
            Self::Base64Glued => {
                let glue = chance.pick(&[".", "-", "_", "/"]);
                format!(
                    "{}{glue}{}{glue}{}",
                    chance.pick(&["order", "v1", "tok", "x"]),
                    URL_SAFE_NO_PAD.encode(text),
                    chance.digits(2)
                )
            }
            Self::Base64Inside => {
                let front = ["x", "q7", "IwAR", "abcde", "Zq3Rt9"];
                format!("{}{}", chance.pick(&front), URL_SAFE_NO_PAD.encode(text))
            }
            Self::HexLower => hex(text),
            Self::HexUpper => hex(text).to_uppercase(),
            Self::HexGlued => format!("{}-{}", chance.pick(&["order", "v1", "sku"]), hex(text)),
        }
    }
}

/// Encodings, the innermost first.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Chain(Vec<Encoding>);

impl Chain {
    /// One alone.
    pub fn one(encoding: Encoding) -> Self {
        Self(vec![encoding])
    }

    /// One alone in a third of the cases, else a nesting of two.
    pub fn random(chance: &mut Chance) -> Self {
        let inner = chance.pick(Encoding::ALL);
        if chance.one_in(3) {
            return Self(vec![inner]);
        }
        loop {
            let outer = chance.pick(Encoding::ALL);
            if outer.can_wrap() {
                return Self(vec![inner, outer]);
            }
        }
    }

    /// Writes a text so. What changes nothing in it, such as a name for a sign that it has not, is no part of the chain any more.
    pub fn apply(&mut self, text: &str, chance: &mut Chance) -> String {
        let mut text = text.to_owned();
        self.0.retain(|encoding| {
            let written = encoding.apply(&text, chance);
            let changes = written != text;
            text = written;
            changes
        });
        text
    }

    /// Without this encoding.
    #[must_use]
    pub fn without(mut self, encoding: Encoding) -> Self {
        self.0.retain(|each| *each != encoding);
        self
    }

    /// Whether all of them are like that.
    pub fn all(&self, is: impl Fn(Encoding) -> bool) -> bool {
        self.0.iter().all(|encoding| is(*encoding))
    }

    /// Its name in reports, the outermost last.
    pub fn name(&self) -> String {
        let names: Vec<&str> = self.0.iter().map(|encoding| encoding.name()).collect();
        if names.is_empty() { Encoding::Plain.name().to_owned() } else { names.join(" in ") }
    }
}

fn words(text: &str) -> Vec<&str> {
    text.split(' ').filter(|word| !word.is_empty()).collect()
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters.flat_map(char::to_lowercase)).collect())
}

fn mixed_case(text: &str) -> String {
    let turned = |(at, c): (usize, char)| if at % 2 == 0 { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
    text.chars().enumerate().map(turned).collect()
}

fn full_width(c: char) -> char {
    match c {
        ' ' => '\u{3000}',
        '!'..='~' => char::from_u32(u32::from(c) + 0xfee0).unwrap_or(c),
        other => other,
    }
}

fn mathematical(c: char) -> char {
    let shifted = match c {
        'A'..='Z' => u32::from(c) - u32::from('A') + 0x1d400,
        'a'..='z' => u32::from(c) - u32::from('a') + 0x1d41a,
        '0'..='9' => u32::from(c) - u32::from('0') + 0x1d7ce,
        _ => return c,
    };
    char::from_u32(shifted).unwrap_or(c)
}

/// Letters of Cyrillic and Greek that look like Latin ones; the checker reads the same table backwards.
#[rustfmt::skip]
pub(crate) static LOOK_ALIKES: &[(char, char)] = &[
    ('a', 'а'), ('c', 'с'), ('e', 'е'), ('o', 'о'), ('p', 'р'), ('x', 'х'), ('y', 'у'), ('i', 'і'), ('s', 'ѕ'), ('j', 'ј'), ('v', 'ν'),
    ('A', 'А'), ('B', 'В'), ('C', 'С'), ('E', 'Е'), ('H', 'Н'), ('I', 'Ι'), ('K', 'Κ'), ('M', 'М'), ('N', 'Ν'), ('O', 'О'), ('P', 'Ρ'),
    ('T', 'Т'), ('X', 'Х'), ('Y', 'Υ'), ('Z', 'Ζ'),
];

fn look_alike(c: char) -> char {
    LOOK_ALIKES.iter().find(|(latin, _)| *latin == c).map_or(c, |(_, other)| *other)
}

fn between(text: &str, mark: char) -> String {
    text.chars().flat_map(|c| [c, mark]).collect()
}

fn combining(text: &str, mark: char) -> String {
    let marked = |c: char| [Some(c), c.is_ascii_alphabetic().then_some(mark)];
    text.chars().flat_map(marked).flatten().collect()
}

fn percent_all(text: &str) -> String {
    percent(text, |_| true)
}

fn percent(text: &str, escapes: impl Fn(u8) -> bool) -> String {
    let mut written = String::new();
    for byte in text.bytes() {
        if escapes(byte) || !byte.is_ascii() {
            write!(written, "%{byte:02X}").unwrap_or_default();
        } else {
            written.push(char::from(byte));
        }
    }
    written
}

fn each(text: &str, write: impl Fn(char) -> String) -> String {
    text.chars().map(write).collect()
}

/// What stands between words has names; letters of ASCII have none.
fn named_entities(text: &str) -> String {
    let named = |c: char| match c {
        ' ' => "&nbsp;".to_owned(),
        '@' => "&commat;".to_owned(),
        '.' => "&period;".to_owned(),
        '(' => "&lpar;".to_owned(),
        ')' => "&rpar;".to_owned(),
        '+' => "&plus;".to_owned(),
        ',' => "&comma;".to_owned(),
        ':' => "&colon;".to_owned(),
        '_' => "&lowbar;".to_owned(),
        '/' => "&sol;".to_owned(),
        other => other.to_string(),
    };
    text.chars().map(named).collect()
}

fn hex(text: &str) -> String {
    text.bytes().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap_or_default();
        hex
    })
}
