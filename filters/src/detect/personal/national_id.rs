//! Numbers that a state gives a person: SSN and ITIN by form; passport, licence and others by key.
//!
//! Numbers that were printed as samples count too, because what is sent as one was meant as one.

use super::digits::{count, digits};
use super::keyed::Keyed;
use super::shape::{Reach, Shape};
use crate::detect::Setting;
use crate::report::Reason;

pub(super) const SHAPES: &[Shape] = &[
    // SSN or ITIN. Digits may touch it: a site glues what it likes to a number.
    Shape {
        reason: Reason::NationalId,
        reach: Reach::HealthIds,
        pattern: r"([0-9]{3}(?:-|\xe2\x80[\x90-\x95]|\xe2\x88\x92)[0-9]{2}(?:-|\xe2\x80[\x90-\x95]|\xe2\x88\x92)[0-9]{4})",
        holds: |found| is_given(found.text),
    },
    // SSN or ITIN with other separators, which are those of telephone numbers too.
    Shape {
        reason: Reason::NationalId,
        reach: Reach::HealthIds,
        pattern: r"(?:^|[^0-9])([0-9]{3}[. _][0-9]{2}[. _][0-9]{4})(?:$|[^0-9])",
        holds: |found| alike(found.text) && is_given(found.text),
    },
    // SSN beside its word.
    Shape {
        reason: Reason::NationalId,
        reach: Reach::HealthIds,
        pattern: r"(?:^|[^a-z])(?:ssn|itin|social(?:[ _-]?security)?(?:[ _-]?(?:no|number|num))?)[ #:=._-]{0,3}([0-9]{9})(?:$|[^0-9])",
        holds: |found| is_given(found.text),
    },
    // SSN, bare.
    Shape {
        reason: Reason::NationalId,
        reach: Reach::BareClinical,
        pattern: "^([0-9]{9})$",
        holds: |found| is_given(found.text),
    },
];

pub(super) const KEYED: &[Keyed] = &[
    Keyed {
        reason: Reason::NationalId,
        keys: "ssn, social security, social security number, social, itin, tin, tax id, taxpayer id, ssn last",
        from: Setting::Retail,
        holds: |value| matches!(count(value.as_bytes()), 4 | 9),
    },
    Keyed {
        reason: Reason::NationalId,
        keys: "passport, passport number, passport no, drivers license, driver license, drivers licence, driver licence, \
             driving licence, license number, licence number, dl number, national id, nino, nhs number, dni, nie, curp, \
             cpf, government id, alien number",
        from: Setting::Retail,
        holds: |value| (5..=20).contains(&value.len()) && count(value.as_bytes()) >= 4,
    },
];

/// Whether both separators are the same: `123_45.6789` is a number of something else.
fn alike(text: &[u8]) -> bool {
    let mut separators = text.split(u8::is_ascii_digit).filter(|part| !part.is_empty());
    separators.next() == separators.next()
}

/// Areas, groups and serials that were given: SSNs, and ITINs, which begin with a nine.
fn is_given(text: &[u8]) -> bool {
    let Some(all) = digits::<9>(text) else { return false };
    let number = all.iter().fold(0, |sum, digit| sum * 10 + digit);
    let (area, group, serial) = (number / 1_000_000, number / 10_000 % 100, number % 10_000);
    let ssn = !matches!(area, 0 | 666 | 900..) && group != 0 && serial != 0;
    let itin = area >= 900 && matches!(group, 50..=65 | 70..=88 | 90..=92 | 94..=99);
    ssn || itin
}

#[cfg(test)]
mod tests {
    use super::super::tests::{hits_key, hits_text, passes_id, passes_key, passes_text};
    use super::*;

    #[test]
    fn written_numbers_are_found() {
        for text in [
            "123-45-6789",
            "ssn 078-05-1120.",
            "219 09 9999",
            "123\u{2013}45\u{2013}6789",
            "912-70-1234",
            "12123-45-678934",
            "SSN:123456789",
        ] {
            hits_text(Reason::NationalId, text);
        }
    }

    #[test]
    fn bare_digits_need_a_key() {
        passes_text("123456789");
        hits_key(Reason::NationalId, "socialSecurityNumber", "123456789");
        hits_key(Reason::NationalId, "passport", "X12345678");
        passes_key("passport", "yes");
    }

    #[test]
    fn numbers_that_were_never_given_are_none() {
        for text in ["000-45-6789", "666-45-6789", "900-45-6789", "123-00-6789", "123-45-0000", "123_45.6789", "123-45-678"]
        {
            passes_text(text);
        }
        for id in ["100-20-3000", "123-45-6789"] {
            passes_id(id);
        }
    }
}
