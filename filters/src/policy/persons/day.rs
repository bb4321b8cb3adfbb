//! The day on which something begins.

use crate::closed_form::day;

/// Days before each month of a year that is no leap year.
const BEFORE_MONTH: [u64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
/// Days from 1970 to 2000.
const BEFORE_2000: u64 = 10_957;

/// When the day `YYYY-MM-DD` begins, in UTC, in seconds since 1970. `None` for what is no day from 2000 to 2099.
pub(in crate::policy) fn secs(text: &str) -> Option<u64> {
    let mut parts = day(text)?.split('-').map(|part| part.parse::<u64>().ok());
    let (Some(Some(year)), Some(Some(month)), Some(Some(day))) = (parts.next(), parts.next(), parts.next()) else {
        return None;
    };
    let years = year.checked_sub(2000)?;
    // Every fourth year from 2000 on has a day more, and within it only what comes after February.
    let is_late = years % 4 == 0 && month > 2;
    let leap_days = years.div_ceil(4) + u64::from(is_late);
    let before = BEFORE_MONTH.get(usize::try_from(month.checked_sub(1)?).ok()?)?;
    Some((BEFORE_2000 + years * 365 + leap_days + before + day.checked_sub(1)?) * 86_400)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_told_as_the_second_in_which_they_begin() {
        for (text, wanted) in [
            ("2000-01-01", 946_684_800),
            ("2000-02-29", 951_782_400),
            ("2000-03-01", 951_868_800),
            ("2001-01-01", 978_307_200),
            ("2024-02-29", 1_709_164_800),
            ("2024-03-31", 1_711_843_200),
            ("2025-07-01", 1_751_328_000),
            ("2099-12-31", 4_102_358_400),
        ] {
            assert_eq!(secs(text), Some(wanted), "{text}");
        }
        for wrong in ["", "20240331", "2024-02-30", "2023-02-29", "1999-12-31", "2100-01-01", "2024-3-31", "31.3.2024"] {
            assert_eq!(secs(wrong), None, "{wrong}");
        }
    }
}
