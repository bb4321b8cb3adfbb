//! Days, times of day, and times near the event.

use crate::event::Value;

/// How far ahead of its event a time about it may be: clocks differ.
const MAX_AHEAD_SECS: i64 = 10 * 60;

/// A day that exists, from 2000 to 2099, as `YYYY-MM-DD` or `YYYYMMDD`.
pub(crate) fn day(text: &str) -> Option<&str> {
    is_day(text).then_some(text)
}

/// Such a day, or one with a time of day: `YYYY-MM-DDThh:mm`, then seconds, a zone, both or neither.
pub(crate) fn day_and_time(text: &str) -> Option<&str> {
    let fits = match text.split_once('T') {
        None => is_day(text),
        Some((day, time)) => day.contains('-') && is_day(day) && is_time(time),
    };
    fits.then_some(text)
}

/// Seconds since 1970, from so many days before the event to some minutes after it. A bare number of ten digits could be a
/// telephone number; one that is near the event is none.
pub(crate) fn seconds_near(value: &Value<'_>, event_secs: u64, days: u16) -> Option<i64> {
    let event = i64::try_from(event_secs).ok()?;
    let earliest = event.checked_sub(i64::from(days) * 86_400)?;
    super::whole(value).filter(|secs| (earliest..=event.saturating_add(MAX_AHEAD_SECS)).contains(secs))
}

fn is_day(text: &str) -> bool {
    let parts = match text.len() {
        8 => (text.get(..4), text.get(4..6), text.get(6..)),
        10 if text.get(4..5) == Some("-") && text.get(7..8) == Some("-") => (text.get(..4), text.get(5..7), text.get(8..)),
        _ => return false,
    };
    let (Some(year), Some(month), Some(day)) = parts else { return false };
    let (Some(year @ 2000..=2099), Some(month), Some(day)) = (number(year), number(month), number(day)) else {
        return false;
    };
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        // No century year but 2000 is within the bounds, and that one is a leap year.
        2 if year % 4 == 0 => 29,
        2 => 28,
        _ => return false,
    };
    (1..=days).contains(&day)
}

/// `hh:mm` or `hh:mm:ss`, then nothing, `Z`, `+hh:mm` or `+hhmm`.
fn is_time(text: &str) -> bool {
    let (clock, zone) = match text.find(['Z', '+', '-']) {
        Some(at) => text.split_at_checked(at).unwrap_or((text, "")),
        None => (text, ""),
    };
    let is_offset = |offset: &str| match offset.len() {
        4 => offset.split_at_checked(2).is_some_and(|(hours, minutes)| are_bounded([hours, minutes], [14, 59])),
        _ => is_clock(offset, [14, 59]),
    };
    let zone_fits = match zone.as_bytes().first() {
        None => true,
        Some(b'Z') => zone.len() == 1,
        Some(_) => zone.get(1..).is_some_and(is_offset),
    };
    zone_fits && (is_clock(clock, [23, 59]) || is_clock(clock, [23, 59, 59]))
}

/// Two digits each, with colons between.
fn is_clock<const PARTS: usize>(text: &str, most: [u16; PARTS]) -> bool {
    let mut parts = text.split(':');
    let clock = most.map(|_| parts.next().unwrap_or_default());
    parts.next().is_none() && are_bounded(clock, most)
}

fn are_bounded<const PARTS: usize>(parts: [&str; PARTS], most: [u16; PARTS]) -> bool {
    parts.iter().zip(most).all(|(part, most)| part.len() == 2 && number(part).is_some_and(|number| number <= most))
}

fn number(digits: &str) -> Option<u16> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_exist() {
        for good in ["2026-10-03", "20261003", "2000-01-01", "2099-12-31", "2028-02-29", "20000229"] {
            assert_eq!(day(good), Some(good));
            assert_eq!(day_and_time(good), Some(good));
        }
        for bad in [
            "",
            "2026",
            "2026-10",
            "1999-12-31",
            "2100-01-01",
            "2026-02-29",
            "2026-04-31",
            "2026-13-01",
            "2026-00-01",
            "2026-01-00",
            "2026-1-01",
            "2026/10/03",
            "03-10-2026",
            "2026-10-03 ",
            "+2026-1-1",
            "2026100３",
            "20261301",
            "41555500",
            "2026-10-0é",
        ] {
            assert_eq!(day(bad), None, "{bad}");
            assert_eq!(day_and_time(bad), None, "{bad}");
        }
        assert_eq!(day("2026-10-03T10:00"), None);
    }

    #[test]
    fn times_of_day_are_in_bounds() {
        for time in ["00:00", "23:59", "23:59:59", "10:00Z", "10:00:01Z", "10:00+02:00", "10:00-0730", "10:00:01+14:00"] {
            let good = format!("2026-10-03T{time}");
            assert_eq!(day_and_time(&good), Some(good.as_str()));
            assert_eq!(day_and_time(&format!("20261003T{time}")), None, "Meta's forms mix no two");
        }
        for time in [
            "",
            "10",
            "10:0",
            "24:00",
            "10:60",
            "10:00:60",
            "10:00:00.5",
            "10:00 Z",
            "10:00Zx",
            "10:00+15:00",
            "10:00+2",
            "10:00+02:60",
            "10:00+",
            "+02:00",
            "10:00:00:00",
            "10:00ZZ",
            "1０:00",
        ] {
            assert_eq!(day_and_time(&format!("2026-10-03T{time}")), None, "{time}");
        }
    }

    #[test]
    fn seconds_are_near_the_event() {
        let near = |secs: i64| seconds_near(&Value::Whole(secs), 1_791_000_000, 2);
        for good in [1_791_000_000, 1_791_000_000 - 2 * 86_400, 1_791_000_600] {
            assert_eq!(near(good), Some(good));
        }
        for bad in [1_791_000_000 - 2 * 86_400 - 1, 1_791_000_601, 4_155_550_007, 0, -1, 1_791_000_000_000] {
            assert_eq!(near(bad), None, "{bad}");
        }
        assert_eq!(seconds_near(&Value::Text("1791000000".into()), 1_791_000_000, 2), Some(1_791_000_000));
        assert_eq!(seconds_near(&Value::Bool(true), 1_791_000_000, 2), None);
        assert_eq!(seconds_near(&Value::Whole(1), u64::MAX, 2), None);
    }
}
