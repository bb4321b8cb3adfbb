//! The forms that values may have at Meta, and whether a value has its form.
//!
//! `fields` says which member has which form. What a form asks is said in words that hold no value, so that a refusal may be
//! logged by whoever receives it. Left to others: the rules between members, in `rules`.

use std::net::IpAddr;

use serde_json::Value;
use url::Url;

use super::fields::Shape;

/// What a value must look like.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    /// A string that passes the test.
    Text(&'static Test),
    /// A list of such strings that is not empty.
    Texts(&'static Test),
    /// Such a string, or a list of such that is not empty.
    OneOrMore(&'static Test),
    /// One of these strings.
    Words(&'static [&'static str]),
    /// A list of any of these strings, which may be empty.
    WordList(&'static [&'static str]),
    /// A whole number, or a string of digits, of so many digits.
    Digits(usize, usize),
    /// true or false.
    Flag,
    /// true, false, 0 or 1.
    FlagOrBit,
    /// 0 or 1, as a number or as a string.
    Bit,
    /// A whole number.
    Whole,
    /// A whole number in one of these ranges, ends included.
    WholeIn(&'static [(i64, i64)]),
    /// A number.
    Number,
    /// A number from 0 to 1.
    Share,
    /// A list of strings and numbers that is not empty.
    Scalars,
    /// The 16 places that describe a device.
    DeviceInfo,
    /// An object of this shape.
    Object(&'static Shape),
    /// A list of objects of this shape that is not empty.
    Objects(&'static Shape),
}

/// A test of a string, and what it asks, in words that follow "must be".
#[derive(Debug)]
pub(super) struct Test {
    asks: &'static str,
    kept: fn(&str) -> bool,
}

/// Any text.
pub(super) static TEXT: Test = Test { asks: "a string that is not empty", kept: |text| !text.is_empty() };

/// Any text but a digest: Meta looks these up as they are, so a hashed one finds nobody.
pub(super) static NOT_HASHED: Test =
    Test { asks: "a string that is not empty and not hashed", kept: |text| !text.is_empty() && !is_digest(text) };

/// SHA-256, in lower case.
pub(super) static HASH: Test = Test {
    asks: "a SHA-256 as 64 lower-case hex digits",
    kept: |text| is_digest(text) && !text.bytes().any(|byte| byte.is_ascii_uppercase()),
};

/// A cookie of the pixel.
pub(super) static COOKIE: Test = Test { asks: "a cookie that begins with fb.", kept: |text| text.starts_with("fb.") };

/// An absolute http or https URL with a host.
pub(super) static URL: Test = Test {
    asks: "an http or https URL",
    kept: |text| Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()),
};

/// An IP address, whole.
pub(super) static ADDRESS: Test = Test { asks: "an IP address", kept: |text| text.parse::<IpAddr>().is_ok() };

/// The id of a device or of an installation.
pub(super) static UUID: Test = Test { asks: "a UUID with dashes, not hashed", kept: is_uuid };

/// Three letters.
pub(super) static CURRENCY: Test = Test { asks: "a currency of three letters", kept: are_three_letters };

/// Three letters.
pub(super) static AIRPORT: Test = Test { asks: "an airport's code of three letters", kept: are_three_letters };

/// A day, with or without a time.
pub(super) static DAY: Test = Test { asks: "a day such as 20260131 or 2026-01-31, with or without a time", kept: is_day };

/// JSON inside a string.
pub(super) static JSON_LIST: Test =
    Test { asks: "the text of a JSON list", kept: |text| matches!(serde_json::from_str(text), Ok(Value::Array(_))) };

/// The trim of a vehicle, the one text whose length Meta documents.
pub(super) static TRIM: Test =
    Test { asks: "a string of 1 to 50 characters", kept: |text| (1..=50).contains(&text.chars().count()) };

/// A code of the test view.
pub(super) static TEST_CODE: Test = Test {
    asks: "TEST and one to ten digits",
    kept: |text| text.strip_prefix("TEST").is_some_and(|rest| are_digits(rest, 1, 10)),
};

/// A partner's name.
pub(super) static AGENT: Test = Test {
    asks: "a string of fewer than 23 characters, two of them letters",
    kept: |text| text.chars().count() < 23 && text.chars().filter(char::is_ascii_alphabetic).count() >= 2,
};

impl Form {
    /// What the value breaks, in words that follow "must be"; none if it has its form. Of an object only that it is one is
    /// asked here.
    pub(super) fn broken_by(self, value: &Value) -> Option<String> {
        let string = value.as_str();
        let list = || value.as_array().filter(|all| !all.is_empty());
        let passes = |test: &Test, value: &Value| value.as_str().is_some_and(test.kept);
        let all_pass = |test: &Test| list().is_some_and(|all| all.iter().all(|one| passes(test, one)));
        let whole = value.as_i64();
        let (kept, asks) = match self {
            Self::Text(test) => (passes(test, value), test.asks),
            Self::Texts(test) if !all_pass(test) => return Some(format!("a list, each {}", test.asks)),
            Self::OneOrMore(test) if !passes(test, value) && !all_pass(test) => {
                return Some(format!("{}, or a list of such", test.asks));
            }
            Self::Words(words) => (string.is_some_and(|one| words.contains(&one)), "a word of Meta's list"),
            Self::WordList(words) => (
                value
                    .as_array()
                    .is_some_and(|all| all.iter().all(|one| one.as_str().is_some_and(|one| words.contains(&one)))),
                "a list of words of Meta's list",
            ),
            Self::Digits(least, most) => {
                (is_number_of_digits(value, least, most), "digits only, not too few and not too many")
            }
            Self::Flag => (value.is_boolean(), "true or false"),
            Self::FlagOrBit => (value.is_boolean() || matches!(whole, Some(0 | 1)), "true, false, 0 or 1"),
            Self::Bit => (matches!(whole, Some(0 | 1)) || matches!(string, Some("0" | "1")), "0 or 1"),
            Self::Whole => (value.is_i64() || value.is_u64(), "a whole number, not a string"),
            Self::WholeIn(ranges) => (
                whole.is_some_and(|number| ranges.iter().any(|(least, most)| (*least..=*most).contains(&number))),
                "a whole number that Meta knows, not a string",
            ),
            Self::Number => (value.is_number(), "a number, not a string"),
            Self::Share => (value.as_f64().is_some_and(|share| (0.0..=1.0).contains(&share)), "a number from 0 to 1"),
            Self::Scalars => (
                list().is_some_and(|all| all.iter().all(|one| one.is_number() || passes(&TEXT, one))),
                "a list of strings or numbers that is not empty",
            ),
            Self::DeviceInfo => (is_device_info(value), "the 16 places of a device, the first a2 or i2"),
            Self::Object(_) => (value.is_object(), "an object"),
            Self::Objects(_) => {
                (list().is_some_and(|all| all.iter().all(Value::is_object)), "a list of objects that is not empty")
            }
            Self::Texts(_) | Self::OneOrMore(_) => (true, ""),
        };
        (!kept).then(|| asks.to_owned())
    }
}

/// Version, package, short and long version, system, model, locale, time zone, carrier; then width, height, density, cores,
/// storage and free storage, which are numbers; then the zone of the device. What is not known is null or an empty string.
fn is_device_info(value: &Value) -> bool {
    let Some(places) = value.as_array().filter(|places| places.len() == 16) else { return false };
    let known_version = matches!(places.first().and_then(Value::as_str), Some("a2" | "i2"));
    known_version
        && places.iter().enumerate().all(|(place, value)| match value {
            Value::Null => true,
            Value::String(text) => !(9..=14).contains(&place) || text.is_empty() || text.parse::<f64>().is_ok(),
            Value::Number(_) => (9..=14).contains(&place),
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => false,
        })
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn are_three_letters(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// `YYYYMMDD` or `YYYY-MM-DD`, the latter also before `T` and a time.
fn is_day(text: &str) -> bool {
    let (day, time) = text.split_once('T').map_or((text, None), |(day, time)| (day, Some(time)));
    let day = match day.as_bytes() {
        [_, _, _, _, b'-', _, _, b'-', _, _] => day.replace('-', ""),
        _ if time.is_none() => day.to_owned(),
        _ => return false,
    };
    are_digits(&day, 8, 8)
        && time.is_none_or(|time| {
            !time.is_empty()
                && time.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.' | b'+' | b'-' | b'Z'))
        })
}

fn are_digits(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_number_of_digits(value: &Value, least: usize, most: usize) -> bool {
    match value {
        Value::String(text) => are_digits(text, least, most),
        Value::Number(number) => number.is_u64() && are_digits(&number.to_string(), least, most),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => false,
    }
}
