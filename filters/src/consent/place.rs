//! Places as they come with an event: codes and names, and an address of which only digests came.
//!
//! Of a country whose parts are in the table of names (the United States and Canada) a part has to be one of them, so that a
//! misspelled state does not count as a state without a law; of other countries its form is checked. A part that cannot be read
//! leaves its country, and a state without a country is no place. Absent on purpose: cities, postcodes and addresses of the
//! network, which would have to be looked up.

use std::collections::HashMap;
use std::sync::LazyLock;

use sha2::{Digest as _, Sha256};

use super::region::Region;
use super::statement::Told;
use crate::event::{RawEvent, Value};
use crate::normalize::{COUNTRIES, Digest, Normalizer, STATES, parse_hex, strip_suffix};
use crate::schema::Field;

/// Places of an address that are looked at; one with more cannot be read.
const MAX_PLACES: usize = 4;

/// Canada's provinces and territories; all other parts in the table of names are of the United States.
const CANADIAN: &[&str] = &["ab", "bc", "mb", "nb", "nl", "ns", "nt", "nu", "on", "pe", "qc", "sk", "yt"];

/// A place as its sender writes it: `{"country": "US", "region": "WA"}`.
pub(crate) fn told(country: Option<&str>, part: Option<&str>) -> Told {
    let country = country.and_then(|text| Normalizer::Country.normalize(text));
    match country.and_then(|country| within(&country, part)) {
        Some(region) => Told::Region(region),
        None => Told::Unreadable,
    }
}

/// The places that `user_data.country` and `user_data.st` name, in clear or as digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Address {
    regions: [Option<Region>; MAX_PLACES],
    /// Whether there is something that cannot be read.
    pub(crate) is_unreadable: bool,
}

impl Address {
    /// That of an event.
    pub(crate) fn of(event: &RawEvent<'_>) -> Self {
        let mut address = Self::default();
        let states = event.get(Field::State).map_or(&[][..], Value::elements);
        for country in event.get(Field::Country).map_or(&[][..], Value::elements) {
            let code = country.text().and_then(country_code);
            let Some(code) = code else {
                address.is_unreadable = true;
                continue;
            };
            // Several states are several places.
            for state in states {
                address.put(within_address(&code, state.text()));
            }
            if states.is_empty() {
                address.put(within(&code, None));
            }
        }
        address
    }

    /// Its places, in the order in which they came.
    pub(crate) fn regions(&self) -> impl Iterator<Item = Region> {
        self.regions.into_iter().flatten()
    }

    fn put(&mut self, region: Option<Region>) {
        if region.is_some() && self.regions.contains(&region) {
            return;
        }
        match self.regions.iter_mut().find(|place| place.is_none()) {
            Some(place) if region.is_some() => *place = region,
            _ => self.is_unreadable = true,
        }
    }
}

/// The part of a country, or the country where the part cannot be read.
fn within(country: &str, part: Option<&str>) -> Option<Region> {
    let part = part.map(|part| without_country(country, part.trim()));
    let part = match (country, part) {
        ("us" | "ca", Some(part)) => {
            let code = Normalizer::State.normalize(part).filter(|code| is_part_of(country, code));
            code.and_then(|code| Region::new(country, Some(&code)))
        }
        (_, Some(part)) => Region::new(country, Some(part)),
        (_, None) => None,
    };
    part.or_else(|| Region::new(country, None))
}

/// The same of a state that may be a digest.
fn within_address(country: &str, state: Option<&str>) -> Option<Region> {
    match state.map(|state| (state, digest(state))) {
        Some((_, Some(digest))) => within(country, DIGESTS.states.get(&digest).copied().filter(|_| has_table(country))),
        Some((state, None)) => within(country, Some(state)),
        None => within(country, None),
    }
}

/// The code of a country that may be a digest.
fn country_code(text: &str) -> Option<String> {
    match digest(text) {
        Some(digest) => DIGESTS.countries.get(&digest).map(|code| (*code).to_owned()),
        None => Normalizer::Country.normalize(text).map(std::borrow::Cow::into_owned),
    }
}

/// Without the country before it, as ISO 3166-2 writes the codes of parts.
fn without_country<'p>(country: &str, part: &'p str) -> &'p str {
    let rest = part.split_at_checked(country.len()).filter(|(start, _)| start.eq_ignore_ascii_case(country));
    rest.and_then(|(_, rest)| rest.strip_prefix('-')).unwrap_or(part)
}

fn has_table(country: &str) -> bool {
    matches!(country, "us" | "ca")
}

fn is_part_of(country: &str, code: &str) -> bool {
    STATES.iter().any(|(_, known)| *known == code) && CANADIAN.contains(&code) == (country == "ca")
}

