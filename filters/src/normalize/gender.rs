//! `ge`: `f` or `m`.
//!
//! Python takes only its own enum, Node four words, the pixel hashes whatever it gets; the parameter builder's list of
//! English words and titles is followed. A word outside the list is not hashed: Meta knows two values, and `non-binary`
//! is nothing to tell it.

const FEMALE: &[&str] = &["f", "female", "woman", "girl", "lady", "mrs", "ms", "miss"];
const MALE: &[&str] = &["m", "male", "man", "boy", "gentleman", "mr"];

pub(super) fn normalize(value: &str) -> Option<&'static str> {
    let is = |word: &&str| word.eq_ignore_ascii_case(value);
    if FEMALE.iter().any(is) {
        Some("f")
    } else if MALE.iter().any(is) {
        Some("m")
    } else {
        None
    }
}
