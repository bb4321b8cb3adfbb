//! Names of persons: after an honorific, before a degree, and under keys of names.
//!
//! A name in free text has no form of its own and is not found. Brands that begin with a title are not persons.

use super::keyed::Keyed;
use super::shape::{Found, Reach, Shape, always};
use crate::detect::Setting;
use crate::report::Reason;

pub(super) const SHAPES: &[Shape] = &[
    // Name after a title.
    Shape {
        reason: Reason::PersonName,
        reach: Reach::HealthIds,
        pattern: r"(?:^|[^a-z])((?-i:(?:Dr|DR|dr|Mr|MR|mr|Mrs|MRS|mrs|Miss|Prof|Doctor|DOCTOR|Dra|Sr|Sra)\.? ?(?:[A-Z\x80-\xff][A-Za-z'\x80-\xff.-]+ ?){1,3}))",
        holds: |found| !is_brand(found.text),
    },
    // Name after a title, as a slug.
    Shape {
        reason: Reason::PersonName,
        reach: Reach::HealthIds,
        pattern: r"(?:^|[^a-z])((?:dr|mr|mrs|prof|doctor|dra)[-_+. ]{1,2}[a-z\x80-\xff]{2,}[-_+. ][a-z\x80-\xff]{2,})",
        holds: |found| !is_brand(found.text) && !is_road(found),
    },
    // Name after a doctor's title.
    Shape {
        reason: Reason::PersonName,
        reach: Reach::Clinical,
        pattern: r"(?:^|[^a-z0-9])((?:dr|doctor|dra)[-_+. ]{1,2}[a-z\x80-\xff]{2,})",
        holds: |found| !is_road(found),
    },
    // Name before a degree.
    Shape {
        reason: Reason::PersonName,
        reach: Reach::HealthIds,
        pattern: r"(?:^|[^A-Za-z])((?-i:[A-Z][A-Za-z'-]+ (?:[A-Z][.]? )?[A-Z][A-Za-z'-]+,? (?:MD|M\.D\.|D\.O\.|DDS|DMD|DPM|NP|FNP|RN|PA-C|PhD|Ph\.D\.|PsyD|LCSW|OB-GYN)))(?:$|[^a-z])",
        holds: always,
    },
    // Name before a comma and a degree, however it is written.
    Shape {
        reason: Reason::PersonName,
        reach: Reach::HealthIds,
        pattern: concat!(
            r"((?:[a-z'-]{2,}[ ._+-]{1,2}[a-z'-]{2,}|(?-i:[a-z]{2,}[A-Z][a-z]+)),[ ._+-]{0,2}",
            r"(?:md|m\.d\.|dds|dmd|dpm|np|fnp|rn|phd|psyd|lcsw))(?:$|[^a-z])"
        ),
        holds: always,
    },
    // Name before a degree, as a slug.
    Shape {
        reason: Reason::PersonName,
        reach: Reach::Clinical,
        pattern: r"(?:^|[^a-z])([a-z]{2,}-[a-z]{2,}-(?:md|dds|dmd|np|fnp|rn|phd|psyd))(?:$|[^a-z])",
        holds: always,
    },
];

pub(super) const KEYED: &[Keyed] = &[
    Keyed {
        reason: Reason::PersonName,
        keys: "first name, last name, full name, middle name, given name, family name, surname, maiden name, customer name, \
             user name, patient name, doctor name, provider name, physician name, member name, contact name, recipient \
             name, cardholder, cardholder name, card holder, billing name, shipping name, fname, lname, patient first, \
             patient last, guardian, guardian name, emergency contact, nombre, apellido, apellidos, therapist, physician, \
             prescriber, prescriber name",
        from: Setting::Retail,
        holds: is_name,
    },
    Keyed {
        reason: Reason::PersonName,
        keys: "doctor, provider, surgeon, dentist, clinician, name, patient, caregiver, counselor, nurse, fn, ln",
        from: Setting::Health,
        holds: is_name,
    },
];

