//! Street addresses: a number, words and a kind of street; boxes of the post; postcodes that name the house.

use super::digits::count;
use super::keyed::Keyed;
use super::shape::{Found, Reach, Shape, always};
use crate::detect::Setting;
use crate::report::Reason;

pub(super) const SHAPES: &[Shape] = &[
    // Street.
    Shape {
        reason: Reason::StreetAddress,
        reach: Reach::HealthIds,
        pattern: concat!(
            r"(?:^|[^a-z0-9.,$])([0-9]{1,6}[a-d]?[ _+.,-]{1,2}(?:(?:[a-z\x80-\xff']+|[0-9]{1,3}(?:st|nd|rd|th))[ _+.-]{1,2}){1,4}",
            r"(?:street|avenue|ave|av|road|rd|boulevard|blvd|lane|ln|pike|highway|hwy|parkway|pkwy|terrace|drive|dr|st|ct|court|way|place|pl|",
            r"circle|cir|square|sq|trail|trl|ter))(?:$|[^a-z])"
        ),
        holds: is_street,
    },
    // Street as an id writes it: at the end, or before another number, so that `747-penny-lane-vinyl` is an article.
    Shape {
        reason: Reason::StreetAddress,
        reach: Reach::Everywhere,
        pattern: concat!(
            r"(?:^|[^a-z0-9])([0-9]{2,6}[-_.+ ](?:[a-z]{3,}[-_.+ ]){1,3}(?:street|st|avenue|ave|road|rd|boulevard|blvd|lane|ln|drive|",
            r"court|parkway|pkwy|highway|hwy|terrace))(?:$|[0-9]|[-_.+: ](?:apt|unit|suite|ste|[a-z]*[0-9]))"
        ),
        holds: is_street,
    },
    // Street in camel case.
    Shape {
        reason: Reason::StreetAddress,
        reach: Reach::Ids,
        pattern: concat!(
            r"(?:^|[^a-z])(?-i:([0-9]{2,6}(?:[A-Z][a-z]{2,}){1,3}(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Drive|Court))",
            r"(?:$|[^a-z]))"
        ),
        holds: always,
    },
    // Box of the post.
    Shape {
        reason: Reason::StreetAddress,
        reach: Reach::Everywhere,
        pattern: r"(?:^|[^a-z])(p\.?[ _.+-]?o\.?[ _.+-]?box[ _.#+-]{0,3}[0-9]{1,8})",
        holds: always,
    },
    // Unit of a house.
    Shape {
        reason: Reason::StreetAddress,
        reach: Reach::HealthIds,
        pattern: r"(?:^|[^a-z0-9])([0-9]{1,5} [a-z][a-z .]{2,30},? (?:apt|apartment|suite|ste)\.? ?#?[0-9a-z]{1,4})(?:$|[^a-z0-9])",
        holds: always,
    },
    // State and ZIP+4.
    Shape {
        reason: Reason::StreetAddress,
        reach: Reach::HealthIds,
        pattern: r"(?:^|[^a-z])([a-z]{2},?[ _+-]{1,2}[0-9]{5}-[0-9]{4})(?:$|[^0-9])",
        holds: |found| is_state(found.text),
    },
];

pub(super) const KEYED: &[Keyed] = &[
    Keyed {
        reason: Reason::StreetAddress,
        keys: "street, street address, address, address line, addr, address#, billing address, shipping address, home \
             address, street#, mailing address, direccion",
        from: Setting::Retail,
        holds: |value| {
            value.len() >= 4 && count(value.as_bytes()) >= 1 && value.bytes().any(|byte| byte.is_ascii_alphabetic())
        },
    },
    Keyed {
        reason: Reason::StreetAddress,
        keys: "zip, zip code, zipcode, postal code, postcode, zp, zip#",
        from: Setting::Retail,
        holds: |value| (4..=10).contains(&value.len()) && count(value.as_bytes()) >= 2,
    },
];

/// Words of goods that stand between a number and what could be a kind of street: `4 wheel drive`, `10 pack 12 ct`.
const GOODS: &str = "pack, packs, pk, pc, pcs, piece, pieces, set, count, ct, gb, tb, mb, oz, fl, ml, mg, g, kg, lb, lbs, inch, in, cm, \
     mm, ft, foot, x, wheel, way, ways, speed, year, day, hour, min, month, pair, pairs, size, volt, v, w, watt, port, \
     bay, usb, flash, hard, disk, ssd, the, for, of, off, percent, carat, karat, socket, player, players, seat, door, \
     light, on, all, a, to, and, more, free, is";

/// Kinds that are as often something else: they ask for a number of two digits or more.
const WEAK: &str = "st, dr, drive, ct, court, way, place, pl, circle, cir, square, sq, ter, trail, trl, av";

fn is_in(list: &str, word: &[u8]) -> bool {
    list.split(", ").any(|entry| entry.as_bytes().eq_ignore_ascii_case(word))
}

fn is_street(found: Found<'_>) -> bool {
    let mut words =
        found.text.split(|byte| matches!(byte, b' ' | b'_' | b'+' | b'-' | b',' | b'.')).filter(|word| !word.is_empty());
    let number = words.next().map_or(0, count);
    let kind = words.next_back().unwrap_or_default();
    let mut named = false;
    for word in words {
        if is_in(GOODS, word) {
            return false;
        }
        named |= word.len() >= 2;
    }
    named && (number >= 2 || !is_in(WEAK, kind))
}

fn is_state(text: &[u8]) -> bool {
    const STATES: &str = "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA \
                          RI SC SD TN TX UT VT VA WA WV WI WY DC PR GU VI";
    text.get(..2)
        .is_some_and(|code| STATES.split_ascii_whitespace().any(|state| state.as_bytes().eq_ignore_ascii_case(code)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{hits_id, hits_key, hits_text, passes_id, passes_key, passes_text};
    use super::*;

    #[test]
    fn addresses_are_found() {
        for text in [
            "123 Main Street",
            "742 Evergreen Terrace, Springfield",
            "1600 N Pennsylvania Ave NW",
            "221b-baker-street",
            "15_West_42nd_St",
            "5 Elm Road",
            "PO Box 1234",
            "p.o. box 77",
            "OH 45202-1234",
            "1400 Main Dr Apt 5",
            "1400 main dr apt five",
        ] {
            hits_text(Reason::StreetAddress, text);
        }
        hits_key(Reason::StreetAddress, "shippingAddress1", "12 Elm");
        hits_key(Reason::StreetAddress, "zipCode", "45202-1234");
    }

    #[test]
    fn addresses_are_found_as_ids_write_them() {
        for id in [
            "order-345-Willow-Creek-St-1234",
            "345.Old.Mill.Court",
            "123-main-street",
            "evt_345WillowCreekStApt5_7",
            "po-box-12345",
            "poBox123456",
        ] {
            hits_id(Reason::StreetAddress, id);
        }
    }

    #[test]
    fn goods_are_none() {
        for text in [
            "5 way switch",
            "10 ct",
            "size 10 st",
            "10 pack 30 ct",
            "4 wheel drive",
            "500 gb hard drive",
            "64 GB flash drive",
            "2 way radio",
            "12 x 24 x 36",
            "2 piece place",
            "12345-6789",
            "3 two way",
            "ab 12345-6789",
        ] {
            passes_text(text);
        }
        for id in ["747-penny-lane-vinyl", "5-elm-road", "12-inch-round-court-2", "123-main-way", "24-pack-st"] {
            passes_id(id);
        }
        passes_key("address", "home");
    }
}
