//! Times on the command line: `7d`, `36h`, `90m`, `2026-11-20` or `2026-11-20T08:30:00Z`. Always in UTC.

use std::time::Duration;

use x509_cert::der::DateTime;

use crate::clock::millis;

const FORMS: &str = "a time is like 7d, 36h or 90m (so long ago), 2026-11-20 or 2026-11-20T08:30:00Z (in UTC)";

/// The time in milliseconds since 1970.
pub(super) fn parse(text: &str, now_ms: u64) -> Result<u64, &'static str> {
    if let Some(ago_ms) = ago_ms(text) {
        return Ok(now_ms.saturating_sub(ago_ms));
    }
    let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    let time: DateTime = whole.parse().map_err(|_| FORMS)?;
    Ok(millis(time.unix_duration()))
}

/// The same in a form that a file's name can hold: `20261120T083000Z`.
pub(super) fn compact(unix_ms: u64) -> String {
    match DateTime::from_unix_duration(Duration::from_millis(unix_ms)) {
        Ok(time) => time.to_string().replace(['-', ':'], ""),
        // Past the year 9999.
        Err(_) => unix_ms.to_string(),
    }
}

fn ago_ms(text: &str) -> Option<u64> {
    let unit = text.chars().next_back()?;
    let unit_ms: u64 = match unit {
        'd' => 24 * 3_600_000,
        'h' => 3_600_000,
        'm' => 60_000,
        _ => return None,
    };
    text.strip_suffix(unit)?.parse::<u64>().ok()?.checked_mul(unit_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: u64 = 1_795_424_400_000;

    #[test]
    fn times_are_ago_or_in_utc() {
        assert_eq!(parse("7d", NOW_MS), Ok(NOW_MS - 7 * 24 * 3_600_000));
        assert_eq!(parse("36h", NOW_MS), Ok(NOW_MS - 36 * 3_600_000));
        assert_eq!(parse("90m", NOW_MS), Ok(NOW_MS - 90 * 60_000));
        assert_eq!(parse("0m", NOW_MS), Ok(NOW_MS));
        assert_eq!(parse("1970-01-02", NOW_MS), Ok(24 * 3_600_000));
        assert_eq!(parse("1970-01-01T00:00:01Z", NOW_MS), Ok(1_000));
        assert_eq!(parse("99999999999d", NOW_MS), Ok(0));
        for wrong in ["", "d", "7", "-7d", "7w", "2026-13-01", "2026-11-20T08:30:00+01:00", "yesterday", "7 d", "٧d"] {
            assert_eq!(parse(wrong, NOW_MS), Err(FORMS), "{wrong}");
        }
    }

    #[test]
    fn a_name_of_a_file_holds_the_time_without_signs() {
        assert_eq!(compact(1_000), "19700101T000001Z");
        assert_eq!(compact(u64::MAX), u64::MAX.to_string());
    }
}
