//! Numbers by which medicine knows a person or a clinician.
//!
//! The number of Medicare (MBI) has a form that random ids hardly have. All others are digits or a few letters and digits: they
//! count by their key or the word beside them, and a clinician's number (NPI) alone on clinical sites, where it says who is seen.

use super::digits::{digits, luhn};
use super::keyed::Keyed;
use super::shape::{Reach, Shape, always};
use crate::detect::Setting;
use crate::report::Reason;

pub(super) const SHAPES: &[Shape] = &[
    // MBI.
    Shape {
        reason: Reason::HealthId,
        reach: Reach::Everywhere,
        pattern: concat!(
            r"(?:^|[^a-z0-9])([1-9][ac-hjkmnp-rt-y][0-9ac-hjkmnp-rt-y][0-9][ac-hjkmnp-rt-y][0-9ac-hjkmnp-rt-y][0-9]",
            r"[ac-hjkmnp-rt-y]{2}[0-9]{2})(?:$|[^a-z0-9])"
        ),
        holds: always,
    },
    // MBI with its dashes, whatever touches it.
    Shape {
        reason: Reason::HealthId,
        reach: Reach::Everywhere,
        pattern: concat!(
            r"([1-9][ac-hjkmnp-rt-y][0-9ac-hjkmnp-rt-y][0-9][- _.][ac-hjkmnp-rt-y][0-9ac-hjkmnp-rt-y][0-9][- _.]",
            r"[ac-hjkmnp-rt-y]{2}[0-9]{2})"
        ),
        holds: always,
    },
    // MBI that only digits touch. The last group of a UUID has its form now and then.
    Shape {
        reason: Reason::HealthId,
        reach: Reach::Everywhere,
        pattern: concat!(
            r"(?:^|[^a-z0-9])[0-9]*([1-9][ac-hjkmnp-rt-y][0-9ac-hjkmnp-rt-y][0-9][ac-hjkmnp-rt-y][0-9ac-hjkmnp-rt-y][0-9]",
            r"[ac-hjkmnp-rt-y]{2}[0-9]{2})[0-9]*(?:$|[^a-z0-9])"
        ),
        holds: |found| !found.text.iter().all(u8::is_ascii_hexdigit),
    },
    // NPI.
    Shape {
        reason: Reason::HealthId,
        reach: Reach::Clinical,
        pattern: r"(?:^|[^0-9])([12][0-9]{9})(?:$|[^0-9])",
        holds: |found| is_npi(found.text),
    },
    // Number of a record beside its word.
    Shape {
        reason: Reason::HealthId,
        reach: Reach::HealthIds,
        pattern: concat!(
            r"(?:^|[^a-z])(?:mrn|(?:patient|member|subscriber|medicare|medicaid|insurance|chart|encounter|beneficiary|hicn|prescription|",
            r"refill)(?:[ _-]?(?:id|no|nr|num|number))?)[ #:=._-]{1,3}([a-z]{0,4}[0-9]{5,12}[a-z]?[0-9]?)(?:$|[^a-z0-9])"
        ),
        holds: always,
    },
    // Number of a prescription.
    Shape {
        reason: Reason::HealthId,
        reach: Reach::HealthIds,
        pattern: r"(?:^|[^a-z])(?:rx(?:[ _-]?(?:no|nr|num|number))?)[ #:=._-]{0,3}([0-9]{6,12})(?:$|[^0-9])",
        holds: always,
    },
    // DEA beside its word.
    Shape {
        reason: Reason::HealthId,
        reach: Reach::HealthIds,
        pattern: r"(?:^|[^a-z])dea(?:[ _-]?(?:no|num|number))?[ #:=._-]{0,3}([a-z][a-z9][0-9]{7})(?:$|[^a-z0-9])",
        holds: |found| is_dea(found.text),
    },
    // NPI beside its word.
    Shape {
        reason: Reason::HealthId,
        reach: Reach::HealthIds,
        pattern: r"(?:^|[^a-z])npi(?:[ _-]?(?:no|num|number))?[ #:=._-]{0,3}([12][0-9]{9})(?:$|[^0-9])",
        holds: |found| is_npi(found.text),
    },
];

