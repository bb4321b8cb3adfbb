//! Days and times as they are written in texts; used for days of birth and for appointments.

use super::digits::number;

/// A full date: year first, or last after `/`, `.` or `-`. Which of month and day comes first is not told.
macro_rules! full_date {
    () => {
        r"(?:(?:19|20)[0-9]{2}[-/._][0-9]{1,2}[-/._][0-9]{1,2}|[0-9]{1,2}[-/._][0-9]{1,2}[-/._](?:19|20)[0-9]{2})"
    };
}

/// A time of day, after a date or before one.
macro_rules! time_of_day {
    () => {
        r"(?:[01]?[0-9]|2[0-3])(?::[0-5][0-9](?::[0-5][0-9])?(?: ?[ap]\.?m)?| ?[ap]\.?m)"
    };
}

pub(super) use {full_date, time_of_day};

/// The year of a full date, if month and day exist in one of the two orders.
pub(super) fn year(text: &[u8]) -> Option<u32> {
    let mut parts = text.split(|byte| !byte.is_ascii_digit());
    let (first, second, third) = (number(parts.next()?)?, number(parts.next()?)?, number(parts.next()?)?);
    let (year, a, b) = if first > 31 { (first, second, third) } else { (third, first, second) };
    let exists = (1..=31).contains(&a) && (1..=31).contains(&b) && (a <= 12 || b <= 12);
    exists.then_some(year)
}

/// The year of eight digits, year first.
pub(super) fn compact_year(text: &[u8]) -> Option<u32> {
    let (year, rest) = text.split_at_checked(4)?;
    let (month, day) = rest.split_at_checked(2)?;
    let exists = (1..=12).contains(&number(month)?) && (1..=31).contains(&number(day)?) && day.len() == 2;
    number(year).filter(|_| exists)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_are_read_in_every_order() {
        assert_eq!(year(b"1987-03-14"), Some(1987));
        assert_eq!(year(b"3/14/1987"), Some(1987));
        assert_eq!(year(b"14.03.1987"), Some(1987));
        assert_eq!(year(b"1987-13-14"), None);
        assert_eq!(year(b"1987-00-14"), None);
        assert_eq!(compact_year(b"19870314"), Some(1987));
        assert_eq!(compact_year(b"19871314"), None);
    }
}
