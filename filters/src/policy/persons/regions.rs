//! Places that a policy writes. A place that does not exist would protect nobody, so it is an error.

use crate::consent::region::Region;
use crate::normalize::COUNTRIES;
use crate::policy::compile::{Checked, wrong};

/// Subdivisions of the United States in ISO 3166-2.
#[rustfmt::skip]
const STATES: [&str; 57] = [
    "AK", "AL", "AR", "AS", "AZ", "CA", "CO", "CT", "DC", "DE", "FL", "GA", "GU", "HI", "IA", "ID", "IL", "IN", "KS", "KY",
    "LA", "MA", "MD", "ME", "MI", "MN", "MO", "MP", "MS", "MT", "NC", "ND", "NE", "NH", "NJ", "NM", "NV", "NY", "OH", "OK",
    "OR", "PA", "PR", "RI", "SC", "SD", "TN", "TX", "UM", "UT", "VA", "VI", "VT", "WA", "WI", "WV", "WY",
];

/// Reads a list of them.
pub(super) fn compile(key: &str, written: &[String]) -> Checked<Box<[Region]>> {
    let mut regions: Vec<Region> = Vec::with_capacity(written.len());
    for (at, code) in written.iter().enumerate() {
        let key = format!("{key}#{}", at + 1);
        let Some(region) = Region::parse(code).filter(|_| exists(code)) else {
            return wrong(
                key,
                "is no country of ISO 3166, such as \"FR\", and no part of one, such as \"US-WA\"; the United Kingdom is \"GB\", and \
                 of unions each country is listed",
            );
        };
        if regions.iter().any(|other| other.holds(region) || region.holds(*other)) {
            return wrong(key, "is listed twice, or is a part of another that is; remove one of the two");
        }
        regions.push(region);
    }
    Ok(regions.into())
}

/// The parts of other countries are not known here.
fn exists(code: &str) -> bool {
    let (country, part) = code.split_once('-').map_or((code, None), |(country, part)| (country, Some(part)));
    let is_state = |part: &str| STATES.contains(&part.to_ascii_uppercase().as_str());
    COUNTRIES.contains(&country.to_ascii_lowercase().as_str())
        && part.is_none_or(|part| !country.eq_ignore_ascii_case("US") || is_state(part))
}