pub(super) const KEYED: &[Keyed] = &[
    Keyed {
        reason: Reason::HealthId,
        keys: "npi, npi number, provider npi, prescriber npi",
        from: Setting::Retail,
        holds: |value| is_npi(value.as_bytes()),
    },
    Keyed {
        reason: Reason::HealthId,
        keys: "dea, dea number, dea no",
        from: Setting::Retail,
        holds: |value| is_dea(value.as_bytes()),
    },
    Keyed {
        reason: Reason::HealthId,
        keys: "mrn, medical record, medical record number, patient, patient id, patient number, pat id, chart, chart number, \
             chart id, encounter, encounter id, csn, mbi, hicn, medicare, medicare id, medicare number, medicaid id, \
             health record id, visit id, case id",
        from: Setting::Retail,
        holds: is_number,
    },
    Keyed {
        reason: Reason::HealthId,
        keys: "rx, rx number, rx no, rx num, rx id, rxnum, prescription, prescription number, prescription id, prescription \
             no, refill, refill number, refill id, script number, script id",
        from: Setting::Retail,
        holds: |value| is_number(value) && value.bytes().filter(u8::is_ascii_digit).count() >= 5,
    },
    Keyed {
        reason: Reason::HealthId,
        keys: "subscriber id, subscriber number, insurance id, insurance number, insurance member id, policy number, policy \
             id, group number, group no, insurance group, plan member id, beneficiary id, health plan id, rx bin, rx pcn, \
             rx grp, rx group, pcn, rxbin, rxpcn, rxgrp",
        from: Setting::Retail,
        holds: |value| {
            (4..=24).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        },
    },
    Keyed {
        reason: Reason::HealthId,
        // A shop has members too.
        keys: "member id, member number, member no, member, bin",
        from: Setting::Health,
        holds: is_number,
    },
];

/// A number with at most a few letters and dashes.
fn is_number(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let others = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b' ' | b'#'));
    (4..=14).contains(&digits) && value.len() <= 20 && others
}

/// Ten digits, the first 1 or 2, and Luhn's check after `80840`, which adds 24.
pub(super) fn is_npi(text: &[u8]) -> bool {
    matches!(text, [b'1' | b'2', ..]) && text.len() == 10 && text.iter().all(u8::is_ascii_digit) && luhn(text, 24)
}

/// The letter of the registrant's type, an initial or 9, and seven digits, the last of which checks the others.
pub(super) fn is_dea(text: &[u8]) -> bool {
    let Some([kind, initial, rest @ ..]) = text.get(..9) else { return false };
    let Some([others @ .., check]) = digits::<7>(rest) else { return false };
    let sum: u32 = others.iter().zip([1, 2].into_iter().cycle()).map(|(digit, weight)| digit * weight).sum();
    let letters =
        b"ABCDEFGHJKLMPRSTUX".contains(&kind.to_ascii_uppercase()) && (initial.is_ascii_alphabetic() || *initial == b'9');
    text.len() == 9 && letters && sum % 10 == check
}

#[cfg(test)]
mod tests {
    use super::super::tests::{hits_clinical, hits_id, hits_key, hits_text, passes_id, passes_key, passes_text};
    use super::*;

    #[test]
    fn the_number_of_medicare_is_found_everywhere() {
        for text in [
            "1EG4-TE5-MK73",
            "1EG4TE5MK73",
            "order_1eg4te5mk73",
            "121EG4TE5MK7334",
            "Ab1EG4-TE5-MK73Cd",
            "1eG4-tE5-mK73",
            "1eG4tE5mK73",
            "011EG4TE5MK7300000000000000",
        ] {
            hits_id(Reason::HealthId, text);
        }
        for text in ["0EG4TE5MK73", "1SG4TE5MK73", "x1EG4TE5MK73", "1EG4TE5MK73x", "11ac4de5fd7312"] {
            passes_id(text);
        }
    }

    #[test]
    fn clinicians_are_found_by_key_and_alone_on_clinical_sites() {
        hits_clinical(Reason::HealthId, "/providers/1234567893");
        passes_text("1234567893");
        hits_key(Reason::HealthId, "providerNPI", "1234567893");
        hits_text(Reason::HealthId, "NPI 1234567893");
        hits_key(Reason::HealthId, "dea", "AB1234563");
        passes_key("dea", "AB1234564");
        passes_text("AB1234563");
    }

    #[test]
    fn records_and_prescriptions_are_found_by_word_and_key() {
        for text in ["MRN: 00123456", "patient-id-8837121", "rx# 1234567", "Rx1234567", "prescription number 448812"] {
            hits_text(Reason::HealthId, text);
        }
        hits_key(Reason::HealthId, "patientId", "E1234567");
        hits_key(Reason::HealthId, "cd[rxNumber]", "7712345");
        hits_key(Reason::HealthId, "subscriberId", "XYZ123456789");
        passes_key("memberId", "12345678");
    }

    #[test]
    fn models_and_articles_are_none() {
        for text in ["rx 580", "Lexus RX350", "rx100 camera", "patient lamb curry 12", "member price 12345"] {
            passes_text(text);
        }
        for id in ["RX-1234567", "mrn-1234567"] {
            passes_id(id);
        }
    }
}