/// The digest that a text is, the parameter builder's suffix taken off.
fn digest(text: &str) -> Option<Digest> {
    parse_hex(strip_suffix(text.trim()))
}

/// What senders' libraries hash: codes, in the lower case that Meta asks for and in the upper case of who forgot it; of states
/// also names, which some do not shorten.
static DIGESTS: LazyLock<Digests> = LazyLock::new(|| {
    let sha = |text: &str| -> Digest { Sha256::digest(text.as_bytes()).into() };
    let both = |code: &'static str| [(sha(code), code), (sha(&code.to_ascii_uppercase()), code)];
    let uk = ["uk", "UK"].map(|alias| (sha(alias), "gb"));
    Digests {
        countries: COUNTRIES.iter().flat_map(|code| both(code)).chain(uk).collect(),
        states: STATES.iter().flat_map(|(name, code)| both(code).into_iter().chain([(sha(name), *code)])).collect(),
    }
});

struct Digests {
    countries: HashMap<Digest, &'static str>,
    states: HashMap<Digest, &'static str>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::hex;

    fn region(code: &str) -> Told {
        Told::Region(Region::parse(code).unwrap())
    }

    #[test]
    fn a_place_is_read_by_code_or_name_and_a_part_that_is_none_leaves_its_country() {
        for (country, part, place) in [
            ("us", Some("wa"), "US-WA"),
            ("USA", Some("Washington"), "US-WA"),
            ("United States", Some("US-WA"), "US-WA"),
            ("US", Some("WASH"), "US"),
            ("US", Some("ZZ"), "US"),
            ("US", Some("QC"), "US"),
            ("US", Some(""), "US"),
            ("US", None, "US"),
            ("Canada", Some("Québec"), "CA-QC"),
            ("CA", Some("WA"), "CA"),
            ("AU", Some("wa"), "AU-WA"),
            ("UK", Some("GB-ENG"), "GB-ENG"),
            ("DE", Some("Bayern"), "DE"),
        ] {
            assert_eq!(told(Some(country), part), region(place), "{country} {part:?}");
        }
        for (country, part) in [(None, None), (None, Some("US-WA")), (Some("XX"), Some("WA")), (Some(""), None)] {
            assert_eq!(told(country, part), Told::Unreadable, "{country:?} {part:?}");
        }
    }

    fn address(user_data: &str) -> (Vec<String>, bool) {
        let text = format!(r#"{{"user_data":{{{user_data}}}}}"#);
        let address = Address::of(&RawEvent::parse(&text).unwrap());
        (address.regions().map(|region| region.to_string()).collect(), address.is_unreadable)
    }

    #[test]
    fn an_address_is_read_in_clear_and_as_digests() {
        let sha = |text: &str| String::from_utf8(hex(&Sha256::digest(text).into()).to_vec()).unwrap();
        for (country, state) in [
            ("us".to_owned(), "wa".to_owned()),
            ("United States".to_owned(), "Washington".to_owned()),
            (sha("us"), sha("wa")),
            (sha("US"), sha("WA")),
            (sha("us"), "WA".to_owned()),
            ("us".to_owned(), sha("washington")),
            (format!("{}.AQ", sha("us")), sha("wa").to_ascii_uppercase()),
        ] {
            let read = address(&format!(r#""country":"{country}","st":["{state}"]"#));
            assert_eq!(read, (vec!["US-WA".to_owned()], false), "{country} {state}");
        }
        assert_eq!(address(&format!(r#""country":"{}""#, sha("uk"))), (vec!["GB".to_owned()], false));
        assert_eq!(address(&format!(r#""country":"au","st":"{}""#, sha("wa"))), (vec!["AU".to_owned()], false));
    }

    #[test]
    fn of_several_places_each_counts_and_what_cannot_be_read_is_told() {
        let both = address(r#""country":["us","fr"],"st":["wa","ca"]"#);
        assert_eq!(both.0, ["US-WA", "US-CA", "FR-WA", "FR-CA"]);
        assert!(!both.1 && address(r#""country":["us","fr","de"],"st":["wa","ca"]"#).1);
        for unreadable in [r#""country":"XX""#, r#""country":7"#, r#""country":{}"#, r#""country":["us","XX"],"st":"wa""#] {
            assert!(address(unreadable).1, "{unreadable}");
        }
        for nothing in ["", r#""st":"wa""#, r#""country":null,"st":"wa""#, r#""country":[]"#] {
            assert_eq!(address(nothing), (vec![], false), "{nothing}");
        }
        assert_eq!(address(r#""country":"us","st":"Wash""#).0, ["US"]);
    }
}
