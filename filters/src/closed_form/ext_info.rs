//! `extinfo`: sixteen texts about an app and its device, each at its place.
//!
//! Promises: every text has the form of its place or is empty; Meta wants all sixteen places, so one that does not fit is emptied
//! and never shifted. The carrier is always empty: it is a name, and people choose it in some countries. Left to others: what
//! user agents know of models, versions and locales. Absent on purpose: mending a list of another length.

use std::borrow::Cow;

use crate::event::{Leaving, Value};
use crate::user_agent;

mod zones;

const PLACES: usize = 16;

/// What may stand at each place besides nothing.
static FORMS: [fn(&str) -> bool; PLACES] = [
    is_platform,
    is_package,
    is_version,
    is_version,
    user_agent::is_dotted_system_version,
    user_agent::is_model,
    user_agent::is_posix_locale,
    zones::is_abbreviation,
    |_carrier| false,
    is_pixels,
    is_pixels,
    is_density,
    |cores| is_number(cores, 2),
    is_gigabytes,
    is_gigabytes,
    zones::is_name,
];

/// What leaves of an `extinfo`.
pub(crate) struct ExtInfo<'a> {
    /// Sixteen texts.
    pub(crate) leaving: Leaving<'a>,
    /// How many were emptied.
    pub(crate) misfits: u32,
}

/// Forms every place; `None` unless there are sixteen and the first says which platform.
pub(crate) fn ext_info<'a>(value: &'a Value<'a>) -> Option<ExtInfo<'a>> {
    let places = value.elements();
    if places.len() != PLACES || !text_of(places.first()?).is_some_and(|platform| is_platform(&platform)) {
        return None;
    }
    let mut misfits = 0;
    let leaving = places.iter().zip(FORMS).map(|(place, fits)| match text_of(place) {
        Some(text) if text.is_empty() || fits(&text) => Leaving::Text(text),
        _ => {
            misfits += 1;
            Leaving::Text(Cow::Borrowed(""))
        }
    });
    let leaving = Leaving::List(leaving.collect());
    Some(ExtInfo { leaving, misfits })
}

/// The text at a place, also where a number or, as from Python, `null` stands there.
fn text_of<'a>(place: &'a Value<'a>) -> Option<Cow<'a, str>> {
    match place {
        Value::Null => Some(Cow::Borrowed("")),
        Value::Text(text) => Some(Cow::Borrowed(text)),
        Value::Number(digits) => Some(Cow::Borrowed(digits)),
        _ => None,
    }
}

/// Android or iOS.
fn is_platform(text: &str) -> bool {
    matches!(text, "a2" | "i2")
}

/// `com.example.app`: an app's name, as the stores have it.
fn is_package(text: &str) -> bool {
    let is_word = |word: &str| {
        word.bytes().next().is_some_and(|first| first.is_ascii_alphabetic())
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    };
    text.len() <= 100
        && (2..=8).contains(&text.split('.').count())
        && text.split('.').all(is_word)
        && !super::ids::holds_digest(text)
}

/// `7.7.1`, or a build's number of up to eight digits; Meta's example writes `Version` before it.
fn is_version(text: &str) -> bool {
    let number = text.strip_prefix("Version ").unwrap_or(text);
    is_number(number, 8) || user_agent::is_release(number)
}

fn is_pixels(text: &str) -> bool {
    text.len() >= 3 && is_number(text, 5)
}

/// Pixels a point: `2`, `2.75`, `2.00`.
fn is_density(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    is_number(whole, 1) && (1..=4).contains(&fraction.len()) && fraction.bytes().all(|byte| byte.is_ascii_digit())
}

/// Storage, up to nine terabytes; a device may be full.
fn is_gigabytes(text: &str) -> bool {
    text == "0" || is_number(text, 4)
}

