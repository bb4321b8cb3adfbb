//! Values that say no: a key does not speak of health if its value denies it.

const DENIALS: [&str; 11] = ["false", "null", "0", "no", "none", "n", "off", "undefined", "nan", "nil", "n/a"];

/// What may follow in a key behind the word that is asked about. Without an end, a text that is one long key would be read to
/// its end for each of its words.
const LONGEST_REST: usize = 64;

/// Whether a value denies what its key says.
pub(crate) fn denies(value: &str) -> bool {
    let value = value.trim();
    value.len() <= 9 && DENIALS.iter().any(|denial| value.eq_ignore_ascii_case(denial))
}

/// Whether a value denies what its key says, or says nothing.
pub(super) fn says_nothing(value: &str) -> bool {
    value.trim().is_empty() || denies(value)
}

/// Whether a place in a text is inside a key whose value denies it: in `{"hasDiabetes": false}` what stands behind `Diabetes`.
pub(super) fn is_denied_behind(text: &str, at: usize) -> bool {
    let Some(behind) = text.get(at..) else { return false };
    let name = behind.bytes().take(LONGEST_REST).take_while(|&byte| byte.is_ascii_alphanumeric() || byte == b'_').count();
    let key_ends = behind.get(name..).unwrap_or_default().trim_start_matches(['"', '\'', ']', ' ']);
    let Some(value) = key_ends.strip_prefix([':', '=']) else { return false };
    let value = value.trim_start_matches([' ', '"', '\'']);
    let ends = value.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '/').unwrap_or(value.len());
    value.get(..ends).is_some_and(denies)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_is_known_in_every_usual_spelling() {
        for value in ["false", "FALSE", " no ", "null", "0", "None", "n/a", "undefined"] {
            assert!(denies(value), "{value}");
        }
        for value in ["", "true", "1", "yes", "nothing else", "00", "metformin"] {
            assert!(!denies(value), "{value}");
        }
        assert!(says_nothing(" "));
    }

    #[test]
    fn a_key_without_end_denies_nothing() {
        let denied = |rest: usize| is_denied_behind(&format!("{}=false", "_".repeat(rest)), 0);
        assert!(denied(LONGEST_REST - 1) && !denied(LONGEST_REST + 1) && !denied(8000));
    }

    #[test]
    fn a_denial_behind_a_key_is_found_in_queries_and_in_json() {
        for text in [
            "diabetes=false",
            "diabetes\": null,",
            "diabetes': 'no'",
            "diabetesStatus=0&x=1",
            "diabetes]=false",
            "diabetes : N",
            "diabetes=none-of-these2",
        ] {
            assert!(is_denied_behind(text, "diabetes".len()), "{text}");
        }
        for text in ["diabetes", "diabetes=", "diabetes=true", "diabetes false", "diabetes=nonesuch", "diabetes&x=0"] {
            assert!(!is_denied_behind(text, "diabetes".len()), "{text}");
        }
    }
}
