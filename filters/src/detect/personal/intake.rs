//! What forms ask of a person: the day of birth, the age, the sex and the answers of questionnaires.
//!
//! Shops ask of shoes whether they are for women, and stamp orders with days; so most of it counts on health sites only, and a
//! day alone only when a grown-up can have been born on it.

use super::dates::{compact_year, full_date, year};
use super::digits::{count, number};
use super::keyed::Keyed;
use super::shape::{Reach, Shape};
use crate::detect::Setting;
use crate::report::Reason;

/// Before this year a day in an event is hardly that of an order or of a visit.
const BEFORE: u32 = 2010;

pub(super) const SHAPES: &[Shape] = &[
    // Day of birth beside its word.
    Shape {
        reason: Reason::Intake,
        reach: Reach::HealthIds,
        pattern: concat!(
            r"(?:^|[^a-z])(?:dob|d\.o\.b\.?|born|birth(?:day|date)?|date of birth)(?: on)?[ :=._-]{1,3}(",
            full_date!(),
            r"|(?:19|20)[0-9]{6})(?:$|[^0-9])"
        ),
        holds: |found| year(found.text).or_else(|| compact_year(found.text)).is_some(),
    },
    // Full date before 2010.
    Shape {
        reason: Reason::Intake,
        reach: Reach::Health,
        pattern: concat!(r"(?:^|[^0-9])(", full_date!(), r")(?:$|[^0-9])"),
        holds: |found| year(found.text).is_some_and(|year| year < BEFORE),
    },
    // Full date before 2010, bare.
    Shape {
        reason: Reason::Intake,
        reach: Reach::Health,
        pattern: r"^((?:19|200)[0-9]{5,6})$",
        holds: |found| compact_year(found.text).is_some_and(|year| year < BEFORE),
    },
];

pub(super) const KEYED: &[Keyed] = &[
    Keyed {
        reason: Reason::Intake,
        keys: "dob, date of birth, birth date, birthday, birth day, bday, birth, birth year, year of birth, born, fecha de \
             nacimiento, db",
        from: Setting::Retail,
        holds: |value| (2..=14).contains(&count(value.as_bytes())),
    },
    Keyed {
        reason: Reason::Intake,
        keys: "pregnant, is pregnant, pregnancy, sexual orientation, orientation, ethnicity, gender identity",
        from: Setting::Retail,
        holds: |value| {
            !matches!(value.to_ascii_lowercase().as_str(), "portrait" | "landscape" | "vertical" | "horizontal" | "no")
        },
    },
    Keyed {
        reason: Reason::Intake,
        keys: "age, patient age, current age",
        from: Setting::Health,
        holds: |value| number(value.as_bytes()).is_some_and(|age| (1..=120).contains(&age)),
    },
    Keyed {
        reason: Reason::Intake,
        keys: "sex, gender, race, marital status, veteran, disability, disabled, blind, transgender, weight, height, bmi, \
             blood type, symptom, symptoms, reason for visit, answer, answers, q#, question#",
        from: Setting::Health,
        holds: |_| true,
    },
];

#[cfg(test)]
mod tests {
    use super::super::tests::{hits_health, hits_health_key, hits_key, hits_text, passes_key, passes_text};
    use super::*;

    #[test]
    fn days_of_birth_are_found_by_word_and_key() {
        hits_text(Reason::Intake, "DOB 03/14/1987");
        hits_text(Reason::Intake, "born on 14.03.1987");
        hits_key(Reason::Intake, "dateOfBirth", "1987-03-14");
        hits_key(Reason::Intake, "bday", "19870314");
        passes_key("birthday", "yes");
    }

    #[test]
    fn old_days_are_found_on_health_sites() {
        for text in ["1987-03-14", "3/14/1987", "19870314", "visit 14.03.1987"] {
            hits_health(Reason::Intake, text);
            passes_text(text);
        }
        passes_text("2026-03-14");
    }

    #[test]
    fn answers_count_on_health_sites() {
        hits_health_key(Reason::Intake, "gender", "female");
        hits_health_key(Reason::Intake, "q7", "often");
        hits_health_key(Reason::Intake, "age", "47");
        hits_key(Reason::Intake, "isPregnant", "true");
        passes_key("gender", "women");
        passes_key("isPregnant", "false");
        passes_key("orientation", "landscape");
    }
}
