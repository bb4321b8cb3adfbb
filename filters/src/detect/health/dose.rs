//! Doses with the form in which a drug is given: `500 mg tablets`.

use super::super::words::{Word, hash_of};

const UNITS: [u64; 4] = [hash_of("mg"), hash_of("mcg"), hash_of("ml"), hash_of("iu")];
const FORMS: [u64; 12] = [
    hash_of("tablet"),
    hash_of("tab"),
    hash_of("capsule"),
    hash_of("caplet"),
    hash_of("pill"),
    hash_of("softgel"),
    hash_of("lozenge"),
    hash_of("suspension"),
    hash_of("injection"),
    hash_of("vial"),
    hash_of("suppository"),
    hash_of("inhaler"),
];
/// A form stands at most so many words behind its unit: `500 mg extended release tablets`.
const WORDS_BETWEEN: usize = 3;

/// Whether a dose and a form stand together.
pub(super) fn has_dose(words: &[Word]) -> bool {
    words.windows(2).enumerate().any(|(index, pair)| {
        let [amount, unit] = pair else { return false };
        amount.number
            && UNITS.contains(&unit.hash)
            && words.iter().skip(index + 2).take(WORDS_BETWEEN + 1).any(|word| FORMS.contains(&word.singular))
    })
}
