//! `db`: YYYYMMDD, a date that exists.
//!
//! The SDKs hash any text as it is; parameter builder and pixel read three groups of digits, and they are followed, as
//! Meta's own example (`2/16/1997`) needs it. Like them and like that example, `03/04/1990` is read month first: the
//! dates of which this is wrong give a hash that matches nobody, while refusing would lose two fifths of all American
//! birthdays. Between dots the day comes first, since no country writes months first with dots. Words and two-digit
//! years are refused, as there.

use std::borrow::Cow;

/// A wider span than of people alive: the libraries take 1899, and this crate has no clock.
const YEARS: std::ops::RangeInclusive<u16> = 1800..=2099;

pub(super) fn normalize(value: &str) -> Option<Cow<'_, str>> {
    if value.len() == 8 && value.bytes().all(|byte| byte.is_ascii_digit()) {
        let (year, rest) = value.split_at_checked(4)?;
        let (month, day) = rest.split_at_checked(2)?;
        return exists(number(year)?, number(month)?, number(day)?).then_some(Cow::Borrowed(value));
    }
    let (year, month, day) = parse(value)?;
    exists(year, month, day).then(|| Cow::Owned(format!("{year:04}{month:02}{day:02}")))
}

fn parse(value: &str) -> Option<(u16, u16, u16)> {
    let separator = value.chars().find(|c| !c.is_ascii_digit()).filter(|c| matches!(c, '-' | '/' | '.' | ' '))?;
    let mut groups = value.splitn(3, separator);
    let (first, second, third) = (groups.next()?, groups.next()?, groups.next()?);
    if first.len() == 4 {
        let day = third.find(|c: char| !c.is_ascii_digit()).map_or(Some(third), |end| {
            let (day, time) = third.split_at_checked(end)?;
            is_time(time).then_some(day)
        })?;
        return Some((number(first)?, number(second)?, number(day)?));
    }
    if third.len() != 4 {
        return None;
    }
    let (first, second, year) = (number(first)?, number(second)?, number(third)?);
    let month_first = if separator == '.' { second > 12 } else { first <= 12 };
    Some(if month_first { (year, first, second) } else { (year, second, first) })
}

/// The time of an ISO 8601 instant, which databases put after a date of birth.
fn is_time(rest: &str) -> bool {
    rest.starts_with(['T', 't', ' '])
        && rest.contains(':')
        && rest.chars().skip(1).all(|c| c.is_ascii_digit() || matches!(c, ':' | '.' | '+' | '-' | 'Z' | 'z'))
}

/// A number of one to four digits.
fn number(digits: &str) -> Option<u16> {
    if digits.is_empty() || digits.len() > 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

fn exists(year: u16, month: u16, day: u16) -> bool {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    YEARS.contains(&year) && (1..=days).contains(&day)
}
