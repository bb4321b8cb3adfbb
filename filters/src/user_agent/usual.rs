//! The user agents of most events, known at a glance.
//!
//! Nothing is decided here: all of these are built of the grammar's pieces, and a property test holds the two together. The
//! value is looked at three times on its way, and reading it piece by piece costs ten times as much.

use super::shape::{is_system_version, is_version};
use crate::cut;

/// What a version looks like, and what stands behind it.
type Version = (fn(&str) -> bool, &'static str);

/// How one starts, then each of its versions.
type Usual = (&'static str, &'static [Version]);

#[rustfmt::skip]
static USUAL: &[Usual] = &[
    ("Mozilla/5.0 (iPhone; CPU iPhone OS ", &[
        (is_system_version, " like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/"),
        (is_version, " Mobile/15E148 Safari/604.1"),
    ]),
    ("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/", &[
        (is_version, " Mobile Safari/537.36"),
    ]),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/", &[
        (is_version, " Safari/537.36"),
    ]),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/", &[
        (is_version, " Safari/537.36 Edg/"),
        (is_version, ""),
    ]),
    ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/", &[
        (is_version, " Safari/605.1.15"),
    ]),
    ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/", &[
        (is_version, " Safari/537.36"),
    ]),
];

/// Whether it is one of them. Any other may be of the grammar all the same.
pub(super) fn is_usual(value: &str) -> bool {
    USUAL.iter().any(|(start, versions)| value.strip_prefix(start).is_some_and(|rest| goes_on(rest, versions)))
}

fn goes_on(mut rest: &str, versions: &[Version]) -> bool {
    for (is_version, behind) in versions {
        let (version, tail) = cut::before(rest, |byte| byte == b' ');
        match tail.strip_prefix(behind) {
            Some(tail) if is_version(version) => rest = tail,
            _ => return false,
        }
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{USUAL, is_usual};
    use crate::user_agent::is_of_the_grammar;

    /// A usual value with these versions.
    fn written(which: usize, versions: [&str; 2]) -> String {
        let (start, parts) = USUAL[which];
        let parts = parts.iter().zip(versions).flat_map(|((_, behind), version)| [version, behind]);
        std::iter::once(start).chain(parts).collect()
    }

    #[test]
    fn every_usual_value_is_known_at_a_glance() {
        for which in 0..USUAL.len() {
            assert!(is_usual(&written(which, ["17", "130.0.6723.58"])), "{}", written(which, ["17", "130.0.6723.58"]));
        }
        assert!(!is_usual("") && !is_usual("Mozilla/5.0 (iPhone; CPU iPhone OS "));
    }

    proptest! {
        #[test]
        fn a_glance_says_what_the_grammar_says(
            which in 0..USUAL.len(),
            one in "[0-9]{1,5}([._][0-9]{0,5}){0,4}|[ -~]{0,6}",
            two in "[0-9]{1,5}([._][0-9]{0,5}){0,4}|[ -~]{0,6}",
            behind in "|[ -~]{1,3}",
        ) {
            let value = written(which, [&one, &two]) + &behind;
            prop_assert!(!is_usual(&value) || is_of_the_grammar(&value), "{value}");
        }
    }
}
