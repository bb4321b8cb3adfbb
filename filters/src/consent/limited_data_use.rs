//! The state that Meta is told for Limited Data Use, beside the country 1. Left to others: the codes themselves, which are data
//! (`jurisdictions/us-ldu.toml`).

use super::region::Region;
use crate::policy::limited_data_use_code;

/// California, whose law is the strictest of those that Meta knows: it stands where a person's state is not known or has no code.
pub(crate) const STRICTEST: u16 = 1000;

/// The code of a person who could live in any of these places: theirs, if all have the same.
pub(crate) fn code(residences: impl Iterator<Item = Region>) -> u16 {
    let mut codes = residences.map(|region| limited_data_use_code(region).unwrap_or(STRICTEST));
    let Some(first) = codes.next() else { return STRICTEST };
    if codes.all(|code| code == first) { first } else { STRICTEST }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(places: &[&str]) -> u16 {
        code(places.iter().map(|code| Region::parse(code).unwrap()))
    }

    #[test]
    fn a_state_that_is_not_known_or_has_no_code_is_the_strictest() {
        assert_eq!((of(&["US-TX"]), of(&["US-TX", "US-TX"])), (1005, 1005));
        for places in [&[][..], &["US"], &["US-WA"], &["FR"], &["US-TX", "US-CO"], &["US-TX", "US"]] {
            assert_eq!(of(places), STRICTEST, "{places:?}");
        }
    }
}
