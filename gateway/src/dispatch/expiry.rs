//! When an event is too old for Meta: one event past the limit makes Meta refuse its whole batch.
//!
//! Meta counts from the event's time. We count from its receipt as well, so that an event whose time lies ahead does not stay
//! longer than it may.

use portcullis_filters::pipeline::{MAX_AGE_SECS, MAX_AGE_STORE_SECS};
use serde::Deserialize;

/// Off Meta's limit for the way to Meta and for clocks that differ.
const MARGIN_SECS: u64 = 60;

/// What the age of a stored event depends on.
#[derive(Deserialize)]
struct Aged<'a> {
    event_time: u64,
    #[serde(borrow)]
    action_source: Option<std::borrow::Cow<'a, str>>,
}

/// The time in seconds since 1970 before which every event of a group can be sent, whatever its action source.
pub(crate) fn group_expires_secs(oldest_event_secs: u64, received_ms: u64) -> u64 {
    oldest_event_secs.min(received_ms / 1000).saturating_add(MAX_AGE_SECS - MARGIN_SECS)
}

/// The time in seconds since 1970 from which a stored event is too old; `None` if it cannot be read.
pub(crate) fn expires_secs(body: &str, received_ms: u64) -> Option<u64> {
    let aged: Aged<'_> = serde_json::from_str(body).ok()?;
    let limit = match aged.action_source.as_deref() {
        Some("physical_store") => MAX_AGE_STORE_SECS,
        _ => MAX_AGE_SECS,
    };
    Some(aged.event_time.min(received_ms / 1000).saturating_add(limit - MARGIN_SECS))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_790_000_000;

    fn event(time: u64, source: &str) -> String {
        format!(r#"{{"event_name":"Purchase","event_time":{time},"action_source":"{source}","user_data":{{"em":["x"]}}}}"#)
    }

    #[test]
    fn b15_an_event_expires_just_under_seven_days_and_a_store_event_just_under_sixty_two() {
        assert_eq!(expires_secs(&event(NOW, "website"), NOW * 1000), Some(NOW + 7 * 86_400 - 60));
        assert_eq!(expires_secs(&event(NOW, "physical_store"), NOW * 1000), Some(NOW + 62 * 86_400 - 60));
        assert_eq!(expires_secs(r#"{"event_time":5}"#, NOW * 1000), Some(5 + 7 * 86_400 - 60));
    }

    #[test]
    fn b15_age_counts_from_receipt_where_that_is_earlier() {
        assert_eq!(expires_secs(&event(NOW + 600, "website"), NOW * 1000), Some(NOW + 7 * 86_400 - 60));
        assert_eq!(group_expires_secs(NOW + 600, NOW * 1000), NOW + 7 * 86_400 - 60);
        assert_eq!(group_expires_secs(NOW - 600, NOW * 1000), NOW - 600 + 7 * 86_400 - 60);
    }

    #[test]
    fn what_has_no_time_is_not_given_one() {
        for body in ["", "{}", "[]", r#"{"event_time":"soon"}"#, r#"{"event_time":-5}"#] {
            assert_eq!(expires_secs(body, NOW * 1000), None, "{body}");
        }
    }
}