/// Brands, dishes and figures whose name begins with a title, and words that make an abbreviation something else. Common
/// surnames are left out, although there are brands of them.
const BRANDS: &str = "martens, marten, martins, pepper, bronner, bronners, scholl, scholls, teal, teals, jart, seuss, dre, oetker, \
                      browns, squatch, dennis gross, barbara sturm, hauschka, beckmann, bestes, strange, who, clean, coffee, bean, potato, \
                      beast, bubble, buddha, kipling, robot, incredible, fantastic, meyers, fields, butterworth, butterworths, dash, freeze, \
                      doubtfire, claus, maisel, smiths, universe, america, world, to, and, or, of, the, in, pods, chef, catalog, price, sale, \
                      rack, row, no";

fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| byte.is_ascii() && !byte.is_ascii_alphabetic() && *byte != b'\'').filter(|word| !word.is_empty())
}

fn is_brand(text: &[u8]) -> bool {
    let mut words = words(text).skip(1).map(<[u8]>::to_ascii_lowercase);
    let (Some(first), second) = (words.next(), words.next().unwrap_or_default()) else { return true };
    // `Dr. Brown's` is a bottle.
    let owned = first.strip_suffix(b"'s");
    let first = owned.unwrap_or(&first);
    BRANDS.split(", ").any(|brand| match brand.split_once(' ') {
        Some((one, other)) => one.as_bytes() == first && other.as_bytes() == second,
        None => brand.as_bytes() == first || (owned.is_some() && brand.as_bytes() == [first, b"s"].concat()),
    })
}

/// `1400 main dr suite 5` is a road.
fn is_road(found: Found<'_>) -> bool {
    let unit = words(found.text).nth(1).is_some_and(|word| {
        ["apt", "unit", "suite", "ste", "floor", "fl"].iter().any(|unit| unit.as_bytes().eq_ignore_ascii_case(word))
    });
    unit || (found.before.iter().any(u8::is_ascii_digit)
        && found.before.last() == Some(&b' ')
        && found.text.starts_with(b"dr "))
}

/// One to five words of letters, as names are written.
fn is_name(value: &str) -> bool {
    let plain = |c: char| c.is_alphabetic() || matches!(c, ' ' | '.' | ',' | '\'' | '-' | '_' | '+' | '\u{2019}');
    let words = value.split(|c: char| !c.is_alphabetic() && c != '\'').filter(|word| !word.is_empty()).count();
    (2..=80).contains(&value.len())
        && value.chars().all(plain)
        && (1..=6).contains(&words)
        && !matches!(value, "true" | "yes" | "no")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{hits_clinical, hits_health_key, hits_key, hits_text, passes_id, passes_key, passes_text};
    use super::*;

    #[test]
    fn names_are_found_beside_titles_and_degrees() {
        for text in [
            "Dr. Jane Doe",
            "Mrs Okafor",
            "with Dr Smith at ten",
            "Dr. Brown",
            "/find-a-doctor/dr-jane-doe",
            "dr_jane_doe",
            "mr.john.doe",
            "Jane Doe, MD",
            "Jane Q. Doe PhD",
            "jAnE DoE, mD",
            "janeDoe,Md12",
            "12dr-jane-doe",
            "dr.JaneDoe",
            "Mrs..Jane.Doe",
        ] {
            hits_text(Reason::PersonName, text);
        }
        for text in ["/providers/jane-doe-md", "visit-dr-smith"] {
            hits_clinical(Reason::PersonName, text);
            passes_text(text);
        }
    }

    #[test]
    fn values_under_keys_of_names_are_found() {
        hits_key(Reason::PersonName, "patientFirstName", "Jane");
        hits_key(Reason::PersonName, "last_name", "Doe-Smith");
        hits_key(Reason::PersonName, "physician", "Jane Doe");
        hits_health_key(Reason::PersonName, "provider", "jane-doe");
        passes_key("firstName", "true");
        passes_key("name", "Autumn bundle");
        passes_key("provider", "stripe");
    }

    #[test]
    fn brands_and_roads_are_none() {
        for text in [
            "dr martens 1460",
            "Dr. Martens 1460",
            "Dr. Bronner's soap",
            "Dr. Brown's bottle",
            "Dr. Dennis Gross peel",
            "Dr Pepper Zero",
            "dr-scholls-insoles",
            "Mr. Clean Magic Eraser",
            "MRS. MEYER'S hand soap",
            "mr-coffee-maker",
            "MS Office",
            "St. John knit",
            "Baltimore MD",
        ] {
            passes_text(text);
        }
        passes_id("dr-jane-doe");
    }
}
