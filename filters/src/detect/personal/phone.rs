//! Telephone numbers: of North America and of the world, where they are written as such.
//!
//! 64 in 100 random ids of ten digits could be numbers of North America, so digits alone count only where nothing but them was
//! wrapped, in ids of health sites, and under a key. Absent on purpose: tables of who numbers how. A plus, a bracket, a
//! leading nought and groups tell enough.

use super::digits::count;
use super::keyed::Keyed;
use super::shape::{Found, Reach, Shape, always};
use crate::detect::Setting;
use crate::report::Reason;

/// What stands between groups of digits: ASCII, dashes of other lengths, and a space that does not break.
macro_rules! gap {
    () => {
        r"(?:[-. _/~]|\xe2\x80[\x90-\x95]|\xe2\x88\x92|\xc2\xa0)"
    };
}

pub(super) const SHAPES: &[Shape] = &[
    // Phone, North America. Digits may touch it: a site glues what it likes to a number.
    Shape {
        reason: Reason::Phone,
        reach: Reach::HealthIds,
        pattern: concat!(r"([2-9][0-9][0-9]\)?", gap!(), r"{1,3}[2-9][0-9][0-9]", gap!(), r"{1,3}[0-9]{4})"),
        holds: has_area,
    },
    // Phone, bracketed.
    Shape {
        reason: Reason::Phone,
        reach: Reach::HealthIds,
        pattern: concat!(r"\(([2-9][0-9][0-9]\)", gap!(), r"*[2-9][0-9][0-9]", gap!(), r"*[0-9]{4})"),
        holds: has_area,
    },
    // Phone, international, long enough to be told from a sum.
    Shape {
        reason: Reason::Phone,
        reach: Reach::HealthIds,
        pattern: concat!(r"(\+[1-9](?:[()]?", gap!(), r"?[()]?[0-9]){9,14})"),
        holds: always,
    },
    // Phone, international and short.
    Shape {
        reason: Reason::Phone,
        reach: Reach::HealthIds,
        pattern: concat!(r"(?:^|[^a-z0-9])(\+[1-9](?:[()]?", gap!(), r"?[()]?[0-9]){7,8})(?:$|[^0-9])"),
        holds: always,
    },
    // Phone, international after two noughts. Those in front of an order number are no prefix, so groups are asked for.
    Shape {
        reason: Reason::Phone,
        reach: Reach::HealthIds,
        pattern: concat!(r"(?:^|[^a-z0-9])(00", gap!(), r"?[1-9](?:[()]?", gap!(), r"?[()]?[0-9]){7,14})(?:$|[^0-9])"),
        holds: |found| found.text.iter().any(|byte| !byte.is_ascii_digit()),
    },
    // Phone, national with a nought.
    Shape {
        reason: Reason::Phone,
        reach: Reach::HealthIds,
        pattern: concat!(
            r"(?:^|[^a-z0-9.,])(\(?0[1-9](?:(?:",
            gap!(),
            r"[0-9]{2}){4}|[0-9]{1,3}\)?[-/ ][0-9]{3,4}[- ][0-9]{3,4}",
            r"|[0-9]{1,3}(?:\) ?|/)[0-9]{5,8}))(?:$|[^0-9])"
        ),
        holds: always,
    },
    // Phone, beside its word.
    Shape {
        reason: Reason::Phone,
        reach: Reach::HealthIds,
        pattern: r"(?:^|[^a-z])(?:phone|telephone|tel|mobile|cell|fax|sms|whatsapp|call)(?:[ _-]?(?:no|number|num))?[ #:=._+-]{0,3}([0-9]{10,13})(?:$|[^0-9])",
        holds: always,
    },
    // Phone, bare.
    Shape { reason: Reason::Phone, reach: Reach::Bare, pattern: r"^\+?1?([2-9][0-9][0-9][2-9][0-9]{6})$", holds: has_area },
];

pub(super) const KEYED: &[Keyed] = &[Keyed {
    reason: Reason::Phone,
    keys: "phone, phone number, telephone, tel, mobile, mobile number, mobile phone, cell, cell phone, ph, fax, contact \
         number, phone no, home phone, work phone, day phone, sms, whatsapp, telefono, celular",
    from: Setting::Retail,
    holds: |value| (7..=15).contains(&count(value.as_bytes())) && !value.bytes().any(|byte| byte.is_ascii_alphabetic()),
}];

/// `N11` is a service, no area.
fn has_area(found: Found<'_>) -> bool {
    found.text.get(1..3) != Some(b"11")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{hits_key, hits_text, passes_id, passes_key, passes_text};
    use super::*;

    #[test]
    fn numbers_with_separators_are_found() {
        for text in [
            "415-555-2671",
            "(415) 555-2671",
            "(415)5552671",
            "415.555.2671",
            "1 415 555 2671",
            "+14155552671",
            "tel415-555-2671x9",
            "12415-555-267134",
            "(415)555-267134",
            "12+14155552671345",
            "call 415\u{2011}555\u{2011}2671 now",
            "+44 20 7946 0958",
            "+49 (0)30 901820",
            "0044 20 7946 0958",
            "020 7946 0958",
            "06 12 34 56 78",
            "030/9018200",
            "phone: 4155552671",
        ] {
            hits_text(Reason::Phone, text);
        }
    }

    #[test]
    fn bare_digits_need_a_key() {
        passes_text("4155552671");
        hits_key(Reason::Phone, "phoneNumber", "4155552671");
        hits_key(Reason::Phone, "mobile", "4155552671");
        passes_key("order", "4155552671");
        passes_key("phoneModel", "pixel 9");
    }

    #[test]
    fn other_numbers_are_none() {
        for text in
            ["1723400000000", "411-555-2671", "100-200-300", "12.5000,9.0000", "2024-08-11", "0000123456789", "12 x 24 x 36"]
        {
            passes_text(text);
        }
        for id in ["415-555-2671", "4155552671", "+14155552671"] {
            passes_id(id);
        }
    }
}
