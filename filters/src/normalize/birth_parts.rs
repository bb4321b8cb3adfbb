//! `dobd`, `dobm`, `doby`: day and month of two digits, year of four.
//!
//! Meta documents none of them; the SDKs write a zero before a single digit, and are followed. Node takes any text that
//! is no number for a day (`x` becomes `0x`), and both take the year 0000: what cannot be is refused, as Python refuses a
//! thirteenth month.

use std::borrow::Cow;
use std::ops::RangeInclusive;

const DAYS: RangeInclusive<u16> = 1..=31;
const MONTHS: RangeInclusive<u16> = 1..=12;
/// From the year of birth of the oldest people alive to the end of this century: this crate has no clock.
const YEARS: RangeInclusive<u16> = 1900..=2099;

pub(super) fn normalize_day(value: &str) -> Option<Cow<'_, str>> {
    two_digits(value, &DAYS)
}

pub(super) fn normalize_month(value: &str) -> Option<Cow<'_, str>> {
    two_digits(value, &MONTHS)
}

pub(super) fn normalize_year(value: &str) -> Option<Cow<'_, str>> {
    (value.len() == 4 && YEARS.contains(&number(value)?)).then_some(Cow::Borrowed(value))
}

fn two_digits<'v>(value: &'v str, range: &RangeInclusive<u16>) -> Option<Cow<'v, str>> {
    range.contains(&number(value)?).then_some(())?;
    match value.len() {
        1 => Some(Cow::Owned(format!("0{value}"))),
        2 => Some(Cow::Borrowed(value)),
        _ => None,
    }
}

fn number(digits: &str) -> Option<u16> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}
