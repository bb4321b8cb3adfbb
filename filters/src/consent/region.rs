//! Where a person lives, or where something was collected: a country, and a part of it where that is known.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A country by its two letters of ISO 3166-1, and a subdivision by what follows the dash in ISO 3166-2, such as `US-WA`. Great
/// Britain is `GB`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Region {
    country: [u8; 2],
    /// Upper case; what is shorter than three is filled with zeros, and all zeros is the whole country.
    part: [u8; 3],
}

impl Region {
    /// From a code such as `US` or `US-WA`, in either case. `None` for what is not of that form; whether there is such a place is
    /// not asked.
    pub(crate) fn parse(code: &str) -> Option<Self> {
        match code.split_once('-') {
            Some((country, part)) => Self::new(country, Some(part)),
            None => Self::new(code, None),
        }
    }

    /// From the two codes.
    pub(crate) fn new(country: &str, part: Option<&str>) -> Option<Self> {
        let country: [u8; 2] = country.as_bytes().try_into().ok()?;
        if !country.iter().all(u8::is_ascii_alphabetic) {
            return None;
        }
        let mut letters = [0; 3];
        if let Some(part) = part {
            let fits = (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
            letters.get_mut(..part.len()).filter(|_| fits)?.copy_from_slice(part.as_bytes());
        }
        Some(Self {
            country: country.map(|byte| byte.to_ascii_uppercase()),
            part: letters.map(|byte| byte.to_ascii_uppercase()),
        })
    }

    /// Whether this is a whole country.
    pub(crate) fn is_country(self) -> bool {
        self.part == [0; 3]
    }

    /// Whether all of `other` is in this.
    pub(crate) fn holds(self, other: Self) -> bool {
        self.country == other.country && (self.is_country() || self.part == other.part)
    }

    /// Whether somebody of whom only `known` is known could be here: the same place, a part of it, or the country that it is in.
    pub(crate) fn could_be(self, known: Self) -> bool {
        self.holds(known) || known.holds(self)
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text =
            |bytes: &[u8]| bytes.iter().take_while(|byte| **byte != 0).map(|byte| char::from(*byte)).collect::<String>();
        f.write_str(&text(&self.country))?;
        if self.is_country() { Ok(()) } else { write!(f, "-{}", text(&self.part)) }
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Region {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Region {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Self::parse(&code).ok_or_else(|| D::Error::custom("is no region"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_in_either_case_and_printed_in_one() {
        for (code, printed) in [("us-wa", "US-WA"), ("FR", "FR"), ("gb-Eng", "GB-ENG"), ("CH-7", "CH-7")] {
            assert_eq!(Region::parse(code).unwrap().to_string(), printed);
        }
        for wrong in ["", "U", "USA", "U1", "US-", "US-WASH", "US-W A", "US_WA", "ÜS", "US-Ü"] {
            assert_eq!(Region::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn who_is_known_to_be_in_a_country_could_be_in_any_part_of_it() {
        let [us, wa, ca, fr] = ["US", "US-WA", "US-CA", "FR"].map(|code| Region::parse(code).unwrap());
        assert!(us.holds(wa) && !wa.holds(us) && !wa.holds(ca) && !fr.holds(us));
        assert!(wa.could_be(us) && us.could_be(wa) && !wa.could_be(ca) && !wa.could_be(fr));
    }
}