/// At most so many digits, the first no zero.
fn is_number(text: &str, digits: usize) -> bool {
    (1..=digits).contains(&text.len()) && !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A phone of the one kind and of the other.
    const ANDROID: [&str; PLACES] = [
        "a2",
        "com.example.shop",
        "771",
        "Version 7.7.1",
        "13",
        "SM-G991B",
        "en_US",
        "PST",
        "",
        "1080",
        "2400",
        "2.75",
        "8",
        "128",
        "64",
        "America/Los_Angeles",
    ];
    const APPLE: [&str; PLACES] = [
        "i2",
        "com.Example.Shop-2",
        "12.4.1",
        "120401",
        "17.4",
        "iPhone14,2",
        "de_DE",
        "GMT+1",
        "",
        "390",
        "844",
        "3",
        "6",
        "256",
        "0",
        "Europe/Berlin",
    ];

    fn list<'a>(places: &[&'a str]) -> Value<'a> {
        Value::List(places.iter().map(|place| Value::Text((*place).into())).collect())
    }

    /// The texts that leave, and how many were emptied.
    fn leaves(value: &Value<'_>) -> Option<(Vec<String>, u32)> {
        let info = ext_info(value)?;
        let Leaving::List(list) = info.leaving else { panic!("a list") };
        let texts = list.into_iter().map(|text| match text {
            Leaving::Text(text) => text.into_owned(),
            _ => panic!("a text"),
        });
        Some((texts.collect(), info.misfits))
    }

    #[test]
    fn every_place_has_a_form() {
        for device in [ANDROID, APPLE] {
            assert_eq!(leaves(&list(&device)), Some((device.map(str::to_owned).to_vec(), 0)));
        }
        let odd: [&[&str]; PLACES] = [
            &[],
            &[
                "shop",
                "com..shop",
                "com.9shop",
                "com.jane doe",
                "com.example.d41d8cd98f00b204e9800998ecf8427e",
                "a.b.c.d.e.f.g.h.i",
            ],
            &["415.555.0007", "007", "beta", "Version", "1.2.3.4.5", "123456789", "Version  1"],
            &["4155550007", "7.7.1-metformin", "version 7"],
            &["10_1", "1234", "Tiramisu", "13.1.1.1"],
            &["Jane's iPhone", "iPhone", "metformin"],
            &["en-US", "en", "EN_us", "xx_XX", "en_XX", "english_US"],
            &["Pacific", "HIV", "GMT+15", "GMT1", "pst"],
            &["T-Mobile", "Jane"],
            &["99", "0", "108000", "-1", "1080px"],
            &["x", "24.5"],
            &["10", "2.", ".5", "2,75", "2.12345"],
            &["100", "0", "eight"],
            &["12800", "-1", "128GB"],
            &["64.5"],
            &["Los Angeles", "America/Jane", "america/los_angeles"],
        ];
        for (at, values) in odd.into_iter().enumerate() {
            for value in values {
                let mut places = ANDROID;
                places[at] = value;
                let mut wanted = ANDROID;
                wanted[at] = "";
                assert_eq!(leaves(&list(&places)), Some((wanted.map(str::to_owned).to_vec(), 1)), "{value} at {at}");
            }
        }
    }

    #[test]
    fn without_platform_or_with_another_length_nothing_leaves() {
        for platform in ["", "a1", "android", "A2"] {
            let mut places = ANDROID;
            places[0] = platform;
            assert!(leaves(&list(&places)).is_none(), "{platform}");
        }
        assert!(leaves(&list(&ANDROID[..15])).is_none());
        assert!(leaves(&list(&[&ANDROID[..], &[""]].concat())).is_none());
        assert!(leaves(&list(&[])).is_none());
        assert!(leaves(&Value::Text("a2".into())).is_none());
    }

    #[test]
    fn numbers_and_nulls_stand_for_texts() {
        let places = (0..PLACES).map(|at| match at {
            0 => Value::Text("a2".into()),
            9 => Value::Number("1080"),
            11 => Value::Number("2.00"),
            12 => Value::Bool(true),
            13 => Value::Misfit,
            _ => Value::Null,
        });
        let (texts, misfits) = leaves(&Value::List(places.collect())).expect("it leaves");
        assert_eq!((texts[9].as_str(), texts[11].as_str(), misfits), ("1080", "2.00", 2));
    }
}
