//! Meta's codes of the states for Limited Data Use. The country that goes with them is 1.

use super::region::Region;

/// The state whose law is the strictest of those that Meta knows: it stands where a person's state is not known, or has no code.
pub(crate) const STRICTEST: u16 = 1000;

/// By the codes of ISO 3166-2.
const STATES: &[(&str, u16)] = &[
    ("US-CA", 1000),
    ("US-CO", 1001),
    ("US-CT", 1002),
    ("US-FL", 1003),
    ("US-OR", 1004),
    ("US-TX", 1005),
    ("US-MT", 1006),
    ("US-DE", 1007),
    ("US-NE", 1008),
    ("US-NH", 1009),
    ("US-NJ", 1010),
    ("US-MN", 1011),
    ("US-MD", 1012),
    ("US-RI", 1013),
];

/// The code of a person who could live in any of these places: theirs, if all have the same.
pub(crate) fn code(residences: impl Iterator<Item = Region>) -> u16 {
    let mut codes = residences.map(|region| own_code(region).unwrap_or(STRICTEST));
    let Some(first) = codes.next() else { return STRICTEST };
    if codes.all(|code| code == first) { first } else { STRICTEST }
}

/// The code of a state, if it has one.
pub(crate) fn own_code(region: Region) -> Option<u16> {
    STATES.iter().find(|(state, _)| Region::parse(state) == Some(region)).map(|(_, code)| *code)
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

    #[test]
    fn the_codes_are_those_of_meta() {
        let enums: serde_json::Value = serde_json::from_str(include_str!("../../tests/fixtures/enums.json")).unwrap();
        let theirs = enums["ldu"]["state"].as_object().unwrap();
        for (state, code) in STATES {
            assert_eq!(theirs[&code.to_string()], state.trim_start_matches("US-"));
        }
        assert_eq!(theirs.len(), STATES.len() + 1, "and 0, which lets Meta work it out");
    }
}
