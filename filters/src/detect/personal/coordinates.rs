//! Latitude and longitude: a pair of decimals with four places or more, which is a house.

use super::keyed::Keyed;
use super::shape::{Reach, Shape};
use crate::detect::Setting;
use crate::report::Reason;

pub(super) const SHAPES: &[Shape] = &[
    // Coordinates.
    Shape {
        reason: Reason::Coordinates,
        reach: Reach::HealthIds,
        pattern: r"(-?[0-9]{1,2}\.[0-9]{4,12}(?:[ ,;:_/|+]|%2c| ?, ?)+-?[0-9]{1,3}\.[0-9]{4,12})",
        holds: |found| is_pair(found.text),
    },
];

pub(super) const KEYED: &[Keyed] = &[Keyed {
    reason: Reason::Coordinates,
    keys: "lat, latitude, lng, lon, long, longitude, geo, geolocation, coords, coordinates, lat lng, ll",
    from: Setting::Retail,
    holds: |value| {
        value
            .split(|c: char| !c.is_ascii_digit() && c != '.')
            .any(|number| number.split_once('.').is_some_and(|(degrees, places)| places.len() >= 3 && degrees.len() <= 3))
    },
}];

/// In range, and one of them exact to four places: sizes end in noughts.
fn is_pair(text: &[u8]) -> bool {
    let text = std::str::from_utf8(text).unwrap_or_default();
    let mut numbers = text.split(|c: char| !c.is_ascii_digit() && c != '.' && c != '-').filter(|part| part.contains('.'));
    let (Some(latitude), Some(longitude)) = (numbers.next(), numbers.next()) else { return false };
    let within = |number: &str, bound: f64| number.parse::<f64>().is_ok_and(|degrees| degrees.abs() <= bound);
    let exact = |number: &str| number.split_once('.').is_some_and(|(_, places)| places.trim_end_matches('0').len() >= 4);
    within(latitude, 90.0) && within(longitude, 180.0) && (exact(latitude) || exact(longitude))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{hits_key, hits_text, passes_key, passes_text};
    use super::*;

    #[test]
    fn pairs_are_found() {
        for text in ["37.774929,-122.419418", "geo:37.7749,-122.4194", "@40.71277,-74.00597,15z", "ll=51.50735 -0.12776"] {
            hits_text(Reason::Coordinates, text);
        }
        hits_key(Reason::Coordinates, "storeLat", "37.7749");
        passes_key("lat", "wide");
    }

    #[test]
    fn sizes_and_amounts_are_none() {
        for text in ["12.5000,9.0000", "12.50 x 9.25", "99.9999", "37.12345,191.12345", "37.7,-122.4"] {
            passes_text(text);
        }
    }
}
