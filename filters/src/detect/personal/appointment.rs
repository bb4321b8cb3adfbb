//! The time of an appointment: by key, by the word beside it, and alone on clinical sites. Shops deliver in slots, so there a
//! day with a time says nothing.

use super::dates::{full_date, time_of_day};
use super::digits::count;
use super::keyed::Keyed;
use super::shape::{Reach, Shape, always};
use crate::detect::Setting;
use crate::report::Reason;

pub(super) const SHAPES: &[Shape] = &[
    // Appointment beside its word.
    Shape {
        reason: Reason::Appointment,
        reach: Reach::HealthIds,
        pattern: concat!(r"(?:^|[^a-z])((?:appt|appointment|checkup|cita)[^0-9]{1,12}", full_date!(), r")(?:$|[^0-9])"),
        holds: always,
    },
    // Day and time.
    Shape {
        reason: Reason::Appointment,
        reach: Reach::Clinical,
        pattern: concat!(r"(?:^|[^0-9])(", full_date!(), r"(?:t|[ ,_+-]+(?:at )?)", time_of_day!(), r")(?:$|[^0-9])"),
        holds: always,
    },
];

pub(super) const KEYED: &[Keyed] = &[
    Keyed {
        reason: Reason::Appointment,
        keys: "appt, appointment, appointment date, appointment time, appt date, appt time, visit date, visit time, \
             appointment datetime, scheduled visit, encounter date, admission date, discharge date",
        from: Setting::Retail,
        holds: |value| count(value.as_bytes()) >= 2,
    },
    Keyed {
        reason: Reason::Appointment,
        keys: "slot, when, visit, time slot, start time, booking, booking date, schedule, scheduled",
        from: Setting::Health,
        holds: |value| count(value.as_bytes()) >= 3,
    },
];

#[cfg(test)]
mod tests {
    use super::super::tests::{hits_clinical, hits_health_key, hits_key, hits_text, passes_key, passes_text};
    use super::*;

    #[test]
    fn appointments_are_found_by_word_and_key() {
        hits_text(Reason::Appointment, "appointment on 2026-09-14");
        hits_key(Reason::Appointment, "apptDate", "09/14/2026");
        hits_health_key(Reason::Appointment, "slot", "2026-09-14T10:30");
        passes_key("slot", "2026-09-14T10:30");
    }

    #[test]
    fn a_day_with_a_time_counts_on_clinical_sites() {
        for text in ["2026-09-14T10:30", "9/14/2026 at 10:30", "2026-09-14 3pm"] {
            hits_clinical(Reason::Appointment, text);
            passes_text(text);
        }
    }
}
